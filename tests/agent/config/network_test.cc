#include "postrider/agent/config/network.h"

#include <gtest/gtest.h>

namespace postrider::agent {
namespace {

bool in(std::string_view network, std::string_view address) {
  return Network::parse(network).value().contains(parse_address(address).value());
}

TEST(Network, HoldsItsAddressesAndNoOthers) {
  EXPECT_TRUE(in("127.0.0.0/8", "127.255.255.255"));
  EXPECT_FALSE(in("127.0.0.0/8", "128.0.0.0"));
  EXPECT_FALSE(in("127.0.0.0/8", "126.255.255.255"));
  EXPECT_TRUE(in("192.0.2.8/29", "192.0.2.15"));
  EXPECT_FALSE(in("192.0.2.8/29", "192.0.2.16"));
  EXPECT_TRUE(in("192.0.2.1", "192.0.2.1"));
  EXPECT_FALSE(in("192.0.2.1", "192.0.2.2"));
  EXPECT_TRUE(in("0.0.0.0/0", "8.8.8.8"));
  EXPECT_TRUE(in("2001:db8::/32", "2001:db8:ffff::1"));
  EXPECT_FALSE(in("2001:db8::/32", "2001:db9::1"));
  EXPECT_TRUE(in("::1/128", "::1"));
}

TEST(Network, KnowsMappedAddressesAsIpv4) {
  EXPECT_TRUE(in("127.0.0.0/8", "::ffff:127.0.0.1"));
  EXPECT_FALSE(in("127.0.0.0/8", "::1"));
  EXPECT_FALSE(in("0.0.0.0/0", "2001:db8::1"));
}

TEST(Network, RefusesWhatIsNone) {
  for (const std::string_view text :
       {"", "localhost", "127.0.0.1/8", "127.0.0.0/33", "127.0.0.0/", "127.0.0.0/-1", "127.0.0", "::/129",
        "2001:db8::1/32", "127.0.0.0/8/8", "/8", "127.0.0.0/8 "}) {
    EXPECT_FALSE(Network::parse(text)) << text;
  }
}

}  // namespace
}  // namespace postrider::agent
