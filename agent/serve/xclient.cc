#include "postrider/agent/serve/xclient.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "postrider/agent/accounts/user_name.h"
#include "postrider/protocol/grammar/address.h"
#include "postrider/protocol/grammar/octets.h"
#include "postrider/protocol/grammar/xtext.h"

namespace postrider::agent {
namespace {

using protocol::equal_ignoring_case;
using protocol::Reply;
using transport::Endpoint;

constexpr std::size_t kMaxValue = 255;  // XCLIENT_README, note 1; what a log line is made of, too
constexpr std::string_view kUnavailable = "[UNAVAILABLE]";
constexpr std::string_view kTemporary = "[TEMPUNAVAIL]";

Reply bad(std::string text) {
  return Reply(protocol::code::bad_arguments, protocol::status::invalid_arguments, std::move(text));
}

// ---- Values; nullopt: not one of these ----

std::optional<std::string> host_name(std::string_view text) {
  if (equal_ignoring_case(text, kUnavailable) || equal_ignoring_case(text, kTemporary)) return std::string();
  // The DNS has names with "_" that no host should have.
  std::string plain(text);
  std::ranges::replace(plain, '_', 'x');
  const auto host = protocol::Host::parse(plain);
  if (!host || host->kind() != protocol::Host::Kind::domain) return std::nullopt;
  return std::string(text);
}

std::optional<Endpoint> address(std::string_view text) {
  constexpr std::string_view kIpv6 = "IPV6:";
  if (equal_ignoring_case(text, kUnavailable)) return Endpoint();
  const bool ipv6 = text.size() > kIpv6.size() && equal_ignoring_case(text.substr(0, kIpv6.size()), kIpv6);
  if (ipv6) text.remove_prefix(kIpv6.size());
  if (text.find_first_of("[]%") != text.npos) return std::nullopt;
  std::optional<Endpoint> parsed = Endpoint::parse_address(text, 0);
  if (!parsed || (parsed->family() == Endpoint::Family::ipv6) != ipv6) return std::nullopt;
  return parsed;
}

std::optional<std::uint16_t> port(std::string_view text) {
  if (equal_ignoring_case(text, kUnavailable)) return 0;
  std::uint16_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end || number == 0) return std::nullopt;
  return number;
}

std::optional<bool> extended(std::string_view text) {
  if (equal_ignoring_case(text, "ESMTP")) return true;
  if (equal_ignoring_case(text, "SMTP")) return false;
  return std::nullopt;
}

// As with EHLO: what is no name of a host is not repeated in a header.
std::optional<std::string> hello(std::string_view text) {
  if (equal_ignoring_case(text, kUnavailable) || !protocol::Host::parse(text)) return std::string();
  return std::string(text);
}

std::optional<std::string> login(std::string_view text) {
  if (equal_ignoring_case(text, kUnavailable)) return std::string();
  auto name = canonical_user_name(text);
  if (!name) return std::nullopt;
  return *std::move(name);
}

// ---- Attributes ----

template <class T>
bool set(std::optional<T>& member, std::optional<T> value) {
  if (!value) return false;
  member = std::move(value);
  return true;
}

using Take = bool (*)(XclientAttributes& out, std::string_view value);
struct Attribute {
  std::string_view name;
  Take take;
};
using Out = XclientAttributes;
using Text = std::string_view;

constexpr std::array<Attribute, 9> kAttributes{{
    {"NAME", [](Out& out, Text value) { return set(out.name, host_name(value)); }},
    {"ADDR", [](Out& out, Text value) { return set(out.address, address(value)); }},
    {"PROTO", [](Out& out, Text value) { return set(out.extended, extended(value)); }},
    {"HELO", [](Out& out, Text value) { return set(out.hello, hello(value)); }},
    {"REVERSE_NAME", [](Out& out, Text value) { return set(out.reverse_name, host_name(value)); }},
    {"PORT", [](Out& out, Text value) { return set(out.port, port(value)); }},
    {"LOGIN", [](Out& out, Text value) { return set(out.login, login(value)); }},
    {"DESTADDR", [](Out& out, Text value) { return set(out.destination, address(value)); }},
    {"DESTPORT", [](Out& out, Text value) { return set(out.destination_port, port(value)); }},
}};

std::optional<Reply> read_attribute(std::string_view word, XclientAttributes& out) {
  const std::size_t equals = word.find('=');
  if (equals == word.npos || equals == 0 || equals + 1 == word.size()) {
    return bad("Error: attribute=value expected");
  }
  const std::string_view name = word.substr(0, equals);
  const auto* const attribute = std::ranges::find_if(
      kAttributes, [&](const Attribute& each) { return equal_ignoring_case(each.name, name); });
  if (attribute == kAttributes.end()) return bad("Bad XCLIENT attribute name");
  std::array<char, 3 * kMaxValue> room{};  // each octet may be written as three
  const auto value = protocol::xtext_decode(word.substr(equals + 1), room);
  if (!value || value->size() > kMaxValue || !attribute->take(out, *value))
    return bad("Bad " + std::string(attribute->name) + " value");
  return std::nullopt;
}

template <class T>
void replace(std::optional<T>& member, std::optional<T>&& more) {
  if (more) member = std::move(more);
}

}  // namespace

const protocol::ExtensionTable& xclient_extensions() {
  static const protocol::ExtensionTable table = [] {
    protocol::ExtensionTable made;
    protocol::VerbExtension verb;
    verb.name = kXclient;
    verb.argument = protocol::Presence::required;
    verb.moment = protocol::VerbExtension::Moment::between_transactions;
    verb.restarts_session = true;
    made.add_verb(std::move(verb));
    return made;
  }();
  return table;
}

void XclientAttributes::update(XclientAttributes more) {
  replace(name, std::move(more.name));
  replace(reverse_name, std::move(more.reverse_name));
  replace(address, std::move(more.address));
  replace(port, std::move(more.port));
  replace(destination, std::move(more.destination));
  replace(destination_port, std::move(more.destination_port));
  replace(extended, std::move(more.extended));
  replace(hello, std::move(more.hello));
  replace(login, std::move(more.login));
}

void XclientAttributes::forget_at_tls() {
  name.reset();
  reverse_name.reset();
  extended.reset();
  hello.reset();
  login.reset();
}

// The real port has nothing to do with another address.
Endpoint XclientAttributes::peer(const Endpoint& real) const {
  const Endpoint base = address.value_or(real);
  if (!base.is_ip()) return base;
  return port ? base.with_port(*port) : base;
}

std::optional<Endpoint> XclientAttributes::local(const Endpoint& real) const {
  if (!destination && !destination_port) return std::nullopt;
  const Endpoint base = destination.value_or(real);
  if (!base.is_ip()) return base;
  return destination_port ? base.with_port(*destination_port) : base;
}

std::expected<XclientAttributes, Reply> parse_xclient(std::string_view argument) {
  XclientAttributes out;
  for (std::size_t begin = 0; begin <= argument.size();) {
    const std::size_t end = std::min(argument.find(' ', begin), argument.size());
    if (auto refusal = read_attribute(argument.substr(begin, end - begin), out)) {
      return std::unexpected(*std::move(refusal));
    }
    begin = end + 1;
  }
  return out;
}

}  // namespace postrider::agent
