#include "postrider/protocol/sasl/client.h"

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "postrider/tests/protocol/sasl/sasl_fixture.h"

namespace postrider::protocol::sasl {
namespace {

using namespace std::string_view_literals;

MechanismSet set_of(std::initializer_list<Mechanism> mechanisms) {
  MechanismSet set;
  for (const Mechanism each : mechanisms) set.add(each);
  return set;
}

MechanismSet all() {
  MechanismSet set;
  for (std::size_t i = 0; i < kMechanismCount; ++i) set.add(static_cast<Mechanism>(i));
  return set;
}

ClientConditions under_tls() {
  ClientConditions conditions;
  conditions.encrypted = true;
  conditions.bindings = {{std::string(kTlsExporter), "channel"}};
  return conditions;
}

Credentials token_of(std::string user, std::string_view token) {
  Credentials credentials;
  credentials.user = std::move(user);
  credentials.token = Secret(token);
  return credentials;
}

std::string chosen(MechanismSet offered, const Credentials& credentials, const ClientConditions& conditions) {
  const auto which = choose_mechanism(offered, credentials, conditions);
  return std::string(which ? to_string(*which) : to_string(which.error()));
}

TEST(ChooseMechanism, TakesTheStrongestOfBoth) {
  const Credentials credentials = password_of("user", "pencil");
  const std::vector<Mechanism> by_strength = {Mechanism::scram_sha_256_plus, Mechanism::scram_sha_256,
                                              Mechanism::cram_md5, Mechanism::plain, Mechanism::login};
  // Every set of them: the first that is in it.
  for (unsigned bits = 1; bits < 32; ++bits) {
    MechanismSet offered = set_of({Mechanism::external, Mechanism::oauthbearer, Mechanism::xoauth2});
    std::string best;
    for (std::size_t i = 0; i < by_strength.size(); ++i) {
      if ((bits >> i & 1u) == 0) continue;
      offered.add(by_strength[i]);
      if (best.empty()) best = to_string(by_strength[i]);
    }
    EXPECT_EQ(chosen(offered, credentials, under_tls()), best) << bits;
  }
}

TEST(ChooseMechanism, DependsOnCredentials) {
  EXPECT_EQ(chosen(all(), Credentials(), under_tls()), "no_credentials");
  EXPECT_EQ(chosen(all(), password_of("", "pencil"), under_tls()), "no_credentials");
  EXPECT_EQ(chosen(all(), password_of("user", ""), under_tls()), "no_credentials");
  EXPECT_EQ(chosen(all(), token_of("user", "t0ken"), under_tls()), "OAUTHBEARER");
  EXPECT_EQ(chosen(set_of({Mechanism::xoauth2, Mechanism::plain}), token_of("user", "t0ken"), under_tls()),
            "XOAUTH2");
  EXPECT_EQ(chosen(set_of({Mechanism::xoauth2}), token_of("", "t0ken"), under_tls()), "no_common_mechanism");
  Credentials both = password_of("user", "pencil");
  both.token = Secret("t0ken");
  EXPECT_EQ(chosen(set_of({Mechanism::plain, Mechanism::xoauth2}), both, under_tls()), "XOAUTH2");
  both.external = true;
  EXPECT_EQ(chosen(all(), both, under_tls()), "EXTERNAL");
  EXPECT_EQ(chosen(set_of({Mechanism::plain}), both, under_tls()), "no_common_mechanism");
  // CRAM-MD5 and LOGIN have no place for somebody else's name.
  Credentials other = password_of("user", "pencil");
  other.authorization = "other";
  EXPECT_EQ(chosen(set_of({Mechanism::cram_md5, Mechanism::plain}), other, under_tls()), "PLAIN");
  EXPECT_EQ(chosen(set_of({Mechanism::cram_md5, Mechanism::login}), other, under_tls()),
            "no_common_mechanism");
}

TEST(ChooseMechanism, SendsNoSecretInClear) {
  ClientConditions clear;
  const Credentials password = password_of("user", "pencil");
  for (const Mechanism each : {Mechanism::plain, Mechanism::login}) {
    EXPECT_EQ(chosen(set_of({each}), password, clear), "encryption_required");
  }
  for (const Mechanism each : {Mechanism::oauthbearer, Mechanism::xoauth2}) {
    EXPECT_EQ(chosen(set_of({each}), token_of("user", "t0ken"), clear), "encryption_required");
  }
  EXPECT_EQ(chosen(all(), password, clear), "SCRAM-SHA-256");
  clear.allow_clear = true;
  EXPECT_EQ(chosen(set_of({Mechanism::plain}), password, clear), "PLAIN");
}

TEST(ChooseMechanism, TakesTheOneThatIsAskedForOrNone) {
  ClientConditions conditions = under_tls();
  conditions.only = Mechanism::login;
  EXPECT_EQ(chosen(all(), password_of("user", "pencil"), conditions), "LOGIN");
  EXPECT_EQ(chosen(set_of({Mechanism::plain}), password_of("user", "pencil"), conditions),
            "no_common_mechanism");
  conditions.only = Mechanism::scram_sha_256_plus;
  conditions.bindings.clear();
  EXPECT_EQ(chosen(all(), password_of("user", "pencil"), conditions), "no_credentials");
}

TEST(ChooseMechanism, RefusesWhatNoMessageMayHold) {
  EXPECT_EQ(chosen(all(), password_of(std::string("us\0er"sv), "pencil"), under_tls()), "forbidden_octets");
  EXPECT_EQ(chosen(all(), password_of("user", "pen\ncil"), under_tls()), "forbidden_octets");
  EXPECT_EQ(chosen(all(), password_of(std::string(kMaxName + 1, 'u'), "pencil"), under_tls()), "too_long");
  EXPECT_EQ(chosen(all(), password_of("user", std::string(kMaxPassword + 1, 'p')), under_tls()), "too_long");
  EXPECT_EQ(chosen(all(), token_of("user", std::string(kMaxToken, 't')), under_tls()), "too_long");
  EXPECT_EQ(chosen(all(), token_of("user", "t\x01k"), under_tls()), "forbidden_octets");
}

class ClientMechanisms : public testing::Test {
 protected:
  std::unique_ptr<ClientExchange> begin(Mechanism which, const Credentials& credentials) {
    ClientConditions conditions = under_tls();
    conditions.only = which;
    auto exchange = ClientExchange::begin(all(), credentials, conditions, primitives_);
    EXPECT_TRUE(exchange);
    return *std::move(exchange);
  }
  static std::string text(const std::optional<Secret>& line) {
    return line ? from_base64(line->view()) : "none";
  }
  static std::string text(const std::expected<Secret, Fault>& line) {
    return line ? from_base64(line->view()) : std::string(to_string(line.error()));
  }

