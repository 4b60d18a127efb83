#include "postrider/transport/http/http_client.h"

#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "postrider/tests/support/fake_http_server.h"
#include "postrider/tests/transport/tls/certificate_factory.h"
#include "postrider/transport/memory_network.h"
#include "postrider/transport/tls/backends/backends.h"

namespace postrider::transport {
namespace {

using std::chrono::seconds;
using tests::FakeHttpServer;
using tests::settle;
using tests::TestCertificate;
using tests::TestPki;
using Kind = HttpFailure::Kind;

std::shared_ptr<const TlsServerContext> server_context(const TestCertificate& certificate) {
  TlsServerConfig config;
  config.certificates = {certificate.with({&TestPki::instance().intermediate})};
  return find_tls_provider("openssl")->server(config).value();
}

class HttpClientTest : public testing::Test {
 protected:
  HttpClientTest() {
    TlsClientConfig config;
    config.roots = TlsRoots::given(PemSource::text(TestPki::instance().root.pem()));
    tls_ = find_tls_provider("openssl")->client(config).value();
    addresses_.add("mx.example.test", at_);
    addresses_.add("other.example.test", at_);
  }

  HttpClient& client() {
    if (!client_) client_.emplace(loop_, network_, addresses_, tls_, options_);
    return *client_;
  }
  FakeHttpServer& serve(const TestCertificate& certificate = TestPki::instance().server) {
    return server_.emplace(loop_, network_, at_.with_port(443), server_context(certificate));
  }
  FakeHttpServer& serve_in_clear() { return server_.emplace(loop_, network_, at_.with_port(80), nullptr); }

  void begin(std::optional<HttpResult>& result, const HttpRequest& request = HttpRequest("/a"),
             seconds most = seconds(30)) {
    loop_.spawn(tests::keep_result(client().exchange(origin_, request, later(loop_.now(), most)), result));
    settle(loop_);
  }
  HttpResult ask(const HttpRequest& request = HttpRequest("/a")) {
    std::optional<HttpResult> result;
    begin(result, request);
    return result ? *std::move(result) : HttpResult(std::unexpect, Kind::bad_request, "is not done");
  }
  void pass(seconds time) {
    clock_.advance(time);
    loop_.expire();
    settle(loop_);
  }

  ManualClock clock_;
  Loop loop_{clock_};
  MemoryNetwork network_{loop_};
  FixedAddresses addresses_;
  Endpoint at_ = *Endpoint::parse("192.0.2.1:1");
  HttpOrigin origin_{"mx.example.test", 443};
  HttpClientOptions options_;
  std::shared_ptr<const TlsClientContext> tls_;
  std::optional<FakeHttpServer> server_;
  std::optional<HttpClient> client_;
};

TEST_F(HttpClientTest, GetsOverTlsWithAVerifiedName) {
  FakeHttpServer& server = serve();
  server.answer = [](const std::string&) { return FakeHttpServer::response(200, "hello", "X: y\r\n"); };
  const HttpResult result = ask();
  ASSERT_TRUE(result) << result.error().text;
  EXPECT_EQ(result->status, 200U);
  EXPECT_EQ(result->body, "hello");
  EXPECT_EQ(result->header("x"), "y");
  ASSERT_EQ(server.requests.size(), 1U);
  EXPECT_EQ(server.requests[0], "GET /a HTTP/1.1\r\nHost: mx.example.test\r\n\r\n");
}

TEST_F(HttpClientTest, RefusesACertificateForAnotherName) {
  FakeHttpServer& server = serve();
  origin_ = HttpOrigin("other.example.test", 443);
  const HttpResult result = ask();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, Kind::tls) << result.error().text;
  EXPECT_TRUE(server.requests.empty());
}

TEST_F(HttpClientTest, RefusesExpiredAndUnknownCertificates) {
  for (const TestCertificate* each : {&TestPki::instance().expired, &TestPki::instance().stranger}) {
    server_.reset();
    FakeHttpServer& server = serve(*each);
    const HttpResult result = ask();
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().kind, Kind::tls) << result.error().text;
    EXPECT_TRUE(server.requests.empty());
  }
}

TEST_F(HttpClientTest, ARedirectIsAResponse) {
  FakeHttpServer& server = serve();
  server.answer = [](const std::string&) {
    return FakeHttpServer::response(301, "", "Location: https://other.example.test/\r\n");
  };
  const HttpResult result = ask();
  ASSERT_TRUE(result) << result.error().text;
  EXPECT_EQ(result->status, 301U);
  EXPECT_EQ(server.requests.size(), 1U);
}

