#include "postrider/agent/accounts/sasl_primitives.h"

#include <string>

#include <gtest/gtest.h>

#include "postrider/fuzz/support/reference_hashes.h"

namespace postrider::agent {
namespace {

TEST(SaslPrimitives, ComputeWhatTheReferenceDoes) {
  const fuzz::ReferencePrimitives reference(1);
  for (const crypto::Provider* const provider : crypto::providers()) {
    const SaslPrimitives primitives(*provider);
    for (std::size_t size = 0; size < 200; size += 7) {
      const std::string octets(size, 'x');
      EXPECT_EQ(primitives.sha256(octets), reference.sha256(octets));
      EXPECT_EQ(primitives.hmac_sha256(octets, "abc"), reference.hmac_sha256(octets, "abc"));
      EXPECT_EQ(primitives.hmac_md5(octets, "abc"), reference.hmac_md5(octets, "abc"));
    }
    EXPECT_EQ(primitives.pbkdf2_sha256("pencil", "salt", 100),
              reference.pbkdf2_sha256("pencil", "salt", 100));
    std::string random(32, '\0');
    primitives.random(random);
    EXPECT_NE(random, std::string(32, '\0'));
  }
}

}  // namespace
}  // namespace postrider::agent
