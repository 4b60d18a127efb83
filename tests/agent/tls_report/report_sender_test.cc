#include "postrider/agent/tls_report/report_sender.h"

#include <filesystem>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "postrider/agent/tls_report/report_mail.h"
#include "postrider/queue/spool/memory_spool.h"
#include "postrider/resolver/backend/master_file.h"
#include "postrider/resolver/backend/static_backend.h"
#include "postrider/resolver/resolver_addresses.h"
#include "postrider/tests/support/fake_http_server.h"
#include "postrider/tests/support/run_task.h"
#include "postrider/tests/transport/tls/certificate_factory.h"
#include "postrider/transport/memory_network.h"
#include "postrider/transport/tls/backends/backends.h"

namespace postrider::agent {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using tests::FakeHttpServer;
using tests::TestCertificate;
using tests::TestPki;

constexpr std::string_view kZone = R"($TTL 1m
example.org.            SOA ns.example.org. hostmaster.example.org. 1 2h 15m 2w 1m
_smtp._tls.example.org. TXT "v=TLSRPTv1; rua=mailto:tls@example.org,mailto:tls@example.com"
_smtp._tls.web.example. TXT "v=TLSRPTv1; rua=https://web.example/reports?v=1"
web.example. A 192.0.2.1
_smtp._tls.both.example. TXT "v=TLSRPTv1; rua=https://web.example/both,mailto:tls@both.example"
_smtp._tls.half.example. TXT "v=TLSRPTv1; rua=https://web.example/half,mailto:tls@nowhere.example"
_smtp._tls.lost.example. TXT "v=TLSRPTv1; rua=mailto:tls@nowhere.example"
)";

class Intake final : public QueueIntake {
 public:
  queue::MessageId next_id(queue::Time now) override { return ids_.next(now); }
  std::unique_ptr<queue::Incoming> begin(queue::MessageId) override { return nullptr; }
  void accepted(std::vector<queue::Consignment> consignments) override {
    for (auto& each : consignments) taken.push_back(std::move(each));
  }
  queue::Duration lifetime() const override { return hours(120); }

  std::vector<queue::Consignment> taken;

 private:
  queue::MessageIds ids_;
};

// Made once, since keys take their time.
const TestCertificate& certificate() {
  static const TestCertificate made(tests::CertificateOptions({"web.example"}),
                                    &TestPki::instance().intermediate);
  return made;
}

class ReportSenderTest : public testing::Test {
 protected:
  ReportSenderTest() {
    const auto* const test = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = std::filesystem::path(testing::TempDir()) / ("postrider-sender-" + std::string(test->name()));
    std::filesystem::remove_all(folder_);
    auto records = resolver::read_master_file(kZone);
    EXPECT_TRUE(records) << to_string(records.error());
    auto backend = std::make_unique<resolver::StaticBackend>(loop_, *records);
    backend_ = backend.get();
    resolver_ = std::make_unique<resolver::Resolver>(loop_, std::move(backend));
    addresses_ = std::make_unique<resolver::ResolverAddresses>(*resolver_);
    transport::TlsClientConfig tls;
    tls.roots = transport::TlsRoots::given(transport::PemSource::text(TestPki::instance().root.pem()));
    tls_ = transport::find_tls_provider("openssl")->client(tls).value();
    store_ = std::make_unique<ReportStore>(folder_);
    EXPECT_EQ(store_->open(), std::nullopt);
    config_.contact = "postmaster@example.net";
  }
  ~ReportSenderTest() override {
    if (sender_) stop();
    std::filesystem::remove_all(folder_);
  }

