#include "postrider/protocol/grammar/parameters.h"

#include <array>
#include <cstddef>
#include <cstdint>

#include "postrider/protocol/grammar/grammar_access.h"
#include "postrider/protocol/grammar/parameter_values.h"
#include "postrider/protocol/grammar/recognise.h"
#include "postrider/protocol/grammar/utf8.h"

namespace postrider::protocol {
namespace {

// ---- The parameters that the core knows ----

enum class Key : std::uint8_t {
  size,
  by,
  holdfor,
  holduntil,
  envid,
  auth,
  body,
  ret,
  mt_priority,
  smtputf8,
  requiretls,
  notify,
  orcpt,
  none,
};

struct KnownParameter {
  std::string_view keyword;
  ParameterExtension::On on;
  Presence value;
  Extension extension;
};

using enum ParameterExtension::On;

// In the order of Key.
constexpr std::array<KnownParameter, 13> kKnown{{
    {"SIZE", mail, Presence::required, Extension::size},                 // RFC 1870 5
    {"BY", mail, Presence::required, Extension::deliver_by},             // RFC 2852 4
    {"HOLDFOR", mail, Presence::required, Extension::future_release},    // RFC 4865 3
    {"HOLDUNTIL", mail, Presence::required, Extension::future_release},  // RFC 4865 3
    {"ENVID", mail, Presence::required, Extension::dsn},                 // RFC 3461 4.4
    {"AUTH", mail, Presence::required, Extension::auth},                 // RFC 4954 5
    {"BODY", mail, Presence::required, Extension::eight_bit_mime},       // RFC 6152 2
    {"RET", mail, Presence::required, Extension::dsn},                   // RFC 3461 4.3
    {"MT-PRIORITY", mail, Presence::required, Extension::mt_priority},   // RFC 6710 3
    {"SMTPUTF8", mail, Presence::forbidden, Extension::smtputf8},        // RFC 6531 3.4
    {"REQUIRETLS", mail, Presence::forbidden, Extension::require_tls},   // RFC 8689 2
    {"NOTIFY", rcpt, Presence::required, Extension::dsn},                // RFC 3461 4.1
    {"ORCPT", rcpt, Presence::required, Extension::dsn},                 // RFC 3461 4.2
}};
static_assert(kKnown.size() == static_cast<std::size_t>(Key::none));

constexpr const KnownParameter& known(Key key) noexcept { return kKnown[static_cast<std::size_t>(key)]; }

// A keyword of at most eight octets as one number, in any case; what is longer keeps its last eight. Clearing
// one bit makes letters upper-case and keeps what is allowed in a keyword apart (it makes "-" a CR, which is
// not).
using Packed = std::uint64_t;

constexpr Packed pack_next(Packed packed, char c) noexcept {
  return packed << 8 | (static_cast<unsigned char>(c) & 0xDFu);
}

constexpr Packed pack(std::string_view keyword) noexcept {
  Packed packed = 0;
  for (const char c : keyword) packed = pack_next(packed, c);
  return packed;
}

// `packed` is pack(keyword), and the keyword is one by its grammar.
constexpr Key find_key(Packed packed, std::string_view keyword) noexcept {
  Key key = Key::none;
  switch (packed) {
    case pack("SIZE"): return Key::size;
    case pack("BODY"): return Key::body;
    case pack("RET"): return Key::ret;
    case pack("ENVID"): return Key::envid;
    case pack("AUTH"): return Key::auth;
    case pack("NOTIFY"): return Key::notify;
    case pack("ORCPT"): return Key::orcpt;
    case pack("BY"): return Key::by;
    case pack("HOLDFOR"): return Key::holdfor;
    case pack("SMTPUTF8"): key = Key::smtputf8; break;
    case pack("REQUIRETLS"): key = Key::requiretls; break;
    case pack("MT-PRIORITY"): key = Key::mt_priority; break;
    case pack("HOLDUNTIL"): key = Key::holduntil; break;
    default: break;
  }
  if (key == Key::none || !equal_ignoring_case(keyword, known(key).keyword)) return Key::none;
  return key;
}

constexpr Key find_key(std::string_view keyword) noexcept {
  return all(keyword, kLdh) ? find_key(pack(keyword), keyword) : Key::none;
}
static_assert(find_key("size") == Key::size && find_key("Mt-Priority") == Key::mt_priority);
static_assert(find_key("by") == Key::by && find_key("holdUntil") == Key::holduntil);
static_assert(find_key("SIZES") == Key::none && find_key("") == Key::none && find_key("HOLD") == Key::none);

// ---- One parameter ----

// A Parameter in the shape that is quickest to hand on.
struct Piece {
  Packed packed = 0;  // the keyword
  std::string_view keyword;
  std::string_view value;  // not empty when there is one
};

// esmtp-param = esmtp-keyword ["=" esmtp-value], up to a space or the end. After a failure the cursor is
// where it was.
inline Verdict take_piece(Cursor& cursor, Utf8 utf8, Piece& out) noexcept {
  Cursor c = cursor;
  // esmtp-keyword = (ALPHA / DIGIT) *(ALPHA / DIGIT / "-")
  if (!is(c.peek(), kAlpha | kDigit)) return fail(Errc::bad_parameter, c.offset());
  const std::size_t begin = c.offset();
  for (; is(c.peek(), kLdh); c.skip(1)) out.packed = pack_next(out.packed, c.peek());
  out.keyword = c.since(begin);
  if (c.take('=')) {
    // esmtp-value = 1*(%d33-60 / %d62-126), with UTF8-non-ascii by RFC 6531 3.3
    const std::size_t at = c.offset();
    out.value = c.take_while(kEsmtpValue);
    if (utf8 == Utf8::yes && is(c.peek(), kNonAscii)) {
      c.take_while(kEsmtpValue | kNonAscii);
      out.value = c.since(at);
      if (!is_utf8(out.value)) return fail(Errc::bad_parameter, at);
    }
    if (out.value.empty()) return fail(Errc::bad_parameter, at);
  }
  if (!c.done() && c.peek() != ' ') return fail(Errc::bad_parameter, c.offset());
  cursor = c;
  return {};
}

// ---- One command's list ----

// What both commands do with a list; `Values` knows what a key's value means.
template <class Values>
class ListReader {
 public:
  ListReader(Utf8 utf8, const ExtensionTable* extensions, ParameterExtension::On on, Values& values) noexcept
      : values_(values), extensions_(extensions), utf8_(utf8), on_(on) {}

