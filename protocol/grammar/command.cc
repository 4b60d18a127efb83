#include "postrider/protocol/grammar/command.h"

#include <cstddef>
#include <limits>

#include "postrider/protocol/grammar/base64.h"
#include "postrider/protocol/grammar/grammar_access.h"
#include "postrider/protocol/grammar/packed_word.h"
#include "postrider/protocol/grammar/recognise.h"
#include "postrider/protocol/grammar/utf8.h"

namespace postrider::protocol {
namespace {

// ---- Verbs ----

// The core's verb at the beginning of `line`; it may be longer than the verb's four letters.
constexpr Verb leading_verb(std::string_view line) noexcept {
  switch (packed_word(line)) {
    case packed_word("MAIL"): return Verb::mail;
    case packed_word("RCPT"): return Verb::rcpt;
    case packed_word("DATA"): return Verb::data;
    case packed_word("BDAT"): return Verb::bdat;
    case packed_word("EHLO"): return Verb::ehlo;
    case packed_word("HELO"): return Verb::helo;
    case packed_word("LHLO"): return Verb::lhlo;
    case packed_word("RSET"): return Verb::rset;
    case packed_word("NOOP"): return Verb::noop;
    case packed_word("QUIT"): return Verb::quit;
    case packed_word("VRFY"): return Verb::vrfy;
    case packed_word("EXPN"): return Verb::expn;
    case packed_word("HELP"): return Verb::help;
    case packed_word("AUTH"): return Verb::auth;
    case packed_word("ETRN"): return Verb::etrn;
    case packed_word("STAR"):
      return packed_word(line.substr(4)) == packed_word("TTLS") ? Verb::starttls : Verb::unknown;
    default: return Verb::unknown;
  }
}

constexpr std::size_t length_of(Verb verb) noexcept { return verb == Verb::starttls ? 8 : 4; }

// ---- Reading: one function for each shape of argument ----

// Copied into place to make an empty T. `T{}` there would have g++ clear the whole object with a string
// instruction, which alone costs more than reading a short command.
template <class T>
constexpr T kEmpty{};

// One line while it is being read. The cursor stands behind the verb's space, or at the end when there was
// none.
struct Reading {
  Cursor cursor;
  const Syntax& syntax;
  ParsedLine& out;

