#include "postrider/protocol/grammar/address.h"

#include <cstddef>
#include <cstdint>

#include "postrider/protocol/grammar/grammar_access.h"
#include "postrider/protocol/grammar/ip_literal.h"
#include "postrider/protocol/grammar/recognise.h"
#include "postrider/protocol/grammar/utf8.h"

namespace postrider::protocol {
namespace {

// ---- Dotted runs: Dot-string and Domain in one pass, one look-up an octet, no branch but the end of the run
// ----

// What an octet is in a dotted run, and behind those bits, shifted by kShift, what it forbids the next one to
// be.
using Shape = std::uint8_t;
constexpr Shape kDot = 1 << 0;       // "."
constexpr Shape kNoLetDig = 1 << 1;  // "-" or ".": a sub-domain neither begins nor ends with it
constexpr unsigned kShift = 2;
constexpr Shape kForbidsDot = kDot << kShift;
constexpr Shape kForbidsNoLetDig = kNoLetDig << kShift;
constexpr Shape kInAtoms = 1 << 6;   // atext or "."
constexpr Shape kInDomain = 1 << 7;  // Let-dig, "-" or "."

consteval std::array<Shape, 256> make_shapes() {
  std::array<Shape, 256> shapes{};
  for (std::size_t o = 0; o < shapes.size(); ++o) {
    const char c = static_cast<char>(o);
    unsigned shape = 0;
    if (is(c, kAtext) || c == '.') shape |= kInAtoms;
    if (is(c, kLdh) || c == '.') shape |= kInDomain;
    if (c == '.') shape |= kDot | kNoLetDig | kForbidsDot | kForbidsNoLetDig;
    if (c == '-') shape |= kNoLetDig | kForbidsDot;
    shapes[o] = static_cast<Shape>(shape);
  }
  return shapes;
}
constexpr std::array<Shape, 256> kShapes = make_shapes();

constexpr Shape shape_of(char c) noexcept { return kShapes[static_cast<unsigned char>(c)]; }

struct Run {
  std::size_t size;
  bool well_formed;
};

// The longest run of atext and ".", and whether it is Atom *("." Atom).
constexpr Run run_of_atoms(std::string_view text) noexcept {
  unsigned before = kDot;
  unsigned faults = 0;
  std::size_t i = 0;
  for (; i < text.size(); ++i) {
    const unsigned shape = shape_of(text[i]);
    if ((shape & kInAtoms) == 0) break;
    faults |= shape & before;
    before = shape;
  }
  return {i, ((faults | before) & kDot) == 0};
}

// The longest run of Let-dig, "-" and ".", and whether it is sub-domain *("." sub-domain).
constexpr Run run_of_domain(std::string_view text) noexcept {
  unsigned before = kNoLetDig | kForbidsDot | kForbidsNoLetDig;
  unsigned faults = 0;
  std::size_t i = 0;
  for (; i < text.size(); ++i) {
    const unsigned shape = shape_of(text[i]);
    if ((shape & kInDomain) == 0) break;
    faults |= shape & (before >> kShift);
    before = shape;
  }
  return {i, ((faults & (kDot | kNoLetDig)) | (before & kNoLetDig)) == 0};
}

// The same with UTF8-non-ascii as atext, or as Let-dig: RFC 6531 3.3 makes a sub-domain a U-label as well.
// Rare.
Run run_with_utf8(std::string_view text, CharClass inner, bool domain) noexcept {
  std::size_t i = 0;
  bool well_formed = true;
  char before = '.';
  while (i < text.size() && (text[i] == '.' || is(text[i], inner))) {
    if (text[i] == '.' && (before == '.' || (domain && before == '-'))) well_formed = false;
    if (domain && text[i] == '-' && before == '.') well_formed = false;
    before = text[i++];
  }
  if (before == '.' || (domain && before == '-')) well_formed = false;
  return {i, well_formed && is_utf8(text.substr(0, i))};
}

// ---- The parts of a mailbox ----

// Quoted-string = DQUOTE *QcontentSMTP DQUOTE; QcontentSMTP = qtextSMTP / quoted-pairSMTP, RFC 5321 4.1.2.
// The cursor stands at the first DQUOTE.
Verdict quoted_string(Cursor& cursor, Utf8 utf8, std::string_view& out) noexcept {
  const CharClass qtext = utf8 == Utf8::yes ? kQtext | kNonAscii : kQtext;
  Cursor c = cursor;
  c.skip(1);
  for (;;) {
    c.take_while(qtext);
    if (c.take('"')) break;
    if (!c.take('\\')) {
      return fail(is(c.peek(), kNonAscii) ? Errc::non_ascii_without_smtputf8 : Errc::bad_path, c.offset());
    }
    // quoted-pairSMTP = %d92 %d32-126; RFC 6531 3.3 did not extend it.
    if (c.done() || !is(c.peek(), kPrintable)) return fail(Errc::bad_path, c.offset());
    c.skip(1);
  }
  out = c.since(cursor.offset());
  if (utf8 == Utf8::yes && !is_utf8(out)) return fail(Errc::bad_path, cursor.offset());
  cursor = c;
  return {};
}

// Dot-string = Atom *("." Atom)
Verdict dot_string(Cursor& cursor, Utf8 utf8, std::string_view& out) noexcept {
  Run run = run_of_atoms(cursor.rest());
  const std::string_view rest = cursor.rest();
  if (run.size < rest.size() && is(rest[run.size], kNonAscii)) {
    if (utf8 == Utf8::no) return fail(Errc::non_ascii_without_smtputf8, cursor.offset() + run.size);
    run = run_with_utf8(rest, kAtext | kNonAscii, false);
  }
  if (!run.well_formed) return fail(Errc::bad_path, cursor.offset());
  out = rest.substr(0, run.size);
  cursor.skip(run.size);
  return {};
}

Verdict local_part_of_any_length(Cursor& cursor, Utf8 utf8, std::string_view& out) noexcept {
  return cursor.peek() == '"' ? quoted_string(cursor, utf8, out) : dot_string(cursor, utf8, out);
}

Verdict domain_name(Cursor& cursor, Utf8 utf8, std::string_view& out) noexcept {
  const std::string_view rest = cursor.rest();
  Run run = run_of_domain(rest);
  if (run.size < rest.size() && is(rest[run.size], kNonAscii)) {
    if (utf8 == Utf8::no) return fail(Errc::non_ascii_without_smtputf8, cursor.offset() + run.size);
    run = run_with_utf8(rest, kLdh | kNonAscii, true);
  }
  if (!run.well_formed) return fail(Errc::bad_domain, cursor.offset());
  if (run.size > kMaxDomain) return fail(Errc::domain_too_long, cursor.offset());  // RFC 5321 4.5.3.1.2
  out = rest.substr(0, run.size);
  cursor.skip(run.size);
  return {};
}

// address-literal, RFC 5321 4.1.3. The cursor stands at "[".
Verdict literal(Cursor& cursor, Host& out) noexcept {
  Cursor c = cursor;
  c.skip(1);
  const std::string_view content = c.take_while(kDcontent);
  if (!c.take(']')) return fail(Errc::bad_address_literal, c.offset());
  Host::Octets octets{};
  const Host::Kind kind = read_literal(content, octets);
  if (kind == Host::Kind::none) return fail(Errc::bad_address_literal, cursor.offset());
  const std::string_view text = c.since(cursor.offset());
  if (text.size() > kMaxDomain) return fail(Errc::domain_too_long, cursor.offset());  // RFC 5321 4.5.3.1.2
  out = GrammarAccess::host(kind, text, octets);
  cursor = c;
  return {};
}

// Mailbox = Local-part "@" ( Domain / address-literal )
Verdict read_mailbox(Cursor& cursor, Utf8 utf8, Mailbox& out) noexcept {
  Cursor c = cursor;
  std::string_view local;
  if (const Verdict read = local_part_of_any_length(c, utf8, local); !read) return read;
  if (!c.take('@')) return fail(Errc::bad_path, c.offset());
  if (local.size() > kMaxLocalPart)
    return fail(Errc::local_part_too_long, cursor.offset());  // RFC 5321 4.5.3.1.1
  Host host;
  if (const Verdict read = recognise::host(c, utf8, host); !read) return read;
  // RFC 5321 4.5.3.1.3 counts the angle brackets, so that every Mailbox fits into a path.
  if (c.offset() - cursor.offset() + 2 > kMaxPath) return fail(Errc::path_too_long, cursor.offset());
  out = GrammarAccess::mailbox(local, host);
  cursor = c;
  return {};
}

// What nearly every path is: "<" Dot-string "@" Domain ">", all ASCII, read without a detour through memory.
// False, and nothing moved or written, for everything else: other forms, and faults that the general way has
// to name.
inline bool take_usual_path(Cursor& cursor, Mailbox& out) noexcept {
  const std::string_view text = cursor.rest();
  if (text.empty() || text[0] != '<') return false;
  const Run local = run_of_atoms(text.substr(1));
  const std::size_t at = 1 + local.size;
  if (!local.well_formed || local.size > kMaxLocalPart || at >= text.size() || text[at] != '@') return false;
  const Run name = run_of_domain(text.substr(at + 1));
  const std::size_t end = at + 1 + name.size;
  // A path that is not too long has no domain that is too long either.
  if (!name.well_formed || end >= kMaxPath || end >= text.size() || text[end] != '>') return false;
  GrammarAccess::set_mailbox(out, text.substr(1, local.size), text.substr(at + 1, name.size));
  cursor.skip(end + 1);
  return true;
}

// A-d-l ":" of Path; A-d-l = At-domain *( "," At-domain ); At-domain = "@" Domain. Recognised and dropped.
Verdict source_route(Cursor& cursor, Utf8 utf8) noexcept {
  do {
    std::string_view ignored;
    if (!cursor.take('@')) return fail(Errc::bad_path, cursor.offset());
    if (const Verdict hop = domain_name(cursor, utf8, ignored); !hop) return hop;
  } while (cursor.take(','));
  if (!cursor.take(':')) return fail(Errc::bad_path, cursor.offset());
  return {};
}

// [ A-d-l ":" ] Mailbox ">", the cursor stands behind "<".
Verdict rest_of_path(Cursor& cursor, Utf8 utf8, Mailbox& out) noexcept {
  if (cursor.peek() == '@') {
    if (const Verdict route = source_route(cursor, utf8); !route) return route;
  }
  if (const Verdict read = read_mailbox(cursor, utf8, out); !read) return read;
  if (cursor.take('>')) return {};
  // What stopped the mailbox was the end, or an octet that its host cannot have, such as "_".
  const bool cut = cursor.done() || out.host().is_literal();
  return fail(cut ? Errc::bad_path : Errc::bad_domain, cursor.offset());
}

// "Postmaster" is the one local-part that needs no domain and has no case, RFC 5321 4.1.1.3.
constexpr std::string_view kPostmaster = "POSTMASTER";

}  // namespace

// ---- For use inside of protocol/ ----

Verdict recognise::host(Cursor& cursor, Utf8 utf8, Host& out) noexcept {
  if (cursor.peek() == '[') return literal(cursor, out);
  std::string_view name;
  if (const Verdict read = domain_name(cursor, utf8, name); !read) return read;
  GrammarAccess::set_domain(out, name);
  return {};
}

Verdict recognise::reverse_path(Cursor& cursor, Utf8 utf8, bool brackets_optional,
                                ReversePath& out) noexcept {
  out.null = false;
  if (take_usual_path(cursor, out.mailbox)) return {};
  Cursor c = cursor;
  if (!c.take('<')) {
    if (!brackets_optional) return fail(Errc::bad_path, c.offset());
    if (const Verdict read = read_mailbox(c, utf8, out.mailbox); !read) return read;
  } else if (c.take('>')) {
    out = ReversePath{};
  } else if (const Verdict read = rest_of_path(c, utf8, out.mailbox); !read) {
    return read;
  }
  cursor = c;
  return {};
}

Verdict recognise::forward_path(Cursor& cursor, Utf8 utf8, bool brackets_optional,
                                ForwardPath& out) noexcept {
  if (take_usual_path(cursor, out.mailbox)) return {};
  Cursor c = cursor;
  const bool bracket = c.take('<');
  if (!bracket && !brackets_optional) return fail(Errc::bad_path, c.offset());
  const std::string_view rest = c.rest();
  const char behind = rest.size() > kPostmaster.size() ? rest[kPostmaster.size()] : ' ';
  if (behind == (bracket ? '>' : ' ') && c.take_ignoring_case(kPostmaster)) {
    if (bracket) c.skip(1);
    out.postmaster = true;
  } else if (Verdict read = bracket ? rest_of_path(c, utf8, out.mailbox) : read_mailbox(c, utf8, out.mailbox);
             !read) {
    return read;
  }
  cursor = c;
  return {};
}

// ---- Public ----

Result<Host> Host::parse(std::string_view text, Utf8 utf8) noexcept {
  Cursor cursor(text);
  Host host;
  if (const Verdict read = recognise::host(cursor, utf8, host); !read) return std::unexpected(read.error());
  if (!cursor.done()) {
    return fail(host.is_literal() ? Errc::bad_address_literal : Errc::bad_domain, cursor.offset());
  }
  return host;
}

Result<Mailbox> Mailbox::parse(std::string_view text, Utf8 utf8) noexcept {
  Cursor cursor(text);
  Result<Mailbox> read = protocol::mailbox(cursor, utf8);
  if (read && !cursor.done()) {
    return fail(read->host().is_literal() ? Errc::bad_address_literal : Errc::bad_domain, cursor.offset());
  }
  return read;
}

bool Mailbox::has_non_ascii() const noexcept {
  for (const char c : text()) {
    if (is(c, kNonAscii)) return true;
  }
  return false;
}

Result<std::string_view> local_part(Cursor& cursor, Utf8 utf8) noexcept {
  Cursor c = cursor;
  std::string_view local;
  if (const Verdict read = local_part_of_any_length(c, utf8, local); !read)
    return std::unexpected(read.error());
  if (local.size() > kMaxLocalPart) return fail(Errc::local_part_too_long, cursor.offset());
  cursor = c;
  return local;
}

Result<std::string_view> domain(Cursor& cursor, Utf8 utf8) noexcept {
  std::string_view name;
  if (const Verdict read = domain_name(cursor, utf8, name); !read) return std::unexpected(read.error());
  return name;
}

Result<Host> address_literal(Cursor& cursor) noexcept {
  Host host;
  if (cursor.peek() != '[') return fail(Errc::bad_address_literal, cursor.offset());
  if (const Verdict read = literal(cursor, host); !read) return std::unexpected(read.error());
  return host;
}

Result<Mailbox> mailbox(Cursor& cursor, Utf8 utf8) noexcept {
  Mailbox out;
  if (const Verdict read = read_mailbox(cursor, utf8, out); !read) return std::unexpected(read.error());
  return out;
}

Result<ReversePath> reverse_path(Cursor& cursor, Utf8 utf8, bool brackets_optional) noexcept {
  ReversePath out;
  if (const Verdict read = recognise::reverse_path(cursor, utf8, brackets_optional, out); !read) {
    return std::unexpected(read.error());
  }
  return out;
}

Result<ForwardPath> forward_path(Cursor& cursor, Utf8 utf8, bool brackets_optional) noexcept {
  ForwardPath out;
  if (const Verdict read = recognise::forward_path(cursor, utf8, brackets_optional, out); !read) {
    return std::unexpected(read.error());
  }
  return out;
}

// RFC 5321 4.1.2: all quoted forms are equivalent, so a comparison needs the octets that are meant. A
// backslash at the end stands for nothing (reading behind it is CVE-2019-15846); no Mailbox has one.
std::string_view unquote_local_part(std::string_view local_part,
                                    std::span<char, kMaxLocalPart> out) noexcept {
  const bool quoted = local_part.size() >= 2 && local_part.front() == '"' && local_part.back() == '"';
  if (quoted) local_part = local_part.substr(1, local_part.size() - 2);
  std::size_t used = 0;
  for (std::size_t i = 0; i < local_part.size() && used < out.size(); ++i) {
    if (quoted && local_part[i] == '\\' && ++i == local_part.size()) break;
    out[used++] = local_part[i];
  }
  return {out.data(), used};
}

// RFC 5321 4.1.2: the form that uses the least quoting is the one to send.
std::optional<std::string> quote_local_part(std::string_view octets, Utf8 utf8) {
  Cursor cursor(octets);
  std::string_view plain;
  if (dot_string(cursor, utf8, plain) && cursor.done()) {
    if (octets.size() > kMaxLocalPart) return std::nullopt;
    return std::string(octets);
  }
  std::string quoted = "\"";
  for (const char c : octets) {
    if (!is(c, kPrintable) && !(utf8 == Utf8::yes && is(c, kNonAscii))) return std::nullopt;
    if (c == '"' || c == '\\') quoted.push_back('\\');
    quoted.push_back(c);
    if (quoted.size() >= kMaxLocalPart) return std::nullopt;
  }
  quoted.push_back('"');
  if (!is_utf8(quoted)) return std::nullopt;
  return quoted;
}

}  // namespace postrider::protocol
