#include "postrider/transport/proxy_header.h"

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "postrider/tests/support/run_task.h"
#include "postrider/transport/memory_stream.h"

namespace postrider::transport {
namespace {

using namespace std::string_literals;

const std::string kSignature = "\r\n\r\n\0\r\nQUIT\n"s;

std::string version2(char command, char family, const std::string& behind) {
  return kSignature + command + family + static_cast<char>(behind.size() >> 8) +
         static_cast<char>(behind.size() & 0xff) + behind;
}

std::string path(std::string text) {
  text.resize(108);
  return text;
}

const std::string kTcp4 = "\xC0\x00\x02\x01\xC6\x33\x64\x02\xDC\x04\x00\x19"s;
const std::string kTcp6 = "\x20\x01\x0d\xb8"s + std::string(11, '\0') + "\x01" + std::string(15, '\0') +
                          "\x01" + "\x04\x00\x00\x19"s;

// Feeds at most `cut` octets at a time. nullopt: malformed. What was read of `wire` goes to `read`.
std::optional<ProxyHeader> read(std::string_view wire, std::size_t cut, std::size_t& read) {
  ProxyHeaderReader reader;
  read = 0;
  while (reader.wanted() != 0 && read < wire.size()) {
    const std::string_view piece = wire.substr(read, std::min(cut, reader.wanted()));
    reader.take(piece);
    read += piece.size();
  }
  EXPECT_EQ(reader.wanted(), 0U) << "incomplete";
  if (reader.malformed()) return std::nullopt;
  return reader.header();
}

struct Good {
  std::string wire;
  std::string_view source;
  std::string_view destination;
};

const std::vector<Good>& good() {
  static const std::vector<Good> all = {
      {"PROXY TCP4 192.0.2.1 198.51.100.2 56324 25\r\n", "192.0.2.1:56324", "198.51.100.2:25"},
      {"PROXY TCP6 2001:db8::1 ::1 1024 25\r\n", "[2001:db8::1]:1024", "[::1]:25"},
      {"PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n", "255.255.255.255:65535",
       "255.255.255.255:65535"},
      {"PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 "
       "65535\r\n",
       "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535", "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535"},
      {"PROXY UNKNOWN\r\n", "", ""},
      {"PROXY UNKNOWN ffff::1 ffff::2 65535 65535\r\n", "", ""},
      {version2('\x21', '\x11', kTcp4), "192.0.2.1:56324", "198.51.100.2:25"},
      {version2('\x21', '\x21', kTcp6), "[2001:db8::1]:1024", "[::1]:25"},
      {version2('\x21', '\x31', path("/run/client") + path("/run/mx")), "unix:/run/client", "unix:/run/mx"},
      {version2('\x21', '\x11', kTcp4 + "\x04\x00\x03xyz"s), "192.0.2.1:56324", "198.51.100.2:25"},  // TLV
      {version2('\x20', '\x00', ""), "", ""},                                                        // LOCAL
      {version2('\x20', '\x11', kTcp4), "", ""},       // LOCAL: whatever it says
      {version2('\x21', '\x00', "whatever"), "", ""},  // PROXY, unspecified
      {version2('\x21', '\x12', kTcp4), "", ""},       // a datagram
      {version2('\x21', '\x7f', ""), "", ""},          // a family of the future
  };
  return all;
}

std::string text_of(const Endpoint& endpoint) {
  return endpoint == Endpoint() ? std::string() : endpoint.to_string();
}

TEST(ProxyHeader, IsReadHoweverItIsCutAndNotAnOctetMore) {
  for (const Good& each : good()) {
    SCOPED_TRACE(testing::PrintToString(each.wire));
    for (const std::size_t cut : {std::size_t{1}, std::size_t{2}, std::size_t{7}, std::size_t{4096}}) {
      std::size_t octets = 0;
      const auto header = read(each.wire + "EHLO client\r\n", cut, octets);
      ASSERT_TRUE(header);
      EXPECT_EQ(text_of(header->source), each.source);
      EXPECT_EQ(text_of(header->destination), each.destination);
      EXPECT_EQ(octets, each.wire.size());
    }
  }
}

TEST(ProxyHeader, MalformedOnesAreRefused) {
  const std::vector<std::string> bad = {
      "EHLO client.example.org\r\n",
      "PROXY\r\n0123456789",
      "proxy UNKNOWN\r\n",
      "PROXY  TCP4 192.0.2.1 198.51.100.2 1 25\r\n",
      "PROXY TCP4 192.0.2.1 198.51.100.2 1\r\n",
      "PROXY TCP4 192.0.2.1 198.51.100.2 1 25 \r\n",
      "PROXY TCP4 192.0.2.1 198.51.100.2 1 25 26\r\n",
      "PROXY TCP4 192.0.2.1 198.51.100.2 1 65536\r\n",
      "PROXY TCP4 192.0.2.1 198.51.100.2 01 25\r\n",
      "PROXY TCP4 192.0.2.1 198.51.100.2 -1 25\r\n",
      "PROXY TCP4 192.0.2.1 198.51.100.2 1 \r\n",
      "PROXY TCP4 2001:db8::1 ::1 1024 25\r\n",
      "PROXY TCP6 192.0.2.1 198.51.100.2 1 25\r\n",
      "PROXY TCP6 [2001:db8::1] [::1] 1024 25\r\n",
      "PROXY TCP6 fe80::1%2 ::1 1024 25\r\n",
      "PROXY TCP4 mx.example.org 198.51.100.2 1 25\r\n",
      "PROXY TCP5 192.0.2.1 198.51.100.2 1 25\r\n",
      "PROXY UNKNOWN\rx " + std::string(93, 'x'),
      "PROXY UNKNOWN " + std::string(93, 'x'),  // 107 octets, and no end in sight
      "PROXY TCP4 192.0.2.1\r198.51.100.2 1 25\r\n",
      version2('\x11', '\x11', kTcp4),            // version 1 in this form
      version2('\x22', '\x11', kTcp4),            // neither LOCAL nor PROXY
      version2('\x21', '\x11', kTcp4.substr(1)),  // short
      version2('\x21', '\x21', kTcp4),
      version2('\x21', '\x31', path("/run/client")),
      version2('\x21', '\x11', std::string(16 * 1024 + 1, 'x')),
      "\r\n\r\n\0\r\nQUIX\n!\x11\0\0"s,
  };
  for (const std::string& wire : bad) {
    SCOPED_TRACE(testing::PrintToString(wire.substr(0, 60)));
    for (const std::size_t cut : {std::size_t{1}, std::size_t{4096}}) {
      std::size_t octets = 0;
      EXPECT_FALSE(read(wire, cut, octets));
    }
  }
}

class ReadProxyHeaderTest : public testing::Test {
 protected:
  void say(std::string_view text) { client_->try_write(std::span(&text, 1)); }
  auto read() { return tests::run_task(loop_, read_proxy_header(*server_)); }

