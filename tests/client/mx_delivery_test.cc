#include "postrider/client/mx_delivery.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "postrider/tests/client/mx_fixture.h"
#include "postrider/tests/support/run_task.h"
#include "postrider/transport/signal.h"

namespace postrider::client::testing {
namespace {

using namespace std::chrono_literals;
using protocol::Decision;
using protocol::Stage;
using resolver::LookupFault;
using resolver::RecordType;
using transport::Endpoint;
using transport::MemoryDial;
using Lines = std::vector<std::string>;

std::string reply_of(const MxRecipient& recipient) { return to_log_line(recipient.reply); }

// ---- The first host ----

TEST_F(MxTest, DeliversToTheMostPreferredHost) {
  FakeHost& first = host(kFirst);
  FakeHost& second = host(kSecond);
  const MxReport report = deliver();
  EXPECT_TRUE(report.all_delivered());
  const MxRecipient& recipient = report.recipients[0];
  EXPECT_EQ(recipient.host, "mx1.example.net");
  EXPECT_EQ(recipient.endpoint->address_to_string(), kFirst);
  EXPECT_EQ(recipient.reached, MxStage::session);
  EXPECT_EQ(recipient.stage, Stage::content);
  EXPECT_EQ(reply_of(recipient), "250 2.0.0 Taken");
  EXPECT_FALSE(recipient.tls.encrypted);
  EXPECT_EQ(first.messages(), Lines{text});
  EXPECT_EQ(first.lines().back(), "QUIT");
  EXPECT_EQ(second.connections(), 0U);
  ASSERT_EQ(report.attempts.size(), 1U);
  EXPECT_FALSE(report.attempts[0].failed());
  EXPECT_EQ(report.attempts[0].delivered, 2U);
  EXPECT_EQ(report.attempts[0].text(), "mx1.example.net[192.0.2.1]:25, in clear: 2 delivered");
}

TEST_F(MxTest, TriesTheAddressesOfOneHostBeforeTheNextHost) {
  zone(R"($ORIGIN example.net.
@    MX 10 mx1
mx1  A 192.0.2.1
     AAAA 2001:db8::1
)");
  FakeHost& first = host(kFirst);
  const MxReport report = deliver();
  EXPECT_TRUE(report.all_delivered());
  EXPECT_EQ(first.messages().size(), 1U);
  ASSERT_EQ(report.attempts[0].unreachable.size(), 1U);
  EXPECT_EQ(to_string(report.attempts[0].unreachable[0]), "[2001:db8::1]:25: Connection refused");
}

TEST_F(MxTest, UsesTheFamilyAndTheSourceThatItIsTold) {
  zone(R"($ORIGIN example.net.
@    MX 10 mx1
mx1  A 192.0.2.1
     AAAA 2001:db8::1
)");
  FakeHost& four = host(kFirst);
  FakeHost& six = host("2001:db8::1");
  options.families = resolver::Families::ipv4;
  options.source_ipv4 = Endpoint::parse("198.51.100.7:0");
  options.source_ipv6 = Endpoint::parse("[2001:db8::7]:0");
  std::vector<std::string> from;
  network.on_connect([&from](transport::MemoryStream& client, transport::MemoryStream&) {
    from.push_back(client.local().address_to_string());
  });
  EXPECT_TRUE(deliver().all_delivered());
  EXPECT_EQ(four.connections(), 1U);
  options.families = resolver::Families::ipv6;
  EXPECT_TRUE(deliver().all_delivered());
  EXPECT_EQ(six.connections(), 1U);
  EXPECT_EQ(from, (Lines{"198.51.100.7", "2001:db8::7"}));
}

TEST_F(MxTest, TakesTheDomainItselfWithoutMxRecords) {
  zone("example.net. A 192.0.2.1\n");
  FakeHost& first = host(kFirst);
  EXPECT_TRUE(deliver().all_delivered());
  EXPECT_EQ(first.messages().size(), 1U) << "RFC 5321 5.1";
}

TEST_F(MxTest, GoesToAnAddressLiteralWithoutAsking) {
  FakeHost& first = host(kFirst);
  EXPECT_TRUE(deliver("[192.0.2.1]").all_delivered());
  EXPECT_EQ(first.messages().size(), 1U);
  EXPECT_EQ(backend->asked(), 0U);
}

TEST_F(MxTest, SpreadsTheLoadOverHostsOfTheSamePreference) {
  zone(R"($ORIGIN example.net.
@    MX 10 mx1
@    MX 10 mx2
mx1  A 192.0.2.1
mx2  A 192.0.2.2
)");
  FakeHost& first = host(kFirst);
  FakeHost& second = host(kSecond);
  for (int n = 0; n < 20; ++n) {
    options.seed = static_cast<std::uint64_t>(n);
    EXPECT_TRUE(deliver().all_delivered());
  }
  EXPECT_GT(first.connections(), 2U);
  EXPECT_GT(second.connections(), 2U);
}

// ---- The next host ----

// Whatever turns up at the first host and is its own fault: the second one gets the message, once.
TEST_F(MxTest, TakesTheNextHostWhenTheFirstIsAtFault) {
  const std::map<std::string, std::string> faults = {
      {"greeting", "421 4.3.2 Busy"},
      {"greeting ", "554 5.7.1 Go away"},
      {"greeting  ", "SSH-2.0-OpenSSH_9.2"},
      {"greeting   ", "<close>"},
      {"greeting    ", "<silence>"},
      {"EHLO", "421 4.3.2 Busy<close>"},
      {"EHLO ", "451 4.3.0 Not now"},
      {"EHLO  ", "<close>"},
      {"MAIL", "421 4.3.2 Shutting down<close>"},
      {"MAIL ", "452 4.3.1 Full"},
      {"MAIL  ", "<close>"},
      {"RCPT", "421 4.3.2 Shutting down<close>"},
      {"RCPT ", "<close>"},
      {"DATA", "421 4.3.2 Shutting down<close>"},
      {"DATA ", "<close>"},
      {"DATA  ", "<silence>"},
      {"DATA   ", "354 Go on<close>"},
  };
  for (const auto& [command, reply] : faults) {
    SCOPED_TRACE(command + ": " + reply);
    FakeHost& first = host_that_says(kFirst, command.substr(0, command.find(' ')), reply);
    FakeHost& second = host(kSecond);
    FakeHost& third = host(kThird);
    const MxReport report = deliver();
    EXPECT_TRUE(report.all_delivered());
    // RFC 2920 3.1: where DATA was pipelined and taken nevertheless, an empty message ends it.
    for (const std::string& message : first.messages()) EXPECT_EQ(message, "");
    EXPECT_EQ(second.messages(), Lines{text});
    EXPECT_EQ(third.connections(), 0U);
    EXPECT_EQ(report.recipients[0].host, "mx2.example.net");
    ASSERT_EQ(report.attempts.size(), 2U);
    EXPECT_TRUE(report.attempts[0].failed());
    EXPECT_EQ(report.attempts[0].endpoint->address_to_string(), kFirst);
    EXPECT_LE(took, options.total + 1s);
    forget_hosts();
  }
}

TEST_F(MxTest, TakesTheNextHostWhenTheFirstCannotBeReached) {
  FakeHost& second = host(kSecond);
  const MxReport refused = deliver();
  EXPECT_TRUE(refused.all_delivered());
  EXPECT_EQ(refused.attempts[0].reached, MxStage::connect);
  EXPECT_EQ(refused.attempts[0].why, "no connection: 192.0.2.1:25: Connection refused");
  network.on_dial([](const Endpoint& to) {
    return to.address_to_string() == kFirst ? MemoryDial{transport::Duration::max(), {}} : MemoryDial{};
  });
  const MxReport silent = deliver();
  EXPECT_TRUE(silent.all_delivered());
  EXPECT_EQ(took, 30s) << "timeouts.connect";
  EXPECT_EQ(second.messages().size(), 2U);
}

TEST_F(MxTest, TakesTheNextHostWhenTheFirstHasNoAddress) {
  zone(R"($ORIGIN example.net.
@    MX 10 gone
@    MX 20 mx2
mx2  A 192.0.2.2
)");
  host(kSecond);
  const MxReport report = deliver();
  EXPECT_TRUE(report.all_delivered());
  EXPECT_EQ(report.attempts[0].reached, MxStage::lookup);
  EXPECT_EQ(report.attempts[0].why, "gone.example.net has no address");
}

TEST_F(MxTest, FallsBackToHeloOnTheSameHost) {
  FakeHost& first = host_that_says(kFirst, "EHLO", "502 5.5.1 What?");
  EXPECT_TRUE(deliver().all_delivered());
  EXPECT_EQ(first.lines()[1], "HELO localhost");
}

TEST_F(MxTest, TriesTheThirdHostAfterTwoThatAreAtFault) {
  host_that_says(kSecond, "greeting", "421 4.3.2 Busy");
  FakeHost& third = host(kThird);
  const MxReport report = deliver();
  EXPECT_TRUE(report.all_delivered());
  EXPECT_EQ(third.messages().size(), 1U);
  EXPECT_EQ(report.attempts.size(), 3U);
}

// ---- Nobody else is asked ----

TEST_F(MxTest, AsksNoOtherHostAfterARefusal) {
  const std::map<std::string, std::string> refusals = {
      {"MAIL", "550 5.7.1 Sender refused"},
      {"RCPT", "550 5.1.1 No such user"},
      {"DATA", "554 5.7.1 No"},
      {".", "554 5.7.1 Spam"},
      {"RCPT ", "450 4.2.1 Greylisted"},
      {"MAIL ", "450 4.7.1 Too fast"},
      {". ", "451 4.3.0 Try again"},
  };
  for (const auto& [command, reply] : refusals) {
    SCOPED_TRACE(command + ": " + reply);
    host_that_says(kFirst, command.substr(0, command.find(' ')), reply);
    FakeHost& second = host(kSecond);
    const MxReport report = deliver();
    EXPECT_EQ(second.connections(), 0U);
    for (const MxRecipient& recipient : report.recipients) {
      EXPECT_EQ(reply_of(recipient), reply);
      EXPECT_EQ(recipient.host, "mx1.example.net");
      EXPECT_FALSE(recipient.local);
      EXPECT_FALSE(recipient.may_have_been_delivered);
      EXPECT_EQ(recipient.decision == Decision::retry_later, reply.starts_with('4'));
    }
    forget_hosts();
  }
}

TEST_F(MxTest, GivesOnlyThoseRecipientsToTheNextHostThatTheFirstHadNoWordFor) {
  envelope = make_envelope(
      "a@example.org", {"b@example.net", "c@example.net", "d@example.net", "e@example.net", "f@example.net"});
  FakeHost& first = host(kFirst, [](FakeServer& server) {
    server.answer("RCPT TO:<c@", {"550 5.1.1 Nobody"})
        .answer("RCPT TO:<d@", {"450 4.2.1 Greylisted"})
        .answer("RCPT TO:<e@", {"421 4.3.2 Shutting down<close>"});
  });
  FakeHost& second = host(kSecond);
  const MxReport report = deliver();
  EXPECT_EQ(report.recipients[1].decision, Decision::fail_recipient);
  EXPECT_EQ(reply_of(report.recipients[1]), "550 5.1.1 Nobody");
  EXPECT_EQ(report.recipients[2].decision, Decision::retry_later);
  EXPECT_EQ(reply_of(report.recipients[2]), "450 4.2.1 Greylisted");
  for (const std::size_t index : {0U, 3U, 4U}) {
    EXPECT_TRUE(report.recipients[index].delivered());
    EXPECT_EQ(report.recipients[index].host, "mx2.example.net");
  }
  EXPECT_TRUE(first.messages().empty());
  Lines asked = second.lines();
  std::erase_if(asked, [](const std::string& line) { return !line.starts_with("RCPT"); });
  EXPECT_EQ(asked, (Lines{"RCPT TO:<b@example.net>", "RCPT TO:<e@example.net>", "RCPT TO:<f@example.net>"}));
}

TEST_F(MxTest, NeverTakesAnotherHostWhenTheVerdictIsMissing) {
  for (const std::string reply : {"<close>", "<silence>"}) {
    FakeHost& first = host_that_says(kFirst, ".", reply);
    FakeHost& second = host(kSecond);
    const MxReport report = deliver();
    EXPECT_EQ(first.messages().size(), 1U);
    EXPECT_EQ(second.connections(), 0U);
    for (const MxRecipient& recipient : report.recipients) {
      EXPECT_EQ(recipient.decision, Decision::retry_later);
      EXPECT_TRUE(recipient.may_have_been_delivered);
      EXPECT_TRUE(recipient.local);
      EXPECT_FALSE(recipient.text.empty());
    }
    forget_hosts();
  }
}

// ---- Early replies ----

TEST_F(MxTest, KeepsARefusalThatComesInTheMiddleOfTheMessage) {
  text = make_text(900'000);
  for (const bool deaf : {false, true}) {
    host(kFirst, [deaf](FakeServer& server) {
      server.early_after = 100'000;
      server.early_reply = deaf ? "552 5.3.4 Too big" : "552 5.3.4 Too big<close>";
      server.deaf_after_early = deaf;
    });
    FakeHost& second = host(kSecond);
    const MxReport report = deliver();
    for (const MxRecipient& recipient : report.recipients) {
      EXPECT_EQ(reply_of(recipient), "552 5.3.4 Too big");
      EXPECT_EQ(recipient.stage, Stage::content);
      EXPECT_EQ(recipient.decision, Decision::fail_message);
      EXPECT_FALSE(recipient.may_have_been_delivered);
    }
    EXPECT_EQ(second.connections(), 0U);
    forget_hosts();
  }
}

TEST_F(MxTest, HearsWhyAServerClosesInTheMiddleOfTheMessage) {
  text = make_text(900'000);
  host(kFirst, [](FakeServer& server) {
    server.early_after = 100'000;
    server.early_reply = "421 4.3.1 Disk full<close>";
  });
  FakeHost& second = host(kSecond);
  const MxReport report = deliver();
  // A temporary word on the message itself: later, and at this domain's other hosts no sooner.
  EXPECT_EQ(reply_of(report.recipients[0]), "421 4.3.1 Disk full");
  EXPECT_EQ(report.recipients[0].decision, Decision::retry_later);
  EXPECT_FALSE(report.recipients[0].may_have_been_delivered);
  EXPECT_EQ(second.connections(), 0U);
}

TEST_F(MxTest, TakesTheNextHostWhenTheConnectionBreaksInTheMiddleOfTheMessage) {
  text = make_text(900'000);
  host(kFirst, [](FakeServer& server) {
    server.early_after = 100'000;
    server.early_reply = "<close>";
  });
  FakeHost& second = host(kSecond);
  const MxReport report = deliver();
  EXPECT_TRUE(report.all_delivered());
  ASSERT_EQ(second.messages().size(), 1U);
  EXPECT_EQ(second.messages()[0], text) << "rewound";
  EXPECT_EQ(report.attempts[0].phase, Phase::content);
}

// ---- No host left ----

TEST_F(MxTest, FailsOnlyWhenEveryHostTurnsItAwayForGood) {
  zone(R"($ORIGIN example.net.
@    MX 10 mx1
@    MX 20 mx2
mx1  A 192.0.2.1
mx2  A 192.0.2.2
)");
  host_that_says(kFirst, "greeting", "554 5.7.1 Blocked");
  host_that_says(kSecond, "greeting", "554 5.7.1 Blocked as well");
  const MxReport all = deliver();
  EXPECT_EQ(all.recipients[0].decision, Decision::fail_message);
  EXPECT_EQ(reply_of(all.recipients[0]), "554 5.7.1 Blocked as well");
  EXPECT_EQ(all.recipients[0].stage, Stage::greeting);
  forget_hosts();
  host_that_says(kSecond, "greeting", "554 5.7.1 Blocked");
  const MxReport one_is_down = deliver();
  EXPECT_EQ(one_is_down.recipients[0].decision, Decision::retry_later) << "the other may take it";
  EXPECT_EQ(reply_of(one_is_down.recipients[0]), "554 5.7.1 Blocked");
}

TEST_F(MxTest, RetriesLaterWhenNoHostCanBeReached) {
  const MxReport report = deliver();
  for (const MxRecipient& recipient : report.recipients) {
    EXPECT_EQ(recipient.decision, Decision::retry_later);
    EXPECT_EQ(reply_of(recipient),
              "451 4.4.1 mx3.example.net: no connection: 192.0.2.3:25: Connection refused");
    EXPECT_TRUE(recipient.local);
    EXPECT_EQ(recipient.reached, MxStage::connect);
  }
  EXPECT_EQ(report.attempts.size(), 3U);
}

TEST_F(MxTest, SaysWhatTheMxRecordsSay) {
  zone(R"($ORIGIN example.net.
null      MX 0 .
nobody    MX 10 nothing
ours      MX 10 mail.example.org.
)");
  options.own_names.push_back(name("mail.example.org"));
  const MxReport null = deliver("null.example.net");
  EXPECT_EQ(null.recipients[0].decision, Decision::fail_recipient);
  EXPECT_TRUE(reply_of(null.recipients[0]).starts_with("556 5.1.10 ")) << "RFC 7505 4";
  const MxReport nobody = deliver("nobody.example.net");
  EXPECT_EQ(nobody.recipients[0].decision, Decision::fail_recipient);
  EXPECT_EQ(reply_of(nobody.recipients[0]), "550 5.4.4 nothing.example.net has no address");
  const MxReport ours = deliver("ours.example.net");
  EXPECT_EQ(ours.recipients[0].decision, Decision::fail_recipient);
  EXPECT_TRUE(reply_of(ours.recipients[0]).starts_with("554 5.4.6 ")) << "a loop";
  const MxReport missing = deliver("missing.example.net");
  EXPECT_EQ(missing.recipients[0].decision, Decision::fail_recipient);
  EXPECT_TRUE(reply_of(missing.recipients[0]).starts_with("550 5.1.2 "));
}

TEST_F(MxTest, RetriesLaterWhenLookupsFail) {
  host(kFirst);
  for (const LookupFault fault : {LookupFault::timed_out, LookupFault::server_failure, LookupFault::bogus}) {
    backend->set_fault(name("example.net"), fault);
    resolver->clear();
    const MxReport report = deliver();
    EXPECT_EQ(report.recipients[0].decision, Decision::retry_later);
    EXPECT_EQ(report.recipients[0].reply.code().value(), 451);
    EXPECT_LE(took, options.lookup + 1s);
  }
  backend->set_fault(name("example.net"), LookupFault::none);
  for (const std::string each : {"mx1", "mx2", "mx3"}) {
    backend->set_fault(name(each + ".example.net"), LookupFault::server_failure);
  }
  resolver->clear();
  const MxReport report = deliver();
  EXPECT_EQ(report.recipients[0].decision, Decision::retry_later);
  EXPECT_EQ(report.recipients[0].reply.status(), (protocol::EnhancedDetail{4, 3}));
  EXPECT_EQ(report.attempts.size(), 3U);
}

// ---- Time ----

TEST_F(MxTest, EndsByItsTotalTime) {
  for (const std::string address : {kFirst, kSecond, kThird}) {
    host_that_says(address, "EHLO", std::string(kSilence));
  }
  options.total = 7min;
  const MxReport report = deliver();
  EXPECT_LE(took, 7min + 31s) << "and QUIT";
  EXPECT_EQ(report.recipients[0].decision, Decision::retry_later);
  EXPECT_EQ(report.attempts.size(), 2U) << "five minutes for the first, two for the second";
  EXPECT_NE(report.recipients[0].text.find("no time is left"), std::string::npos);
}

TEST_F(MxTest, WaitsForTheVerdictBeyondItsTotalTime) {
  host_that_says(kFirst, ".", std::string(kSilence));
  options.total = 1min;
  const MxReport report = deliver();
  EXPECT_GE(took, 10min) << "RFC 5321 4.5.3.2.6";
  EXPECT_TRUE(report.recipients[0].may_have_been_delivered);
}

Task<void> request_at(transport::Loop& loop, transport::SteadyTime at, std::stop_source& stop) {
  co_await transport::sleep_until(loop, at);
  stop.request_stop();
}

TEST_F(MxTest, CanBeStoppedAnywhere) {
  options.client.pipelining = false;  // a server that skips one reply would be out of step
  for (const std::string silent_at : {"connect", "greeting", "EHLO", "MAIL", "RCPT", "DATA", "."}) {
    SCOPED_TRACE(silent_at);
    FakeHost& first = host_that_says(kFirst, silent_at, std::string(kSilence));
    FakeHost& second = host(kSecond);
    if (silent_at == "connect") {
      network.on_dial([](const Endpoint&) { return MemoryDial{transport::Duration::max(), {}}; });
    }
    stop = std::stop_source();
    loop.spawn(request_at(loop, transport::later(clock.steady_now(), 1s), stop));
    const MxReport report = deliver();
    network.on_dial({});
    EXPECT_LE(took, 2s);
    EXPECT_EQ(second.connections(), 0U);
    for (const MxRecipient& recipient : report.recipients) {
      EXPECT_EQ(recipient.decision, Decision::retry_later);
      EXPECT_EQ(recipient.may_have_been_delivered, silent_at == ".");
    }
    EXPECT_LE(first.connections(), 1U);
    forget_hosts();
  }
}

// Answers after a while.
class SlowStsSource final : public StsSource {
 public:
  explicit SlowStsSource(transport::Loop& loop) : loop_(loop) {}

  Task<StsVerdict> match(resolver::DomainName, resolver::DomainName, transport::SteadyTime) override {
    ++asked;
    co_await transport::sleep_until(loop_, transport::later(loop_.now(), 20s));
    co_return StsVerdict();
  }

  int asked = 0;

 private:
  transport::Loop& loop_;
};

TEST_F(MxTest, IsStoppedWithoutWaitingForLookups) {
  host(kFirst);
  SlowStsSource slow(loop);
  for (const std::string during : {"MX", "A", "MTA-STS"}) {
    SCOPED_TRACE(during);
    resolver->clear();
    backend->set_delay(0s);
    options.sts = during == "MTA-STS" ? &slow : nullptr;
    if (during == "A") {
      std::optional<resolver::Answer> known;
      resolver::Question question(name("example.net"), resolver::RecordType::mx);
      loop.spawn(tests::keep_result(resolver->lookup(std::move(question), transport::kNever), known));
      settle();
      ASSERT_TRUE(known);
    }
    backend->set_delay(during == "MTA-STS" ? 0s : 9s);
    stop = std::stop_source();
    loop.spawn(request_at(loop, transport::later(clock.steady_now(), 1s), stop));
    const MxReport report = deliver();
    EXPECT_LE(took, 2s);
    EXPECT_EQ(hosts[0]->connections(), 0U);
    for (const MxRecipient& recipient : report.recipients) {
      EXPECT_EQ(recipient.decision, Decision::retry_later);
      EXPECT_NE(recipient.text.find("cancelled"), std::string::npos) << recipient.text;
    }
    clock.advance(1min);  // the lookups come to their end, and nobody is there any more
    loop.expire();
    settle();
  }
  EXPECT_EQ(slow.asked, 1);
}

TEST_F(MxTest, IsHaltedBeforeASessionAndNotInOne) {
  options.client.pipelining = false;
  for (const std::string silent_at : {"lookup", "connect", "DATA"}) {
    SCOPED_TRACE(silent_at);
    std::stop_source halt;
    options.halt = halt.get_token();
    FakeHost& first = host_that_says(kFirst, silent_at == "DATA" ? "DATA" : "X", std::string(kSilence));
    FakeHost& second = host(kSecond);
    resolver->clear();
    backend->set_delay(silent_at == "lookup" ? 9s : 0s);
    if (silent_at == "connect") {
      network.on_dial([](const Endpoint&) { return MemoryDial{transport::Duration::max(), {}}; });
    }
    loop.spawn(request_at(loop, transport::later(clock.steady_now(), 1s), halt));
    const MxReport report = deliver();
    network.on_dial({});
    EXPECT_EQ(took > 1min, silent_at == "DATA") << "a session has its own time";
    EXPECT_EQ(first.connections(), silent_at == "DATA" ? 1U : 0U);
    EXPECT_EQ(second.connections(), 0U) << "no other host is tried";
    EXPECT_EQ(report.recipients[0].decision, Decision::retry_later);
    clock.advance(1min);
    loop.expire();
    settle();
    forget_hosts();
  }
}

// ---- One host more than once ----

TEST_F(MxTest, TakesAnotherConnectionWhereOneMayCarryTooFewRecipients) {
  envelope = make_envelope("a@example.org", {"b@example.net", "c@example.net", "d@example.net"});
  FakeHost& first =
      host(kFirst, [](FakeServer& server) { server.offer({"PIPELINING", "LIMITS MAILMAX=1 RCPTMAX=1"}); });
  FakeHost& second = host(kSecond);
  const MxReport report = deliver();
  EXPECT_TRUE(report.all_delivered());
  EXPECT_EQ(first.connections(), 3U) << "RFC 9422 4";
  EXPECT_EQ(first.messages().size(), 3U);
  EXPECT_EQ(second.connections(), 0U);
}

TEST_F(MxTest, LeavesAHostThatAsksForAnotherConnectionForEver) {
  FakeHost& first = host_that_says(kFirst, "MAIL", "421 too many messages in this connection<close>");
  FakeHost& second = host(kSecond);
  const MxReport report = deliver();
  EXPECT_TRUE(report.all_delivered());
  EXPECT_EQ(first.connections(), 2U);
  EXPECT_EQ(second.messages().size(), 1U);
}

// ---- Smart hosts ----

TEST_F(MxTest, DeliversToAFixedHost) {
  zone("relay.example.org. A 192.0.2.1\n");
  FakeHost& relay = host(kFirst, {}, 587);
  EXPECT_TRUE(deliver_to(FixedHost("relay.example.org", 587)).all_delivered());
  EXPECT_TRUE(deliver_to(FixedHost("192.0.2.1", 587)).all_delivered());
  EXPECT_EQ(relay.messages().size(), 2U);
}

TEST_F(MxTest, RetriesLaterWhenTheFixedHostIsNotThere) {
  zone("relay.example.org. A 192.0.2.1\n");
  EXPECT_EQ(deliver_to(FixedHost("relay.example.org", 587)).recipients[0].decision, Decision::retry_later);
  EXPECT_EQ(deliver_to(FixedHost("..", 587)).recipients[0].decision, Decision::retry_later);
}

}  // namespace
}  // namespace postrider::client::testing
