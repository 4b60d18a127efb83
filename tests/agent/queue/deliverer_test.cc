#include "postrider/agent/queue/deliverer.h"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "postrider/agent/accounts/sasl_primitives.h"
#include "postrider/agent/config/config_reader.h"
#include "postrider/queue/content_scan.h"
#include "postrider/queue/spool/memory_spool.h"
#include "postrider/resolver/backend/master_file.h"
#include "postrider/resolver/backend/static_backend.h"
#include "postrider/tests/support/run_task.h"
#include "postrider/transport/memory_network.h"

namespace postrider::agent {
namespace {

// DNSSEC vouches for all of it, and nobody listens there.
constexpr std::string_view kZone = R"($TTL 1h
example.org.    SOA ns.example.org. hostmaster.example.org. 1 2h 15m 2w 5m
example.org.    MX 10 mx.example.org.
mx.example.org. A 192.0.2.1
)";

constexpr std::string_view kConfig = R"(hostname = "mx.example.net"
[[route]]
domains = ["example.org"]
deliver = "mx"
[[route]]
domains = ["*"]
deliver = "smtp://mx.example.org:25"
)";

class Observer final : public TlsObserver {
 public:
  void attempted(std::string_view domain, const client::MxAttempt& attempt) override {
    seen.emplace_back(domain, attempt.tls_result ? to_string(*attempt.tls_result) : "nothing");
  }
  std::vector<std::pair<std::string, std::string>> seen;
};

class DelivererTest : public testing::Test {
 protected:
  DelivererTest() {
    const auto records = resolver::read_master_file(kZone);
    EXPECT_TRUE(records) << to_string(records.error());
    auto backend = std::make_unique<resolver::StaticBackend>(loop_, *records, resolver::Security::secure);
    backend->set_fault(*resolver::DomainName::parse("_25._tcp.mx.example.org"),
                       resolver::LookupFault::server_failure);
    backend_ = backend.get();
    resolver_ = std::make_unique<resolver::Resolver>(loop_, std::move(backend));
    const auto config = read_config(kConfig, "test.toml", "/");
    EXPECT_TRUE(config);
    const DelivererParts parts{.loop = loop_,
                               .network = network_,
                               .resolver = *resolver_,
                               .sts = nullptr,
                               .spool = spool_,
                               .mailboxes = mailboxes_,
                               .tls = nullptr,
                               .routes = *DeliveryRoutes::make(config->config, primitives_),
                               .pool = {},
                               .seed = 1,
                               .observer = &observer_};
    deliverer_.emplace(parts);
  }
  ~DelivererTest() override { tests::run_task(loop_, deliverer_->close(loop_.now())); }

  AttemptResult deliver(std::string content, std::string_view to = "bob@example.org") {
    return tests::run_task(loop_, attempt(std::move(content), to));
  }
  transport::Task<AttemptResult> attempt(std::string content, std::string_view to) {
    queue::QueuedMessage message;
    message.id = queue::MessageId{++last_id_};
    message.mail = "MAIL FROM:<>";
    message.recipients.emplace_back().rcpt = "RCPT TO:<" + std::string(to) + ">";
    Attempt attempt;
    attempt.id = message.id;
    attempt.mail = message.mail;
    queue::ContentScan scan;
    scan.feed(content);
    attempt.content = scan.finish();
    attempt.recipients = {message.recipients[0].rcpt};
    queue::Change change;
    change.added.emplace_back(std::move(message), std::move(content));
    spool_.apply(std::move(change), [](const queue::SpoolResult<void>& done) { EXPECT_TRUE(done); });
    return deliverer_->attempt(std::move(attempt), {});
  }
  // The one host was not asked, because of DANE.
  static bool put_off_by_dane(const AttemptResult& result) {
    EXPECT_EQ(result.verdicts.at(0).kind, queue::Verdict::Kind::deferred);
    return protocol::to_log_line(result.verdicts[0].reply.view()).find("DANE") != std::string::npos;
  }

  SaslPrimitives primitives_;
  transport::ManualClock clock_;
  transport::Loop loop_{clock_};
  transport::MemoryNetwork network_{loop_};
  resolver::StaticBackend* backend_ = nullptr;
  std::unique_ptr<resolver::Resolver> resolver_;
  queue::MemorySpool spool_;
  MaildirStore mailboxes_{MaildirOptions{.threads = 1}};
  Observer observer_;
  std::optional<Deliverer> deliverer_;
  std::uint64_t last_id_ = 0;
};

TEST_F(DelivererTest, TellsItsObserverHowTlsWentByMx) {
  EXPECT_TRUE(put_off_by_dane(deliver("Subject: Hi\r\n\r\nHello\r\n")));
  ASSERT_EQ(observer_.seen.size(), 1U);
  EXPECT_EQ(observer_.seen[0], std::pair(std::string("example.org"), std::string("dnssec-invalid")));
}

TEST_F(DelivererTest, TellsNothingOfSmartHosts) {
  deliver("Subject: Hi\r\n\r\nHello\r\n", "bob@example.com");
  EXPECT_TRUE(observer_.seen.empty());
}

// RFC 8689 4.2.2. RFC 8460 3 wants it for reports about TLS, which say so.
TEST_F(DelivererTest, SendsWhatAsksForItWhateverPoliciesSayAndCountsItNot) {
  EXPECT_FALSE(put_off_by_dane(deliver("TLS-Required: No\r\n\r\nReport\r\n")));
  EXPECT_TRUE(observer_.seen.empty());
  EXPECT_TRUE(put_off_by_dane(deliver("Subject: Not delivered\r\n\r\nTLS-Required: No\r\n")));
}

TEST_F(DelivererTest, SaysToWhichHostsItWentByMx) {
  // Nobody listens at the host, which everybody would find out.
  const AttemptResult asked = deliver("TLS-Required: No\r\n\r\nReport\r\n");
  EXPECT_EQ(asked.health, queue::Health::unreachable);
  EXPECT_EQ(asked.site, "mx.example.org:25");
  const AttemptResult put_off = deliver("Subject: Hi\r\n\r\nHello\r\n");
  EXPECT_EQ(put_off.health, queue::Health::unreachable);
  EXPECT_EQ(put_off.site, "") << "the policy has prevented it";
  EXPECT_EQ(deliver("Subject: Hi\r\n\r\nHello\r\n", "bob@example.com").site, "");
}

TEST_F(DelivererTest, IsHaltedWithoutWaitingForALookup) {
  backend_->set_delay(std::chrono::seconds(9));
  std::optional<AttemptResult> result;
  loop_.spawn(tests::keep_result(attempt("Subject: Hi\r\n\r\nHello\r\n", "bob@example.org"), result));
  tests::settle(loop_);
  EXPECT_FALSE(result);
  deliverer_->halt();
  tests::settle(loop_);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->verdicts.at(0).kind, queue::Verdict::Kind::deferred);
  clock_.advance(std::chrono::seconds(10));  // the lookup comes to its end, and nobody is there any more
  loop_.expire();
  tests::settle(loop_);
}

}  // namespace
}  // namespace postrider::agent
