#include "postrider/protocol/grammar/parameter_values.h"

#include <array>
#include <cstddef>
#include <limits>

#include "postrider/protocol/grammar/grammar_access.h"
#include "postrider/protocol/grammar/xtext.h"

namespace postrider::protocol {
namespace {

// RFC 3461 4.4: "up to 100 characters".
constexpr std::size_t kMaxEnvid = 100;
// RFC 3461 4.2: "The entire ORCPT parameter MAY be up to 500 characters", which counts "ORCPT=".
constexpr std::size_t kMaxOrcpt = 500 - 6;

// At most nine digits, so that the value fits; the caller has looked at the number of digits.
constexpr std::uint32_t small_number(std::string_view digits) noexcept {
  std::uint32_t value = 0;
  for (const char c : digits) value = value * 10 + static_cast<std::uint32_t>(c - '0');
  return value;
}

// HT and %d32-126: RFC 3461 4.2 and 4.4 want "printable (graphic and white space)" characters once the xtext
// is decoded. An encoded CR LF would otherwise begin a header field of its own in a delivery report.
Verdict printable_xtext(std::string_view text) noexcept {
  std::array<char, kMaxOrcpt> decoded;
  const Result<std::string_view> plain = xtext_decode(text, decoded);
  if (!plain || !all(*plain, kReplyText)) return fail(Errc::bad_xtext);
  return {};
}

// date-time = full-date "T" full-time, RFC 3339 5.6
class DateTimeReader {
 public:
  explicit DateTimeReader(std::string_view text) noexcept : cursor_(text) {}

  bool read() noexcept {
    unsigned year = 0;
    unsigned month = 0;
    unsigned day = 0;
    if (!number(4, 9999, year) || !cursor_.take('-') || !number(2, 12, month) || !cursor_.take('-') ||
        !number(2, 31, day) || month == 0 || day == 0 || day > days_of(year, month)) {
      return false;
    }
    return cursor_.take_ignoring_case("T") && time() && offset() && cursor_.done();
  }

 private:
  static constexpr unsigned days_of(unsigned year, unsigned month) noexcept {
    if (month == 2) return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
    return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
  }

  bool number(std::size_t digits, unsigned highest, unsigned& out) noexcept {
    const std::string_view text = cursor_.rest().substr(0, digits);
    if (text.size() != digits || !all(text, kDigit)) return false;
    cursor_.skip(digits);
    out = small_number(text);
    return out <= highest;
  }

  // partial-time = time-hour ":" time-minute ":" time-second [time-secfrac]; a leap second is second 60.
  bool time() noexcept {
    unsigned ignored = 0;
    if (!number(2, 23, ignored) || !cursor_.take(':') || !number(2, 59, ignored) || !cursor_.take(':') ||
        !number(2, 60, ignored)) {
      return false;
    }
    return !cursor_.take('.') || !cursor_.take_while(kDigit).empty();
  }

  // time-offset = "Z" / ("+" / "-") time-hour ":" time-minute
  bool offset() noexcept {
    if (cursor_.take_ignoring_case("Z")) return true;
    unsigned ignored = 0;
    if (!cursor_.take('+') && !cursor_.take('-')) return false;
    return number(2, 23, ignored) && cursor_.take(':') && number(2, 59, ignored);
  }

