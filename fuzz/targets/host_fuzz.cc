// A host is its own text, and the octets of an address literal are those that inet_pton() reads.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <arpa/inet.h>

#include "postrider/fuzz/support/alphabet.h"
#include "postrider/fuzz/support/fuzz_input.h"
#include "postrider/fuzz/support/grammar_reference.h"
#include "postrider/fuzz/support/require.h"
#include "postrider/protocol/grammar/address.h"
#include "postrider/protocol/grammar/utf8.h"

namespace {

using namespace postrider::protocol;
using namespace postrider::fuzz;

constexpr std::array<std::string_view, 32> kWords = {
    "[",      "]",     "[IPv6:", "[",   "]",   ":",        ":",    "::",   ".",     ".",        "0",
    "1",      "9",     "25",     "255", "256", "a",        "F",    "0db8", "12345", "-",        "example",
    "x-tag:", "IPv6:", "%",      " ",   "\\",  "\xC3\xA9", "\xC3", "_",    "\r\n",  "192.0.2.1"};

// Leading zeros are legal in SMTP's Snum = 1*3DIGIT and no octal; inet_pton() refuses them.
std::string without_leading_zeros(std::string_view dotted) {
  std::string out;
  for (std::size_t i = 0; i < dotted.size(); ++i) {
    const bool first = out.empty() || out.back() == '.' || out.back() == ':';
    const bool followed = i + 1 < dotted.size() && dotted[i + 1] >= '0' && dotted[i + 1] <= '9';
    if (!(first && dotted[i] == '0' && followed)) out += dotted[i];
  }
  return out;
}

std::string dotted_end_without_zeros(std::string_view ipv6) {
  if (ipv6.find('.') == std::string_view::npos) return std::string(ipv6);
  const std::size_t colon = ipv6.rfind(':') + 1;
  return std::string(ipv6.substr(0, colon)) + without_leading_zeros(ipv6.substr(colon));
}

// RFC 5321 4.1.3: "::" stands for at least two groups; inet_pton() lets it stand for one.
bool gap_of_one_group(std::string_view ipv6) {
  const std::ptrdiff_t colons = std::count(ipv6.begin(), ipv6.end(), ':');
  const std::ptrdiff_t groups = colons + (ipv6.find('.') == std::string_view::npos ? 0 : 1);
  const bool at_edge = ipv6.starts_with("::") || ipv6.ends_with("::");
  return ipv6.find("::") != std::string_view::npos && groups == (at_edge ? 8 : 7);
}

void check_literal(const Host& host) {
  const std::string_view inside = host.text().substr(1, host.text().size() - 2);
  Host::Octets expected{};
  if (host.kind() == Host::Kind::ipv4) {
    const std::string dotted = without_leading_zeros(inside);
    require(inet_pton(AF_INET, dotted.c_str(), expected.data()) == 1, "inet_pton() reads the IPv4 address");
  } else if (host.kind() == Host::Kind::ipv6) {
    const std::string address = dotted_end_without_zeros(inside.substr(5));
    require(inet_pton(AF_INET6, address.c_str(), expected.data()) == 1, "inet_pton() reads the IPv6 address");
    require(!gap_of_one_group(address), "RFC 5321 4.1.3: :: stands for two groups or more");
  }
  require(host.octets() == expected, "the octets are those of the address");
}

Result<Host> check(std::string_view text, Utf8 utf8) {
  const Result<Host> host = Host::parse(text, utf8);
  if (!host) return host;
  require_equal(host->text(), text, "a host is its own text");
  require(text.size() <= kMaxDomain && is_utf8(text) && fits_one_line(text), "short, UTF-8, one line");
  require(host->is_literal() == (text.front() == '['), "a literal has brackets");
  require(host->kind() != Host::Kind::none && host->kind() != Host::Kind::junk, "parsing gives no junk");
  if (host->is_literal()) {
    require(text.back() == ']', "a literal ends in a bracket");
    check_literal(*host);
  } else {
    require(host->octets() == Host::Octets{}, "a domain has no octets");
    if (utf8 == Utf8::no) require(is_domain(text), "the ABNF has it");
  }
  return host;
}

// What inet_pton() reads must be accepted.
void check_completeness(std::string_view text, const Result<Host>& host) {
  if (!text.starts_with("[") || !text.ends_with("]") || text.size() < 2) {
    if (is_domain(text)) require(host.has_value(), "what the ABNF has is accepted");
    return;
  }
  const std::string inside(text.substr(1, text.size() - 2));
  if (inside.find('\0') != std::string::npos) return;
  Host::Octets octets;
  if (inet_pton(AF_INET, inside.c_str(), octets.data()) == 1) {
    require(host && host->kind() == Host::Kind::ipv4, "an IPv4 address is accepted");
  }
  if (inside.starts_with("IPv6:") && inet_pton(AF_INET6, inside.c_str() + 5, octets.data()) == 1 &&
      !gap_of_one_group(std::string_view(inside).substr(5))) {
    require(host && host->kind() == Host::Kind::ipv6, "an IPv6 address is accepted");
  }
}

void run(std::string_view octets) {
  const ExactCopy copy(octets);
  const std::string_view text = copy.view();
  const Result<Host> ascii = check(text, Utf8::no);
  const Result<Host> utf8 = check(text, Utf8::yes);
  if (ascii) require(utf8 && *utf8 == *ascii, "UTF-8 being allowed changes nothing for ASCII");
  check_completeness(text, ascii);

  Cursor cursor(text);
  const Result<Host> literal = address_literal(cursor);
  if (literal) {
    require_equal(cursor.since(0), literal->text(), "a literal is as long as its text");
  } else {
    require(cursor.offset() == 0, "a recogniser that fails does not move");
  }
  Cursor name(text);
  const Result<std::string_view> found = domain(name, Utf8::yes);
  require_equal(name.since(0), found.value_or(std::string_view()), "a domain is as long as its text");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  if (size > 512) return 0;
  const std::string_view text = FuzzInput::as_text(octets, size);
  run(text);
  run(spell(text, kWords));
  run("[" + spell(text, kWords) + "]");
  return 0;
}
