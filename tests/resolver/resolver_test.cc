#include "postrider/resolver/resolver.h"

#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "postrider/tests/support/run_task.h"
#include "postrider/transport/signal.h"

namespace postrider::resolver {
namespace {

using namespace std::chrono_literals;
using transport::SteadyTime;

DomainName domain(std::string_view text) { return *DomainName::parse(text); }

Record record(std::string_view owner, RecordType type, std::chrono::seconds ttl, std::string data) {
  Record out;
  out.owner = domain(owner);
  out.type = type;
  out.ttl = ttl;
  out.data = std::move(data);
  return out;
}

// Answers by what it was told; holds every question back until release() when told to.
class ScriptedBackend final : public Backend {
 public:
  explicit ScriptedBackend(transport::Loop& loop) : loop_(loop) {}

  void say(const std::string& question, std::vector<Record> answers, Security security = Security::insecure,
           ResponseCode code = ResponseCode::no_error) {
    Message message;
    message.response = true;
    message.code = code;
    message.answers = std::move(answers);
    script_[question].message = std::move(message);
    script_[question].security = security;
  }
  void fail(const std::string& question, LookupFault fault) { script_[question].fault = fault; }
  void with_soa(const std::string& question, std::chrono::seconds ttl) {
    const std::string numbers("\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\1\0\1\0\0", 20);
    script_[question].message.authorities.push_back(record(
        "example", RecordType::soa, ttl, domain("ns.example").wire() + domain("h.example").wire() + numbers));
  }

  Task<AskResult> ask(Question question, SteadyTime deadline) override {
    asked.push_back(to_string(question));
    ++under_way;
    most_under_way = std::max(most_under_way, under_way);
    if (hold) {
      held.push_back(std::make_unique<transport::Signal>(loop_));
      const transport::error_code ended = co_await held.back()->wait(deadline);
      if (ended) {
        --under_way;
        co_return std::unexpected(LookupFailure{LookupFault::timed_out, "no answer"});
      }
    }
    --under_way;
    Script& script = script_[to_string(question)];
    if (script.fault != LookupFault::none) co_return std::unexpected(LookupFailure{script.fault, "scripted"});
    Message message = script.message;
    message.response = true;
    message.questions.assign(1, question);
    Response response(write_message(message), script.security);
    co_return response;
  }
  std::string_view name() const noexcept override { return "scripted"; }

  void release() {
    for (auto& each : held) each->notify();
  }

  bool hold = false;
  std::vector<std::string> asked;
  std::deque<std::unique_ptr<transport::Signal>> held;
  int under_way = 0;
  int most_under_way = 0;

 private:
  struct Script {
    Message message;
    Security security = Security::insecure;
    LookupFault fault = LookupFault::none;
  };
  transport::Loop& loop_;
  std::map<std::string, Script> script_;
};

class ResolverTest : public testing::Test {
 protected:
  explicit ResolverTest(const ResolverLimits& limits = {}) { make(limits); }

  void make(const ResolverLimits& limits) {
    auto backend = std::make_unique<ScriptedBackend>(loop_);
    backend_ = backend.get();
    resolver_ = std::make_unique<Resolver>(loop_, std::move(backend), limits);
  }

  Answer look_up(std::string_view text, RecordType type, transport::Duration patience = 5s) {
    Question question(domain(text), type);
    const SteadyTime deadline = loop_.now() + patience;
    return tests::run_task(loop_, resolver_->lookup(question, deadline));
  }
  // Begins without waiting for the end; `into` has the answer once it is there.
  void begin(std::string_view text, RecordType type, std::optional<Answer>& into,
             transport::Duration patience = 5s) {
    Question question(domain(text), type);
    const SteadyTime deadline = loop_.now() + patience;
    loop_.spawn(tests::keep_result(resolver_->lookup(question, deadline), into));
    tests::settle(loop_);
  }
  void pass(transport::Duration time) {
    clock_.advance(time);
    loop_.expire();
    tests::settle(loop_);
  }
  void release() {
    backend_->release();
    tests::settle(loop_);
  }

