#include "postrider/resolver/mta_sts/sts_lookup.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "postrider/resolver/backend/static_backend.h"
#include "postrider/resolver/resolver_addresses.h"
#include "postrider/tests/support/fake_http_server.h"
#include "postrider/tests/transport/tls/certificate_factory.h"
#include "postrider/transport/memory_network.h"
#include "postrider/transport/tls/backends/backends.h"

namespace postrider::resolver {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using tests::FakeHttpServer;
using tests::settle;
using tests::TestCertificate;
using tests::TestPki;
using Source = StsOutcome::Source;

DomainName name(std::string_view text) { return DomainName::parse(text).value(); }

constexpr std::string_view kHosts = "mx: mx.example.test\nmx: *.mail.test\n";

// A certificate for mta-sts.example.test; made once, since keys take their time.
const TestCertificate& certificate() {
  static const TestCertificate made(tests::CertificateOptions({"mta-sts.example.test"}),
                                    &TestPki::instance().intermediate);
  return made;
}

std::shared_ptr<const transport::TlsServerContext> server_context(const TestCertificate& shown) {
  transport::TlsServerConfig config;
  config.certificates = {shown.with({&TestPki::instance().intermediate})};
  return transport::find_tls_provider("openssl")->server(config).value();
}

std::shared_ptr<const transport::TlsClientContext> client_context() {
  transport::TlsClientConfig config;
  config.roots = transport::TlsRoots::given(transport::PemSource::text(TestPki::instance().root.pem()));
  return transport::find_tls_provider("openssl")->client(config).value();
}

class StsLookupTest : public testing::Test {
 protected:
  StsLookupTest() {
    publish("one");
    serve(certificate());
    resolver_.emplace(loop_, std::unique_ptr<Backend>(backend_));
    addresses_.emplace(*resolver_);
    restart();
  }

  // The TXT record with this id, or none; the address of the policy's server is always there.
  void publish(std::string_view id) {
    std::vector<Record> records;
    Record address;
    address.owner = name("mta-sts.example.test");
    address.type = RecordType::a;
    address.ttl = seconds(1);
    address.data = std::string("\xC0\x00\x02\x01", 4);
    records.push_back(address);
    if (!id.empty()) {
      const std::string text = "v=STSv1; id=" + std::string(id);
      Record record;
      record.owner = record_;
      record.type = RecordType::txt;
      record.ttl = seconds(1);
      record.data = static_cast<char>(text.size()) + text;
      records.push_back(record);
    }
    backend_->set_records(records);
    forget_answers();
  }
  void forget_answers() {
    if (resolver_) resolver_->clear();
  }

  FakeHttpServer& serve(const TestCertificate& shown) {
    server_.reset();
    server_.emplace(loop_, network_, *transport::Endpoint::parse("192.0.2.1:443"), server_context(shown));
    server_->answer = [this](const std::string&) {
      return FakeHttpServer::response(status_, body_, fields_);
    };
    return *server_;
  }
  void policy(std::string_view mode, std::string_view age = "604800") {
    body_ = "version: STSv1\nmode: " + std::string(mode) + "\n" + std::string(kHosts) +
            "max_age: " + std::string(age) + "\n";
  }
  // As after a restart: what was remembered of failures is gone, the store is not.
  void restart() {
    sts_.reset();
    sts_.emplace(loop_, network_, *resolver_, *addresses_, client_context(), store_, options_);
  }

  void pass(seconds time) {
    clock_.advance(time);
    loop_.expire();
    settle(loop_);
  }
  void begin(std::optional<StsOutcome>& outcome, seconds most = seconds(70)) {
    loop_.spawn(tests::keep_result(sts_->lookup(domain_, transport::later(loop_.now(), most)), outcome));
    settle(loop_);
  }
  StsOutcome look() {
    std::optional<StsOutcome> outcome;
    begin(outcome);
    EXPECT_TRUE(outcome) << "is not done";
    return outcome.value_or(StsOutcome());
  }

