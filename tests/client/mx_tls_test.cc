// How deliveries are secured, and what becomes of them where that does not work out.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "postrider/tests/client/mx_fixture.h"

namespace postrider::client::testing {
namespace {

using protocol::Decision;
using resolver::LookupFault;
using resolver::RecordType;
using resolver::Security;
using transport::TlsPolicy;

constexpr const char* kName = "mx1.example.net";

class MxTlsTest : public MxTest {
 protected:
  MxTlsTest() { use_tls(); }

  // What decide_tls is asked, and a decision to give instead of its own.
  void record_inputs() {
    options.decide = [this](const TlsInputs& inputs) {
      asked.push_back(inputs);
      return decide_tls(inputs);
    };
  }
  void decide(const std::string& for_host, TlsDecision decision) {
    options.decide = [for_host, decision](const TlsInputs& inputs) {
      if (inputs.host.text() != for_host) return decide_tls(inputs);
      TlsDecision made = decision;
      made.target.name = for_host;
      return made;
    };
  }

  std::vector<TlsInputs> asked;
};

class FakeStsSource final : public StsSource {
 public:
  Task<StsVerdict> match(resolver::DomainName domain, resolver::DomainName host,
                         transport::SteadyTime) override {
    asked.push_back(domain.text() + " " + host.text());
    StsVerdict out = verdict;
    if (out.fault == resolver::StsFault::none || out.kept) {
      const bool listed = host.text() != unlisted;
      out.match = listed ? StsMatch::enforce_listed : StsMatch::enforce_unlisted;
      if (testing) out.match = listed ? StsMatch::testing_listed : StsMatch::testing_unlisted;
    }
    co_return out;
  }

  bool testing = false;
  StsVerdict verdict;