TEST_F(HttpClientTest, KeepsAConnectionForTheNextRequest) {
  FakeHttpServer& server = serve();
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(ask());
  EXPECT_EQ(server.connections, 1U);
  EXPECT_EQ(server.requests.size(), 5U);
  EXPECT_EQ(client().kept(), 1U);
  client().close_kept();
  EXPECT_TRUE(ask());
  EXPECT_EQ(server.connections, 2U);
}

TEST_F(HttpClientTest, DropsAConnectionThatWasIdleForTooLong) {
  FakeHttpServer& server = serve();
  EXPECT_TRUE(ask());
  pass(options_.idle + seconds(1));
  EXPECT_TRUE(ask());
  EXPECT_EQ(server.connections, 2U);
}

TEST_F(HttpClientTest, DoesNotKeepWhatTheServerCloses) {
  FakeHttpServer& server = serve();
  server.answer = [](const std::string&) {
    return FakeHttpServer::response(200, "", "Connection: close\r\n");
  };
  EXPECT_TRUE(ask());
  EXPECT_EQ(client().kept(), 0U);
}

TEST_F(HttpClientTest, AKeptConnectionThatWasCutIsReplaced) {
  FakeHttpServer& server = serve_in_clear();
  origin_ = HttpOrigin("mx.example.test", 80, false);
  EXPECT_TRUE(ask());
  server.cut();
  settle(loop_);
  EXPECT_TRUE(ask());
  EXPECT_EQ(server.connections, 2U);
}

TEST_F(HttpClientTest, ARequestThatMetTheEndOfAKeptConnectionGoesOutOnceMore) {
  FakeHttpServer& server = serve();
  EXPECT_TRUE(ask());
  int answers = 0;
  server.answer = [&](const std::string&) {
    if (answers++ == 0) server.cut();
    return FakeHttpServer::response(200, "again");
  };
  const HttpResult result = ask();
  ASSERT_TRUE(result) << result.error().text;
  EXPECT_EQ(result->body, "again");
  EXPECT_EQ(client().counters().repeated, 1U);
  EXPECT_EQ(server.connections, 2U);
}

TEST_F(HttpClientTest, ANewConnectionThatEndsIsAFailure) {
  FakeHttpServer& server = serve();
  server.answer = [&](const std::string&) { return std::string("HTTP/1.1 200 OK\r\nContent-Le"); };
  server.close_after = true;
  const HttpResult result = ask();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, Kind::broken_off) << result.error().text;
  EXPECT_EQ(server.requests.size(), 1U);
}

TEST_F(HttpClientTest, ABodyThatEndsWithTheConnectionNeedsTheEndOfTls) {
  FakeHttpServer& server = serve();
  server.answer = [&](const std::string&) { return std::string("HTTP/1.1 200 OK\r\n\r\nhalf"); };
  server.close_after = true;
  const HttpResult whole = ask();
  ASSERT_TRUE(whole) << whole.error().text;
  EXPECT_EQ(whole->body, "half");
  server.polite = false;
  const HttpResult cut = ask();
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().kind, Kind::broken_off) << cut.error().text;
}

TEST_F(HttpClientTest, OneDeadlineBoundsTheWholeExchange) {
  FakeHttpServer& server = serve();
  server.silent = true;
  std::optional<HttpResult> result;
  begin(result, HttpRequest("/a"), seconds(10));
  EXPECT_FALSE(result);
  pass(seconds(9));
  EXPECT_FALSE(result);
  pass(seconds(2));
  ASSERT_TRUE(result);
  ASSERT_FALSE(*result);
  EXPECT_EQ(result->error().kind, Kind::timed_out) << result->error().text;
  EXPECT_EQ(client().kept(), 0U);
}

TEST_F(HttpClientTest, ASlowServerCannotStretchTheDeadline) {
  auto listener = network_.listen(at_.with_port(80), {});
  origin_ = HttpOrigin("mx.example.test", 80, false);
  std::optional<HttpResult> result;
  begin(result, HttpRequest("/a"), seconds(10));
  StreamResult there = tests::run_task(loop_, (*listener)->accept());
  const std::string_view slow = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
  std::size_t sent = 0;
  while (!result && sent < slow.size()) {
    const std::string_view octet = slow.substr(sent++, 1);
    (*there)->try_write(std::span(&octet, 1));
    pass(seconds(1));
  }
  ASSERT_TRUE(result);
  ASSERT_FALSE(*result);
  EXPECT_EQ(result->error().kind, Kind::timed_out);
  EXPECT_LE(sent, 12U);
}

