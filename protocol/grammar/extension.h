// The extensions that the core knows by name, as a set of bits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace postrider::protocol {

enum class Extension : std::uint8_t {
  pipelining,             // PIPELINING           RFC 2920
  size,                   // SIZE [n]             RFC 1870
  eight_bit_mime,         // 8BITMIME             RFC 6152
  starttls,               // STARTTLS             RFC 3207
  auth,                   // AUTH mechanism...    RFC 4954
  enhanced_status_codes,  // ENHANCEDSTATUSCODES  RFC 2034
  dsn,                    // DSN                  RFC 3461
  chunking,               // CHUNKING             RFC 3030
  binarymime,             // BINARYMIME           RFC 3030
  smtputf8,               // SMTPUTF8             RFC 6531
  require_tls,            // REQUIRETLS           RFC 8689
  mt_priority,            // MT-PRIORITY [name]   RFC 6710
  deliver_by,             // DELIVERBY [n]        RFC 2852
  future_release,         // FUTURERELEASE n date RFC 4865
  limits,                 // LIMITS name=n...     RFC 9422
  help,                   // HELP                 RFC 5321 4.1.1.8
  vrfy,                   // VRFY                 RFC 5321 4.1.1.6
  expn,                   // EXPN                 RFC 5321 4.1.1.7
  etrn,                   // ETRN                 RFC 1985
};

inline constexpr std::size_t kExtensionCount = static_cast<std::size_t>(Extension::etrn) + 1;

class ExtensionSet {
 public:
  constexpr ExtensionSet() noexcept = default;
  constexpr ExtensionSet(std::initializer_list<Extension> members) noexcept {
    for (Extension member : members) add(member);
  }

  constexpr ExtensionSet& add(Extension member) noexcept { return bits_ |= bit(member), *this; }
  constexpr ExtensionSet& remove(Extension member) noexcept { return bits_ &= ~bit(member), *this; }
  [[nodiscard]] constexpr bool has(Extension member) const noexcept { return (bits_ & bit(member)) != 0; }
  [[nodiscard]] constexpr bool empty() const noexcept { return bits_ == 0; }
  [[nodiscard]] constexpr bool within(ExtensionSet other) const noexcept {
    return (bits_ & ~other.bits_) == 0;
  }

  friend constexpr bool operator==(ExtensionSet, ExtensionSet) = default;

 private:
  static constexpr std::uint32_t bit(Extension member) noexcept {
    return 1u << static_cast<unsigned>(member);
  }
  std::uint32_t bits_ = 0;
};
static_assert(kExtensionCount <= 32);

// "8BITMIME" for Extension::eight_bit_mime.
std::string_view keyword(Extension extension) noexcept;

}  // namespace postrider::protocol