  std::string unlisted;
  std::vector<std::string> asked;
};

// ---- Opportunistic ----

TEST_F(MxTlsTest, EncryptsWhereTheServerOffersIt) {
  FakeHost& first = host_with_tls(kFirst, kName);
  const MxReport report = deliver();
  EXPECT_TRUE(report.all_delivered());
  EXPECT_TRUE(first.server(0).encrypted);
  EXPECT_TRUE(report.recipients[0].tls.encrypted);
  EXPECT_EQ(report.recipients[0].tls.trust, transport::TlsTrust::trusted);
  EXPECT_EQ(report.recipients[0].tls.text(), "TLSv1.3, TLS_FAKE; CN=mx1.example.net: the name is right");
  EXPECT_EQ(report.attempts[0].policy_type, TlsPolicyType::no_policy_found);
  EXPECT_EQ(report.attempts[0].tls_result, TlsFailureType::none);
}

TEST_F(MxTlsTest, GoesOnWithAWrongCertificateWhenNobodyDemandsARightOne) {
  host_with_tls(kFirst, "other.example");
  const MxReport report = deliver();
  EXPECT_TRUE(report.all_delivered());
  EXPECT_EQ(report.recipients[0].tls.trust, transport::TlsTrust::failed);
}

TEST_F(MxTlsTest, GoesOnInClearWhereItIsNotOffered) {
  host(kFirst);
  const MxReport report = deliver();
  EXPECT_TRUE(report.all_delivered());
  EXPECT_EQ(report.attempts.size(), 1U);
  EXPECT_EQ(report.attempts[0].tls_result, TlsFailureType::starttls_not_supported);
}

TEST_F(MxTlsTest, TriesTheSameHostOnceMoreInClearWhenTheHandshakeFails) {
  FakeHost& first = host_with_tls(kFirst, kName, true);
  FakeHost& second = host(kSecond);
  const MxReport report = deliver();
  EXPECT_TRUE(report.all_delivered());
  EXPECT_FALSE(report.recipients[0].tls.encrypted);
  EXPECT_EQ(first.connections(), 2U);
  EXPECT_EQ(second.connections(), 0U);
  ASSERT_EQ(report.attempts.size(), 2U);
  EXPECT_EQ(report.attempts[0].phase, Phase::start_tls);
  EXPECT_EQ(report.attempts[0].tls_result, TlsFailureType::validation_failure);
  EXPECT_EQ(report.attempts[1].use, TlsUse::none);
  EXPECT_EQ(report.attempts[1].tls_result, std::nullopt);
}

TEST_F(MxTlsTest, TriesInClearWhenTheServerBreaksOffAtStarttls) {
  FakeHost& first = host(kFirst, [](FakeServer& server) {
    server.offer({"STARTTLS"}).answer("STARTTLS", {std::string(kClose)});
  });
  const MxReport report = deliver();
  EXPECT_TRUE(report.all_delivered());
  EXPECT_EQ(first.connections(), 2U);
}

TEST_F(MxTlsTest, GoesOnWhenStarttlsIsRefused) {
  FakeHost& first = host(kFirst, [](FakeServer& server) {
    server.offer({"STARTTLS"}).answer("STARTTLS", {"454 4.7.0 Not now"});
  });
  EXPECT_TRUE(deliver().all_delivered());
  EXPECT_EQ(first.connections(), 1U);
}

TEST_F(MxTlsTest, DoesWithoutTlsWhereTheClientHasNone) {
  options.client.tls.context = nullptr;
  host_with_tls(kFirst, kName);
  const MxReport opportunistic = deliver();
  EXPECT_TRUE(opportunistic.all_delivered());
  options.level = TlsLevel::required;
  const MxReport required = deliver();
  EXPECT_EQ(required.recipients[0].decision, Decision::retry_later);
  EXPECT_EQ(required.recipients[0].reached, MxStage::policy);
}

// ---- Demanded ----

TEST_F(MxTlsTest, NeverGoesInClearWhereTheRouteDemandsTls) {
  options.level = TlsLevel::required;
  FakeHost& none = host(kFirst);
  FakeHost& fails = host_with_tls(kSecond, "mx2.example.net", true);
  FakeHost& refuses = host(
      kThird, [](FakeServer& server) { server.offer({"STARTTLS"}).answer("STARTTLS", {"554 5.7.0 Never"}); });
  const MxReport report = deliver();
  EXPECT_EQ(report.recipients[0].decision, Decision::retry_later) << "not for good: it is our demand";
  EXPECT_EQ(report.attempts.size(), 3U);
  for (FakeHost* const each : {&none, &fails, &refuses}) {
    EXPECT_EQ(each->connections(), 1U);
    for (const std::string& line : each->lines()) EXPECT_FALSE(line.starts_with("MAIL")) << line;
  }
  EXPECT_EQ(report.attempts[0].tls_result, TlsFailureType::starttls_not_supported);
  EXPECT_EQ(report.attempts[1].tls_result, TlsFailureType::validation_failure);
  EXPECT_EQ(report.attempts[2].tls_result, TlsFailureType::starttls_not_supported);
}

TEST_F(MxTlsTest, TakesTheNextHostWhenTheCertificateIsWrong) {
  options.level = TlsLevel::verify;
  FakeHost& first = host_with_tls(kFirst, "other.example");
  FakeHost& second = host_with_tls(kSecond, "mx2.example.net");
  const MxReport report = deliver();
  EXPECT_TRUE(report.all_delivered());
  EXPECT_EQ(first.connections(), 1U);
  EXPECT_EQ(second.messages().size(), 1U);
  EXPECT_EQ(report.attempts[0].tls_result, TlsFailureType::certificate_host_mismatch);
}

TEST_F(MxTlsTest, HeedsARequiretlsMessage) {
  auto sender = Envelope::Sender::parse("MAIL FROM:<a@example.org> REQUIRETLS");
  ASSERT_TRUE(sender);
  envelope = Envelope(*std::move(sender));
  ASSERT_TRUE(envelope.add("b@example.net"));
  record_inputs();
  host_with_tls(kFirst, kName);
  deliver();
  ASSERT_FALSE(asked.empty());
  EXPECT_TRUE(asked[0].require_tls) << "RFC 8689";
}

// RFC 8689 4.2.1
TEST_F(MxTlsTest, FailsAtOnceWhereNobodyVouchesForTheHostOfARequiretlsMessage) {
  auto sender = Envelope::Sender::parse("MAIL FROM:<a@example.org> REQUIRETLS");
  envelope = Envelope(*std::move(sender));
  ASSERT_TRUE(envelope.add("b@example.net"));
  FakeHost& first = host_with_tls(kFirst, kName);
  const MxReport report = deliver();
  EXPECT_EQ(report.recipients[0].decision, Decision::fail_recipient);
  EXPECT_EQ(report.recipients[0].reply.status(), (protocol::EnhancedDetail{7, 10})) << "encryption needed";
  EXPECT_EQ(first.connections(), 0U);
}

// RFC 8689 5: better a report in clear than none.
TEST_F(MxTlsTest, SendsAReportWithRequiretlsInAnyCase) {
  auto sender = Envelope::Sender::parse("MAIL FROM:<> REQUIRETLS");
  envelope = Envelope(*std::move(sender));
  ASSERT_TRUE(envelope.add("b@example.net"));
  FakeHost& first = host(kFirst);
  EXPECT_TRUE(deliver().all_delivered());
  EXPECT_EQ(first.lines().at(1).find("REQUIRETLS"), std::string::npos) << first.lines().at(1);
}

// ---- DANE ----

constexpr const char* kSignedZone = R"($ORIGIN example.net.
@    SOA ns hostmaster 1 2h 15m 2w 5m
     MX 10 mx1
     MX 20 mx2
mx1  A 192.0.2.1
mx2  A 192.0.2.2
_25._tcp.mx1 TLSA 3 1 1 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
)";

TEST_F(MxTlsTest, AsksForTlsaRecordsWhereEverythingAboveIsSecure) {
  zone(kSignedZone);
  backend->set_security(name("example.net"), Security::secure);
  record_inputs();
  FakeHost& first = host_with_tls(kFirst, kName);
  const MxReport report = deliver();
  EXPECT_TRUE(report.all_delivered());
  EXPECT_TRUE(first.server(0).encrypted);
  ASSERT_EQ(asked.size(), 1U);
  EXPECT_EQ(asked[0].mx_security, Security::secure);
  ASSERT_TRUE(asked[0].tlsa);
  EXPECT_TRUE(asked[0].tlsa->found());
  ASSERT_EQ(tls->targets.size(), 1U);
  EXPECT_EQ(tls->targets[0].policy, TlsPolicy::dane);
  EXPECT_EQ(tls->targets[0].tlsa.size(), 1U);
  EXPECT_EQ(report.attempts[0].policy_type, TlsPolicyType::tlsa);
  EXPECT_EQ(report.attempts[0].tls_result, TlsFailureType::none);
}

// RFC 7672 2.2.2: the host is a signed alias of one that is not signed, and has TLSA records under its own
// name.
constexpr const char* kAliasZones = R"($ORIGIN example.net.
@    SOA ns hostmaster 1 2h 15m 2w 5m
     MX 10 mx1
mx1  CNAME far.example.com.
_25._tcp.mx1 TLSA 3 1 1 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
$ORIGIN example.com.
@    SOA ns hostmaster 1 2h 15m 2w 5m
far  A 192.0.2.1
_25._tcp.far TLSA 3 1 1 ffff456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
)";

