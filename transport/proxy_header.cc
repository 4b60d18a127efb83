#include "postrider/transport/proxy_header.h"

#include <algorithm>
#include <cassert>
#include <charconv>
#include <cstdint>
#include <optional>

namespace postrider::transport {
namespace {

// "\r\n\r\n\0\r\nQUIT\n": no other protocol begins like this.
constexpr std::string_view kSignature("\x0D\x0A\x0D\x0A\x00\x0D\x0A\x51\x55\x49\x54\x0A", 12);
constexpr std::size_t kHead = 16;

constexpr std::uint8_t kVersion2 = 0x20;
constexpr std::uint8_t kLocal = 0;
constexpr std::uint8_t kProxy = 1;

// The high half is the address family, the low half the transport; a receiver must treat the ones it does not
// serve as unspecified.
constexpr std::uint8_t kTcp4 = 0x11;
constexpr std::uint8_t kTcp6 = 0x21;
constexpr std::uint8_t kUnixStream = 0x31;
constexpr std::size_t kUnixPath = 108;

std::uint8_t octet_at(std::string_view text, std::size_t at) { return static_cast<std::uint8_t>(text[at]); }

std::uint16_t number_at(std::string_view text, std::size_t at) {
  return static_cast<std::uint16_t>(octet_at(text, at) << 8 | octet_at(text, at + 1));
}

template <std::size_t N>
std::array<std::uint8_t, N> address_at(std::string_view text, std::size_t at) {
  std::array<std::uint8_t, N> address;
  for (std::size_t i = 0; i < N; ++i) address[i] = octet_at(text, at + i);
  return address;
}

Endpoint path_at(std::string_view text, std::size_t at) {
  std::string_view path = text.substr(at, kUnixPath);
  path = path.substr(0, path.find('\0'));
  return Endpoint::local(std::string(path.substr(0, Endpoint::kMaxPath)));
}

// The next word of a line whose words are parted by exactly one space.
std::string_view take_word(std::string_view& line) {
  const std::size_t space = std::min(line.find(' '), line.size());
  const std::string_view word = line.substr(0, space);
  line.remove_prefix(std::min(space + 1, line.size()));
  return word;
}

// 0 to 65535, without leading zeros.
std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (text.size() > 1 && text.front() == '0') return std::nullopt;
  return port;
}

std::optional<Endpoint> endpoint_of(std::string_view address, std::string_view port,
                                    Endpoint::Family family) {
  const std::optional<std::uint16_t> number = parse_port(port);
  // No brackets and no scope here.
  if (!number || address.find_first_of("[%") != std::string_view::npos) return std::nullopt;
  std::optional<Endpoint> endpoint = Endpoint::parse_address(address, *number);
  if (!endpoint || endpoint->family() != family) return std::nullopt;
  return endpoint;
}

}  // namespace

void ProxyHeaderReader::fail() noexcept {
  malformed_ = true;
  wanted_ = 0;
}

void ProxyHeaderReader::take(std::string_view octets) {
  assert(!octets.empty() && octets.size() <= wanted_);
  text_.append(octets);
  wanted_ -= octets.size();
  if (!text_.starts_with(kSignature.substr(0, text_.size())) &&
      !text_.starts_with(std::string_view("PROXY ").substr(0, text_.size()))) {
    return fail();
  }
  if (wanted_ != 0) return;
  if (text_.front() == 'P') return read_line();
  if (text_.size() < kHead) {
    wanted_ = kHead - text_.size();
  } else if (text_.size() == kHead) {
    read_head();
  } else {
    read_addresses();
  }
}

// "PROXY TCP4 192.0.2.1 198.51.100.1 56324 25" CRLF. The end is looked for octet by octet, since nothing
// behind it may be read.
void ProxyHeaderReader::read_line() {
  std::string_view line = text_;
  if (!line.ends_with("\r\n")) {
    if (line.size() == kLongestLine) return fail();
    wanted_ = 1;
    return;
  }
  line.remove_suffix(2);
  if (line.find_first_of("\r\n") != std::string_view::npos) return fail();
  take_word(line);
  const std::string_view protocol = take_word(line);
  if (protocol == "UNKNOWN") return;  // whatever follows it
  const bool four = protocol == "TCP4";
  if (!four && protocol != "TCP6") return fail();
  const Endpoint::Family family = four ? Endpoint::Family::ipv4 : Endpoint::Family::ipv6;
  const std::string_view source = take_word(line);
  const std::string_view destination = take_word(line);
  const std::string_view source_port = take_word(line);
  const auto from = endpoint_of(source, source_port, family);
  const auto to = endpoint_of(destination, line, family);
  if (!from || !to) return fail();
  header_ = {*from, *to};
}

void ProxyHeaderReader::read_head() {
  const std::uint8_t version_and_command = octet_at(text_, 12);
  const std::size_t behind = number_at(text_, 14);
  const bool known =
      version_and_command == (kVersion2 | kLocal) || version_and_command == (kVersion2 | kProxy);
  if (!known || behind > kMostBehindHead) return fail();
  wanted_ = behind;
  if (behind == 0) read_addresses();
}

void ProxyHeaderReader::read_addresses() {
  if (octet_at(text_, 12) == (kVersion2 | kLocal)) return;
  const std::size_t length = text_.size() - kHead;
  switch (octet_at(text_, 13)) {
    case kTcp4:
      if (length < 12) return fail();
      header_ = {Endpoint::ipv4(address_at<4>(text_, kHead), number_at(text_, kHead + 8)),
                 Endpoint::ipv4(address_at<4>(text_, kHead + 4), number_at(text_, kHead + 10))};
      return;
    case kTcp6:
      if (length < 36) return fail();
      header_ = {Endpoint::ipv6(address_at<16>(text_, kHead), number_at(text_, kHead + 32)),
                 Endpoint::ipv6(address_at<16>(text_, kHead + 16), number_at(text_, kHead + 34))};
      return;
    case kUnixStream:
      if (length < 2 * kUnixPath) return fail();
      header_ = {path_at(text_, kHead), path_at(text_, kHead + kUnixPath)};
      return;
    default: return;
  }
}

Task<std::expected<ProxyHeader, error_code>> read_proxy_header(Stream& stream) {
  ProxyHeaderReader reader;
  std::array<char, 512> buffer;
  while (reader.wanted() != 0) {
    const std::span<char> space = std::span(buffer).first(std::min(buffer.size(), reader.wanted()));
    const IoResult result = co_await stream.read_some(space);
    if (result.status == IoStatus::end) co_return std::unexpected(error_code(error::eof));
    if (!result.done()) co_return std::unexpected(result.error);
    reader.take({buffer.data(), result.octets});
  }
  if (reader.malformed()) co_return std::unexpected(error_code(error::invalid_argument));
  co_return reader.header();
}

}  // namespace postrider::transport
