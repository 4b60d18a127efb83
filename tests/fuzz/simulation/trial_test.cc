#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "postrider/client/client.h"
#include "postrider/fuzz/simulation/client_trial.h"
#include "postrider/fuzz/simulation/seeds.h"
#include "postrider/fuzz/simulation/server_trial.h"
#include "postrider/transport/signal.h"

namespace postrider::fuzz {
namespace {

using namespace std::chrono_literals;
using server::Answer;
using transport::Task;

// What a server may do wrong with a message.
enum class Habit { keeps, forgets_one_in_ten, keeps_before_the_end };

// A mail store by recipient and content.
class Keeper final : public server::HandlerFactory {
 public:
  Keeper(Simulator& world, Habit habit) : world_(world), habit_(habit) {}

  std::unique_ptr<server::Handler> make(const server::ConnectionInfo&) override {
    return std::make_unique<Session>(*this);
  }
  std::size_t copies(const std::string& content, const std::string& recipient) const {
    const auto found = kept_.find({content, recipient});
    return found == kept_.end() ? 0 : found->second;
  }

 private:
  struct Sink final : server::MessageSink {
    Sink(Keeper& of, std::vector<std::string> to) : keeper(of), recipients(std::move(to)) {}
    server::Soon<void> write(std::string_view octets) override {
      content += octets;
      return {};
    }
    Answer finish(const protocol::ev::BodyEnd&, std::size_t) override {
      if (keeper.habit_ == Habit::forgets_one_in_ten && keeper.world_.happens(100)) return server::kOk;
      keep();
      return server::kOk;
    }
    void keep() {
      for (const std::string& each : recipients) ++keeper.kept_[{content, each}];
    }
    // Finished or not: what was never acknowledged is kept too.
    ~Sink() override {
      if (keeper.habit_ == Habit::keeps_before_the_end) keep();
    }
    Keeper& keeper;
    std::vector<std::string> recipients;
    std::string content;
  };
  struct Session final : server::Handler {
    explicit Session(Keeper& of) : keeper(of) {}
    Answer on_mail(const protocol::ev::Mail&) override {
      recipients.clear();
      return server::kOk;
    }
    Answer on_rcpt(const protocol::ev::Rcpt& rcpt) override {
      const std::string to(rcpt.to.mailbox.text());
      if (to.starts_with("nobody")) {
        return server::Reply(protocol::code::mailbox_unavailable, protocol::status::bad_mailbox, "No");
      }
      recipients.push_back(to);
      return server::kOk;
    }
    server::Soon<server::Opened> on_data() override {
      return server::Opened(std::make_unique<Sink>(keeper, recipients));
    }
    Keeper& keeper;
    std::vector<std::string> recipients;
  };

  Simulator& world_;
  Habit habit_;
  std::map<std::pair<std::string, std::string>, std::size_t> kept_;
};

SeedRun serve(std::uint64_t seed, Habit habit, FaultPlan faults) {
  TrialOptions options;
  options.faults = faults;
  options.server.protocol.hostname = "server.example";
  options.server.protocol.capabilities.offer(protocol::Extension::pipelining);
  Keeper* keeper = nullptr;
  ServerTrial trial(seed, std::move(options), [&](Simulator& world) {
    auto made = std::make_unique<Keeper>(world, habit);
    keeper = made.get();
    return made;
  });
  Findings findings = trial.run([&](const std::string& content, const std::string& recipient) {
    return keeper->copies(content, recipient);
  });
  return {std::move(findings), trial.history()};
}

std::string shown(const std::optional<SeedFailure>& failure) {
  return failure ? failure->text("fuzz_tests --gtest_filter=ServerTrialTest.*") : "";
}

TEST(ServerTrialTest, AServerThatKeepsWhatItAcknowledgesHasNoFinding) {
  const auto failed =
      try_seeds({1, 300}, [](std::uint64_t seed) { return serve(seed, Habit::keeps, FaultPlan::rough()); });
  EXPECT_FALSE(failed) << shown(failed);
}

TEST(ServerTrialTest, AServerThatForgetsIsFound) {
  const auto failed = try_seeds(
      {1, 50}, [](std::uint64_t seed) { return serve(seed, Habit::forgets_one_in_ten, FaultPlan::rough()); });
  ASSERT_TRUE(failed);
  EXPECT_NE(failed->run.findings.front().find("is lost: RFC 5321 6.1"), std::string::npos)
      << failed->run.findings.front();
}

TEST(ServerTrialTest, AServerThatKeepsWhatItDidNotAcknowledgeIsFound) {
  const auto failed = try_seeds({1, 200}, [](std::uint64_t seed) {
    return serve(seed, Habit::keeps_before_the_end, FaultPlan::rough());
  });
  ASSERT_TRUE(failed);
  EXPECT_NE(failed->run.findings.front().find("times, acknowledged"), std::string::npos);
}

TEST(ServerTrialTest, ASeedReplaysExactly) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    EXPECT_EQ(serve(seed, Habit::keeps, FaultPlan::rough()).history,
              serve(seed, Habit::keeps, FaultPlan::rough()).history);
  }
}

