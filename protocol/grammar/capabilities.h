// What a server says of itself in its reply to EHLO: both directions.
//
//   Capabilities offered;
//   offered.offer(Extension::pipelining).offer_size(50 << 20);
//   write_ehlo_text("mx.example.org", offered, text);         // once a listener; then write_reply() for each
//   session Result<Capabilities> seen = parse_ehlo_reply(reply);      // on the other side; equal to
//   `offered`
//
// A value without allocation. The limits are generous and hard: kMaxOther octets of lines with keywords that
// the core does not know, kMaxOtherMechanisms of such mechanisms; what does not fit is dropped when received,
// and refused (false) when offered.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
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
  cram_md5,            // CRAM-MD5            RFC 2195
  login,               // LOGIN               draft-murchison-sasl-login
  plain,               // PLAIN               RFC 4616
  xoauth2,             // XOAUTH2             Google's
  oauthbearer,         // OAUTHBEARER         RFC 7628
  scram_sha_256,       // SCRAM-SHA-256       RFC 7677
  scram_sha_256_plus,  // SCRAM-SHA-256-PLUS  RFC 7677
  external,            // EXTERNAL            RFC 4422 A
};
inline constexpr std::size_t kMechanismCount = static_cast<std::size_t>(Mechanism::external) + 1;
std::string_view to_string(Mechanism mechanism) noexcept;
std::optional<Mechanism> parse_mechanism(std::string_view name) noexcept;  // any case

class MechanismSet {
 public:
  constexpr MechanismSet& add(Mechanism m) noexcept {
    bits_ = static_cast<std::uint8_t>(bits_ | bit(m));
    return *this;
  }
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
  static constexpr std::size_t kMaxOtherMechanisms = 120;
  // RFC 9422 4: the values of MAILMAX, RCPTMAX and RCPTDOMAINMAX have at most six digits.
  static constexpr std::uint32_t kMaxLimit = 999'999;

  [[nodiscard]] constexpr bool has(Extension extension) const noexcept { return extensions_.has(extension); }
  [[nodiscard]] constexpr ExtensionSet extensions() const noexcept { return extensions_; }

  // For extensions without an argument; the others have a call of their own below.
  constexpr Capabilities& offer(Extension extension) noexcept { return extensions_.add(extension), *this; }
  // With its argument.
  Capabilities& withdraw(Extension extension) noexcept;

  // SIZE. RFC 1870 4: no number and 0 differ from a number: the first says nothing, 0 says that there is no
  // limit.
  constexpr Capabilities& offer_size(std::optional<std::uint64_t> octets) noexcept {
    max_size_ = octets;
    return offer(Extension::size);
  }
  [[nodiscard]] constexpr std::optional<std::uint64_t> max_size() const noexcept { return max_size_; }

  // Values above kMaxLimit are cut to it.
  constexpr Capabilities& offer_limits(const SessionLimits& limits) noexcept {
    limits_.mail_max = std::min(limits.mail_max, kMaxLimit);
    limits_.rcpt_max = std::min(limits.rcpt_max, kMaxLimit);
    limits_.rcpt_domain_max = std::min(limits.rcpt_domain_max, kMaxLimit);
    return offer(Extension::limits);
  }
  [[nodiscard]] constexpr const SessionLimits& limits() const noexcept { return limits_; }

  constexpr Capabilities& offer_mechanism(Mechanism mechanism) noexcept {
    mechanisms_.add(mechanism);
    return offer(Extension::auth);
  }
  [[nodiscard]] constexpr MechanismSet mechanisms() const noexcept { return mechanisms_; }
  // A mechanism by name in any case, also one that the core does not know. False when there is no room, or
  // when it is no sasl-mech (RFC 4422 3.1).
  bool offer_mechanism(std::string_view name) noexcept;
  [[nodiscard]] bool has_mechanism(std::string_view name) const noexcept;

  // A whole line: a keyword (any case; kept in upper case) that the core does not know, or one that it does,
  // with its parameters as they stand in the reply: DELIVERBY's least by-time in seconds (RFC 2852 3),
  // FUTURERELEASE's bounds (RFC 4865 3), MT-PRIORITY's profile (RFC 6710 3). A keyword offered before is
  // replaced. False, and nothing changes, when there is no room, when it is not ehlo-keyword *( SP ehlo-param
  // ) (RFC 5321 4.1.1.1), or when the core knows better which parameters there are.
  bool offer_keyword(std::string_view keyword, std::string_view parameters) noexcept;
  // nullopt: not offered. Empty for those whose parameters have a call of their own: SIZE, AUTH, LIMITS.
  [[nodiscard]] std::optional<std::string_view> keyword_parameters(std::string_view keyword) const noexcept;

  // All further lines, each ended by '\n', for writing them and for logs.
  [[nodiscard]] std::string_view other_lines() const noexcept { return {other_.data(), other_size_}; }
  // Further mechanisms, separated by ' '.
  [[nodiscard]] std::string_view other_mechanisms() const noexcept {
    return {other_mechanisms_.data(), other_mechanisms_size_};
  }

  // Other keywords and mechanisms count in the order in which they were added.
  friend bool operator==(const Capabilities& a, const Capabilities& b) noexcept;

 private:
  friend class EhloLineReader;

  [[nodiscard]] std::string_view find_line(std::string_view keyword) const noexcept;
  bool add_line(std::string_view keyword, std::string_view parameters) noexcept;
  void remove_line(std::string_view keyword) noexcept;

  ExtensionSet extensions_;
  MechanismSet mechanisms_;
  std::optional<std::uint64_t> max_size_;
  SessionLimits limits_;
  std::uint8_t other_size_ = 0;
  std::uint8_t other_mechanisms_size_ = 0;
  std::array<char, kMaxOther> other_{};
  std::array<char, kMaxOtherMechanisms> other_mechanisms_{};
};

// The reply must be a 250; its first line is the server's name. Read as the field writes it: keywords in any
// case, blanks in a row, "AUTH=PLAIN" of old servers as AUTH PLAIN. Of a keyword that comes twice the first
// counts, but the mechanisms of all AUTH lines do. A malformed SIZE or LIMITS is read as the keyword alone, a
// limit that is not known or malformed as not said (RFC 9422 3); unknown keywords are kept as far as there is
// room and otherwise ignored, RFC 5321 4.1.1.1; so are lines that begin with no keyword. Errors:
// bad_reply_code.
Result<Capabilities> parse_ehlo_reply(const ReplyView& reply) noexcept;

// The reply's text: name, greeting-free, one keyword a line, separated by '\n'. Appends to `text`.
void write_ehlo_text(std::string_view name, const Capabilities& offered, std::string& text);

}  // namespace postrider::protocol
