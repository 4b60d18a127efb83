#include "postrider/protocol/sasl/scram.h"

#include <string>

#include <gtest/gtest.h>

#include "postrider/tests/protocol/sasl/sasl_fixture.h"

namespace postrider::protocol::sasl {
namespace {

// RFC 7677 3
constexpr std::string_view kAuthMessage =
    "n=user,r=rOprNGfwEbeRWgbNEkqO,"
    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,"
    "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";

class Scram : public testing::Test {
 protected:
  fuzz::ReferencePrimitives primitives_{1};
  std::string salt_ = from_base64("W22ZaJ0SNY7soEsUEjb6gQ==");
};

TEST_F(Scram, ComputesTheExampleOfRfc7677) {
  const ScramKeys keys(primitives_, "pencil", salt_, 4096);
  EXPECT_EQ(to_base64(view(client_proof(primitives_, keys, kAuthMessage))),
            "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
  EXPECT_EQ(to_base64(view(server_signature(primitives_, keys.server_key, kAuthMessage))),
            "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
}

TEST_F(Scram, AVerifierKnowsItsPasswordAlone) {
  const ScramVerifier verifier = make_verifier(primitives_, "pencil", salt_, 16);
  EXPECT_TRUE(matches_password(primitives_, verifier, "pencil"));
  for (const std::string_view wrong : {"", "Pencil", "pencil ", "penci"}) {
    EXPECT_FALSE(matches_password(primitives_, verifier, wrong));
  }
}

TEST_F(Scram, AProofIsForOneMessageAndOneVerifier) {
  const ScramVerifier verifier = make_verifier(primitives_, "pencil", salt_, 4096);
  const ScramKeys keys(primitives_, "pencil", salt_, 4096);
  const Sha256 proof = client_proof(primitives_, keys, kAuthMessage);
  EXPECT_TRUE(is_proof(primitives_, verifier, kAuthMessage, proof));
  EXPECT_FALSE(is_proof(primitives_, verifier, "n=user", proof));
  for (std::size_t i = 0; i < proof.size(); ++i) {
    Sha256 other = proof;
    other[i] = static_cast<char>(other[i] ^ 1);
    EXPECT_FALSE(is_proof(primitives_, verifier, kAuthMessage, other));
  }
  const ScramVerifier decoy = decoy_verifier(primitives_, "key", "user", 4096);
  EXPECT_FALSE(is_proof(primitives_, decoy, kAuthMessage, proof));
}

TEST_F(Scram, ADecoyIsAlwaysTheSameAndAlwaysAnother) {
  const ScramVerifier decoy = decoy_verifier(primitives_, "key", "user", 15000);
  EXPECT_EQ(decoy, decoy_verifier(primitives_, "key", "user", 15000));
  EXPECT_EQ(decoy.salt.size(), 16u);
  EXPECT_EQ(decoy.iterations, 15000u);
  EXPECT_NE(decoy.stored_key, decoy.server_key);
  EXPECT_NE(decoy.salt, decoy_verifier(primitives_, "key", "other", 15000).salt);
  EXPECT_NE(decoy.salt, decoy_verifier(primitives_, "another key", "user", 15000).salt);
}

}  // namespace
}  // namespace postrider::protocol::sasl