  void start() {
    ReportSenderParts parts{.loop = loop_,
                            .network = network_,
                            .resolver = *resolver_,
                            .addresses = *addresses_,
                            .tls = tls_,
                            .store = *store_,
                            .spool = spool_,
                            .intake = intake_,
                            .line_of = [](std::string_view address) -> std::optional<std::string> {
                              if (address.ends_with("nowhere.example")) return std::nullopt;
                              return "mx:" + std::string(address.substr(address.find('@') + 1));
                            },
                            .log = log_,
                            .hostname = "mx1.example.net",
                            .config = config_,
                            .seed = 7};
    sender_.emplace(std::move(parts));
    sender_->start();
    tests::settle(loop_);
  }
  // At 192.0.2.1.
  FakeHttpServer& serve(int status, const TestCertificate& shown = certificate()) {
    transport::TlsServerConfig config;
    config.certificates = {shown.with({&TestPki::instance().intermediate})};
    web_.emplace(loop_, network_, *transport::Endpoint::parse("192.0.2.1:443"),
                 transport::find_tls_provider("openssl")->server(config).value());
    web_->answer = [status](const std::string&) { return FakeHttpServer::response(status, "thanks"); };
    return *web_;
  }
  void stop() {
    tests::run_task(loop_, sender_->stop());
    sender_.reset();
  }
  // In steps, since nothing moves between them.
  void pass(transport::Duration time) {
    for (; time > transport::Duration::zero(); time -= minutes(1)) {
      clock_.advance(minutes(1));
      loop_.expire();
      tests::settle(loop_);
    }
  }
  void count(std::string_view domain) { store_->counts().record(today(), domain, {}, {}); }
  ReportCounts::Day today() const { return std::chrono::floor<std::chrono::days>(clock_.system_now()); }
  std::vector<queue::QueuedMessage> queued() { return *spool_.list({}, 100); }
  std::string content(queue::MessageId id) {
    std::string out;
    const auto body = spool_.open(id);
    EXPECT_TRUE(body);
    while (body) {
      const auto slice = (*body)->next();
      if (!slice || slice->empty()) break;
      out += *slice;
    }
    return out;
  }

  transport::ManualClock clock_;  // begins at midnight
  transport::Loop loop_{clock_};
  transport::MemoryNetwork network_{loop_};
  std::vector<std::string> logged_;
  Log log_{[] {
             LogConfig config;
             config.level = LogLevel::debug;
             return config;
           }(),
           [this](std::string_view line) { logged_.emplace_back(line); }, clock_};
  std::filesystem::path folder_;
  resolver::StaticBackend* backend_ = nullptr;
  std::unique_ptr<resolver::Resolver> resolver_;
  std::unique_ptr<resolver::ResolverAddresses> addresses_;
  std::shared_ptr<const transport::TlsClientContext> tls_;
  std::optional<FakeHttpServer> web_;
  std::unique_ptr<ReportStore> store_;
  queue::MemorySpool spool_;
  Intake intake_;
  TlsReportConfig config_;
  std::optional<ReportSender> sender_;
};

TEST_F(ReportSenderTest, SendsADayAfterItsEndWithinFourHoursOnce) {
  start();
  count("example.org");
  const ReportCounts::Day day = today();
  pass(hours(24) - minutes(1));
  EXPECT_THAT(queued(), IsEmpty()) << "the day is not over";
  pass(hours(4) + minutes(2));
  ASSERT_EQ(queued().size(), 1U);
  EXPECT_THAT(store_->counts().domains(day), IsEmpty());
  pass(hours(24));
  EXPECT_EQ(queued().size(), 1U);
  EXPECT_EQ(sender_->counters().sent, 1U);
}

TEST_F(ReportSenderTest, QueuesAMailThatNobodyAnswersForADay) {
  start();
  count("example.org");
  pass(hours(29));
  ASSERT_EQ(queued().size(), 1U);
  const queue::QueuedMessage message = queued()[0];
  EXPECT_EQ(message.mail, "MAIL FROM:<>");
  EXPECT_TRUE(message.report);
  EXPECT_EQ(message.expires - message.arrived, hours(24));  // RFC 8460 5.5
  ASSERT_EQ(message.recipients.size(), 2U);
  EXPECT_EQ(message.recipients[0].rcpt, "RCPT TO:<tls@example.org>");
  EXPECT_EQ(message.recipients[0].destination, "mx:example.org");
  EXPECT_EQ(message.recipients[1].rcpt, "RCPT TO:<tls@example.com>");
  EXPECT_EQ(intake_.taken, queue::consignments_of(message));
  const std::string text = content(message.id);
  EXPECT_EQ(message.content.octets, text.size());
  EXPECT_FALSE(message.content.eight_bit || message.content.long_line);
  EXPECT_TRUE(message.content.tls_optional);
  EXPECT_THAT(text, HasSubstr("\r\nFrom: <postmaster@example.net>\r\n"));
  EXPECT_THAT(text, HasSubstr("\r\nTLS-Report-Domain: example.org\r\n"));
  EXPECT_THAT(text, HasSubstr("\r\nTLS-Report-Submitter: example.net\r\n"));
  EXPECT_THAT(text, HasSubstr("filename=\"example.net!example.org!1576800000!1576886399!"));
}