  transport::ManualClock clock_;
  transport::Loop loop_{clock_};
  transport::MemoryNetwork network_{loop_};
  DomainName domain_ = name("example.test");
  DomainName record_ = name("_mta-sts.example.test");
  DomainName host_ = name("mx.example.test");
  DomainName other_ = name("evil.example.test");
  StaticBackend* backend_ = new StaticBackend(loop_, {});  // resolver_ owns it
  std::optional<Resolver> resolver_;
  std::optional<ResolverAddresses> addresses_;
  std::optional<FakeHttpServer> server_;
  StsStore store_{""};
  StsOptions options_;
  std::optional<StsLookup> sts_;
  int status_ = 200;
  std::string body_ =
      "version: STSv1\nmode: enforce\nmx: mx.example.test\nmx: *.mail.test\nmax_age: 604800\n";
  std::string fields_ = "Content-Type: text/plain; charset=us-ascii\r\n";
};

TEST_F(StsLookupTest, FetchesThePolicyThatTheRecordAnnounces) {
  const StsOutcome outcome = look();
  EXPECT_EQ(outcome.source, Source::fetched) << outcome.failure;
  EXPECT_EQ(outcome.fault, StsFault::none);
  EXPECT_EQ(outcome.entry.id, "one");
  EXPECT_EQ(outcome.match(host_), StsMatch::enforce_listed);
  EXPECT_EQ(outcome.match(name("a.mail.test")), StsMatch::enforce_listed);
  EXPECT_EQ(outcome.match(other_), StsMatch::enforce_unlisted);
  ASSERT_EQ(server_->requests.size(), 1U);
  EXPECT_EQ(server_->requests[0],
            "GET /.well-known/mta-sts.txt HTTP/1.1\r\nHost: mta-sts.example.test\r\n\r\n");
}

TEST_F(StsLookupTest, ADomainWithoutARecordHasNoPolicy) {
  publish("");
  const StsOutcome outcome = look();
  EXPECT_EQ(outcome.source, Source::none);
  EXPECT_EQ(outcome.fault, StsFault::none);
  EXPECT_EQ(outcome.match(host_), StsMatch::no_policy);
  EXPECT_TRUE(server_->requests.empty());
}

TEST_F(StsLookupTest, AnUnchangedRecordNeedsNoFetch) {
  look();
  const StsOutcome outcome = look();
  EXPECT_EQ(outcome.source, Source::cached);
  EXPECT_EQ(outcome.match(host_), StsMatch::enforce_listed);
  EXPECT_EQ(server_->requests.size(), 1U);
}

TEST_F(StsLookupTest, AChangedRecordBringsTheNewPolicy) {
  look();
  policy("testing");
  publish("two");
  const StsOutcome outcome = look();
  EXPECT_EQ(outcome.source, Source::fetched);
  EXPECT_EQ(outcome.entry.id, "two");
  EXPECT_EQ(outcome.match(host_), StsMatch::testing_listed);
  EXPECT_EQ(outcome.match(other_), StsMatch::testing_unlisted);
}

TEST_F(StsLookupTest, ModeNoneReplacesAPolicy) {
  look();
  policy("none");
  publish("two");
  EXPECT_EQ(look().match(other_), StsMatch::no_policy);
  EXPECT_EQ(look().match(other_), StsMatch::no_policy);
  EXPECT_EQ(server_->requests.size(), 2U);
}

// RFC 8461 10.2: blocking the discovery must not take a cached policy away.
TEST_F(StsLookupTest, ACachedPolicyOutlivesItsRecord) {
  look();
  publish("");
  EXPECT_EQ(look().match(other_), StsMatch::enforce_unlisted);
  backend_->set_fault(record_, LookupFault::server_failure);
  forget_answers();
  const StsOutcome outcome = look();
  EXPECT_EQ(outcome.source, Source::cached);
  EXPECT_EQ(outcome.fault, StsFault::dns);
  EXPECT_EQ(outcome.match(other_), StsMatch::enforce_unlisted);
  pass(hours(24 * 8));
  EXPECT_EQ(look().source, Source::none);
}

TEST_F(StsLookupTest, ACachedPolicyOutlivesAFailedFetch) {
  look();
  status_ = 404;
  publish("two");
  const StsOutcome outcome = look();
  EXPECT_EQ(outcome.source, Source::cached);
  EXPECT_EQ(outcome.entry.id, "one");
  EXPECT_EQ(outcome.fault, StsFault::fetch);
  EXPECT_EQ(outcome.failure, "https://mta-sts.example.test/.well-known/mta-sts.txt: status 404");
  EXPECT_EQ(outcome.match(other_), StsMatch::enforce_unlisted);
}

TEST_F(StsLookupTest, SaysWhyAPolicyCouldNotBeHad) {
  struct Case {
    int status;
    std::string fields;
    std::string body;
    StsFault fault;
    std::string_view text;
  };
  const std::string plain = "Content-Type: text/plain\r\n";
  const std::vector<Case> cases = {
      {404, plain, body_, StsFault::fetch, "status 404"},
      {301, plain + "Location: https://mta-sts.example.test/other\r\n", body_, StsFault::fetch, "status 301"},
      {204, plain, "", StsFault::fetch, "status 204"},
      {500, plain, body_, StsFault::fetch, "status 500"},
      {200, "Content-Type: text/html\r\n", body_, StsFault::invalid,
       "the policy is not served as text/plain"},
      {200, "", body_, StsFault::invalid, "the policy is not served as text/plain"},
      {200, plain, "version: STSv1\n", StsFault::invalid, "the policy has no mode"},
      {200, plain, std::string(StsPolicy::kMaxOctets + 1, '\n'), StsFault::fetch,
       "https://mta-sts.example.test: the body of the response is too large"},
  };
  for (const Case& each : cases) {
    restart();
    status_ = each.status;
    fields_ = each.fields;
    body_ = each.body;
    const StsOutcome outcome = look();
    EXPECT_EQ(outcome.source, Source::none) << each.text;
    EXPECT_EQ(outcome.match(host_), StsMatch::no_policy);
    EXPECT_EQ(outcome.fault, each.fault) << outcome.failure;
    EXPECT_EQ(outcome.failure,
              "https://mta-sts.example.test/.well-known/mta-sts.txt: " + std::string(each.text));
  }
}

TEST_F(StsLookupTest, ACertificateForAnotherNameIsNoProof) {
  for (const TestCertificate* each :
       {&TestPki::instance().server, &TestPki::instance().expired, &TestPki::instance().stranger}) {
    restart();
    serve(*each);
    const StsOutcome outcome = look();
    EXPECT_EQ(outcome.source, Source::none);
    EXPECT_EQ(outcome.fault, StsFault::webpki) << outcome.failure;
    EXPECT_TRUE(server_->requests.empty());
  }
}

TEST_F(StsLookupTest, AMalformedRecordIsTold) {
  publish("a-b");
  const StsOutcome outcome = look();
  EXPECT_EQ(outcome.source, Source::none);
  EXPECT_EQ(outcome.fault, StsFault::dns);
  EXPECT_EQ(outcome.failure, "_mta-sts.example.test TXT: the id is not 1 to 32 letters and digits");
}

TEST_F(StsLookupTest, FailuresAreRememberedForAWhileUnlessTheIdChanges) {
  status_ = 500;
  EXPECT_EQ(look().fault, StsFault::fetch);
  EXPECT_EQ(look().fault, StsFault::fetch);
  EXPECT_EQ(server_->requests.size(), 1U);
  status_ = 200;
  pass(minutes(4));
  EXPECT_EQ(look().source, Source::none);
  pass(minutes(2));
  EXPECT_EQ(look().source, Source::fetched);
  status_ = 500;
  publish("two");
  look();
  status_ = 200;
  publish("three");
  EXPECT_EQ(look().source, Source::fetched);
}

TEST_F(StsLookupTest, APolicyIsRefreshedBeforeItExpires) {
  look();
  pass(hours(23));
  EXPECT_EQ(look().source, Source::cached);
  pass(hours(2));
  EXPECT_EQ(look().source, Source::fetched);
  policy("enforce", "7200");
  publish("two");
  look();
  pass(minutes(59));
  EXPECT_EQ(look().source, Source::cached);
  pass(minutes(2));
  EXPECT_EQ(look().source, Source::fetched) << "half of a short life is over";
  status_ = 500;
  pass(minutes(61));
  const StsOutcome kept = look();
  EXPECT_EQ(kept.source, Source::cached) << "until it expires";
  EXPECT_EQ(kept.fault, StsFault::fetch);
  pass(minutes(61));
  EXPECT_EQ(look().source, Source::none);
}

TEST_F(StsLookupTest, ASilentServerIsLeftAfterAMinute) {
  server_->silent = true;
  std::optional<StsOutcome> outcome;
  begin(outcome, seconds(300));
  pass(seconds(59));
  EXPECT_FALSE(outcome);
  pass(seconds(2));
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->fault, StsFault::fetch);
  look();
  EXPECT_EQ(server_->requests.size(), 1U) << "the failure is remembered";
}

