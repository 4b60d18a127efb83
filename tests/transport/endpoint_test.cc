#include "postrider/transport/endpoint.h"

#include <array>
#include <string>
#include <string_view>

#include <absl/hash/hash.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

namespace postrider::transport {
namespace {

using Family = Endpoint::Family;

TEST(EndpointTest, ParsesWhatItPrints) {
  for (const std::string_view text :
       {"127.0.0.1:25", "0.0.0.0:0", "255.255.255.255:65535", "[::1]:25", "[::]:0", "[2001:db8::1]:587",
        "[fe80::1%2]:25", "unix:/run/lmtp.sock"}) {
    const auto endpoint = Endpoint::parse(text);
    ASSERT_TRUE(endpoint) << text;
    EXPECT_EQ(endpoint->to_string(), text);
  }
}

TEST(EndpointTest, RefusesWhatIsNoEndpoint) {
  for (const std::string_view text : {"",
                                      ":",
                                      "25",
                                      "127.0.0.1",
                                      "127.0.0.1:",
                                      "127.0.0.1:65536",
                                      "127.0.0.1:-1",
                                      "127.0.0.1:+1",
                                      "127.0.0.1: 25",
                                      "127.0.0.1:25 ",
                                      "127.0.0.256:25",
                                      "127.0.1:25",
                                      "localhost:25",
                                      "::1:25",
                                      "[::1]",
                                      "[::1]25",
                                      "[::1:25",
                                      "::1]:25",
                                      "[127.0.0.1]:25",
                                      "[fe80::1%]:25",
                                      "[fe80::1%eth0]:25",
                                      "[]:25",
                                      "unix:",
                                      "unix"}) {
    EXPECT_FALSE(Endpoint::parse(text)) << text;
  }
  EXPECT_FALSE(Endpoint::parse(std::string_view("unix:/a\0b", 9)));
  EXPECT_FALSE(Endpoint::parse("unix:/" + std::string(Endpoint::kMaxPath, 'a')));
  EXPECT_TRUE(Endpoint::parse("unix:/" + std::string(Endpoint::kMaxPath - 1, 'a')));
}

TEST(EndpointTest, ParsesAddressesWithoutPort) {
  EXPECT_EQ(Endpoint::parse_address("192.0.2.1", 25)->to_string(), "192.0.2.1:25");
  EXPECT_EQ(Endpoint::parse_address("2001:db8::1", 25)->to_string(), "[2001:db8::1]:25");
  EXPECT_EQ(Endpoint::parse_address("[2001:db8::1]", 25)->to_string(), "[2001:db8::1]:25");
  EXPECT_FALSE(Endpoint::parse_address("mx.example.org", 25));
  EXPECT_FALSE(Endpoint::parse_address("", 25));
}

TEST(EndpointTest, KnowsItsParts) {
  const auto ipv4 = *Endpoint::parse("192.0.2.7:2525");
  EXPECT_EQ(ipv4.family(), Family::ipv4);
  EXPECT_EQ(ipv4.port(), 2525);
  EXPECT_EQ(ipv4.address_to_string(), "192.0.2.7");
  EXPECT_EQ(ipv4.with_port(1).to_string(), "192.0.2.7:1");
  EXPECT_TRUE(ipv4.is_ip());
  EXPECT_FALSE(ipv4.is_loopback());
  const auto path = Endpoint::local("/run/x");
  EXPECT_EQ(path.family(), Family::local);
  EXPECT_EQ(path.address_to_string(), "/run/x");
  EXPECT_FALSE(path.is_ip());
  EXPECT_EQ(Endpoint().to_string(), "");
  EXPECT_EQ(Endpoint().family(), Family::unspecified);
}

TEST(EndpointTest, KnowsLoopback) {
  for (const std::string_view text : {"127.0.0.1:1", "127.255.0.1:1", "[::1]:1", "unix:/x"}) {
    EXPECT_TRUE(Endpoint::parse(text)->is_loopback()) << text;
  }
  for (const std::string_view text : {"128.0.0.1:1", "[::2]:1", "[1::1]:1", "0.0.0.0:1"}) {
    EXPECT_FALSE(Endpoint::parse(text)->is_loopback()) << text;
  }
  EXPECT_FALSE(Endpoint().is_loopback());
}

TEST(EndpointTest, SurvivesTheSocketInterface) {
  for (const std::string_view text : {"127.0.0.1:25", "[::1]:25", "[fe80::1%3]:25", "unix:/run/lmtp.sock"}) {
    const auto endpoint = *Endpoint::parse(text);
    ::sockaddr_storage storage{};
    const std::size_t length = endpoint.to_sockaddr(&storage);
    EXPECT_EQ(Endpoint::from_sockaddr(reinterpret_cast<const ::sockaddr*>(&storage), length), endpoint)
        << text;
  }
  ::sockaddr_storage storage{};
  EXPECT_EQ(Endpoint().to_sockaddr(&storage), 0U);
  EXPECT_EQ(Endpoint::from_sockaddr(reinterpret_cast<const ::sockaddr*>(&storage), 0), Endpoint());
}

TEST(EndpointTest, AnUnnamedUnixSocketHasNoPath) {
  ::sockaddr_storage storage{};
  storage.ss_family = AF_UNIX;
  const auto endpoint =
      Endpoint::from_sockaddr(reinterpret_cast<const ::sockaddr*>(&storage), sizeof(::sa_family_t));
  EXPECT_EQ(endpoint.family(), Family::local);
  EXPECT_EQ(endpoint.to_string(), "unix:");
}

TEST(EndpointTest, ComparesAndHashesByContents) {
  const auto one = *Endpoint::parse("127.0.0.1:25");
  const auto same = Endpoint::ipv4({127, 0, 0, 1}, 25);
  EXPECT_EQ(one, same);
  EXPECT_EQ(absl::HashOf(one), absl::HashOf(same));
  EXPECT_NE(one, one.with_port(26));
  EXPECT_NE(one, *Endpoint::parse("[::1]:25"));
}

}  // namespace
}  // namespace postrider::transport