  transport::ManualClock clock_;
  transport::Loop loop_{clock_};
  ScriptedBackend* backend_ = nullptr;
  std::unique_ptr<Resolver> resolver_;
};

const std::string kIp("\x7f\0\0\1", 4);

TEST_F(ResolverTest, AsksOnceAndAnswersFromItsCacheUntilTheTtlIsOver) {
  backend_->say("a.example A", {record("a.example", RecordType::a, 60s, kIp)}, Security::secure);
  const Answer first = look_up("a.example", RecordType::a);
  ASSERT_TRUE(first.found());
  EXPECT_EQ(first.security, Security::secure);
  EXPECT_EQ(first.ttl, 60s);
  pass(59s);
  EXPECT_EQ(look_up("A.EXAMPLE", RecordType::a).ttl, 1s);
  EXPECT_EQ(backend_->asked.size(), 1U);
  pass(1s);
  EXPECT_TRUE(look_up("a.example", RecordType::a).found());
  EXPECT_EQ(backend_->asked.size(), 2U);
  EXPECT_EQ(resolver_->counters().from_cache, 1U);
}

TEST_F(ResolverTest, KeepsNegativeAnswersAsTheirSoaSays) {
  backend_->say("none.example A", {}, Security::secure, ResponseCode::no_such_name);
  backend_->with_soa("none.example A", 30s);
  EXPECT_EQ(look_up("none.example", RecordType::a).outcome, Answer::Outcome::no_name);
  pass(29s);
  EXPECT_EQ(look_up("none.example", RecordType::a).outcome, Answer::Outcome::no_name);
  EXPECT_EQ(backend_->asked.size(), 1U);
  pass(1s);
  look_up("none.example", RecordType::a);
  EXPECT_EQ(backend_->asked.size(), 2U);
}

TEST_F(ResolverTest, CapsLongTtls) {
  ResolverLimits limits;
  limits.longest_ttl = 100s;
  make(limits);
  backend_->say("a.example A", {record("a.example", RecordType::a, 1'000'000s, kIp)});
  EXPECT_EQ(look_up("a.example", RecordType::a).ttl, 100s);
}

TEST_F(ResolverTest, RemembersFailuresForAMomentOnly) {
  backend_->fail("a.example A", LookupFault::unreachable);
  const Answer failure = look_up("a.example", RecordType::a);
  EXPECT_EQ(failure.outcome, Answer::Outcome::failed);
  EXPECT_EQ(failure.fault, LookupFault::unreachable);
  EXPECT_EQ(failure.failure, "a.example A: scripted");
  look_up("a.example", RecordType::a);
  EXPECT_EQ(backend_->asked.size(), 1U);
  pass(5s);
  look_up("a.example", RecordType::a);
  EXPECT_EQ(backend_->asked.size(), 2U);
  EXPECT_EQ(resolver_->counters().failed, 2U);
}

TEST_F(ResolverTest, AServersFailureIsAFailureAndABogusAnswerHasNoRecords) {
  backend_->say("a.example A", {}, Security::insecure, ResponseCode::server_failure);
  EXPECT_EQ(look_up("a.example", RecordType::a).fault, LookupFault::server_failure);
  backend_->say("b.example A", {record("b.example", RecordType::a, 60s, kIp)}, Security::bogus);
  const Answer bogus = look_up("b.example", RecordType::a);
  EXPECT_EQ(bogus.outcome, Answer::Outcome::failed);
  EXPECT_EQ(bogus.fault, LookupFault::bogus);
  EXPECT_EQ(bogus.security, Security::bogus);
  EXPECT_TRUE(bogus.records.empty());
}

TEST_F(ResolverTest, FollowsAnAliasOutOfItsAnswerAndTheChainIsAsSecureAsItsWeakestPart) {
  backend_->say("a.example A", {record("a.example", RecordType::cname, 50s, domain("b.example").wire())},
                Security::secure);
  backend_->say("b.example A", {record("b.example", RecordType::a, 60s, kIp)}, Security::insecure);
  const Answer answer = look_up("a.example", RecordType::a);
  ASSERT_TRUE(answer.found());
  EXPECT_EQ(answer.canonical, domain("b.example"));
  EXPECT_EQ(answer.security, Security::insecure);
  EXPECT_EQ(answer.ttl, 50s);
}

TEST_F(ResolverTest, GivesUpOnAnEndlessChainOfAliases) {
  for (int i = 0; i < 20; ++i) {
    const std::string from = "n" + std::to_string(i) + ".example";
    const std::string to = "n" + std::to_string(i + 1) + ".example";
    backend_->say(from + " A", {record(from, RecordType::cname, 60s, domain(to).wire())});
  }
  const Answer answer = look_up("n0.example", RecordType::a);
  EXPECT_EQ(answer.fault, LookupFault::too_many);
  EXPECT_EQ(backend_->asked.size(), kMaxAliases + 1);
  backend_->say("x.example A", {record("x.example", RecordType::cname, 60s, domain("y.example").wire())});
  backend_->say("y.example A", {record("y.example", RecordType::cname, 60s, domain("x.example").wire())});
  EXPECT_EQ(look_up("x.example", RecordType::a).outcome, Answer::Outcome::failed);
}

TEST_F(ResolverTest, AsksIdenticalQuestionsOnce) {
  backend_->say("a.example A", {record("a.example", RecordType::a, 60s, kIp)});
  backend_->hold = true;
  std::optional<Answer> first;
  std::optional<Answer> second;
  begin("a.example", RecordType::a, first);
  begin("A.example", RecordType::a, second);
  EXPECT_FALSE(first || second);
  release();
  ASSERT_TRUE(first && second);
  EXPECT_TRUE(first->found() && second->found());
  EXPECT_EQ(backend_->asked.size(), 1U);
  EXPECT_EQ(resolver_->counters().joined, 1U);
}

TEST_F(ResolverTest, AnImpatientCallerLeavesTheOthersAlone) {
  backend_->say("a.example A", {record("a.example", RecordType::a, 60s, kIp)});
  backend_->hold = true;
  std::optional<Answer> impatient;
  std::optional<Answer> patient;
  begin("a.example", RecordType::a, impatient, 1s);
  begin("a.example", RecordType::a, patient, 8s);
  pass(2s);
  ASSERT_TRUE(impatient);
  EXPECT_EQ(impatient->fault, LookupFault::timed_out);
  EXPECT_FALSE(patient);
  release();
  ASSERT_TRUE(patient);
  EXPECT_TRUE(patient->found());
}

TEST_F(ResolverTest, AnAnswerThatComesTooLateForItsCallerServesTheNext) {
  backend_->say("a.example A", {record("a.example", RecordType::a, 60s, kIp)});
  backend_->hold = true;
  std::optional<Answer> impatient;
  begin("a.example", RecordType::a, impatient, 1s);
  pass(2s);
  ASSERT_TRUE(impatient);
  release();
  EXPECT_TRUE(look_up("a.example", RecordType::a).found());
  EXPECT_EQ(backend_->asked.size(), 1U);
}

TEST_F(ResolverTest, ABackendThatNeverAnswersIsNotWaitedForLongerThanItsPatience) {
  backend_->hold = true;
  std::optional<Answer> answer;
  begin("a.example", RecordType::a, answer, 1h);
  pass(11s);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->fault, LookupFault::timed_out);
}

TEST_F(ResolverTest, BoundsWhatIsUnderWayAndWhatWaits) {
  ResolverLimits limits;
  limits.in_flight = 2;
  limits.waiting = 3;
  make(limits);
  backend_->hold = true;
  std::array<std::optional<Answer>, 6> answers;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const std::string asked = "n" + std::to_string(i) + ".example";
    backend_->say(asked + " A", {record(asked, RecordType::a, 60s, kIp)});
    begin(asked, RecordType::a, answers[i]);
  }
  EXPECT_EQ(backend_->under_way, 2);
  ASSERT_TRUE(answers[5]) << "one too many";
  EXPECT_EQ(answers[5]->fault, LookupFault::too_many);
  backend_->hold = false;
  release();
  for (std::size_t i = 0; i < 5; ++i) {
    ASSERT_TRUE(answers[i]) << i;
    EXPECT_TRUE(answers[i]->found()) << i;
  }
  EXPECT_EQ(backend_->most_under_way, 2);
}

