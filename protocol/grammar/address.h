// Hosts, mailboxes and paths: RFC 5321 4.1.2 and 4.1.3, with the UTF-8 of RFC 6531 3.3.
//
// All of these are views into the text they were parsed from. They can only be made by the grammar, so a
// Mailbox that exists can be written into a command as it is. `Owned<Mail>` in owned.h keeps one beyond the
// life of the buffer.
//
//   Result<Mailbox> to = Mailbox::parse("fred@example.org");
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "postrider/protocol/error.h"
#include "postrider/protocol/grammar/octets.h"
#include "postrider/protocol/limits.h"

namespace postrider::protocol {

// May octets above 127 stand where RFC 6531 3.3 allows UTF8-non-ascii? They must then be well-formed UTF-8.
enum class Utf8 : bool { no, yes };

// The right-hand side of a mailbox, or the argument of EHLO: a domain or an address literal.
class Host {
 public:
  enum class Kind : std::uint8_t {
    none,     // default-constructed; never the result of parsing
    domain,   // example.org
    ipv4,     // [192.0.2.1]
    ipv6,     // [IPv6:2001:db8::1]
    general,  // [tag:content], RFC 5321 4.1.3
    junk,     // not a host name at all, taken under Lenience::any_hello_name as the argument of EHLO alone
  };
  using Octets = std::array<std::uint8_t, 16>;

  constexpr Host() noexcept = default;
  // The whole of `text` must be a domain or an address literal. Errors: bad_domain, domain_too_long,
  // bad_address_literal, non_ascii_without_smtputf8.
  static Result<Host> parse(std::string_view text, Utf8 utf8 = Utf8::no) noexcept;

  [[nodiscard]] constexpr Kind kind() const noexcept { return kind_; }
  [[nodiscard]] constexpr bool is_literal() const noexcept {
    return kind_ == Kind::ipv4 || kind_ == Kind::ipv6 || kind_ == Kind::general;
  }
  // As written, with the brackets of a literal.
  [[nodiscard]] constexpr std::string_view text() const noexcept { return text_; }
  // Network order; ipv4 has the first four. Zero for the others.
  [[nodiscard]] constexpr const Octets& octets() const noexcept { return octets_; }

  // Octet for octet; RFC 5321 2.4 makes domains case-insensitive, which is the business of whoever compares
  // routes.
  friend constexpr bool operator==(const Host& a, const Host& b) noexcept {
    return a.kind_ == b.kind_ && a.text_ == b.text_;
  }

 private:
  friend struct GrammarAccess;
  constexpr Host(Kind kind, std::string_view text, const Octets& octets) noexcept
      : text_(text), octets_(octets), kind_(kind) {}

  std::string_view text_;
  Octets octets_{};
  Kind kind_ = Kind::none;
};

class Mailbox {
 public:
  constexpr Mailbox() noexcept = default;
  // The whole of `text` must be a Mailbox. Errors: those of Host::parse, bad_path, local_part_too_long,
  // path_too_long (with angle brackets it would be longer than kMaxPath, so no command could carry it).
  static Result<Mailbox> parse(std::string_view text, Utf8 utf8 = Utf8::no) noexcept;

  // As written; may be a Quoted-string. RFC 5321 2.4: case matters.
  [[nodiscard]] constexpr std::string_view local_part() const noexcept { return local_part_; }
  [[nodiscard]] constexpr const Host& host() const noexcept { return host_; }
  // local-part "@" host, as written.
  [[nodiscard]] constexpr std::string_view text() const noexcept {
    return local_part_.empty()
               ? std::string_view()
               : std::string_view(local_part_.data(), local_part_.size() + 1 + host_.text().size());
  }
  [[nodiscard]] bool has_non_ascii() const noexcept;

  friend constexpr bool operator==(const Mailbox&, const Mailbox&) noexcept = default;

 private:
  friend struct GrammarAccess;
  // `local_part` and the host's text stand in one text, with "@" between them.
  constexpr Mailbox(std::string_view local_part, const Host& host) noexcept
      : local_part_(local_part), host_(host) {}

  std::string_view local_part_;
  Host host_;
};

// Reverse-path = Path / "<>"
struct ReversePath {
  Mailbox mailbox;   // empty for "<>"
  bool null = true;  // "<>": a report that nobody must answer, RFC 5321 4.5.5

  friend constexpr bool operator==(const ReversePath&, const ReversePath&) noexcept = default;
};

// Forward-path = Path, and "<Postmaster>" of RFC 5321 4.1.1.3.
struct ForwardPath {
  Mailbox mailbox;          // empty for "<Postmaster>"
  bool postmaster = false;  // the postmaster of whoever is asked, without a domain

  friend constexpr bool operator==(const ForwardPath&, const ForwardPath&) noexcept = default;
};

// The octets that a local-part stands for: quotes and the backslashes of quoted pairs removed, so that "f\oo"
// and foo compare equal. Writes into `out` and returns the used part; 64 octets suffice for every local-part
// of a Mailbox.
std::string_view unquote_local_part(std::string_view local_part, std::span<char, kMaxLocalPart> out) noexcept;

// The other way: `octets` as a Dot-string where that is possible, else as a Quoted-string. nullopt when no
// local-part stands for them (control octets, RFC 5321 4.1.2; more than kMaxLocalPart octets).
std::optional<std::string> quote_local_part(std::string_view octets, Utf8 utf8 = Utf8::no);

// ---- Recognisers, for use in the middle of a line. Each moves the cursor on success alone. ----

// Local-part = Dot-string / Quoted-string
Result<std::string_view> local_part(Cursor& cursor, Utf8 utf8) noexcept;
// Domain = sub-domain *("." sub-domain)
Result<std::string_view> domain(Cursor& cursor, Utf8 utf8) noexcept;
// address-literal = "[" ( IPv4-address-literal / IPv6-address-literal / General-address-literal ) "]"
Result<Host> address_literal(Cursor& cursor) noexcept;
// Mailbox = Local-part "@" ( Domain / address-literal )
Result<Mailbox> mailbox(Cursor& cursor, Utf8 utf8) noexcept;
// Path = "<" [ A-d-l ":" ] Mailbox ">". The source route is recognised and dropped, RFC 5321 appendix C.
// `brackets_optional` is Lenience::missing_angle_brackets.
Result<ReversePath> reverse_path(Cursor& cursor, Utf8 utf8, bool brackets_optional = false) noexcept;
Result<ForwardPath> forward_path(Cursor& cursor, Utf8 utf8, bool brackets_optional = false) noexcept;

}  // namespace postrider::protocol