  Cursor cursor_;
};

}  // namespace

// size-value = 1*20DIGIT, RFC 1870 5. Twenty digits may say more than 64 bits hold: then the most that they
// hold is meant, which is above every limit as well.
Verdict read_size(std::string_view value, std::optional<std::uint64_t>& out) noexcept {
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
  if (value.empty() || value.size() > 20) return fail(Errc::bad_parameter);
  std::uint64_t size = 0;
  bool overflow = false;
  for (const char c : value) {
    if (!is(c, kDigit)) return fail(Errc::bad_parameter);
    const auto digit = static_cast<std::uint64_t>(c - '0');
    overflow = overflow || size > (kMost - digit) / 10;
    size = size * 10 + digit;
  }
  out = overflow ? kMost : size;
  return {};
}

// body-value = "7BIT" / "8BITMIME" (RFC 6152 2), "BINARYMIME" (RFC 3030 3)
Verdict read_body(std::string_view value, std::optional<BodyType>& out) noexcept {
  if (equal_ignoring_case(value, "8BITMIME")) {
    out = BodyType::eight_bit_mime;
  } else if (equal_ignoring_case(value, "7BIT")) {
    out = BodyType::seven_bit;
  } else if (equal_ignoring_case(value, "BINARYMIME")) {
    out = BodyType::binary_mime;
  } else {
    return fail(Errc::parameter_not_implemented);  // RFC 5321 4.2.2: 504
  }
  return {};
}

// by-value = by-time ";" by-mode [by-trace]; by-time = ["-" / "+"]1*9DIGIT, RFC 2852 4
Verdict read_deliver_by(std::string_view value, std::optional<DeliverBy>& out) noexcept {
  Cursor cursor(value);
  const bool negative = cursor.take('-');
  if (!negative) cursor.take('+');
  const std::string_view digits = cursor.take_while(kDigit);
  if (digits.empty() || digits.size() > 9 || !cursor.take(';')) return fail(Errc::bad_parameter);

  DeliverBy by;
  const auto seconds = static_cast<std::int32_t>(small_number(digits));
  by.seconds = negative ? -seconds : seconds;
  if (cursor.take_ignoring_case("R")) {
    by.mode = DeliverBy::Mode::return_mail;
  } else if (!cursor.take_ignoring_case("N")) {
    return fail(Errc::bad_parameter);
  }
  by.trace = cursor.take_ignoring_case("T");
  // RFC 2852 4: "a negative or zero value is not allowed with a by-mode of "R"".
  if (!cursor.done() || (by.mode == DeliverBy::Mode::return_mail && by.seconds <= 0))
    return fail(Errc::bad_parameter);
  out = by;
  return {};
}

// future-release-integer = %x31-39 *8DIGIT, RFC 4865 3
Verdict read_holdfor(std::string_view value, std::optional<FutureRelease>& out) noexcept {
  if (value.empty() || value.size() > 9 || value[0] == '0' || !all(value, kDigit))
    return fail(Errc::bad_parameter);
  out = FutureRelease{.seconds = small_number(value), .until = {}};
  return {};
}

// future-release-date-time = date-time of RFC 3339 5.6: RFC 4865 3 as corrected by erratum 2040.
Verdict read_holduntil(std::string_view value, std::optional<FutureRelease>& out) noexcept {
  if (!DateTimeReader(value).read()) return fail(Errc::bad_parameter);
  out = FutureRelease{.seconds = 0, .until = GrammarAccess::text(value)};
  return {};
}

Verdict read_envid(std::string_view value, LineText& out) noexcept {
  if (value.size() > kMaxEnvid) return fail(Errc::bad_parameter);
  out = GrammarAccess::text(value);
  return printable_xtext(value);
}

// RFC 4954 8: what the xtext stands for is a Mailbox, or "<>".
Verdict read_auth(std::string_view value, Utf8 utf8, LineText& out) noexcept {
  std::array<char, 3 * kMaxPath> decoded;
  if (value.size() > decoded.size()) return fail(Errc::bad_parameter);
  const Result<std::string_view> plain = xtext_decode(value, decoded);
  if (!plain) return fail(Errc::bad_xtext);
  if (*plain != "<>" && !Mailbox::parse(*plain, utf8)) return fail(Errc::bad_parameter);
  out = GrammarAccess::text(value);
  return {};
}

// RFC 3461 4.3
Verdict read_ret(std::string_view value, std::optional<DsnReturn>& out) noexcept {
  if (equal_ignoring_case(value, "FULL")) {
    out = DsnReturn::full;
  } else if (equal_ignoring_case(value, "HDRS")) {
    out = DsnReturn::headers;
  } else {
    return fail(Errc::bad_parameter);  // RFC 3461 5.1: an invalid value is answered 501
  }
  return {};
}

// priority-value = (["-"] NZDIGIT) / "0", RFC 6710 7
Verdict read_mt_priority(std::string_view value, std::optional<std::int8_t>& out) noexcept {
  const bool negative = value.starts_with('-');
  if (negative) value.remove_prefix(1);
  if (value.size() != 1 || !is(value[0], kDigit) || (negative && value[0] == '0'))
    return fail(Errc::bad_parameter);
  const int priority = value[0] - '0';
  out = static_cast<std::int8_t>(negative ? -priority : priority);
  return {};
}

// notify-esmtp-value = "NEVER" / 1#notify-list-element, RFC 3461 4.1: NEVER stands by itself.
Verdict read_notify(std::string_view value, DsnNotify& out) noexcept {
  DsnNotify notify;
  notify.given = true;
  if (equal_ignoring_case(value, "NEVER")) {
    notify.never = true;
    out = notify;
    return {};
  }
  for (bool more = true; more;) {
    const std::size_t comma = value.find(',');
    const std::string_view element = value.substr(0, comma);
    if (equal_ignoring_case(element, "SUCCESS")) {
      notify.success = true;
    } else if (equal_ignoring_case(element, "FAILURE")) {
      notify.failure = true;
    } else if (equal_ignoring_case(element, "DELAY")) {
      notify.delay = true;
    } else {
      return fail(Errc::bad_parameter);
    }
    more = comma != std::string_view::npos;
    if (more) value.remove_prefix(comma + 1);
  }
  out = notify;
  return {};
}

// original-recipient-address = addr-type ";" xtext; addr-type = atom, RFC 3461 4.2. For the type utf-8 the
// address is utf-8-enc-addr, RFC 6533 3: one of two encodings, or the Mailbox itself.
Verdict read_orcpt(std::string_view value, LineText& type, LineText& address) noexcept {
  const std::size_t semicolon = value.find(';');
  if (value.size() > kMaxOrcpt || semicolon == std::string_view::npos || semicolon == 0) {
    return fail(Errc::bad_parameter);
  }
  const std::string_view before = value.substr(0, semicolon);
  const std::string_view behind = value.substr(semicolon + 1);
  if (!all(before, kAtext)) return fail(Errc::bad_parameter);
  type = GrammarAccess::text(before);
  address = GrammarAccess::text(behind);
  if (!equal_ignoring_case(before, "utf-8")) return printable_xtext(behind);
  std::array<char, kMaxOrcpt> decoded;
  if (utf8_address_decode(behind, decoded) || Mailbox::parse(behind, Utf8::yes)) return {};
  return fail(Errc::bad_xtext);
}

}  // namespace postrider::protocol
