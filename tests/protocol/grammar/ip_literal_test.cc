#include "postrider/protocol/grammar/ip_literal.h"

#include <array>
#include <cstring>
#include <random>
#include <string>
#include <string_view>

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include "postrider/tests/protocol/support/exact_copy.h"

namespace postrider::protocol {
namespace {

using testing::ExactCopy;
using Kind = Host::Kind;

Kind kind_of(std::string_view content) {
  Host::Octets octets{};
  return read_literal(ExactCopy(content).view(), octets);
}

std::string octets_of(std::string_view content) {
  Host::Octets octets{};
  const Kind kind = read_literal(ExactCopy(content).view(), octets);
  char text[INET6_ADDRSTRLEN] = "none";
  if (kind == Kind::ipv4) inet_ntop(AF_INET, octets.data(), text, sizeof text);
  if (kind == Kind::ipv6) inet_ntop(AF_INET6, octets.data(), text, sizeof text);
  return text;
}

// IPv4-address-literal = Snum 3("." Snum); Snum = 1*3DIGIT, 0 to 255
TEST(IpLiteral, Ipv4) {
  EXPECT_EQ(octets_of("123.255.37.2"), "123.255.37.2");  // RFC 5321 4.1.3
  EXPECT_EQ(octets_of("0.0.0.0"), "0.0.0.0");
  EXPECT_EQ(octets_of("255.255.255.255"), "255.255.255.255");
  EXPECT_EQ(octets_of("001.02.3.004"), "1.2.3.4");
  for (const std::string_view bad :
       {"",        "1",         "1.2.3",     "1.2.3.",     "1.2.3.4.",   ".1.2.3.4", "1.2.3.4.5",
        "1..2.3",  "256.2.3.4", "1.2.3.256", "0001.2.3.4", "1.2.3.0004", "1.2.3.a",  "0x1.2.3.4",
        "1,2,3,4", "1.2.3.-4",  "1.2.3.+4",  " 1.2.3.4",   "1.2.3.4 ",   "999.1.1.1"}) {
    EXPECT_EQ(kind_of(bad), Kind::none) << bad;
  }
}

// IPv6-full = IPv6-hex 7(":" IPv6-hex)
TEST(IpLiteral, Ipv6Full) {
  EXPECT_EQ(octets_of("IPv6:2001:DB8:0:0:8:800:200C:417A"), "2001:db8::8:800:200c:417a");
  EXPECT_EQ(octets_of("ipv6:1:2:3:4:5:6:7:8"), "1:2:3:4:5:6:7:8");
  EXPECT_EQ(octets_of("IPV6:0001:0002:0003:0004:0005:0006:0007:ffff"), "1:2:3:4:5:6:7:ffff");
  for (const std::string_view bad :
       {"IPv6:1:2:3:4:5:6:7", "IPv6:1:2:3:4:5:6:7:8:9", "IPv6:1:2:3:4:5:6:7:", "IPv6::1:2:3:4:5:6:7:8",
        "IPv6:1:2:3:4:5:6:7:8:", "IPv6:1:2:3:4:5:6:7:00008", "IPv6:1:2:3:4:5:6:7:g", "IPv6:", "IPv6:1",
        "IPv6:1:2:3:4:5:6:7:8%eth0"}) {
    EXPECT_EQ(kind_of(bad), Kind::none) << bad;
  }
}

// IPv6-comp: "::" stands for at least two groups, and no more than six stand beside it.
TEST(IpLiteral, Ipv6Compressed) {
  EXPECT_EQ(octets_of("IPv6:::"), "::");
  EXPECT_EQ(octets_of("IPv6:::1"), "::1");
  EXPECT_EQ(octets_of("IPv6:1::"), "1::");
  EXPECT_EQ(octets_of("IPv6:2001:db8::1"), "2001:db8::1");
  EXPECT_EQ(octets_of("IPv6:1:2:3:4:5:6::"), "1:2:3:4:5:6::");
  EXPECT_EQ(octets_of("IPv6:::3:4:5:6:7:8"), "::3:4:5:6:7:8");
  EXPECT_EQ(octets_of("IPv6:1:2:3::6:7:8"), "1:2:3::6:7:8");
  for (const std::string_view bad :
       {"IPv6:1:2:3:4:5:6:7::", "IPv6:::2:3:4:5:6:7:8", "IPv6:1:2:3::5:6:7:8", "IPv6:1::2::3",
        "IPv6::::", "IPv6:1:::2", "IPv6:::1::", "IPv6::1", "IPv6:1:2:", "IPv6::", "IPv6:1:2:3:4:5:6:7:8::"}) {
    EXPECT_EQ(kind_of(bad), Kind::none) << bad;
  }
}

// IPv6v4-full and IPv6v4-comp: an IPv4 address for the last two groups; at most four groups beside the "::".
TEST(IpLiteral, Ipv6WithIpv4) {
  EXPECT_EQ(octets_of("IPv6:1:2:3:4:5:6:192.0.2.1"), "1:2:3:4:5:6:c000:201");
  EXPECT_EQ(octets_of("IPv6:::192.0.2.1"), "::192.0.2.1");
  EXPECT_EQ(octets_of("IPv6:::ffff:192.0.2.1"), "::ffff:192.0.2.1");
  EXPECT_EQ(octets_of("IPv6:1:2:3:4::192.0.2.1"), "1:2:3:4::c000:201");
  EXPECT_EQ(octets_of("IPv6:1:2::3:4:192.0.2.1"), "1:2::3:4:c000:201");
  EXPECT_EQ(octets_of("IPv6:::1:2:3:4:192.0.2.1"), "::1:2:3:4:c000:201");
  for (const std::string_view bad :
       {"IPv6:192.0.2.1", "IPv6:1:192.0.2.1", "IPv6:1:2:3:4:5:192.0.2.1", "IPv6:1:2:3:4:5:6:7:192.0.2.1",
        "IPv6:1:2:3:4:5::192.0.2.1", "IPv6:::192.0.2.1:1", "IPv6:::192.0.2", "IPv6:::192.0.2.256",
        "IPv6:::1.2.3.4.5", "IPv6:::a.0.2.1", "IPv6:::12345.0.2.1", "IPv6:::192.0.2.1::"}) {
    EXPECT_EQ(kind_of(bad), Kind::none) << bad;
  }
}

// General-address-literal = Standardized-tag ":" 1*dcontent; Standardized-tag = Ldh-str
TEST(IpLiteral, General) {
  for (const std::string_view good :
       {"x400:c=us", "tag:x", "-tag:x", "1:x", "a-b:::", "IPv5:1.2.3.4", "tag:!@~^"}) {
    EXPECT_EQ(kind_of(good), Kind::general) << good;
  }
  for (const std::string_view bad : {"tag:", "tag", ":x", "tag-:x", "t_g:x", "tag:a b", "tag:a[b", "tag:a]b",
                                     "tag:a\\b", "tag:\x7F", "tag:\xC3\xA5", "t g:x", "IPv6:x"}) {
    EXPECT_EQ(kind_of(bad), Kind::none) << bad;
  }
}

// Against the C library, which reads the same texts but for the "::" that stands for a single group.
TEST(IpLiteral, AgreesWithInetPton) {
  std::mt19937 random(5321);
  const auto pick = [&](unsigned n) { return static_cast<unsigned>(random()) % n; };
  unsigned valid = 0;
  for (int round = 0; round < 200000; ++round) {
    std::string text;
    std::size_t pieces = 1 + pick(17);
    while (pieces-- > 0) {
      constexpr std::string_view kPieces[] = {
          ":", ":", ":", "::", "0:", "1", "a", "F", "dead", "12345", "1.2.3.4", "255.255.255.256", ".", "9"};
      text += kPieces[pick(std::size(kPieces))];
    }
    Host::Octets ours{};
    Host::Octets theirs{};
    const bool we_say = read_literal("IPv6:" + text, ours) == Kind::ipv6;
    const bool they_say = inet_pton(AF_INET6, text.c_str(), theirs.data()) == 1;
    if (we_say) {
      ++valid;
      ASSERT_TRUE(they_say) << text;
      ASSERT_EQ(ours, theirs) << text;
    } else if (they_say) {
      // Seven groups and a "::": RFC 5321 4.1.3 does not have it.
      std::size_t colons = 0;
      for (const char c : text) colons += c == ':' ? 1 : 0;
      const std::size_t groups = text.find('.') == std::string::npos ? 8 : 7;
      ASSERT_NE(text.find("::"), std::string::npos) << text;
      ASSERT_GE(colons, groups - 1) << text;
    }
  }
  EXPECT_GT(valid, 1000u);
}

}  // namespace
}  // namespace postrider::protocol
