#include "postrider/client/redaction.h"

#include <gtest/gtest.h>

namespace postrider::client {
namespace {

using protocol::Verb;

TEST(RedactionTest, HidesWhatAuthCarries) {
  EXPECT_EQ(redact_command(Verb::auth, "AUTH PLAIN AGEAYg==\r\n"), "AUTH PLAIN ****\r\n");
  EXPECT_EQ(redact_command(Verb::auth, "AUTH SCRAM-SHA-256\r\n"), "AUTH SCRAM-SHA-256\r\n");
  EXPECT_EQ(redact_command(Verb::mail, "MAIL FROM:<auth@example.org> AUTH=<>\r\n"),
            "MAIL FROM:<auth@example.org> AUTH=<>\r\n");
}

}  // namespace
}  // namespace postrider::client