TEST_F(MxTlsTest, AsksASignedAliasOfAnUnsignedHostForItsOwnTlsaRecords) {
  zone(kAliasZones);
  backend->set_security(name("example.net"), Security::secure);
  backend->set_security(name("example.com"), Security::insecure);
  record_inputs();
  host_with_tls(kFirst, kName);
  EXPECT_TRUE(deliver().all_delivered());
  ASSERT_EQ(asked.size(), 1U);
  EXPECT_EQ(asked[0].name_security, Security::secure);
  EXPECT_EQ(asked[0].tlsa_base, name("mx1.example.net"));
  ASSERT_EQ(tls->targets.size(), 1U);
  EXPECT_EQ(tls->targets[0].policy, TlsPolicy::dane);
  EXPECT_EQ(tls->targets[0].name, "mx1.example.net");
  ASSERT_EQ(tls->targets[0].tlsa.size(), 1U);
  EXPECT_EQ(tls->targets[0].tlsa[0].data.front(), 1) << "that of the alias";
}

TEST_F(MxTlsTest, KnowsNoDaneWhereTheAliasIsNotSignedEither) {
  zone(kAliasZones);
  backend->set_security(name("example.net"), Security::secure);
  backend->set_security(name("mx1.example.net"), Security::insecure);
  backend->set_security(name("example.com"), Security::insecure);
  record_inputs();
  host(kFirst);
  EXPECT_TRUE(deliver().all_delivered());
  ASSERT_EQ(asked.size(), 1U);
  EXPECT_FALSE(asked[0].tlsa);
}