TEST_F(HttpClientTest, ConnectionsToAnOriginAreBoundedAndTheRestWait) {
  options_.connections = 2;
  options_.waiting = 3;
  FakeHttpServer& server = serve();
  server.hold = true;
  std::vector<std::optional<HttpResult>> results(6);
  for (auto& each : results) begin(each);
  EXPECT_EQ(server.connections, 2U);
  ASSERT_TRUE(results[5]) << "more than may wait";
  EXPECT_EQ(results[5]->error().kind, Kind::too_many);
  server.release();
  settle(loop_);
  for (std::size_t i = 0; i < 5; ++i) {
    ASSERT_TRUE(results[i]) << i;
    EXPECT_TRUE(*results[i]) << i;
  }
  EXPECT_EQ(server.connections, 2U);
  EXPECT_EQ(server.most_at_once, 2U);
}

TEST_F(HttpClientTest, WaitingForAConnectionEndsWithTheDeadline) {
  FakeHttpServer& server = serve();
  server.hold = true;
  std::optional<HttpResult> first;
  std::optional<HttpResult> second;
  begin(first);
  begin(second, HttpRequest("/b"), seconds(5));
  pass(seconds(6));
  ASSERT_TRUE(second);
  EXPECT_EQ(second->error().kind, Kind::timed_out);
  server.release();
  settle(loop_);
  ASSERT_TRUE(first);
  EXPECT_TRUE(*first);
  EXPECT_TRUE(ask());
}

TEST_F(HttpClientTest, TriesOneAddressAfterTheOther) {
  FixedAddresses several;
  several.add("mx.example.test", *Endpoint::parse("192.0.2.9:1"));
  several.add("mx.example.test", at_);
  client_.emplace(loop_, network_, several, tls_, options_);
  serve();
  EXPECT_TRUE(ask());
  server_.reset();
  client().close_kept();
  const HttpResult result = ask();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, Kind::unreachable);
  EXPECT_EQ(result.error().text, "192.0.2.9:443: Connection refused");
  client_.reset();
}

TEST_F(HttpClientTest, AnAddressNeedsNoLookUp) {
  FakeHttpServer& server = serve_in_clear();
  origin_ = HttpOrigin("192.0.2.1", 80, false);
  EXPECT_TRUE(ask());
  EXPECT_EQ(server.requests.size(), 1U);
}

TEST_F(HttpClientTest, AHostWithoutAddressIsAFailure) {
  origin_ = HttpOrigin("nowhere.example.test", 443);
  const HttpResult result = ask();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, Kind::unknown_host);
  EXPECT_EQ(result.error().text, "nowhere.example.test: no address is known");
}

TEST_F(HttpClientTest, LargeBodiesAreRefusedByTheLimit) {
  options_.limits.body_octets = 1000;
  FakeHttpServer& server = serve();
  server.answer = [](const std::string&) { return FakeHttpServer::response(200, std::string(1001, 'x')); };
  const HttpResult result = ask();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, Kind::too_large);
  server.answer = [](const std::string&) { return FakeHttpServer::response(200, std::string(1000, 'x')); };
  EXPECT_TRUE(ask());
}

// A failure at each operation of the stream: never a crash, and a failure or a response.
TEST_F(HttpClientTest, SurvivesAFailureAtEveryStep) {
  FakeHttpServer& server = serve_in_clear();
  server.answer = [](const std::string&) { return FakeHttpServer::response(200, "hello"); };
  origin_ = HttpOrigin("mx.example.test", 80, false);
  bool reached_the_end = false;
  for (std::uint64_t at = 1; at < 40 && !reached_the_end; ++at) {
    MemoryScript script;
    script.most_read = 7;
    script.fail_at = at;
    network_.on_connect([&](MemoryStream& near, MemoryStream&) { near.follow(script); });
    const HttpResult result = ask();
    if (result) {
      reached_the_end = true;
      EXPECT_EQ(result->body, "hello");
    } else {
      EXPECT_EQ(result.error().kind, Kind::broken_off) << result.error().text;
    }
    client().close_kept();
    settle(loop_);
  }
  EXPECT_TRUE(reached_the_end);
}

}  // namespace
}  // namespace postrider::transport