TEST(SeedsTest, AFailureNamesTheCommandThatReplaysIt) {
  const auto failed = try_seeds(
      {1, 20}, [](std::uint64_t seed) { return seed == 7 ? SeedRun{{"it broke"}, {"0 first"}} : SeedRun{}; });
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->text("my_test"), "replay: POSTRIDER_SEED=7 my_test\nit broke\n  0 first\n");
}

TEST(SeedsTest, TheSeedOfTheEnvironmentIsTheOnlyOne) {
  ::setenv("POSTRIDER_SEED", "99", 1);
  std::vector<std::uint64_t> tried;
  const auto failed = try_seeds({1, 20}, [&](std::uint64_t seed) {
    tried.push_back(seed);
    return SeedRun{};
  });
  ::unsetenv("POSTRIDER_SEED");
  EXPECT_FALSE(failed);
  EXPECT_EQ(tried, std::vector<std::uint64_t>{99});
}

struct Sent {
  bool finished = false;
  bool delivered = false;
  bool uncertain = false;
};
constexpr std::string_view kContent = "Subject: 1\r\n\r\n.dots\r\n";

Task<void> send(Simulator& world, Sent& sent) {
  client::ClientConfig config;
  config.hello_name = "client.example";
  client::Client client(world.loop(), config);
  const client::Outcome<void> started = co_await client.connect(world.network(), ClientTrial::kServer);
  if (started) {
    auto envelope = client::Envelope::from("a@example.com");
    if (!envelope->add("b@example.org")) std::abort();
    client::MemoryMessage message(kContent);
    const client::DeliveryReport report = co_await client.send(*envelope, message);
    sent.delivered = report.recipients[0].delivered();
    sent.uncertain = report.recipients[0].may_have_been_delivered;
    if (client.usable()) co_await client.quit();
  }
  sent.finished = true;
}

TEST(ClientTrialTest, OurClientKnowsWhatBecameOfItsMail) {
  unsigned delivered = 0;
  unsigned uncertain = 0;
  const auto failed = try_seeds({1, 500}, [&](std::uint64_t seed) {
    Sent sent;
    ClientTrial trial(seed);
    trial.world().loop().spawn(send(trial.world(), sent));
    const auto end = trial.world().run([&] { return sent.finished; }, 24h);
    SeedRun out;
    if (end != Simulator::End::done) out.findings.push_back("the client does not end");
    const std::size_t copies = trial.copies(std::string(kContent), "b@example.org");
    if (sent.delivered && copies != 1) out.findings.push_back("delivered, but not there");
    if (!sent.delivered && !sent.uncertain && copies != 0) out.findings.push_back("there, but not delivered");
    delivered += sent.delivered ? 1 : 0;
    uncertain += sent.uncertain ? 1 : 0;
    return out;
  });
  EXPECT_FALSE(failed) << failed->text("fuzz_tests --gtest_filter=ClientTrialTest.*");
  EXPECT_GT(delivered, 100U);
  EXPECT_GT(uncertain, 0U);
}

TEST(SimulatorTest, ATaskThatWaitsForNothingIsStuck) {
  Simulator world(1, FaultPlan::calm());
  EXPECT_EQ(world.run([] { return false; }, 1h), Simulator::End::stuck);
}

}  // namespace
}  // namespace postrider::fuzz
