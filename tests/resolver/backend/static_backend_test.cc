#include "postrider/resolver/backend/static_backend.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "postrider/tests/resolver/support/records.h"
#include "postrider/tests/support/run_task.h"

namespace postrider::resolver {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using tests::name;
using tests::records;
using tests::run_task;
using tests::settle;
using transport::later;
using Outcome = Answer::Outcome;

constexpr std::string_view kZones =
    "$TTL 300\n"
    "@ SOA ns hostmaster 1 2h 15m 2w 120\n"
    "@ MX 10 mx\n@ MX 20 mx.example.net.\n"
    "mx A 192.0.2.25\nmx AAAA 2001:db8::25\n"
    "www CNAME mx\n"
    "far CNAME mx.example.net.\n"
    "gone CNAME nowhere\n"
    "circle CNAME circle2\ncircle2 CNAME circle\n"
    "deep.below.here TXT x\n"
    "*.lists MX 5 mx\n*.lists TXT any\nreal.lists A 192.0.2.9\n"
    "example.net. SOA . . 1 2 3 4 60\n"
    "mx.example.net. A 198.51.100.25\n";

class StaticBackendTest : public testing::Test {
 protected:
  AskResult ask(std::string_view text, RecordType type) {
    return run_task(loop_, backend_.ask(Question(name(text), type), later(loop_.now(), seconds(5))));
  }
  // The answer as Resolver would have it.
  Answer answer(std::string_view text, RecordType type) {
    const Question question(name(text), type);
    const AskResult response = ask(text, type);
    if (!response) return Answer::failed(response.error().fault, response.error().text);
    const auto message = read_message(response->message);
    if (!message) return Answer::failed(LookupFault::malformed, to_string(message.error()));
    return interpret(question, *message, response->security);
  }

