// A domain name as DNS has it: labels of octets, compared without regard to the case of ASCII letters.
//
//   const auto name = DomainName::parse("Mail.Example.ORG");     // a trailing dot is allowed
//   name->text();                                                // "mail.example.org"
//
// A value of at most 255 octets, RFC 1035 2.3.4; letters are kept in lower case. The root is "." in text.
// U-labels are no business of DNS: mail_domain.h makes A-labels of them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace postrider::resolver {

class DomainName {
 public:
  static constexpr std::size_t kMaxOctets = 255;  // on the wire with the root's empty label, RFC 1035 2.3.4
  static constexpr std::size_t kMaxLabel = 63;    // RFC 1035 2.3.4
  static constexpr std::size_t kMaxLabels = 127;

  // The root.
  DomainName() : wire_(1, '\0') {}

  // Presentation form, RFC 1035 5.1: "\." is a dot inside a label, "\065" an octet by its decimal number.
  // nullopt: an empty label, one that is too long, a name that is too long, or an escape that is none.
  static std::optional<DomainName> parse(std::string_view text);
  // The uncompressed wire form, all of `wire`.
  static std::optional<DomainName> from_wire(std::string_view wire);

  // In front of this name; nullopt when that becomes too long. `label` is what stands on the wire, unescaped.
  std::optional<DomainName> below(std::string_view label) const;

  // Without the final dot, but for the root; escaped where parse() needs it.
  std::string text() const;
  const std::string& wire() const noexcept { return wire_; }

  bool is_root() const noexcept { return wire_.size() == 1; }
  std::size_t labels() const noexcept;            // without the root's
  std::string_view first_label() const noexcept;  // unescaped; empty for the root
  DomainName parent() const;                      // of the root: the root
  // Whether this name is `ancestor` or stands under it.
  bool is_within(const DomainName& ancestor) const noexcept;

  bool operator==(const DomainName&) const = default;
  auto operator<=>(const DomainName&) const = default;

  template <typename H>
  friend H AbslHashValue(H state, const DomainName& name) {
    return H::combine(std::move(state), name.wire_);
  }

 private:
  explicit DomainName(std::string wire) : wire_(std::move(wire)) {}

  std::string wire_;
};

}  // namespace postrider::resolver
