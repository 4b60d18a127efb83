#include "postrider/resolver/domain_name.h"

#include <algorithm>

namespace postrider::resolver {
namespace {

constexpr char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

// One character of the presentation form, RFC 1035 5.1; takes it from the front of `text`.
struct Character {
  char octet = 0;
  bool escaped = false;
};
std::optional<Character> take(std::string_view& text) {
  if (text.front() != '\\') {
    const char plain = text.front();
    text.remove_prefix(1);
    return Character{plain, false};
  }
  text.remove_prefix(1);
  if (text.empty()) return std::nullopt;
  if (!is_digit(text.front())) {
    const char quoted = text.front();
    text.remove_prefix(1);
    return Character{quoted, true};
  }
  if (text.size() < 3 || !is_digit(text[1]) || !is_digit(text[2])) return std::nullopt;
  const int value = (text[0] - '0') * 100 + (text[1] - '0') * 10 + (text[2] - '0');
  if (value > 255) return std::nullopt;
  text.remove_prefix(3);
  return Character{static_cast<char>(value), true};
}

void append_label(std::string& wire, std::string_view label) {
  wire += static_cast<char>(label.size());
  std::ranges::transform(label, std::back_inserter(wire), lower);
}

void append_escaped(std::string& text, char c) {
  const auto octet = static_cast<unsigned char>(c);
  if (octet <= 0x20 || octet >= 0x7f) {
    text += '\\';
    text += static_cast<char>('0' + octet / 100);
    text += static_cast<char>('0' + octet / 10 % 10);
    text += static_cast<char>('0' + octet % 10);
    return;
  }
  if (std::string_view(".\\\"();@$").find(c) != std::string_view::npos) text += '\\';
  text += c;
}

}  // namespace

std::optional<DomainName> DomainName::parse(std::string_view text) {
  if (text == ".") return DomainName();
  if (text.empty()) return std::nullopt;
  std::string wire;
  std::string label;
  while (!text.empty()) {
    const auto next = take(text);
    if (!next) return std::nullopt;
    if (next->octet == '.' && !next->escaped) {
      if (label.empty()) return std::nullopt;
      append_label(wire, label);
      label.clear();
      continue;
    }
    label += next->octet;
    if (label.size() > kMaxLabel || wire.size() + label.size() + 2 > kMaxOctets) return std::nullopt;
  }
  if (!label.empty()) append_label(wire, label);
  wire += '\0';
  return DomainName(std::move(wire));
}

std::optional<DomainName> DomainName::from_wire(std::string_view wire) {
  if (wire.empty() || wire.size() > kMaxOctets) return std::nullopt;
  std::string out;
  while (!wire.empty()) {
    const auto size = static_cast<std::size_t>(static_cast<unsigned char>(wire.front()));
    if (size == 0) {
      if (wire.size() != 1) return std::nullopt;
      out += '\0';
      return DomainName(std::move(out));
    }
    if (size > kMaxLabel || size >= wire.size()) return std::nullopt;
    append_label(out, wire.substr(1, size));
    wire.remove_prefix(1 + size);
  }
  return std::nullopt;
}

std::optional<DomainName> DomainName::below(std::string_view label) const {
  if (label.empty() || label.size() > kMaxLabel || wire_.size() + label.size() + 1 > kMaxOctets) {
    return std::nullopt;
  }
  std::string wire;
  append_label(wire, label);
  wire += wire_;
  return DomainName(std::move(wire));
}

std::string DomainName::text() const {
  if (is_root()) return ".";
  std::string out;
  for (std::string_view rest = wire_; rest.front() != '\0';) {
    const auto size = static_cast<std::size_t>(static_cast<unsigned char>(rest.front()));
    if (!out.empty()) out += '.';
    for (const char c : rest.substr(1, size)) append_escaped(out, c);
    rest.remove_prefix(1 + size);
  }
  return out;
}

std::size_t DomainName::labels() const noexcept {
  std::size_t count = 0;
  for (std::size_t at = 0; wire_[at] != '\0'; ++count) at += 1U + static_cast<unsigned char>(wire_[at]);
  return count;
}

std::string_view DomainName::first_label() const noexcept {
  return std::string_view(wire_).substr(1, static_cast<unsigned char>(wire_.front()));
}

DomainName DomainName::parent() const {
  if (is_root()) return *this;
  return DomainName(wire_.substr(1U + static_cast<unsigned char>(wire_.front())));
}

bool DomainName::is_within(const DomainName& ancestor) const noexcept {
  std::string_view rest = wire_;
  while (rest.size() > ancestor.wire_.size())
    rest.remove_prefix(1U + static_cast<unsigned char>(rest.front()));
  return rest == ancestor.wire_;
}

}  // namespace postrider::resolver