  ManualClock clock_;
  Loop loop_{clock_};
  MemoryStream::Pair ends_ = MemoryStream::make_pair(loop_);
  std::unique_ptr<MemoryStream> client_ = std::move(ends_.first);
  std::unique_ptr<MemoryStream> server_ = std::move(ends_.second);
};

TEST_F(ReadProxyHeaderTest, LeavesWhatFollows) {
  say(good().front().wire + "EHLO client\r\n");
  const auto header = read();
  ASSERT_TRUE(header);
  EXPECT_EQ(header->source.to_string(), "192.0.2.1:56324");
  std::array<char, 64> buffer;
  EXPECT_EQ(std::string_view(buffer.data(), server_->try_read(buffer).octets), "EHLO client\r\n");
}

TEST_F(ReadProxyHeaderTest, SaysWhatWentWrong) {
  say("EHLO client.example.org\r\n");
  EXPECT_EQ(read().error(), error::invalid_argument);
}

TEST_F(ReadProxyHeaderTest, SaysThatTheStreamEnded) {
  say("PROXY TCP4");
  client_->finish_writing();
  EXPECT_EQ(read().error(), error::eof);
}

TEST_F(ReadProxyHeaderTest, KeepsTheDeadline) {
  say("PROXY TCP4");
  server_->expires_at(later(loop_.now(), std::chrono::seconds(10)));
  std::optional<std::expected<ProxyHeader, error_code>> header;
  loop_.spawn(tests::keep_result(read_proxy_header(*server_), header));
  tests::settle(loop_);
  EXPECT_FALSE(header);
  clock_.advance(std::chrono::seconds(11));
  loop_.expire();
  tests::settle(loop_);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->error(), error::timed_out);
}

}  // namespace
}  // namespace postrider::transport
