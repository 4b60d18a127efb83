#include "postrider/agent/send/transcript.h"

#include <sstream>

#include <gtest/gtest.h>

namespace postrider::agent {
namespace {

TEST(Transcript, PrintsLinesWithTheirDirection) {
  std::ostringstream out;
  TranscriptPrinter printer(out);
  printer.print(client::Direction::received, "220 a\r\n");
  printer.print(client::Direction::sent, "EHLO b\r");
  printer.print(client::Direction::sent, "\nMAIL FROM:<>\r\n");
  printer.print(client::Direction::received, "250-c\r\n250 d");
  printer.print(client::Direction::content, "x\x1b[2J\r\ny");
  printer.flush();
  EXPECT_EQ(out.str(), "<- 220 a\n-> EHLO b\n-> MAIL FROM:<>\n<- 250-c\n<- 250 d\n-> x\\x1b[2J\n-> y\n");
}

}  // namespace
}  // namespace postrider::agent
