#include "postrider/protocol/sasl/client_scram.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "postrider/tests/protocol/sasl/sasl_fixture.h"

namespace postrider::protocol::sasl {
namespace {

constexpr std::string_view kServerFirst =
    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";

class ScramClientTest : public testing::Test {
 protected:
  ScramClient make(ScramClient::Binding binding = {}) {
    return {primitives_, password_of("user", "pencil"), std::move(binding), kLeastIterations,
            "rOprNGfwEbeRWgbNEkqO"};
  }
  static std::string text(const std::expected<Secret, Fault>& line) {
    return std::string(line ? line->view() : to_string(line.error()));
  }
  fuzz::ReferencePrimitives primitives_{1};
  fuzz::ReferencePrimitives quick_{1, 1};
};

TEST_F(ScramClientTest, SaysTheExampleOfRfc7677) {
  ScramClient client = make();
  EXPECT_EQ(client.initial()->view(), "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
  EXPECT_EQ(text(client.respond(kServerFirst)),
            "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
            "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
  EXPECT_FALSE(client.proven());
  EXPECT_EQ(text(client.respond("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=")), "");
  EXPECT_TRUE(client.proven());
  EXPECT_EQ(text(client.respond("")), "out_of_order");
  EXPECT_FALSE(client.proven());
}

TEST_F(ScramClientTest, SaysHowItIsBound) {
  EXPECT_EQ(make({BindingFlag::unsupported, {}}).initial()->view(), "y,,n=user,r=rOprNGfwEbeRWgbNEkqO");
  ScramClient bound = make({BindingFlag::bound, {"tls-exporter", "channel"}});
  EXPECT_EQ(bound.initial()->view(), "p=tls-exporter,,n=user,r=rOprNGfwEbeRWgbNEkqO");
  const std::string final = text(bound.respond(kServerFirst));
  EXPECT_EQ(final.substr(0, final.find(',')), "c=" + to_base64("p=tls-exporter,,channel"));
}

TEST_F(ScramClientTest, NamesAreEscaped) {
  Credentials credentials = password_of("a,b", "pencil");
  credentials.authorization = "c=d";
  ScramClient client(primitives_, credentials, {}, kLeastIterations, "nonce");
  EXPECT_EQ(client.initial()->view(), "n,a=c=3Dd,n=a=2Cb,r=nonce");
}

struct Row {
  std::string_view message;
  std::string_view fault;
};

TEST_F(ScramClientTest, BadFirstMessages) {
  const Row rows[] = {
      {"", "malformed"},
      {"r=other,s=QUJD,i=4096", "bad_nonce"},
      {"r=rOprNGfwEbeRWgbNEkq,s=QUJD,i=4096", "bad_nonce"},
      {"r=rOprNGfwEbeRWgbNEkqO,s=QUJD,i=4096", "bad_nonce"},
      {"r=rOprNGfwEbeRWgbNEkqOx,s=QUJD,i=4095", "bad_iterations"},
      {"r=rOprNGfwEbeRWgbNEkqOx,s=QUJD,i=5000001", "bad_iterations"},
      {"r=rOprNGfwEbeRWgbNEkqOx,s=QUJD,i=0", "malformed"},
      {"m=x,r=rOprNGfwEbeRWgbNEkqOx,s=QUJD,i=4096", "unknown_extension"},
      {"e=other-error", "malformed"},
      {"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", "malformed"},
  };
  for (const Row& row : rows) {
    ScramClient client = make();
    EXPECT_EQ(text(client.respond(kServerFirst)), "out_of_order");  // before it has said anything
    ScramClient again = make();
    (void)again.initial();
    EXPECT_EQ(text(again.respond(row.message)), row.fault) << row.message;
    EXPECT_EQ(text(again.respond(kServerFirst)), "out_of_order");
    EXPECT_FALSE(again.proven());
  }
}

TEST_F(ScramClientTest, BadFinalMessages) {
  const Row rows[] = {
      {"", "malformed"},
      {"v=", "malformed"},
      {"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G8=", "server_not_proven"},
      {"v=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "server_not_proven"},
      {"e=invalid-proof", "server_refused"},
      {kServerFirst, "malformed"},
  };
  for (const Row& row : rows) {
    ScramClient client(quick_, password_of("user", "pencil"), {}, kLeastIterations, "rOprNGfwEbeRWgbNEkqO");
    (void)client.initial();
    ASSERT_TRUE(client.respond(kServerFirst));
    EXPECT_EQ(text(client.respond(row.message)), row.fault) << row.message;
    EXPECT_FALSE(client.proven());
    EXPECT_EQ(client.complaint(), row.fault == "server_refused" ? "invalid-proof" : "");
  }
}

TEST_F(ScramClientTest, NoncesArePrintableAndDiffer) {
  const std::string one = make_nonce(primitives_);
  EXPECT_TRUE(is_nonce(one));
  EXPECT_GE(one.size(), 32u);
  EXPECT_NE(one, make_nonce(primitives_));
}

}  // namespace
}  // namespace postrider::protocol::sasl