TEST_F(ReportSenderTest, ForgetsWhatNobodyWantsOrNoRouteTakes) {
  start();
  for (const char* domain : {"silent.example", "lost.example"}) count(domain);
  const ReportCounts::Day day = today();
  pass(hours(29));
  EXPECT_THAT(queued(), IsEmpty());
  EXPECT_THAT(store_->counts().domains(day), IsEmpty());
  EXPECT_EQ(sender_->counters().unwanted, 1U);
  EXPECT_THAT(logged_, testing::Contains(HasSubstr("no route")));
}

TEST_F(ReportSenderTest, TriesAgainWhenTheRecordCannotBeLookedUp) {
  const auto name = *resolver::DomainName::parse("_smtp._tls.example.org");
  backend_->set_fault(name, resolver::LookupFault::server_failure);
  start();
  count("example.org");
  pass(hours(29));
  EXPECT_THAT(queued(), IsEmpty());
  EXPECT_GE(sender_->counters().put_off, 1U);
  backend_->set_fault(name, resolver::LookupFault::none);
  pass(hours(9));
  EXPECT_EQ(queued().size(), 1U);
}

TEST_F(ReportSenderTest, GivesUpOnADayThatIsTooOld) {
  backend_->set_fault(*resolver::DomainName::parse("_smtp._tls.example.org"),
                      resolver::LookupFault::server_failure);
  start();
  count("example.org");
  const ReportCounts::Day day = today();
  pass(hours(4 * 24));
  EXPECT_THAT(store_->counts().domains(day), IsEmpty());
  EXPECT_THAT(queued(), IsEmpty());
}

TEST_F(ReportSenderTest, TriesAgainWhenTheQueueCannotTakeIt) {
  start();
  count("example.org");
  spool_.fail_next(1, {queue::SpoolFailure::Kind::full, "no room"});
  pass(hours(30) + minutes(1));
  EXPECT_EQ(queued().size(), 1U);
  EXPECT_EQ(sender_->counters().put_off, 1U);
}

TEST_F(ReportSenderTest, CountsAndSendsNothingWithoutAContact) {
  config_.contact.reset();
  start();
  count("example.org");
  const ReportCounts::Day day = today();
  pass(hours(29));
  EXPECT_THAT(queued(), IsEmpty());
  EXPECT_THAT(store_->counts().domains(day), ElementsAre("example.org"));
  TlsReportConfig config;
  config.contact = "tls@example.net";
  sender_->use("mx1.example.net", config);
  pass(hours(24));
  EXPECT_EQ(queued().size(), 1U) << "it is not too late yet";
}

TEST_F(ReportSenderTest, SendsAfterARestartWhatTheDayBeforeHas) {
  start();
  count("example.org");
  pass(minutes(2));
  const auto problem = ReportStore(folder_).open();
  EXPECT_EQ(problem, std::nullopt);
  count("example.com");  // within the minute, kept by stop()
  stop();
  pass(hours(30));
  store_ = std::make_unique<ReportStore>(folder_);
  EXPECT_EQ(store_->open(), std::nullopt);
  EXPECT_EQ(store_->counts().all().size(), 2U);
  start();
  pass(minutes(2));
  EXPECT_EQ(queued().size(), 1U);
}

TEST_F(ReportSenderTest, SendsAtOnceWhatIsADayLate) {
  count("example.org");
  clock_.advance(hours(48));  // midnight again
  start();
  EXPECT_EQ(queued().size(), 1U);
}

TEST_F(ReportSenderTest, EndsWithoutWaitingForALookup) {
  start();
  count("example.org");
  const ReportCounts::Day day = today();
  backend_->set_delay(std::chrono::seconds(5));
  clock_.advance(hours(29));
  loop_.expire();
  tests::settle(loop_);
  stop();
  EXPECT_THAT(store_->counts().domains(day), ElementsAre("example.org")) << "for the next run";
  backend_->set_delay({});
  clock_.advance(std::chrono::seconds(6));
  loop_.expire();
  tests::settle(loop_);
}

// ---- By HTTPS, RFC 8460 5.4 ----