TEST_F(MxTlsTest, PassesOverAHostWhoseAliasCannotBeLookedUp) {
  zone(kAliasZones);
  backend->set_security(name("example.net"), Security::secure);
  backend->set_security(name("example.com"), Security::insecure);
  backend->set_fault(name("mx1.example.net"), LookupFault::server_failure, RecordType::cname);
  FakeHost& first = host_with_tls(kFirst, kName);
  const MxReport report = deliver();
  EXPECT_FALSE(report.all_delivered());
  EXPECT_EQ(report.recipients[0].decision, Decision::retry_later);
  EXPECT_EQ(first.connections(), 0U) << "RFC 7672 2.1.2";
}

TEST_F(MxTlsTest, NeverGoesInClearWithDane) {
  zone(kSignedZone);
  backend->set_security(name("example.net"), Security::secure);
  FakeHost& first = host_with_tls(kFirst, "somebody.else");
  FakeHost& second = host(kSecond);
  const MxReport report = deliver();
  EXPECT_TRUE(report.all_delivered()) << "the second host has no TLSA records";
  EXPECT_EQ(first.connections(), 1U);
  EXPECT_TRUE(first.messages().empty());
  EXPECT_EQ(second.messages().size(), 1U);
}

TEST_F(MxTlsTest, PassesOverAHostWhoseTlsaRecordsCannotBeHad) {
  zone(kSignedZone);
  backend->set_security(name("example.net"), Security::secure);
  backend->set_fault(name("_25._tcp.mx1.example.net"), LookupFault::server_failure, RecordType::tlsa);
  FakeHost& first = host_with_tls(kFirst, kName);
  FakeHost& second = host(kSecond);
  const MxReport report = deliver();
  EXPECT_TRUE(report.all_delivered());
  EXPECT_EQ(first.connections(), 0U) << "RFC 7672 2.1.2";
  EXPECT_EQ(second.messages().size(), 1U);
  EXPECT_EQ(report.attempts[0].reached, MxStage::policy);
  EXPECT_EQ(report.attempts[0].tls_result, TlsFailureType::dnssec_invalid);
}

TEST_F(MxTlsTest, AsksForNoTlsaRecordsWhereNothingIsSigned) {
  record_inputs();
  host(kFirst);
  deliver();
  ASSERT_EQ(asked.size(), 1U);
  EXPECT_FALSE(asked[0].tlsa);
}

// ---- MTA-STS ----

