// What a server says of itself in its reply to EHLO: both directions.
//
//   Capabilities offered;
//   offered.offer(Extension::pipelining).offer_size(50 << 20);
//   write_ehlo_reply("mx.example.org", offered, out);
//   Result<Capabilities> seen = parse_ehlo_reply(reply);      // on the other side; equal to `offered`
//
// A value without allocation. The limits are generous and hard: at most kMaxOther octets of keywords and mechanisms
// that the core does not know; what does not fit is dropped when received, and refused (false) when offered.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "postrider/protocol/error.h"
#include "postrider/protocol/grammar/extension.h"
#include "postrider/protocol/grammar/reply.h"

namespace postrider::protocol {

// SASL mechanisms that the core knows by name, strongest last.
enum class Mechanism : std::uint8_t {
  cram_md5,          // CRAM-MD5            RFC 2195
  login,             // LOGIN               draft-murchison-sasl-login
  plain,             // PLAIN               RFC 4616
  xoauth2,           // XOAUTH2             Google's
  oauthbearer,       // OAUTHBEARER         RFC 7628
  scram_sha_256,     // SCRAM-SHA-256       RFC 7677
  scram_sha_256_plus,  // SCRAM-SHA-256-PLUS  RFC 7677
  external,          // EXTERNAL            RFC 4422 A
};
inline constexpr std::size_t kMechanismCount = static_cast<std::size_t>(Mechanism::external) + 1;
std::string_view to_string(Mechanism mechanism) noexcept;
std::optional<Mechanism> parse_mechanism(std::string_view name) noexcept;  // any case

class MechanismSet {
 public:
  constexpr MechanismSet& add(Mechanism m) noexcept { return bits_ = static_cast<std::uint8_t>(bits_ | bit(m)), *this; }
  [[nodiscard]] constexpr bool has(Mechanism m) const noexcept { return (bits_ & bit(m)) != 0; }
  [[nodiscard]] constexpr bool empty() const noexcept { return bits_ == 0; }
  friend constexpr bool operator==(MechanismSet, MechanismSet) noexcept = default;

 private:
  static constexpr unsigned bit(Mechanism m) noexcept { return 1u << static_cast<unsigned>(m); }
  std::uint8_t bits_ = 0;
};

// LIMITS, RFC 9422 4. 0: not said.
struct SessionLimits {
  std::uint32_t mail_max = 0;         // MAILMAX: transactions in one session
  std::uint32_t rcpt_max = 0;         // RCPTMAX: recipients of one transaction
  std::uint32_t rcpt_domain_max = 0;  // RCPTDOMAINMAX: domains of the recipients of one session
  friend constexpr bool operator==(const SessionLimits&, const SessionLimits&) noexcept = default;
};

class Capabilities {
 public:
  static constexpr std::size_t kMaxOther = 240;

  [[nodiscard]] constexpr bool has(Extension extension) const noexcept { return extensions_.has(extension); }
  [[nodiscard]] constexpr ExtensionSet extensions() const noexcept { return extensions_; }

  // For extensions without an argument; the others have a call of their own below.
  constexpr Capabilities& offer(Extension extension) noexcept { return extensions_.add(extension), *this; }
  constexpr Capabilities& withdraw(Extension extension) noexcept { return extensions_.remove(extension), *this; }

  // SIZE. RFC 1870 4: no number and 0 differ from a number: the first says nothing, 0 says that there is no limit.
  constexpr Capabilities& offer_size(std::optional<std::uint64_t> octets) noexcept {
    max_size_ = octets;
    return offer(Extension::size);
  }
  [[nodiscard]] constexpr std::optional<std::uint64_t> max_size() const noexcept { return max_size_; }

  constexpr Capabilities& offer_limits(const SessionLimits& limits) noexcept {
    limits_ = limits;
    return offer(Extension::limits);
  }
  [[nodiscard]] constexpr const SessionLimits& limits() const noexcept { return limits_; }

  constexpr Capabilities& offer_mechanism(Mechanism mechanism) noexcept {
    mechanisms_.add(mechanism);
    return offer(Extension::auth);
  }
  [[nodiscard]] constexpr MechanismSet mechanisms() const noexcept { return mechanisms_; }
  // A mechanism by name, also one that the core does not know.
  bool offer_mechanism(std::string_view name) noexcept;
  [[nodiscard]] bool has_mechanism(std::string_view name) const noexcept;

  // DELIVERBY's least by-time in seconds (RFC 2852 3), FUTURERELEASE's bounds (RFC 4865 4), MT-PRIORITY's profile (RFC 6710 3)
  // and any keyword that the core does not know: the rest of its line, as written.
  // False when there is no room, or when it is not ehlo-keyword *( SP ehlo-param ).
  bool offer_keyword(std::string_view keyword, std::string_view parameters) noexcept;
  // nullopt: not offered.
  [[nodiscard]] std::optional<std::string_view> keyword_parameters(std::string_view keyword) const noexcept;

  // All further lines, each ended by '\n', for writing them and for logs.
  [[nodiscard]] std::string_view other_lines() const noexcept { return {other_.data(), other_size_}; }
  // Further mechanisms, separated by ' '.
  [[nodiscard]] std::string_view other_mechanisms() const noexcept { return {other_mechanisms_.data(), other_mechanisms_size_}; }

  // Other keywords and mechanisms count in the order in which they were added.
  friend bool operator==(const Capabilities& a, const Capabilities& b) noexcept;

 private:
  ExtensionSet extensions_;
  MechanismSet mechanisms_;
  std::optional<std::uint64_t> max_size_;
  SessionLimits limits_;
  std::uint8_t other_size_ = 0;
  std::uint8_t other_mechanisms_size_ = 0;
  std::array<char, kMaxOther> other_{};
  std::array<char, 120> other_mechanisms_{};
};

// The reply must be a 250; its first line is the server's name. Unknown keywords are kept as far as there is room and
// otherwise ignored, RFC 5321 4.1.1.1; "AUTH=PLAIN" of old servers is read as AUTH PLAIN; a malformed SIZE or LIMITS is read as the keyword
// alone. Errors: bad_reply_code.
Result<Capabilities> parse_ehlo_reply(const ReplyView& reply) noexcept;

// The reply's text: name, greeting-free, one keyword a line, separated by '\n'. Appends to `text`.
void write_ehlo_text(std::string_view name, const Capabilities& offered, std::string& text);

}  // namespace postrider::protocol
