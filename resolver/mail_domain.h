// The right-hand side of an address as DNS is asked for it: an A-label form, or an address literal.
//
//   MailDomain::parse("Bücher.example")    // name "xn--bcher-kva.example"
//   MailDomain::parse("[192.0.2.1]")       // address
//
// IDNA2008 by libidn2 (RFC 5891), non-transitional, as RFC 6531 3.7.4 wants for lookups.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "postrider/resolver/domain_name.h"
#include "postrider/resolver/record.h"

namespace postrider::resolver {

struct MailDomain {
  DomainName name;                 // when there is no literal
  std::optional<Address> literal;  // RFC 5321 4.1.3: mail goes to this very address

  bool operator==(const MailDomain&) const = default;

  // The words of the failure say what is wrong: "is no domain name", "has a label of more than 63 octets".
  static std::expected<MailDomain, std::string> parse(std::string_view text);
  // The name, or the literal with its brackets.
  std::string text() const;
};

// "xn--bcher-kva.example" of "bücher.example"; a name of ASCII comes back in lower case.
std::expected<std::string, std::string> to_ascii(std::string_view domain);

}  // namespace postrider::resolver
