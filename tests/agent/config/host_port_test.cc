#include "postrider/agent/config/host_port.h"

#include <vector>

#include <gtest/gtest.h>

namespace postrider::agent {
namespace {

TEST(HostPort, ReadsHostsWithAndWithoutPort) {
  struct Case {
    std::string_view text;
    HostPort expected;
  };
  const std::vector<Case> good{
      {"127.0.0.1:2525", {"127.0.0.1", 2525}},    {"[::1]:25", {"::1", 25}},
      {"[2001:db8::1]", {"2001:db8::1", 24}},     {"mx.example.org:65535", {"mx.example.org", 65535}},
      {"mx.example.org", {"mx.example.org", 24}}, {"localhost:1", {"localhost", 1}}};
  for (const Case& each : good) {
    const auto parsed = parse_host_port(each.text, std::uint16_t{24});
    ASSERT_TRUE(parsed) << each.text;
    EXPECT_EQ(*parsed, each.expected) << each.text;
    EXPECT_EQ(parse_host_port(to_text(*parsed)), *parsed);
  }
}

TEST(HostPort, RefusesWhatNamesNoPlace) {
  for (const std::string_view text :
       {"", ":25", "host:", "host:0", "host:65536", "host:-1", "host:25x", "::1", "::1:25", "[::1", "[::1]25",
        "[example.org]:25", "[]:25", "ho st:25", "ho\nst:25", "a/b:25", "a@b:25", "host"}) {
    EXPECT_FALSE(parse_host_port(text)) << text;
  }
}

TEST(HostPort, ListensOnAddressesAlone) {
  EXPECT_EQ(parse_listen_address("127.0.0.1:0"), (HostPort{"127.0.0.1", 0}));
  EXPECT_EQ(parse_listen_address("localhost:25"), (HostPort{"127.0.0.1", 25}));
  EXPECT_EQ(parse_listen_address("*:25"), (HostPort{"0.0.0.0", 25}));
  EXPECT_EQ(parse_listen_address("[::]:25"), (HostPort{"::", 25}));
  EXPECT_FALSE(parse_listen_address("mx.example.org:25"));
  EXPECT_FALSE(parse_listen_address("127.0.0.1"));
  EXPECT_FALSE(parse_listen_address("256.0.0.1:25"));
}

}  // namespace
}  // namespace postrider::agent
