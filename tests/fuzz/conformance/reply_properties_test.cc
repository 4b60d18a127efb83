#include "postrider/fuzz/conformance/reply_properties.h"

#include <string>

#include <gtest/gtest.h>

namespace postrider::fuzz {
namespace {

std::string fault(std::string_view name, std::string_view octets) {
  return property_fault(name, read_wire_reply(octets), {"bob@example.net"}).value();
}

TEST(ReplyProperties, ADomainComesFirst) {
  EXPECT_EQ(fault("domain-first", "220 mx.example.org ESMTP\r\n"), "");
  EXPECT_EQ(fault("domain-first", "220 [10.0.0.1] ESMTP\r\n"), "");
  EXPECT_EQ(fault("domain-first", "220 a_b hello\r\n"), "'a_b' is no domain and no address literal");
}

TEST(ReplyProperties, LinesHaveALength) {
  EXPECT_EQ(fault("short-lines", "220 " + std::string(506, 'x') + "\r\n"), "");
  EXPECT_EQ(fault("short-lines", "220-a\r\n220 " + std::string(507, 'x') + "\r\n"), "a line has 513 octets");
  EXPECT_EQ(fault("one-line", "250 a\r\n"), "");
  EXPECT_NE(fault("one-line", "250-a\r\n250 b\r\n"), "");
}

TEST(ReplyProperties, AsciiIsAscii) {
  EXPECT_EQ(fault("ascii", "250 a\tb\r\n"), "");
  EXPECT_EQ(fault("ascii", "250 \xC3\xA9\r\n"), "it has the octet \\xc3");
  EXPECT_EQ(fault("ascii", "250 \x7F\r\n"), "it has the octet \\x7f");
}

TEST(ReplyProperties, EhloHasKeywords) {
  EXPECT_EQ(fault("ehlo-lines", "250-mx\r\n250-SIZE 100\r\n250 8BITMIME\r\n"), "");
  EXPECT_EQ(fault("ehlo-lines", "250-mx\r\n250 AUTH=LOGIN\r\n"),
            "'AUTH=LOGIN' does not begin with a keyword");
  EXPECT_NE(fault("ehlo-lines", "250-mx\r\n250 SIZE  1\r\n"), "");
  EXPECT_EQ(fault("size-value", "250-mx\r\n250 SIZE\r\n"), "");
  EXPECT_NE(fault("size-value", "250-mx\r\n250 SIZE large\r\n"), "");
  EXPECT_EQ(fault("no-parameter-DSN", "250-mx\r\n250 DSN\r\n"), "");
  EXPECT_EQ(fault("no-parameter-DSN", "250-mx\r\n250 DSN x\r\n"), "it has the parameter 'x'");
}

TEST(ReplyProperties, AStatusStandsOnEachLineAndAgrees) {
  EXPECT_EQ(fault("status", "250-2.0.0 a\r\n250 2.0.0 b\r\n"), "");
  EXPECT_EQ(fault("status", "250 ok\r\n"), "'ok' begins with no status");
  EXPECT_EQ(fault("status", "250 5.0.0 ok\r\n"), "the status in '5.0.0 ok' does not agree with the code");
  EXPECT_EQ(fault("status", "250-2.0.0 a\r\n250 2.1.0 b\r\n"), "the status changes in '2.1.0 b'");
  EXPECT_EQ(fault("no-status", "250 mx\r\n"), "");
  EXPECT_NE(fault("no-status", "250 2.0.0 mx\r\n"), "");
}

TEST(ReplyProperties, OthersToo) {
  EXPECT_EQ(fault("challenge", "334 \r\n"), "");
  EXPECT_EQ(fault("challenge", "334 VXNlcg==\r\n"), "");
  EXPECT_NE(fault("challenge", "334\r\n"), "");
  EXPECT_NE(fault("challenge", "334 User name\r\n"), "");
  EXPECT_EQ(fault("mailbox", "250 Bob <BOB@example.net>\r\n"), "");
  EXPECT_EQ(fault("mailbox", "250 ok\r\n"), "it does not name bob@example.net");
  EXPECT_EQ(property_fault("nonsense", read_wire_reply("250 a\r\n"), {}), std::nullopt);
}

TEST(ReplyProperties, KeywordsAreFoundInAnyCase) {
  const WireReply hello = read_wire_reply("250-SIZE.example\r\n250-Size 100\r\n250 AUTH PLAIN LOGIN\r\n");
  EXPECT_EQ(offered(hello, "SIZE"), "100");
  EXPECT_EQ(offered(hello, "auth"), "PLAIN LOGIN");
  EXPECT_EQ(offered(hello, "SIZE.example"), std::nullopt) << "the first line is no keyword";
}

}  // namespace
}  // namespace postrider::fuzz