TEST_F(ResolverTest, PassesOverQuestionsThatNobodyWaitsForAnyMore) {
  ResolverLimits limits;
  limits.in_flight = 1;
  make(limits);
  backend_->hold = true;
  std::optional<Answer> first;
  std::optional<Answer> second;
  begin("a.example", RecordType::a, first, 9s);
  begin("b.example", RecordType::a, second, 1s);
  pass(2s);
  ASSERT_TRUE(second);
  release();
  EXPECT_EQ(backend_->asked, std::vector<std::string>{"a.example A"});
}

TEST_F(ResolverTest, RefusesAnswersToAnotherQuestionAndGarbage) {
  class Liar final : public Backend {
   public:
    Task<AskResult> ask(Question question, SteadyTime /*deadline*/) override {
      if (question.name == *DomainName::parse("garbage.example")) {
        Response garbage("\1\2\3", Security::secure);
        co_return garbage;
      }
      Message message;
      message.response = true;
      message.questions.assign(1, Question(*DomainName::parse("other.example"), question.type));
      Response other(write_message(message), Security::secure);
      co_return other;
    }
    std::string_view name() const noexcept override { return "liar"; }
  };
  resolver_ = std::make_unique<Resolver>(loop_, std::make_unique<Liar>());
  EXPECT_EQ(look_up("garbage.example", RecordType::a).fault, LookupFault::malformed);
  EXPECT_EQ(look_up("a.example", RecordType::a).fault, LookupFault::malformed);
}

}  // namespace
}  // namespace postrider::resolver