TEST_F(StsLookupTest, LookupsAtTheSameTimeShareOneFetch) {
  server_->hold = true;
  std::vector<std::optional<StsOutcome>> outcomes(5);
  for (auto& each : outcomes) begin(each);
  EXPECT_EQ(server_->requests.size(), 1U);
  server_->release();
  settle(loop_);
  for (auto& each : outcomes) {
    ASSERT_TRUE(each);
    EXPECT_EQ(each->match(host_), StsMatch::enforce_listed);
  }
  EXPECT_EQ(sts_->counters().fetches, 1U);
  EXPECT_EQ(sts_->counters().joined, 4U);
}

TEST_F(StsLookupTest, WhoIsLessPatientDoesNotSpoilItForOthers) {
  server_->hold = true;
  std::optional<StsOutcome> hasty;
  std::optional<StsOutcome> patient;
  std::optional<StsOutcome> waiting;
  begin(hasty, seconds(5));
  begin(patient, seconds(50));
  begin(waiting, seconds(3));
  pass(seconds(4));
  ASSERT_TRUE(waiting);
  EXPECT_EQ(waiting->source, Source::none);
  pass(seconds(2));
  ASSERT_TRUE(hasty);
  EXPECT_EQ(hasty->source, Source::none);
  EXPECT_FALSE(patient) << "tries by itself";
  server_->release();
  settle(loop_);
  ASSERT_TRUE(patient);
  EXPECT_EQ(patient->source, Source::fetched);
}

}  // namespace
}  // namespace postrider::resolver
