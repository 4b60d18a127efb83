#include "postrider/resolver/backend/doh_backend.h"

#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "postrider/tests/support/fake_http_server.h"
#include "postrider/tests/transport/tls/certificate_factory.h"
#include "postrider/transport/memory_network.h"
#include "postrider/transport/tls/backends/backends.h"

namespace postrider::resolver {
namespace {

using std::chrono::seconds;
using tests::FakeHttpServer;
using tests::settle;
using tests::TestPki;

constexpr std::string_view kFields = "Content-Type: application/dns-message\r\n";

std::shared_ptr<const transport::TlsServerContext> server_context() {
  transport::TlsServerConfig config;
  config.certificates = {TestPki::instance().server.with({&TestPki::instance().intermediate})};
  return transport::find_tls_provider("openssl")->server(config).value();
}

std::shared_ptr<const transport::TlsClientContext> client_context() {
  transport::TlsClientConfig config;
  config.roots = transport::TlsRoots::given(transport::PemSource::text(TestPki::instance().root.pem()));
  return transport::find_tls_provider("openssl")->client(config).value();
}

std::string octets_of_base64url(std::string_view text) {
  std::string out;
  unsigned held = 0;
  unsigned bits = 0;
  for (const char c : text) {
    const std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    held = held << 6 | static_cast<unsigned>(alphabet.find(c));
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    out += static_cast<char>(held >> bits & 255);
  }
  return out;
}

class DohBackendTest : public testing::Test {
 protected:
  DohBackendTest() {
    addresses_.add("mx.example.test", at_);
    Record record;
    record.owner = question_.name;
    record.type = RecordType::a;
    record.ttl = seconds(300);
    record.data = "\xC0\x02\x01\x07";
    message_.response = true;
    message_.recursion_available = true;
    message_.questions.push_back(question_);
    message_.answers.push_back(record);
    server_.answer = [&](const std::string&) {
      return FakeHttpServer::response(status_, body_ ? *body_ : write_message(message_), fields_);
    };
  }

  DohBackend& backend() {
    if (!backend_)
      backend_ = DohBackend::make(loop_, network_, addresses_, client_context(), url_, options_).value();
    return *backend_;
  }
  void begin(std::optional<AskResult>& result, seconds most = seconds(5)) {
    loop_.spawn(tests::keep_result(backend().ask(question_, transport::later(loop_.now(), most)), result));
    settle(loop_);
  }
  AskResult ask() {
    std::optional<AskResult> result;
    begin(result);
    return result ? *std::move(result) : AskResult(std::unexpect, LookupFault::cancelled, "is not done");
  }
  LookupFault fault() {
    const AskResult result = ask();
    return result ? LookupFault::none : result.error().fault;
  }