  template <class T>
  T& make() noexcept {
    return out.command->emplace<T>(kEmpty<T>);
  }
};

// Free text, as in NOOP and VRFY: %d32-126, and UTF8-non-ascii where it is allowed (RFC 6531 3.7.4.2).
Verdict free_text(Cursor& cursor, Utf8 utf8, LineText& out) noexcept {
  const std::size_t at = cursor.offset();
  cursor.take_while(utf8 == Utf8::yes ? kPrintable | kNonAscii : kPrintable);
  if (!cursor.done()) {
    return fail(is(cursor.peek(), kNonAscii) ? Errc::non_ascii_without_smtputf8 : Errc::bad_syntax,
                cursor.offset());
  }
  if (utf8 == Utf8::yes && !is_utf8(cursor.since(at))) return fail(Errc::bad_syntax, at);
  out = GrammarAccess::text(cursor.since(at));
  return {};
}

// ehlo = "EHLO" SP ( Domain / address-literal ); helo = "HELO" SP Domain, RFC 5321 4.1.1.1. Many clients that
// know no name for themselves send a literal after HELO as well; it does no harm and is taken. The server's
// extensions are not known yet, so the name is ASCII: RFC 6531 3.7.1.
Verdict read_hello(Reading& line) noexcept {
  Cursor& c = line.cursor;
  if (c.done()) return fail(Errc::missing_argument, c.offset());
  Hello& hello = line.make<Hello>();
  hello.verb = line.out.verb;
  const std::string_view name = c.rest();
  Verdict read = recognise::host(c, Utf8::no, hello.name);
  if (read && c.done()) return {};
  if (read) read = fail(hello.name.is_literal() ? Errc::bad_address_literal : Errc::bad_domain, c.offset());
  if (!line.syntax.leniency.allows(Lenience::any_hello_name) || name.size() > kMaxDomain ||
      !all(name, kPrintable)) {
    return read;
  }
  line.out.used.allow(Lenience::any_hello_name);
  hello.name = GrammarAccess::host(Host::Kind::junk, name);
  return {};
}

// "FROM:" or "TO:" and what may stand before the path.
Verdict read_path_keyword(Reading& line, std::string_view keyword, bool& bare) noexcept {
  Cursor& c = line.cursor;
  if (c.done()) return fail(Errc::missing_argument, c.offset());
  if (!c.take_ignoring_case(keyword)) return fail(Errc::bad_syntax, c.offset());
  bare = false;
  if (c.peek() == '<') return {};
  // RFC 5321 3.3: "spaces are not permitted on either side of the colon".
  if (c.peek() == ' ') {
    if (!line.syntax.leniency.allows(Lenience::space_after_colon)) return fail(Errc::bad_syntax, c.offset());
    line.out.used.allow(Lenience::space_after_colon);
    while (c.take(' ')) {
    }
    if (c.peek() == '<') return {};
  }
  bare = line.syntax.leniency.allows(Lenience::missing_angle_brackets);
  if (bare) line.out.used.allow(Lenience::missing_angle_brackets);
  return {};
}

// mail = "MAIL FROM:" Reverse-path [SP Mail-parameters], RFC 5321 4.1.1.2
Verdict read_mail(Reading& line) noexcept {
  bool bare = false;
  if (const Verdict keyword = read_path_keyword(line, "FROM:", bare); !keyword) return keyword;
  Mail& mail = line.make<Mail>();
  const Utf8 utf8 = line.syntax.utf8;
  if (const Verdict path = recognise::reverse_path(line.cursor, utf8, bare, mail.from); !path) return path;
  if (line.cursor.done()) return {};
  return recognise::mail_parameters(line.cursor, utf8, line.syntax.extensions, mail.parameters);
}

// rcpt = "RCPT TO:" ( "<Postmaster@" Domain ">" / "<Postmaster>" / Forward-path ) [SP Rcpt-parameters], RFC
// 5321 4.1.1.3
Verdict read_rcpt(Reading& line) noexcept {
  bool bare = false;
  if (const Verdict keyword = read_path_keyword(line, "TO:", bare); !keyword) return keyword;
  Rcpt& rcpt = line.make<Rcpt>();
  const Utf8 utf8 = line.syntax.utf8;
  if (const Verdict path = recognise::forward_path(line.cursor, utf8, bare, rcpt.to); !path) return path;
  if (line.cursor.done()) return {};
  return recognise::rcpt_parameters(line.cursor, utf8, line.syntax.extensions, rcpt.parameters);
}

// bdat-cmd = "BDAT" SP chunk-size [ SP end-marker ]; chunk-size = 1*DIGIT; end-marker = "LAST", RFC 3030 2.
// Whatever is wrong, the octets behind the line may be a chunk whose size we do not know: always
// bad_chunk_size.
Verdict read_bdat(Reading& line) noexcept {
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
  Cursor& c = line.cursor;
  const std::string_view digits = c.take_while(kDigit);
  if (digits.empty()) return fail(Errc::bad_chunk_size, c.offset());
  Bdat& bdat = line.make<Bdat>();
  for (const char digit : digits) {
    const auto value = static_cast<std::uint64_t>(digit - '0');
    if (bdat.size > (kMost - value) / 10) return fail(Errc::bad_chunk_size, c.offset());
    bdat.size = bdat.size * 10 + value;
  }
  if (c.done()) return {};
  bdat.last = c.take_ignoring_case(" LAST");
  if (!c.done()) return fail(Errc::bad_chunk_size, c.offset());
  return {};
}

// auth-command = "AUTH" SP sasl-mech [SP initial-response]; initial-response = base64 / "=", RFC 4954 8.
// sasl-mech = 1*20mech-char, RFC 4422 3.1; letters of either case, as RFC 4954 8 says of all its alphabetic
// characters.
Verdict read_auth(Reading& line) noexcept {
  Cursor& c = line.cursor;
  if (c.done()) return fail(Errc::missing_argument, c.offset());
  const std::string_view mechanism = c.take_while(kSaslMech | kAlpha);
  if (mechanism.empty() || mechanism.size() > 20) return fail(Errc::bad_syntax, c.offset());
  Auth& auth = line.make<Auth>();
  auth.mechanism = GrammarAccess::text(mechanism);
  if (c.done()) return {};
  if (!c.take(' ')) return fail(Errc::bad_syntax, c.offset());
  const std::string_view initial = c.rest();
  if (initial != "=" && (initial.empty() || !is_base64(initial))) return fail(Errc::bad_base64, c.offset());
  auth.initial = GrammarAccess::text(initial);
  return {};
}

Verdict read_plain(Reading& line, Presence argument) noexcept {
  Cursor& c = line.cursor;
  Plain& plain = line.make<Plain>();
  plain.verb = line.out.verb;
  if (c.done()) {
    if (argument == Presence::required) return fail(Errc::missing_argument, c.offset());
    return {};
  }
  if (argument == Presence::forbidden) return fail(Errc::unexpected_argument, c.offset());
  return free_text(c, line.syntax.utf8, plain.argument);
}

// "ETRN" SP [option-character] node-name, RFC 1985: one word.
Verdict read_etrn(Reading& line) noexcept {
  const std::size_t at = line.cursor.offset();
  const std::size_t space = line.cursor.rest().find(' ');
  if (space != std::string_view::npos) return fail(Errc::bad_syntax, at + space);
  return read_plain(line, Presence::required);
}

Verdict read_argument(Reading& line) noexcept {
  switch (line.out.verb) {
    case Verb::mail: return read_mail(line);
    case Verb::rcpt: return read_rcpt(line);
    case Verb::data:
    case Verb::rset:
    case Verb::quit:
    case Verb::starttls: return read_plain(line, Presence::forbidden);
    case Verb::noop:
    case Verb::help: return read_plain(line, Presence::optional);
    case Verb::vrfy:
    case Verb::expn: return read_plain(line, Presence::required);
    case Verb::ehlo:
    case Verb::helo:
    case Verb::lhlo: return read_hello(line);
    case Verb::bdat: return read_bdat(line);
    case Verb::auth: return read_auth(line);
    case Verb::etrn: return read_etrn(line);
    case Verb::extension:
    case Verb::unknown: break;
  }
  return fail(Errc::unknown_verb);
}

// A verb of the table, if there is one.
Verdict read_extended(std::string_view text, Reading& line) noexcept {
  const std::string_view word = text.substr(0, text.find(' '));
  const ExtensionTable* table = line.syntax.extensions;
  const VerbExtension* verb = table == nullptr ? nullptr : table->find_verb(word);
  if (verb == nullptr) return fail(Errc::unknown_verb);
  line.out.verb = Verb::extension;
  Extended& extended = line.make<Extended>();
  extended.verb = verb;
  Cursor& c = line.cursor;
  c.skip(word.size());
  if (c.done()) {
    if (verb->argument == Presence::required) return fail(Errc::missing_argument, c.offset());
    return {};
  }
  c.skip(1);
  if (c.peek() == ' ') return fail(Errc::bad_syntax, c.offset());
  if (verb->argument == Presence::forbidden) return fail(Errc::unexpected_argument, c.offset());
  return free_text(c, line.syntax.utf8, extended.argument);
}

Verdict read_line(std::string_view text, Reading& line) noexcept {
  const Verb verb = leading_verb(text);
  const std::size_t length = length_of(verb);
  if (verb == Verb::unknown || (text.size() > length && text[length] != ' '))
    return read_extended(text, line);
  line.out.verb = verb;
  line.cursor.skip(length);
  if (line.cursor.take(' ') && line.cursor.peek() == ' ') {
    // RFC 5321 4.1.1: one SP stands between a command and its argument.
    return fail(verb == Verb::bdat ? Errc::bad_chunk_size : Errc::bad_syntax, line.cursor.offset());
  }
  return read_argument(line);
}

// An octet that no line can have is the fault to name, wherever the grammar gave up.
Error diagnose(std::string_view line, Error error) noexcept {
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (is(line[i], kLineBreaker))
      return fail(line[i] == '\0' ? Errc::nul_octet : Errc::bad_syntax, i).error();
  }
  return error;
}

}  // namespace