  Verdict read(Cursor& cursor) noexcept {
    Cursor c = cursor;
    const std::size_t begin = c.offset() + 1;
    std::size_t end = begin;
    while (!c.done()) {
      if (!c.take(' ')) return fail(Errc::bad_parameter, c.offset());
      if (c.done() || c.peek() == ' ') {
        // RFC 5321 4.1.1: white space at the end of the line is tolerated, but there is one SP between
        // parameters.
        if (c.rest().find_first_not_of(' ') != std::string_view::npos)
          return fail(Errc::bad_parameter, c.offset());
        c.skip(c.rest().size());
        break;
      }
      if (const Verdict one = read_one(c, begin); !one) return one;
      end = c.offset();
    }
    if (registered_) {
      Cursor list = cursor;
      list.skip(1);
      values_.out.registered.text = GrammarAccess::text(list.rest().substr(0, end - begin));
    }
    cursor = c;
    return {};
  }

 private:
  Verdict read_one(Cursor& c, std::size_t begin) noexcept {
    const std::size_t at = c.offset();
    Piece piece;
    if (const Verdict taken = take_piece(c, utf8_, piece); !taken) return taken;
    const Key key = find_key(piece.packed, piece.keyword);
    if (key == Key::none || known(key).on != on_) return read_registered(piece, c, begin, at);

    const std::uint32_t bit = 1u << static_cast<unsigned>(key);
    if ((seen_ & bit) != 0) return fail(Errc::duplicate_parameter, at);
    seen_ |= bit;
    const bool wanted = known(key).value == Presence::required;
    if (piece.value.empty() == wanted) {
      return fail(wanted ? Errc::parameter_value_missing : Errc::parameter_value_unexpected, at);
    }
    values_.out.used.add(known(key).extension);
    const Verdict read = values_.set(key, piece.value);
    return read ? read : fail(read.error().code, at);
  }