TEST_F(MxTlsTest, AsksWhetherThePolicyListsTheHost) {
  FakeStsSource sts;
  sts.unlisted = "mx1.example.net";
  options.sts = &sts;
  FakeHost& first = host_with_tls(kFirst, kName);
  FakeHost& second = host_with_tls(kSecond, "mx2.example.net");
  const MxReport report = deliver();
  EXPECT_TRUE(report.all_delivered());
  EXPECT_EQ(first.connections(), 0U) << "RFC 8461 5";
  EXPECT_EQ(second.messages().size(), 1U);
  EXPECT_EQ(sts.asked,
            (std::vector<std::string>{"example.net mx1.example.net", "example.net mx2.example.net"}));
  ASSERT_EQ(tls->targets.size(), 1U);
  EXPECT_EQ(tls->targets[0].policy, TlsPolicy::pkix);
  EXPECT_EQ(report.attempts[0].policy_type, TlsPolicyType::sts);
  EXPECT_EQ(report.attempts[1].policy_type, TlsPolicyType::sts);
}

TEST_F(MxTlsTest, TellsOfAPolicyThatCouldNotBeHad) {
  FakeStsSource sts;
  sts.verdict.fault = resolver::StsFault::webpki;
  sts.verdict.failure = "https://mta-sts.example.net: the certificate has expired";
  options.sts = &sts;
  host_with_tls(kSecond, "other.example");  // the first one cannot be reached
  const MxReport report = deliver();
  EXPECT_TRUE(report.all_delivered()) << "RFC 8461 3.3: as without a policy";
  ASSERT_EQ(report.attempts.size(), 2U);
  EXPECT_EQ(report.attempts[1].policy_type, TlsPolicyType::no_policy_found);
  EXPECT_EQ(report.attempts[1].tls_result, TlsFailureType::none);
  EXPECT_EQ(report.attempts[1].sts_fault, TlsFailureType::sts_webpki_invalid);
  EXPECT_EQ(report.attempts[1].sts_failure, sts.verdict.failure);
  EXPECT_EQ(report.notes, std::vector<std::string>{"MTA-STS: " + sts.verdict.failure}) << "once";
}

TEST_F(MxTlsTest, JudgesByThePolicyOfBeforeWhenANewOneCannotBeHad) {
  FakeStsSource sts;
  sts.verdict.fault = resolver::StsFault::fetch;
  sts.verdict.kept = true;
  sts.verdict.failure = "https://mta-sts.example.net: status 500";
  options.sts = &sts;
  host_with_tls(kFirst, kName);
  const MxReport report = deliver();
  EXPECT_EQ(report.attempts[0].policy_type, TlsPolicyType::sts);
  EXPECT_EQ(report.attempts[0].tls_result, TlsFailureType::none);
  EXPECT_EQ(report.attempts[0].sts_fault, TlsFailureType::sts_policy_fetch_error) << "RFC 8461 6";
  EXPECT_EQ(report.notes.size(), 1U) << "RFC 8461 3.3: whoever runs this hears of it";
}

TEST_F(MxTlsTest, SaysNothingOfADomainThatHasGivenMtaStsUp) {
  StsVerdict gone;
  gone.fault = resolver::StsFault::fetch;
  gone.kept = true;
  EXPECT_FALSE(gone.tells()) << "RFC 8461 3.3 and 6: the policy that is kept has mode none";
  gone.match = StsMatch::testing_listed;
  EXPECT_TRUE(gone.tells());
  gone.fault = resolver::StsFault::dns;
  EXPECT_EQ(tls_failure_type(gone), TlsFailureType::sts_policy_fetch_error);
  gone.kept = false;
  EXPECT_EQ(tls_failure_type(gone), TlsFailureType::none) << "nothing was announced";
}

// RFC 8461 5 and 6: the mail goes on, and the report says what would have stopped it.
TEST_F(MxTlsTest, TellsWhatAPolicyInTestingWouldHaveStopped) {
  struct Case {
    const char* certificate;
    const char* unlisted;
    TlsFailureType result;
  };
  for (const Case& each : {Case{kName, "", TlsFailureType::none},
                           Case{"other.example", "", TlsFailureType::certificate_host_mismatch},
                           Case{kName, kName, TlsFailureType::validation_failure}}) {
    SCOPED_TRACE(each.certificate);
    FakeStsSource sts;
    sts.testing = true;
    sts.unlisted = each.unlisted;
    options.sts = &sts;
    host_with_tls(kFirst, each.certificate);
    const MxReport report = deliver();
    EXPECT_TRUE(report.all_delivered());
    ASSERT_EQ(report.attempts.size(), 1U);
    EXPECT_EQ(report.attempts[0].policy_type, TlsPolicyType::sts);
    EXPECT_EQ(report.attempts[0].tls_result, each.result);
    EXPECT_EQ(report.attempts[0].tls_reason.empty(), each.result == TlsFailureType::none);
    forget_hosts();
  }
  FakeStsSource sts;
  sts.testing = true;
  options.sts = &sts;
  host(kFirst);
  EXPECT_EQ(deliver().attempts[0].tls_result, TlsFailureType::starttls_not_supported);
}

