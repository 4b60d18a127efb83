#include "postrider/queue/message.h"

#include <gtest/gtest.h>

namespace postrider::queue {
namespace {

TEST(AddressOfTest, IsWhatStandsInBrackets) {
  EXPECT_EQ(address_of("MAIL FROM:<a@example.org> BODY=8BITMIME"), "a@example.org");
  EXPECT_EQ(address_of("MAIL FROM:<>"), "");
  EXPECT_EQ(address_of("RCPT TO:<postmaster>"), "postmaster");
  EXPECT_EQ(address_of("RCPT TO:<b@[192.0.2.1]> ORCPT=rfc822;b+3Ec@example.org"), "b@[192.0.2.1]");
}

TEST(AddressOfTest, KnowsQuotedLocalParts) {
  EXPECT_EQ(address_of(R"(RCPT TO:<"a>b"@example.org> NOTIFY=NEVER)"), R"("a>b"@example.org)");
  EXPECT_EQ(address_of(R"(RCPT TO:<"a\">b"@example.org>)"), R"("a\">b"@example.org)");
}

TEST(AddressOfTest, OfNoCommandIsEmpty) {
  EXPECT_EQ(address_of(""), "");
  EXPECT_EQ(address_of("MAIL FROM:"), "");
  EXPECT_EQ(address_of("MAIL FROM:<a@example.org"), "");
}

}  // namespace
}  // namespace postrider::queue
