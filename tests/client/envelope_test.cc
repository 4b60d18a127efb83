#include "postrider/client/envelope.h"

#include <gtest/gtest.h>

namespace postrider::client {
namespace {

TEST(EnvelopeTest, TakesMailboxesAlone) {
  protocol::Result<Envelope> envelope = Envelope::from("a@example.org");
  ASSERT_TRUE(envelope);
  EXPECT_EQ(envelope->mail().from.mailbox.text(), "a@example.org");
  EXPECT_TRUE(envelope->add("b@[192.0.2.1]"));
  EXPECT_TRUE(envelope->add("\"b c\"@example.net"));
  EXPECT_TRUE(envelope->add("ü@example.net"));
  EXPECT_TRUE(envelope->add("Postmaster"));
  EXPECT_TRUE(envelope->recipients().back()->to.postmaster);
  for (const std::string_view bad :
       {"", "b", "b@", "@example.net", "b@example.net>\r\nRCPT TO:<c@example.net", "b@example.net SIZE=1",
        "<b@example.net>", "b@exa mple.net"}) {
    EXPECT_FALSE(envelope->add(bad)) << bad;
  }
  EXPECT_EQ(envelope->recipients().size(), 4U);
}

TEST(EnvelopeTest, KnowsTheNullSender) {
  for (const std::string_view null : {"", "<>"}) {
    const protocol::Result<Envelope> envelope = Envelope::from(null);
    ASSERT_TRUE(envelope);
    EXPECT_TRUE(envelope->mail().from.null);
  }
  EXPECT_FALSE(Envelope::from("a"));
}

}  // namespace
}  // namespace postrider::client