Verb parse_verb(std::string_view word) noexcept {
  const Verb verb = leading_verb(word);
  return word.size() == length_of(verb) ? verb : Verb::unknown;
}

std::string_view to_string(Verb verb) noexcept {
  switch (verb) {
    case Verb::ehlo: return "EHLO";
    case Verb::helo: return "HELO";
    case Verb::lhlo: return "LHLO";
    case Verb::mail: return "MAIL";
    case Verb::rcpt: return "RCPT";
    case Verb::data: return "DATA";
    case Verb::bdat: return "BDAT";
    case Verb::rset: return "RSET";
    case Verb::vrfy: return "VRFY";
    case Verb::expn: return "EXPN";
    case Verb::help: return "HELP";
    case Verb::noop: return "NOOP";
    case Verb::quit: return "QUIT";
    case Verb::starttls: return "STARTTLS";
    case Verb::auth: return "AUTH";
    case Verb::etrn: return "ETRN";
    case Verb::extension: return "(extension)";
    case Verb::unknown: break;
  }
  return "(unknown)";
}

Verb verb_of(const Command& command) noexcept {
  if (const auto* plain = std::get_if<Plain>(&command)) return plain->verb;
  if (const auto* hello = std::get_if<Hello>(&command)) return hello->verb;
  if (std::holds_alternative<Mail>(command)) return Verb::mail;
  if (std::holds_alternative<Rcpt>(command)) return Verb::rcpt;
  if (std::holds_alternative<Bdat>(command)) return Verb::bdat;
  if (std::holds_alternative<Auth>(command)) return Verb::auth;
  return Verb::extension;
}

ParsedLine parse_command(std::string_view line, const Syntax& syntax) noexcept {
  // RFC 5321 4.1.1: "receivers SHOULD tolerate trailing white space before the terminating <CRLF>".
  std::string_view text = line;
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);

  ParsedLine parsed;
  Reading reading{Cursor(text), syntax, parsed};
  if (const Verdict read = read_line(text, reading); !read) {
    parsed.command = std::unexpected(diagnose(line, read.error()));
  }
  return parsed;
}

}  // namespace postrider::protocol