  transport::ManualClock clock_;
  transport::Loop loop_{clock_};
  StaticBackend backend_{loop_, records(kZones)};
};

TEST_F(StaticBackendTest, AnswersWithItsRecords) {
  const Answer found = answer("example.org", RecordType::mx);
  EXPECT_EQ(found.outcome, Outcome::found);
  EXPECT_EQ(found.records, records("@ 300 MX 10 mx\n@ 300 MX 20 mx.example.net."));
  EXPECT_EQ(found.security, Security::indeterminate);
  EXPECT_EQ(backend_.asked(), 1U);
  EXPECT_EQ(backend_.name(), "static");
  EXPECT_EQ(answer("MX.Example.org", RecordType::aaaa).records.size(), 1U);
}

TEST_F(StaticBackendTest, TellsNoDataFromNoName) {
  const Answer no_data = answer("mx.example.org", RecordType::mx);
  EXPECT_EQ(no_data.outcome, Outcome::no_data);
  EXPECT_EQ(no_data.ttl, seconds(120)) << "the MINIMUM of the zone";
  const Answer no_name = answer("x.mx.example.org", RecordType::mx);
  EXPECT_EQ(no_name.outcome, Outcome::no_name);
  EXPECT_EQ(no_name.ttl, seconds(120));
  EXPECT_EQ(answer("below.here.example.org", RecordType::txt).outcome, Outcome::no_data)
      << "RFC 4592 2.2.2: names above others exist";
  EXPECT_EQ(answer("org", RecordType::a).outcome, Outcome::no_data);
  const Answer elsewhere = answer("example.com", RecordType::mx);
  EXPECT_EQ(elsewhere.outcome, Outcome::no_name);
  EXPECT_EQ(elsewhere.ttl, StaticBackend::kNegativeTtl) << "outside of the zones";
}

TEST_F(StaticBackendTest, FollowsAliasesInsideAZone) {
  const Answer found = answer("www.example.org", RecordType::a);
  EXPECT_EQ(found.outcome, Outcome::found);
  EXPECT_EQ(found.canonical, name("mx.example.org"));
  const Answer far = answer("far.example.org", RecordType::a);
  EXPECT_EQ(far.outcome, Outcome::no_data) << "whoever asks goes on in the other zone";
  EXPECT_EQ(far.canonical, name("mx.example.net"));
  EXPECT_EQ(far.ttl, seconds(300));
  const Answer gone = answer("gone.example.org", RecordType::a);
  EXPECT_EQ(gone.outcome, Outcome::no_name);
  EXPECT_EQ(gone.canonical, name("nowhere.example.org"));
  EXPECT_EQ(answer("www.example.org", RecordType::cname).outcome, Outcome::found);
  EXPECT_EQ(answer("www.example.org", RecordType::txt).outcome, Outcome::no_data);
  EXPECT_EQ(answer("circle.example.org", RecordType::a).fault, LookupFault::too_many);
}

TEST_F(StaticBackendTest, WildcardsStandForWhatDoesNotExist) {
  const Answer any = answer("new.lists.example.org", RecordType::mx);
  EXPECT_EQ(any.outcome, Outcome::found);
  EXPECT_EQ(any.records, records("new.lists 300 MX 5 mx")) << "with the owner that was asked for";
  EXPECT_EQ(answer("a.b.lists.example.org", RecordType::txt).outcome, Outcome::found);
  EXPECT_EQ(answer("new.lists.example.org", RecordType::a).outcome, Outcome::no_data);
  EXPECT_EQ(answer("real.lists.example.org", RecordType::mx).outcome, Outcome::no_data) << "the name exists";
  EXPECT_EQ(answer("x.real.lists.example.org", RecordType::mx).outcome, Outcome::no_name)
      << "RFC 4592 3.3.1: the closest name above decides";
  EXPECT_EQ(answer("lists.example.org", RecordType::mx).outcome, Outcome::no_data);
}

TEST_F(StaticBackendTest, FailsWhenTold) {
  const DomainName mx = name("mx.example.org");
  backend_.set_fault(mx, LookupFault::server_failure, RecordType::a);
  EXPECT_EQ(answer("mx.example.org", RecordType::a).fault, LookupFault::server_failure);
  EXPECT_EQ(answer("mx.example.org", RecordType::aaaa).outcome, Outcome::found) << "the other type";
  EXPECT_EQ(answer("www.example.org", RecordType::a).outcome, Outcome::found) << "another name";
  backend_.set_fault(mx, LookupFault::bogus);
  EXPECT_EQ(answer("mx.example.org", RecordType::aaaa).fault, LookupFault::bogus);
  EXPECT_EQ(answer("mx.example.org", RecordType::a).fault, LookupFault::server_failure)
      << "its own goes before";
  backend_.set_fault(mx, LookupFault::none, RecordType::a);
  EXPECT_EQ(answer("mx.example.org", RecordType::a).fault, LookupFault::bogus);
  for (const LookupFault fault :
       {LookupFault::malformed, LookupFault::unreachable, LookupFault::too_many, LookupFault::cancelled}) {
    backend_.set_fault(mx, fault);
    EXPECT_EQ(answer("mx.example.org", RecordType::a).fault, fault) << to_string(fault);
  }
  backend_.set_fault(mx, LookupFault::none);
  EXPECT_EQ(answer("mx.example.org", RecordType::a).outcome, Outcome::found);
}

TEST_F(StaticBackendTest, ClaimsTheSecurityThatItWasTold) {
  StaticBackend secure(loop_, records(kZones), Security::secure);
  const Question question(name("mx.example.org"), RecordType::a);
  EXPECT_EQ(run_task(loop_, secure.ask(question, transport::kNever)).value().security, Security::secure);
  backend_.set_security(name("org"), Security::secure);
  backend_.set_security(name("mx.example.org"), Security::insecure);
  EXPECT_EQ(answer("example.org", RecordType::mx).security, Security::secure);
  EXPECT_EQ(answer("nothing.org", RecordType::mx).security, Security::secure);
  EXPECT_EQ(answer("mx.example.org", RecordType::a).security, Security::insecure);
  EXPECT_EQ(answer("_25._tcp.mx.example.org", RecordType::tlsa).security, Security::insecure) << "below it";
  EXPECT_EQ(answer("mx.example.net", RecordType::a).security, Security::indeterminate);
  backend_.set_security(name("mx.example.org"), Security::bogus);
  EXPECT_EQ(answer("mx.example.org", RecordType::a).fault, LookupFault::bogus);
  EXPECT_NE(ask("mx.example.org", RecordType::a).value().why_bogus, "");
}

TEST_F(StaticBackendTest, ATimeoutTakesUntilTheDeadline) {
  backend_.set_fault(name("mx.example.org"), LookupFault::timed_out);
  std::optional<AskResult> result;
  const Question question(name("mx.example.org"), RecordType::a);
  loop_.spawn(tests::keep_result(backend_.ask(question, later(loop_.now(), seconds(5))), result));
  settle(loop_);
  clock_.advance(seconds(4));
  loop_.expire();
  settle(loop_);
  EXPECT_FALSE(result);
  clock_.advance(seconds(2));
  loop_.expire();
  settle(loop_);
  ASSERT_TRUE(result);
  ASSERT_FALSE(*result);
  EXPECT_EQ(result->error().fault, LookupFault::timed_out);
}

TEST_F(StaticBackendTest, AnswersMayTakeTheirTime) {
  backend_.set_delay(seconds(2));
  std::optional<AskResult> patient;
  std::optional<AskResult> hasty;
  const Question question(name("mx.example.org"), RecordType::a);
  loop_.spawn(tests::keep_result(backend_.ask(question, later(loop_.now(), seconds(5))), patient));
  loop_.spawn(tests::keep_result(backend_.ask(question, later(loop_.now(), seconds(1))), hasty));
  settle(loop_);
  EXPECT_FALSE(patient);
  clock_.advance(milliseconds(1500));
  loop_.expire();
  settle(loop_);
  EXPECT_FALSE(patient);
  ASSERT_TRUE(hasty);
  EXPECT_EQ(hasty->error().fault, LookupFault::timed_out);
  clock_.advance(seconds(1));
  loop_.expire();
  settle(loop_);
  ASSERT_TRUE(patient);
  EXPECT_TRUE(patient->has_value());
}

TEST_F(StaticBackendTest, RecordsCanBeReplaced) {
  backend_.set_records(records("mx 9 A 192.0.2.77"));
  EXPECT_EQ(answer("mx.example.org", RecordType::a).records, records("mx 9 A 192.0.2.77"));
  EXPECT_EQ(answer("example.org", RecordType::mx).outcome, Outcome::no_data);
  EXPECT_EQ(answer("example.net", RecordType::soa).outcome, Outcome::no_name);
  backend_.set_records({});
  EXPECT_EQ(answer("mx.example.org", RecordType::a).outcome, Outcome::no_name);
  EXPECT_EQ(answer(".", RecordType::a).outcome, Outcome::no_data);
}

}  // namespace
}  // namespace postrider::resolver
