#include "postrider/resolver/mail_domain.h"

#include <algorithm>
#include <cstdint>
#include <memory>

#include <idn2.h>

#include "postrider/transport/endpoint.h"

namespace postrider::resolver {
namespace {

using Failed = std::unexpected<std::string>;

// A name of 253 octets has at most that many characters, each of up to four octets in UTF-8.
constexpr std::size_t kMaxText = 4 * DomainName::kMaxOctets;
constexpr std::string_view kIpv6Tag = "ipv6:";

struct FreeIdn2 {
  void operator()(std::uint8_t* text) const noexcept { idn2_free(text); }
};

constexpr char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
constexpr bool is_letter(char c) noexcept { return lower(c) >= 'a' && lower(c) <= 'z'; }
constexpr bool is_ascii(char c) noexcept { return static_cast<unsigned char>(c) < 0x80; }

// What stands in a domain, RFC 5321 4.1.2, and the underscore: DNS takes it, and hosts have it in their
// names.
constexpr bool may_stand_in_label(char c) noexcept {
  return is_letter(c) || is_digit(c) || c == '-' || c == '_';
}

std::string_view why(int fault) noexcept {
  switch (fault) {
    case IDN2_PUNYCODE_BIG_OUTPUT:
    case IDN2_TOO_BIG_LABEL: return "has a label of more than 63 octets";
    case IDN2_TOO_BIG_DOMAIN: return "is longer than 253 octets";
    case IDN2_ENCODING_ERROR: return "is not well-formed UTF-8";
    case IDN2_BIDI: return "mixes directions of writing as no domain name may";  // RFC 5893 2
    case IDN2_HYPHEN_STARTEND: return "has a label that begins or ends with a hyphen";
    case IDN2_2HYPHEN: return "has a label with two hyphens in its third and fourth place";
    case IDN2_LEADING_COMBINING: return "has a label that begins with a combining mark";
    case IDN2_PUNYCODE_BAD_INPUT:
    case IDN2_INVALID_ALABEL:
    case IDN2_UALABEL_MISMATCH:
    case IDN2_ALABEL_ROUNDTRIP_FAILED: return "has a label in xn-- form that stands for nothing";
    case IDN2_MALLOC: return "cannot be converted: out of memory";
    default: return "has a character that no domain name may have";  // RFC 5892
  }
}

// A name of ASCII in lower case, or what is wrong with it.
std::expected<std::string, std::string> checked(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  if (name.empty()) return Failed("is no domain name");
  if (name.size() + 2 > DomainName::kMaxOctets) return Failed("is longer than 253 octets");
  std::string_view label;
  for (std::string_view rest = name;;) {
    const std::size_t dot = rest.find('.');
    label = rest.substr(0, dot);
    if (label.empty()) return Failed("has an empty label");
    if (label.size() > DomainName::kMaxLabel) return Failed("has a label of more than 63 octets");
    if (!std::ranges::all_of(label, may_stand_in_label))
      return Failed("has a character that no domain name may have");
    if (label.front() == '-' || label.back() == '-')
      return Failed("has a label that begins or ends with a hyphen");
    if (dot == std::string_view::npos) break;
    rest.remove_prefix(dot + 1);
  }
  // No top-level domain is a number, RFC 3696 2: this is "192.0.2.1" without its brackets.
  if (std::ranges::all_of(label, is_digit)) return Failed("ends in a number; an address stands in brackets");
  std::string out(name);
  std::ranges::transform(out, out.begin(), lower);
  return out;
}

bool is_tagged_ipv6(std::string_view inside) noexcept {
  return inside.size() >= kIpv6Tag.size() &&
         std::ranges::equal(inside.substr(0, kIpv6Tag.size()), kIpv6Tag, {}, lower);
}

// What stands in the brackets of an address-literal, RFC 5321 4.1.3.
std::expected<Address, std::string> literal_of(std::string_view inside) {
  const bool ipv6 = is_tagged_ipv6(inside);
  if (ipv6) inside.remove_prefix(kIpv6Tag.size());
  // A zone would be one of ours, and brackets inside of brackets are nothing.
  const auto parsed = inside.find_first_of("%[]") == std::string_view::npos
                          ? transport::Endpoint::parse_address(inside, 0)
                          : std::nullopt;
  if (!parsed) {
    const bool general = !ipv6 && inside.contains(':') && is_letter(inside.front());
    return Failed(general ? "is an address literal of a kind that nobody can deliver to"
                          : "is an address literal without an address");
  }
  const bool is_ipv6 = parsed->family() == transport::Endpoint::Family::ipv6;
  if (is_ipv6 != ipv6) {
    return Failed(is_ipv6 ? "is an IPv6 address literal without the tag 'IPv6:'"
                          : "is an address literal with the tag 'IPv6:' and an IPv4 address");
  }
  Address address;
  address.family = is_ipv6 ? Address::Family::ipv6 : Address::Family::ipv4;
  address.octets = parsed->address();
  return address;
}

}  // namespace

std::expected<std::string, std::string> to_ascii(std::string_view domain) {
  if (std::ranges::all_of(domain, is_ascii)) return checked(domain);
  if (domain.size() > kMaxText) return Failed("is longer than 253 octets");
  // libidn2 would stop there.
  if (domain.contains('\0')) return Failed("has a character that no domain name may have");
  const std::string ended(domain);
  std::uint8_t* made = nullptr;
  const int fault = idn2_lookup_u8(reinterpret_cast<const std::uint8_t*>(ended.c_str()), &made,
                                   IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
  const std::unique_ptr<std::uint8_t, FreeIdn2> owned(made);
  if (fault != IDN2_OK) return Failed(std::string(why(fault)));
  // Once more: what is mapped, as U+FF0F to a slash, may become anything in ASCII.
  return checked(reinterpret_cast<const char*>(owned.get()));
}

std::expected<MailDomain, std::string> MailDomain::parse(std::string_view text) {
  MailDomain out;
  if (text.starts_with('[')) {
    if (text.size() < 2 || !text.ends_with(']')) return Failed("is an address literal without its bracket");
    auto literal = literal_of(text.substr(1, text.size() - 2));
    if (!literal) return Failed(std::move(literal.error()));
    out.literal = *literal;
    return out;
  }
  auto ascii = to_ascii(text);
  if (!ascii) return Failed(std::move(ascii.error()));
  auto name = DomainName::parse(*ascii);
  if (!name) return Failed("is no domain name");
  out.name = *std::move(name);
  return out;
}

std::string MailDomain::text() const {
  if (!literal) return name.text();
  return (literal->family == Address::Family::ipv6 ? "[IPv6:" : "[") + to_string(*literal) + "]";
}

}  // namespace postrider::resolver