  fuzz::ReferencePrimitives primitives_{1};
};

TEST_F(ClientMechanisms, Plain) {
  const auto exchange = begin(Mechanism::plain, password_of("tim", "tanstaaftanstaaf"));
  EXPECT_EQ(text(exchange->initial()), "\0tim\0tanstaaftanstaaf"sv);  // RFC 4616 4
  EXPECT_TRUE(exchange->finish());
  EXPECT_EQ(text(exchange->respond("")), "out_of_order");
  EXPECT_FALSE(exchange->finish());
  Credentials other = password_of("Kurt", "xipj3plmq");
  other.authorization = "Ursel";
  EXPECT_EQ(text(begin(Mechanism::plain, other)->initial()), "Ursel\0Kurt\0xipj3plmq"sv);
}

TEST_F(ClientMechanisms, ALongResponseWaitsUntilItIsAskedFor) {
  // "AUTH PLAIN " and CRLF leave 499 octets: base64 of 372 octets fits, and no more.
  const auto fits = begin(Mechanism::plain, password_of("u", std::string(369, 'p')));
  ASSERT_TRUE(fits->initial());
  const auto waits = begin(Mechanism::plain, password_of("u", std::string(373, 'p')));
  EXPECT_FALSE(waits->initial());
  EXPECT_FALSE(waits->finish());
  EXPECT_EQ(text(waits->respond("")), std::string("\0u\0"sv) + std::string(373, 'p'));
  EXPECT_TRUE(waits->finish());
  const auto surprised = begin(Mechanism::plain, password_of("u", std::string(400, 'p')));
  EXPECT_FALSE(surprised->initial());
  EXPECT_EQ(text(surprised->respond("QUJD")), "out_of_order");
}

TEST_F(ClientMechanisms, Login) {
  const auto exchange = begin(Mechanism::login, password_of("tim", "pencil"));
  EXPECT_FALSE(exchange->initial());
  EXPECT_EQ(text(exchange->respond("VXNlcm5hbWU6")), "tim");
  EXPECT_FALSE(exchange->finish());
  EXPECT_EQ(text(exchange->respond("")), "pencil");
  EXPECT_TRUE(exchange->finish());
  EXPECT_EQ(text(exchange->respond("")), "out_of_order");
}

TEST_F(ClientMechanisms, CramMd5) {
  // RFC 2195 2
  const auto exchange = begin(Mechanism::cram_md5, password_of("tim", "tanstaaftanstaaf"));
  EXPECT_FALSE(exchange->initial());
  EXPECT_EQ(text(exchange->respond(to_base64("<1896.697170952@postoffice.reston.mci.net>"))),
            "tim b913a602c7eda7a495b4e6e7334d3890");
  EXPECT_TRUE(exchange->finish());
  EXPECT_EQ(text(exchange->respond("QUJD")), "out_of_order");
  EXPECT_EQ(text(begin(Mechanism::cram_md5, password_of("tim", "x"))->respond("")), "malformed");
  EXPECT_FALSE(begin(Mechanism::cram_md5, password_of("tim", "x"))->finish());
}

TEST_F(ClientMechanisms, Oauthbearer) {
  // RFC 7628 4.1
  Credentials credentials = token_of("user@example.com", "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==");
  credentials.host = "server.example.com";
  credentials.port = 143;
  const auto exchange = begin(Mechanism::oauthbearer, credentials);
  EXPECT_EQ(text(exchange->initial()),
            "n,a=user@example.com,\x01host=server.example.com\x01port=143\x01"
            "auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\x01\x01");
  EXPECT_EQ(text(exchange->respond(to_base64(R"({"status":"invalid_token"})"))), "\x01");
  EXPECT_EQ(exchange->complaint(), R"({"status":"invalid_token"})");
  EXPECT_FALSE(exchange->finish());
  EXPECT_EQ(text(exchange->respond("")), "out_of_order");
  EXPECT_EQ(text(begin(Mechanism::oauthbearer, token_of("", "t"))->initial()),
            "n,,\x01"
            "auth=Bearer t\x01\x01");
}

TEST_F(ClientMechanisms, Xoauth2) {
  const auto exchange = begin(
      Mechanism::xoauth2, token_of("someuser@example.com", "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg"));
  EXPECT_EQ(text(exchange->initial()),
            "user=someuser@example.com\x01"
            "auth=Bearer ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg\x01\x01");
  EXPECT_EQ(text(exchange->respond("QUJD")), "");
  EXPECT_EQ(exchange->complaint(), "ABC");
  EXPECT_FALSE(exchange->finish());
}

TEST_F(ClientMechanisms, External) {
  Credentials credentials;
  credentials.external = true;
  EXPECT_EQ(begin(Mechanism::external, credentials)->initial()->view(), "=");  // RFC 4954 4
  credentials.authorization = "fred";
  EXPECT_EQ(text(begin(Mechanism::external, credentials)->initial()), "fred");
}

TEST_F(ClientMechanisms, ChallengesAreBase64AndBounded) {
  for (const std::string_view bad : {"="sv, "*"sv, "QUJ"sv, "QU JD"sv, "QUJ\n"sv}) {
    const auto exchange = begin(Mechanism::login, password_of("tim", "pencil"));
    EXPECT_EQ(text(exchange->respond(bad)), "bad_base64");
    EXPECT_EQ(text(exchange->respond("")), "out_of_order");
    EXPECT_FALSE(exchange->finish());
  }
  EXPECT_EQ(text(begin(Mechanism::login, password_of("tim", "p"))->respond(std::string(16384, 'A'))),
            "too_long");
  EXPECT_EQ(text(begin(Mechanism::cram_md5, password_of("tim", "p"))->respond(std::string(4096, 'A'))),
            "too_long");
}

}  // namespace
}  // namespace postrider::protocol::sasl
