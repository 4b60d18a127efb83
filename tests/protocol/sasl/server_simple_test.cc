#include "postrider/protocol/sasl/server_simple.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "postrider/protocol/sasl/bounds.h"
#include "postrider/tests/protocol/sasl/sasl_fixture.h"

namespace postrider::protocol::sasl {
namespace {

using namespace std::string_view_literals;

// What is asked, or the fault.
std::string shown(const ServerStep& step) {
  if (const auto* q = std::get_if<PasswordQuestion>(&step))
    return q->user + "/" + std::string(q->password.view());
  if (const auto* q = std::get_if<TokenQuestion>(&step)) {
    return q->user + "/" + std::string(q->token.view()) + "/" + q->host + "/" + q->port;
  }
  if (const auto* q = std::get_if<CertificateQuestion>(&step)) return "certificate/" + q->authorization;
  if (const auto* q = std::get_if<Challenge>(&step)) return "challenge/" + q->octets;
  if (const auto* q = std::get_if<Success>(&step)) return "success/" + q->user;
  if (const auto fault = fault_of(step)) return std::string(to_string(*fault));
  return "another";
}

const Verdict kYes{Verdict::Kind::accepted, ""};
const Verdict kNo{};

struct Row {
  std::string message;
  std::string result;
};

TEST(PlainServer, Messages) {
  const Row rows[] = {
      {std::string("\0tim\0tanstaaf"sv), "tim/tanstaaf"},
      {std::string("tim\0tim\0x"sv), "tim/x"},
      {std::string("Ursel\0Kurt\0x"sv), "not_authorized"},
      {"", "malformed"},
      {"tim", "malformed"},
      {std::string("\0tim"sv), "malformed"},
      {std::string("\0\0x"sv), "malformed"},
      {std::string("\0tim\0"sv), "malformed"},
      {std::string("\0tim\0x\0y"sv), "forbidden_octets"},
      {std::string("\0t\nm\0x"sv), "forbidden_octets"},
      {std::string("\0tim\0\xff"sv), "forbidden_octets"},
      {std::string("\0"sv) + std::string(kMaxName, 'u') + std::string("\0x"sv),
       std::string(kMaxName, 'u') + "/x"},
      {std::string("\0"sv) + std::string(kMaxName + 1, 'u') + std::string("\0x"sv), "too_long"},
      {std::string("\0u\0"sv) + std::string(kMaxPassword + 1, 'p'), "too_long"},
  };
  for (const Row& row : rows) EXPECT_EQ(shown(make_plain_server()->respond(row.message)), row.result);
}

TEST(PlainServer, Results) {
  const auto server = make_plain_server();
  EXPECT_EQ(shown(server->start()), "challenge/");
  (void)server->respond("\0tim\0x"sv);
  EXPECT_EQ(shown(server->on_verdict(kNo)), "refused");
  EXPECT_EQ(shown(server->on_verdict(kYes)), "success/tim");
  EXPECT_EQ(shown(server->on_verdict({Verdict::Kind::accepted, "Tim"})), "success/Tim");
}

TEST(LoginServer, AsksForNameAndPassword) {
  const auto server = make_login_server();
  EXPECT_EQ(shown(server->start()), "challenge/Username:");
  EXPECT_EQ(shown(server->respond("tim")), "challenge/Password:");
  EXPECT_EQ(shown(server->respond("pencil")), "tim/pencil");
  EXPECT_EQ(shown(server->on_verdict(kYes)), "success/tim");
}

TEST(LoginServer, BadLines) {
  const std::pair<std::string, std::string> rows[] = {
      {"", "x"}, {"tim", ""}, {"t\x01m", "x"}, {"tim", "\x7f"}};
  for (const auto& [user, password] : rows) {
    const auto server = make_login_server();
    EXPECT_EQ(shown(server->respond(user)), "challenge/Password:");
    EXPECT_TRUE(fault_of(server->respond(password)));
  }
  EXPECT_EQ(shown(make_login_server()->respond(std::string(kMaxName + 1, 'u'))), "too_long");
}

TEST(ExternalServer, Messages) {
  const auto server = make_external_server();
  EXPECT_EQ(shown(server->start()), "challenge/");
  EXPECT_EQ(shown(server->respond("")), "certificate/");
  EXPECT_EQ(shown(server->on_verdict(kYes)), "misuse");  // accepted, but whom?
  EXPECT_EQ(shown(server->on_verdict({Verdict::Kind::accepted, "fred"})), "success/fred");
  EXPECT_EQ(shown(make_external_server()->respond("fred")), "certificate/fred");
  EXPECT_EQ(shown(make_external_server()->respond("fr\0ed"sv)), "forbidden_octets");
  EXPECT_EQ(shown(make_external_server()->respond(std::string(kMaxName + 1, 'u'))), "too_long");
}

TEST(Xoauth2Server, Messages) {
  const Row rows[] = {
      {"user=u@x\x01"
       "auth=Bearer t0k\x01\x01",
       "u@x/t0k//"},
      {"user=u@x\x01"
       "auth=bearer t0k\x01\x01",
       "u@x/t0k//"},
      {"", "malformed"},
      {"user=", "malformed"},
      {"user=\x01"
       "auth=Bearer t\x01\x01",
       "malformed"},
      {"user=u", "malformed"},
      {"user=u\x01\x01", "malformed"},
      {"user=u\x01"
       "auth=Basic t\x01\x01",
       "malformed"},
      {"user=u\x01"
       "auth=Bearer \x01\x01",
       "malformed"},
      {"user=u\x01"
       "auth=Bearer t\x01",
       "malformed"},
      {"user=u\x01"
       "auth=Bearer a b\x01\x01",
       "malformed"},
      {"user=u\x01"
       "auth=Bearer a\x01"
       "b\x01\x01",
       "malformed"},
      {"user=u\x7f\x01"
       "auth=Bearer t\x01\x01",
       "forbidden_octets"},
      {"user=" + std::string(kMaxName + 1, 'u') +
           "\x01"
           "auth=Bearer t\x01\x01",
       "too_long"},
      {std::string(kMaxToken + 1, 'x'), "too_long"},
  };
  for (const Row& row : rows)
    EXPECT_EQ(shown(make_xoauth2_server()->respond(row.message)), row.result) << row.message;
}

TEST(OauthbearerServer, Messages) {
  const Row rows[] = {
      {"n,a=u@x,\x01host=h\x01port=25\x01"
       "auth=Bearer t\x01\x01",
       "u@x/t/h/25"},
      {"n,,\x01"
       "auth=BEARER t\x01\x01",
       "/t//"},
      {"y,,\x01x=y\x01"
       "auth=Bearer t\x01\x01",
       "/t//"},
      {"", "malformed"},
      {"n,,", "malformed"},
      {"n,,\x01", "malformed"},
      {"n,,\x01\x01", "malformed"},
      {"p=tls-exporter,,\x01"
       "auth=Bearer t\x01\x01",
       "malformed"},
      {"n,,x\x01"
       "auth=Bearer t\x01\x01",
       "malformed"},
      {"n,,\x01"
       "auth=Bearer t\x01",
       "malformed"},
      {"n,,\x01"
       "auth=Bearer t",
       "malformed"},
      {"n,,\x01"
       "auth=Bearer t\x01"
       "auth=Bearer u\x01\x01",
       "malformed"},
      {"n,,\x01"
       "auth=Bearer t\x01port=x\x01\x01",
       "malformed"},
      {"n,,\x01"
       "auth=Bearer t\x01port=123456\x01\x01",
       "malformed"},
      {"n,,\x01"
       "auth=Bearer t\x01nothing\x01\x01",
       "malformed"},
      {"n,,\x01"
       "auth=Bearer t\x01=x\x01\x01",
       "malformed"},
      {"n,,\x01"
       "auth=Bearer t\x01\x01"
       "x",
       "malformed"},
      {"n,a=\x02,\x01"
       "auth=Bearer t\x01\x01",
       "forbidden_octets"},
      {"n,,\x01host=\x02\x01"
       "auth=Bearer t\x01\x01",
       "forbidden_octets"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(shown(make_oauthbearer_server()->respond(row.message)), row.result) << row.message;
  }
}

TEST(TokenServers, ARefusalIsToldAndAcknowledged) {
  const auto xoauth2 = make_xoauth2_server();
  (void)xoauth2->respond(
      "user=u\x01"
      "auth=Bearer t\x01\x01");
  EXPECT_TRUE(shown(xoauth2->on_verdict(kNo)).starts_with("challenge/{\"status\":\"401\""));
  EXPECT_EQ(shown(xoauth2->respond("")), "refused");
  const auto oauthbearer = make_oauthbearer_server();
  (void)oauthbearer->respond(
      "n,,\x01"
      "auth=Bearer t\x01\x01");
  EXPECT_EQ(shown(oauthbearer->on_verdict({Verdict::Kind::accepted, "u"})), "success/u");
  EXPECT_EQ(shown(oauthbearer->on_verdict(kNo)), "challenge/{\"status\":\"invalid_token\"}");
  EXPECT_EQ(shown(oauthbearer->respond("\x01")), "refused");
}

}  // namespace
}  // namespace postrider::protocol::sasl