TEST_F(MxTlsTest, RetriesLaterWhenThePolicyListsNoHost) {
  TlsDecision skip;
  skip.verdict = TlsVerdict::skip_host;
  skip.reason = TlsReason::sts;
  skip.text = "not listed";
  options.decide = [skip](const TlsInputs&) { return skip; };
  const MxReport report = deliver();
  EXPECT_EQ(report.recipients[0].decision, Decision::retry_later);
  EXPECT_EQ(to_log_line(report.recipients[0].reply), "451 4.7.5 mx3.example.net: not listed");
  EXPECT_EQ(report.attempts.size(), 3U);
}

// ---- Fake decisions ----

TEST_F(MxTlsTest, NeverGoesInClearWhenTheDecisionDoesNotAllowIt) {
  TlsDecision decision;
  decision.use = TlsUse::opportunistic;
  decision.clear_allowed = false;
  decide(kName, decision);
  FakeHost& first = host_with_tls(kFirst, kName, true);
  FakeHost& second = host(kSecond);
  EXPECT_TRUE(deliver().all_delivered());
  EXPECT_EQ(first.connections(), 1U);
  EXPECT_EQ(second.messages().size(), 1U);
}

TEST_F(MxTlsTest, PassesOverAHostThatTheDecisionDefers) {
  TlsDecision decision;
  decision.verdict = TlsVerdict::defer;
  decision.text = "nobody knows";
  decide(kName, decision);
  FakeHost& first = host(kFirst);
  host(kSecond);
  const MxReport report = deliver();
  EXPECT_TRUE(report.all_delivered());
  EXPECT_EQ(first.connections(), 0U);
  EXPECT_EQ(report.attempts[0].why, "nobody knows");
}

// ---- Smart hosts ----

TEST_F(MxTlsTest, AsksForTheSmartHostsOwnPolicy) {  // RFC 8461 3.4
  zone("relay.example.org. A 192.0.2.1\n");
  FakeStsSource sts;
  options.sts = &sts;
  host_with_tls(kFirst, "other.example", false);
  const MxReport report = deliver_to(FixedHost("relay.example.org", 25));
  EXPECT_EQ(sts.asked, std::vector<std::string>{"relay.example.org relay.example.org"});
  EXPECT_EQ(report.recipients[0].decision, Decision::retry_later) << "the certificate names another";
  EXPECT_EQ(report.attempts[0].policy_type, TlsPolicyType::sts);
}

TEST_F(MxTlsTest, EncryptsFromTheFirstOctetWhereTheFixedHostWantsIt) {
  zone("relay.example.org. A 192.0.2.1\n");
  FixedHost relay("relay.example.org", 465);
  relay.implicit_tls = true;
  relay.level = TlsLevel::verify;
  FakeHost& there = host(
      kFirst,
      [](FakeServer& server) {
        server.tls = [] { return fake_tls_server("relay.example.org"); };
        server.tls_at_once = true;
      },
      465);
  const MxReport report = deliver_to(relay);
  EXPECT_TRUE(report.all_delivered()) << report.recipients[0].text;
  EXPECT_TRUE(there.server(0).encrypted);
  EXPECT_TRUE(report.recipients[0].tls.encrypted);
}

}  // namespace
}  // namespace postrider::client::testing