TEST_F(ReportSenderTest, PostsToAWebServer) {
  FakeHttpServer& web = serve(201);
  start();
  count("web.example");
  const ReportCounts::Day day = today();
  const ReportCounts::Policies policies = store_->counts().policies(day, "web.example");
  pass(hours(29));
  EXPECT_THAT(queued(), IsEmpty());
  EXPECT_THAT(store_->counts().domains(day), IsEmpty());
  EXPECT_EQ(sender_->counters().posted, 1U);
  ASSERT_EQ(web.requests.size(), 1U);
  const std::string& request = web.requests[0];
  EXPECT_THAT(request, testing::StartsWith("POST /reports?v=1 HTTP/1.1\r\nHost: web.example\r\n"));
  EXPECT_THAT(request, HasSubstr("\r\nContent-Type: application/tlsrpt+gzip\r\n"));
  const std::string body = request.substr(request.find("\r\n\r\n") + 4);
  EXPECT_THAT(body, testing::StartsWith("\x1f\x8b")) << "RFC 1952 2.3.1";
  pass(hours(24));
  EXPECT_EQ(web.requests.size(), 1U);
}

TEST_F(ReportSenderTest, TriesAWebServerAgainAfterLongerAndLongerForADay) {  // RFC 8460 5.5
  FakeHttpServer& web = serve(503);
  start();
  count("web.example");
  const ReportCounts::Day day = today();
  while (web.requests.empty()) pass(minutes(1));
  std::vector<std::size_t> by_hour;
  for (int hour = 1; hour <= 25; ++hour) {
    pass(hours(1) + (hour == 1 ? minutes(5) : minutes(0)));
    by_hour.push_back(web.requests.size());
  }
  EXPECT_THAT(by_hour,
              ElementsAre(2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4, 4, 5, 5, 5, 5, 5, 5, 5, 5, 5, 6, 6));
  EXPECT_EQ(sender_->counters().given_up, 1U);
  EXPECT_THAT(store_->counts().domains(day), IsEmpty());
  EXPECT_THAT(logged_, testing::Contains(HasSubstr("https://web.example/reports?v=1: status 503")));
  for (const std::string& each : web.requests) EXPECT_EQ(each, web.requests[0]) << "the same id";
}

TEST_F(ReportSenderTest, IsContentWithOneAddressThatHasIt) {  // RFC 8460 3
  FakeHttpServer& web = serve(500);
  start();
  count("both.example");
  pass(hours(54));
  EXPECT_EQ(web.requests.size(), 1U);
  EXPECT_EQ(queued().size(), 1U);
  web.answer = [](const std::string&) { return FakeHttpServer::response(200, ""); };
  count("half.example");
  pass(hours(54));
  EXPECT_EQ(web.requests.size(), 2U);
  EXPECT_EQ(sender_->counters().posted, 1U);
  EXPECT_EQ(sender_->counters().put_off, 0U);
}

TEST_F(ReportSenderTest, SendsNothingToAServerWhoseCertificateIsWrongAndTheMailAllTheSame) {
  FakeHttpServer& web = serve(200, TestPki::instance().other);
  start();
  count("both.example");
  count("web.example");
  pass(hours(29));
  EXPECT_THAT(web.requests, IsEmpty());
  EXPECT_EQ(queued().size(), 1U);
  EXPECT_GE(sender_->counters().put_off, 1U) << "that without another address";
}

TEST_F(ReportSenderTest, FollowsNoRedirect) {
  FakeHttpServer& web = serve(200);
  web.answer = [](const std::string&) {
    return FakeHttpServer::response(307, "", "Location: https://web.example/elsewhere\r\n");
  };
  start();
  count("web.example");
  while (web.requests.empty()) pass(minutes(1));
  EXPECT_EQ(web.requests.size(), 1U);
  EXPECT_EQ(sender_->counters().posted, 0U);
}

TEST_F(ReportSenderTest, EndsWithoutWaitingForAWebServer) {
  FakeHttpServer& web = serve(200);
  web.silent = true;
  start();
  count("web.example");
  const ReportCounts::Day day = today();
  while (web.requests.empty()) {
    clock_.advance(minutes(1));
    loop_.expire();
    tests::settle(loop_);
  }
  bool done = false;
  loop_.spawn(tests::note_end(sender_->stop(), done));
  tests::settle(loop_);
  EXPECT_TRUE(done);
  EXPECT_THAT(store_->counts().domains(day), ElementsAre("web.example")) << "for the next run";
  web.cut();
  tests::settle(loop_);
  sender_.reset();
}

}  // namespace
}  // namespace postrider::agent