  // `begin` is where the list begins, `at` where the parameter does.
  Verdict read_registered(const Piece& piece, const Cursor& c, std::size_t begin, std::size_t at) noexcept {
    const ParameterExtension* registered =
        extensions_ == nullptr ? nullptr : extensions_->find_parameter(piece.keyword, on_);
    if (registered == nullptr) return fail(Errc::unknown_parameter, at);
    // Each registered keyword passes here once, so the searching is bounded by the size of the table.
    std::string_view before = c.since(begin).substr(0, at - begin);
    Parameter earlier;
    while (recognise::next_parameter(before, earlier)) {
      if (equal_ignoring_case(earlier.keyword, piece.keyword)) return fail(Errc::duplicate_parameter, at);
    }
    if (piece.value.empty()) {
      if (registered->value == Presence::required) return fail(Errc::parameter_value_missing, at);
    } else {
      if (registered->value == Presence::forbidden) return fail(Errc::parameter_value_unexpected, at);
      if (registered->accepts != nullptr && !registered->accepts(piece.value))
        return fail(Errc::bad_parameter, at);
    }
    registered_ = true;
    return {};
  }

  Values& values_;
  const ExtensionTable* extensions_;
  std::uint32_t seen_ = 0;  // bit: Key
  Utf8 utf8_;
  ParameterExtension::On on_;
  bool registered_ = false;
};

struct MailValues {
  MailParameters& out;
  Utf8 utf8;

  Verdict set(Key key, std::string_view value) noexcept {
    switch (key) {
      case Key::size: return read_size(value, out.size);
      case Key::body: return set_body(value);
      case Key::by: return read_deliver_by(value, out.deliver_by);
      case Key::holdfor:
      case Key::holduntil:
        // RFC 4865 4.2: HOLDFOR and HOLDUNTIL exclude one another.
        if (out.future_release) return fail(Errc::bad_parameter);
        return key == Key::holdfor ? read_holdfor(value, out.future_release)
                                   : read_holduntil(value, out.future_release);
      case Key::envid: return read_envid(value, out.envid);
      case Key::auth: return read_auth(value, utf8, out.auth);
      case Key::ret: return read_ret(value, out.ret);
      case Key::mt_priority: return read_mt_priority(value, out.mt_priority);
      case Key::smtputf8: out.smtputf8 = true; return {};
      case Key::requiretls: out.require_tls = true; return {};
      default: return fail(Errc::misuse);
    }
  }

  Verdict set_body(std::string_view value) noexcept {
    Verdict read = read_body(value, out.body);
    if (read && out.body == BodyType::binary_mime) out.used.add(Extension::binarymime);
    return read;
  }
};

struct RcptValues {
  RcptParameters& out;
  Utf8 utf8;

