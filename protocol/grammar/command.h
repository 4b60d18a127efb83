// Commands: what one line from a client means, and the line that says it.
//
//   ParsedLine line = parse_command("MAIL FROM:<a@example.org> SIZE=512", {});
//   if (line.command) { const Mail& mail = std::get<Mail>(*line.command); ... }
//
// `parse_command` is pure: no state, no allocation, no exception; the views in a Command point into the line.
// `write_command` is its inverse and the only way of the library to put a command on the wire: it emits
// exactly one line, and only one that `parse_command` reads back as an equal command.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "postrider/protocol/error.h"
#include "postrider/protocol/grammar/address.h"
#include "postrider/protocol/grammar/extension_table.h"
#include "postrider/protocol/grammar/line_text.h"
#include "postrider/protocol/grammar/parameters.h"
#include "postrider/protocol/leniency.h"

namespace postrider::protocol {

enum class Verb : std::uint8_t {
  ehlo,       // RFC 5321 4.1.1.1
  helo,       // RFC 5321 4.1.1.1
  lhlo,       // RFC 2033 4.1
  mail,       // RFC 5321 4.1.1.2
  rcpt,       // RFC 5321 4.1.1.3
  data,       // RFC 5321 4.1.1.4
  bdat,       // RFC 3030 2
  rset,       // RFC 5321 4.1.1.5
  vrfy,       // RFC 5321 4.1.1.6
  expn,       // RFC 5321 4.1.1.7
  help,       // RFC 5321 4.1.1.8
  noop,       // RFC 5321 4.1.1.9
  quit,       // RFC 5321 4.1.1.10
  starttls,   // RFC 3207 4
  auth,       // RFC 4954 4
  etrn,       // RFC 1985 5
  extension,  // one of an ExtensionTable
  unknown,
};
inline constexpr std::size_t kVerbCount = static_cast<std::size_t>(Verb::unknown) + 1;

// The verb that `word` (any case) names; Verb::unknown for everything else, registered ones included.
Verb parse_verb(std::string_view word) noexcept;
// "EHLO"; "(extension)" and "(unknown)" for the last two.
std::string_view to_string(Verb verb) noexcept;

// EHLO, HELO, LHLO
struct Hello {
  Verb verb = Verb::ehlo;
  Host name;
  friend bool operator==(const Hello&, const Hello&) noexcept = default;
};
struct Mail {
  ReversePath from;
  MailParameters parameters;
  friend bool operator==(const Mail&, const Mail&) noexcept = default;
};
struct Rcpt {
  ForwardPath to;
  RcptParameters parameters;
  friend bool operator==(const Rcpt&, const Rcpt&) noexcept = default;
};
struct Bdat {
  std::uint64_t size = 0;
  bool last = false;
  friend bool operator==(const Bdat&, const Bdat&) noexcept = default;
};
struct Auth {
  LineText mechanism;               // sasl-mech, RFC 4422 3.1: 1 to 20 of A-Z 0-9 - _, as written
  std::optional<LineText> initial;  // base64, or "=" for an initial response of no octets, RFC 4954 4
  friend bool operator==(const Auth&, const Auth&) noexcept = default;
};
// DATA RSET QUIT STARTTLS (no argument), HELP NOOP (maybe one), VRFY EXPN ETRN (one). VRFY and EXPN may end
// in the word SMTPUTF8, RFC 6531 3.7.4.2; it stays in the argument.
struct Plain {
  Verb verb = Verb::noop;
  LineText argument;
  friend bool operator==(const Plain&, const Plain&) noexcept = default;
};
// A verb of an ExtensionTable.
struct Extended {
  const VerbExtension* verb = nullptr;
  LineText argument;
  friend bool operator==(const Extended&, const Extended&) noexcept = default;
};

using Command = std::variant<Plain, Hello, Mail, Rcpt, Bdat, Auth, Extended>;

Verb verb_of(const Command& command) noexcept;

// What to read the line by.
struct Syntax {
  Utf8 utf8 = Utf8::no;                        // does the server offer SMTPUTF8, or the transaction use it?
  Leniency leniency;                           // the first three of enum Lenience matter here
  const ExtensionTable* extensions = nullptr;  // registered verbs and parameters
};

// The verb is known even when its arguments are bad, so that replies and statistics can name it.
struct ParsedLine {
  Verb verb = Verb::unknown;
  Leniency used;  // what had to be tolerated
  Result<Command> command;

  // In place, since `Result<Command>()` would clear room for the largest command.
  ParsedLine() noexcept : command(std::in_place, std::in_place_type<Plain>) {}
};

// `line` has no CRLF. Trailing spaces are tolerated, RFC 5321 4.1.1. Errors: unknown_verb, bad_syntax,
// missing_argument, unexpected_argument, nul_octet, those of address.h and parameters.h, bad_base64,
// bad_chunk_size.
ParsedLine parse_command(std::string_view line, const Syntax& syntax) noexcept;

// Appends the command and CRLF to `out`. On failure nothing is appended. Errors: bad_syntax when the line
// would not read back as the same command, such as a Verb of a Plain that is none, or an argument that is not
// in its grammar; line_too_long above 64 KiB.
Result<void> write_command(const Command& command, std::string& out,
                           const ExtensionTable* extensions = nullptr);

}  // namespace postrider::protocol