  transport::ManualClock clock_;
  transport::Loop loop_{clock_};
  transport::MemoryNetwork network_{loop_};
  transport::FixedAddresses addresses_;
  transport::Endpoint at_ = *transport::Endpoint::parse("192.0.2.1:443");
  FakeHttpServer server_{loop_, network_, at_, server_context()};
  Question question_{DomainName::parse("www.example.org").value(), RecordType::a};
  Message message_;
  int status_ = 200;
  std::string fields_{kFields};
  std::optional<std::string> body_;
  std::string url_ = "https://mx.example.test/dns-query{?dns}";
  DohOptions options_;
  std::unique_ptr<DohBackend> backend_;
};

TEST(Base64Url, HasTheVectorsOfTheRfcWithoutPadding) {  // RFC 4648 10
  EXPECT_EQ(base64url(""), "");
  EXPECT_EQ(base64url("f"), "Zg");
  EXPECT_EQ(base64url("fo"), "Zm8");
  EXPECT_EQ(base64url("foo"), "Zm9v");
  EXPECT_EQ(base64url("foob"), "Zm9vYg");
  EXPECT_EQ(base64url("fooba"), "Zm9vYmE");
  EXPECT_EQ(base64url("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64url("\xFB\xFF\xBF"), "-_-_");
}

TEST_F(DohBackendTest, AsksByGetWithAnIdOfZero) {
  const AskResult result = ask();
  ASSERT_TRUE(result) << result.error().text;
  const auto message = read_message(result->message);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->answers, message_.answers);
  EXPECT_EQ(result->security, Security::indeterminate);
  ASSERT_EQ(server_.requests.size(), 1U);
  const std::string& request = server_.requests[0];
  ASSERT_TRUE(request.starts_with("GET /dns-query?dns=")) << request;
  EXPECT_NE(request.find("\r\nAccept: application/dns-message\r\n"), std::string::npos) << request;
  const std::string_view text = std::string_view(request).substr(19, request.find(' ', 19) - 19);
  EXPECT_EQ(octets_of_base64url(text), write_query(question_, 0, QueryOptions()));
}

TEST_F(DohBackendTest, AsksByPost) {
  options_.method = DohOptions::Method::post;
  ASSERT_TRUE(ask());
  const std::string& request = server_.requests[0];
  EXPECT_TRUE(request.starts_with("POST /dns-query HTTP/1.1\r\n")) << request;
  EXPECT_NE(request.find("\r\nContent-Type: application/dns-message\r\n"), std::string::npos) << request;
  EXPECT_TRUE(request.ends_with("\r\n\r\n" + write_query(question_, 0, QueryOptions())));
}

TEST_F(DohBackendTest, AQueryInTheUrlStays) {
  url_ = "https://mx.example.test/q?key=1{&dns}";
  ASSERT_TRUE(ask());
  EXPECT_TRUE(server_.requests[0].starts_with("GET /q?key=1&dns=")) << server_.requests[0];
}

TEST_F(DohBackendTest, TheAdBitMeansSecureIfTheServerIsTrusted) {
  message_.authentic_data = true;
  EXPECT_EQ(ask()->security, Security::secure);
  backend_.reset();
  options_.trust_ad = false;
  EXPECT_EQ(ask()->security, Security::indeterminate);
}

TEST_F(DohBackendTest, AConnectionCarriesManyQuestions) {
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(ask());
  EXPECT_EQ(server_.connections, 1U);
  EXPECT_EQ(server_.requests.size(), 20U);
}

TEST_F(DohBackendTest, QuestionsAtOnceTakeSeveralConnectionsButNotMore) {
  server_.hold = true;
  std::vector<std::optional<AskResult>> results(30);
  for (auto& each : results) begin(each);
  EXPECT_EQ(server_.connections, 8U);
  server_.release();
  settle(loop_);
  for (auto& each : results) {
    ASSERT_TRUE(each);
    EXPECT_TRUE(*each);
  }
  EXPECT_EQ(server_.connections, 8U);
}

TEST_F(DohBackendTest, TheTimeInACacheCountsAgainstTheTtl) {  // RFC 8484 5.1
  fields_ += "Age: 100\r\n";
  const auto message = read_message(ask()->message);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->answers.at(0).ttl, seconds(200));
  fields_ = std::string(kFields) + "Age: 4000000000\r\n";
  EXPECT_EQ(read_message(ask()->message)->answers.at(0).ttl, seconds(0));
  fields_ = std::string(kFields) + "Age: -1\r\n";
  EXPECT_EQ(read_message(ask()->message)->answers.at(0).ttl, seconds(300));
}

TEST_F(DohBackendTest, ANegativeAnswerIsAResponse) {
  message_.code = ResponseCode::no_such_name;
  message_.answers.clear();
  const AskResult result = ask();
  ASSERT_TRUE(result);
  EXPECT_EQ(read_message(result->message)->code, ResponseCode::no_such_name);
}

TEST_F(DohBackendTest, WhatIsNoAnswerIsAFailure) {
  status_ = 404;
  EXPECT_EQ(fault(), LookupFault::server_failure);
  status_ = 302;
  EXPECT_EQ(fault(), LookupFault::server_failure);
  status_ = 200;
  fields_ = "Content-Type: text/html\r\n";
  EXPECT_EQ(fault(), LookupFault::malformed);
  fields_ = kFields;
  body_ = "short";
  EXPECT_EQ(fault(), LookupFault::malformed);
  body_ = std::string(Message::kMaxOctets + 1, 'x');
  EXPECT_EQ(fault(), LookupFault::malformed);
}

TEST_F(DohBackendTest, ASilentServerIsLeftAtTheDeadline) {
  server_.silent = true;
  std::optional<AskResult> result;
  begin(result, seconds(5));
  clock_.advance(seconds(6));
  loop_.expire();
  settle(loop_);
  ASSERT_TRUE(result);
  ASSERT_FALSE(*result);
  EXPECT_EQ(result->error().fault, LookupFault::timed_out);
}

TEST_F(DohBackendTest, AServerThatIsSomebodyElseIsNotAsked) {
  addresses_.add("other.example.test", at_);
  url_ = "https://other.example.test/dns-query";
  EXPECT_EQ(fault(), LookupFault::unreachable);
  EXPECT_TRUE(server_.requests.empty());
}

TEST_F(DohBackendTest, TheUrlIsCheckedFirst) {
  const auto error = [&](std::string_view url) {
    const auto made = DohBackend::make(loop_, network_, addresses_, nullptr, url);
    return made ? std::string("none") : made.error();
  };
  EXPECT_EQ(error("dns.example.org"), "does not begin with https://");
  EXPECT_EQ(error("https://dns.example.org/{name}{?dns}"), "has a variable other than {?dns} at its end");
  EXPECT_EQ(error("https://dns.example.org/{?dns}"), "needs TLS, which is not set up");
  EXPECT_EQ(error("http://127.0.0.1:8053/{?dns}"), "none");
}

}  // namespace
}  // namespace postrider::resolver
