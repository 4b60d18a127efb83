// What can go wrong with octets on the wire, as values.
//
// Everything in postrider::protocol reports failure through Result<T>; nothing throws and nothing prints. A
// value of Errc says what the *octets* did (or, for `misuse`, what the local caller did), never what should
// be answered: `reply_hint()` in grammar/reply_hint.h gives the reply that a server would send for it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string_view>

namespace postrider::protocol {

enum class Errc : std::uint8_t {
  // Lines
  line_too_long,         // RFC 5321 4.5.3.1.4 (commands), 4.5.3.1.5 (replies)
  bare_line_feed,        // LF without CR; never a line end, RFC 5321 2.3.8
  bare_carriage_return,  // CR without LF, RFC 5321 2.3.8
  nul_octet,             // NUL in a command or a reply
  // Commands
  unknown_verb,          // not a verb of ours, nor a registered one
  verb_not_allowed_now,  // RFC 5321 4.1.4, order of commands
  hello_required,        // RFC 5321 4.1.4: EHLO or HELO comes first
  bad_syntax,            // arguments do not match the grammar
  missing_argument,      // a verb that needs an argument came without
  unexpected_argument,   // a verb that takes no argument came with one
  // Addresses
  bad_path,
  bad_domain,
  bad_address_literal,
  local_part_too_long,         // RFC 5321 4.5.3.1.1
  domain_too_long,             // RFC 5321 4.5.3.1.2
  path_too_long,               // RFC 5321 4.5.3.1.3
  non_ascii_without_smtputf8,  // RFC 6531 3.4 and 3.5
  // ESMTP parameters
  bad_parameter,  // a known keyword whose value does not match its grammar, or a malformed parameter
  duplicate_parameter,
  unknown_parameter,      // RFC 5321 4.1.1.11
  parameter_not_offered,  // its extension was not in our EHLO reply
  parameter_value_missing,
  parameter_value_unexpected,
  parameter_not_implemented,  // well formed, but a value that we do not know
  bad_xtext,                  // RFC 3461 4
  message_too_big_declared,   // SIZE= above the limit, RFC 1870 6.1
  // AUTH
  bad_base64,
  auth_line_too_long,     // RFC 4954 4
  already_authenticated,  // RFC 4954 4
  unknown_mechanism,
  encryption_required,  // AUTH in clear where it is offered under TLS, RFC 4954 6
  not_implemented,      // a verb of ours that this server does not offer: 502, RFC 5321 4.2.4
  // Message content
  bad_chunk_size,         // BDAT whose size is no number of 64 bits
  chunk_out_of_sequence,  // BDAT outside of a transaction or after a failed chunk, RFC 3030 2
  message_too_big,        // RFC 1870 6.3
  bare_ending_in_data,    // a bare CR or LF between DATA and the end of data
  nul_in_data,
  text_line_too_long,     // a line of content above Limits::text_line, RFC 5321 4.5.3.1.6
  binary_needs_chunking,  // DATA after BODY=BINARYMIME, RFC 3030 3
  no_valid_recipients,    // DATA when every RCPT was refused
  too_many_recipients,    // RFC 5321 4.5.3.1.10
  // Replies
  bad_reply_code,
  reply_code_changed,  // a continuation line with another code, RFC 5321 4.2.1
  reply_too_long,
  unsolicited_reply,
  // Sessions
  plaintext_after_starttls,  // RFC 3207 4.2 and 6
  pipelining_violation,      // RFC 2920 3.1
  early_talker,              // octets before the greeting, RFC 5321 4.3.1
  extension_not_offered,     // client: a verb or parameter whose extension the peer does not have
  too_many_errors,
  too_many_commands,  // many commands, no mail
  misuse,             // the local caller broke the contract
};

// The number of enumerators, for tables and tests.
inline constexpr std::size_t kErrcCount = static_cast<std::size_t>(Errc::misuse) + 1;

struct Error {
  Errc code{};
  std::uint16_t offset = 0;  // octet within the line, for logs; never echoed to the peer by default

  friend constexpr bool operator==(const Error&, const Error&) = default;
};

template <class T>
using Result = std::expected<T, Error>;

// What a function of Result<T> returns for a fault at an octet of its line; an offset above 65535 is given as
// 65535.
[[nodiscard]] constexpr std::unexpected<Error> fail(Errc code, std::size_t offset = 0) noexcept {
  return std::unexpected(Error{code, static_cast<std::uint16_t>(offset < UINT16_MAX ? offset : UINT16_MAX)});
}

// The name of the enumerator, for logs: "bare_line_feed".
std::string_view to_string(Errc code) noexcept;

}  // namespace postrider::protocol