  Verdict set(Key key, std::string_view value) noexcept {
    if (key == Key::notify) return read_notify(value, out.notify);
    if (key == Key::orcpt) return read_orcpt(value, out.orcpt_type, out.orcpt_address);
    return fail(Errc::misuse);
  }
};

// The parameters of both lists that the core does not know are the same, in the same order.
bool same_registered(const RegisteredParameters& a, const RegisteredParameters& b) noexcept {
  if (a.text == b.text) return true;
  std::string_view left = a.text;
  std::string_view right = b.text;
  const auto next_foreign = [](std::string_view& list, Parameter& out) noexcept {
    while (recognise::next_parameter(list, out)) {
      if (!recognise::is_core_parameter(out.keyword)) return true;
    }
    return false;
  };
  for (;;) {
    Parameter from_left;
    Parameter from_right;
    const bool more = next_foreign(left, from_left);
    if (more != next_foreign(right, from_right)) return false;
    if (!more) return true;
    if (!equal_ignoring_case(from_left.keyword, from_right.keyword) || from_left.value != from_right.value)
      return false;
  }
}

}  // namespace

// ---- For use inside of protocol/ ----

bool recognise::is_core_parameter(std::string_view keyword) noexcept {
  return find_key(keyword) != Key::none;
}

bool recognise::next_parameter(std::string_view& list, Parameter& out) noexcept {
  while (list.starts_with(' ')) list.remove_prefix(1);
  if (list.empty()) return false;
  const std::string_view one = list.substr(0, list.find(' '));
  const std::size_t equals = one.find('=');
  out.keyword = one.substr(0, equals);
  out.value.reset();
  if (equals != std::string_view::npos) out.value = one.substr(equals + 1);
  list.remove_prefix(one.size());
  return true;
}

Verdict recognise::mail_parameters(Cursor& cursor, Utf8 utf8, const ExtensionTable* extensions,
                                   MailParameters& out) noexcept {
  MailValues values{out, utf8};
  return ListReader<MailValues>(utf8, extensions, mail, values).read(cursor);
}

Verdict recognise::rcpt_parameters(Cursor& cursor, Utf8 utf8, const ExtensionTable* extensions,
                                   RcptParameters& out) noexcept {
  RcptValues values{out, utf8};
  return ListReader<RcptValues>(utf8, extensions, rcpt, values).read(cursor);
}

// ---- Public ----

Result<Parameter> esmtp_param(Cursor& cursor, Utf8 utf8) noexcept {
  Piece piece;
  if (const Verdict taken = take_piece(cursor, utf8, piece); !taken) return std::unexpected(taken.error());
  Parameter parameter{.keyword = piece.keyword, .value = {}};
  if (!piece.value.empty()) parameter.value = piece.value;
  return parameter;
}

std::optional<std::string_view> RegisteredParameters::find(std::string_view keyword) const noexcept {
  std::string_view list = text;
  Parameter parameter;
  while (recognise::next_parameter(list, parameter)) {
    if (equal_ignoring_case(parameter.keyword, keyword)) return parameter.value.value_or(std::string_view());
  }
  return std::nullopt;
}

bool operator==(const MailParameters& a, const MailParameters& b) noexcept {
  return a.size == b.size && a.deliver_by == b.deliver_by && a.future_release == b.future_release &&
         a.envid == b.envid && a.auth == b.auth && a.body == b.body && a.ret == b.ret &&
         a.mt_priority == b.mt_priority && a.smtputf8 == b.smtputf8 && a.require_tls == b.require_tls &&
         same_registered(a.registered, b.registered);
}

bool operator==(const RcptParameters& a, const RcptParameters& b) noexcept {
  return a.notify == b.notify && a.orcpt_type == b.orcpt_type && a.orcpt_address == b.orcpt_address &&
         same_registered(a.registered, b.registered);
}

ExtensionSet extensions_of(const MailParameters& parameters) noexcept {
  ExtensionSet used;
  if (parameters.size) used.add(Extension::size);
  if (parameters.deliver_by) used.add(Extension::deliver_by);
  if (parameters.future_release) used.add(Extension::future_release);
  if (!parameters.envid.empty() || parameters.ret) used.add(Extension::dsn);
  if (!parameters.auth.empty()) used.add(Extension::auth);
  if (parameters.body) used.add(Extension::eight_bit_mime);
  if (parameters.body == BodyType::binary_mime) used.add(Extension::binarymime);
  if (parameters.mt_priority) used.add(Extension::mt_priority);
  if (parameters.smtputf8) used.add(Extension::smtputf8);
  if (parameters.require_tls) used.add(Extension::require_tls);
  return used;
}

ExtensionSet extensions_of(const RcptParameters& parameters) noexcept {
  ExtensionSet used;
  if (parameters.notify.given || !parameters.orcpt_type.empty()) used.add(Extension::dsn);
  return used;
}

Result<MailParameters> mail_parameters(Cursor& cursor, Utf8 utf8, const ExtensionTable* extensions) noexcept {
  MailParameters out;
  if (const Verdict read = recognise::mail_parameters(cursor, utf8, extensions, out); !read) {
    return std::unexpected(read.error());
  }
  return out;
}

Result<RcptParameters> rcpt_parameters(Cursor& cursor, Utf8 utf8, const ExtensionTable* extensions) noexcept {
  RcptParameters out;
  if (const Verdict read = recognise::rcpt_parameters(cursor, utf8, extensions, out); !read) {
    return std::unexpected(read.error());
  }
  return out;
}

}  // namespace postrider::protocol
