#include "postrider/queue/report/mail_date.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdio>

#include "postrider/protocol/grammar/octets.h"

namespace postrider::queue {
namespace {

using namespace std::chrono;

constexpr std::array<std::string_view, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr sys_seconds kFirst = sys_days(year(1900) / 1 / 1);
constexpr sys_seconds kLast = sys_days(year(10000) / 1 / 1) - seconds(1);

struct NamedZone {
  std::string_view name;
  int hours;
};
// Every other name is -0000, RFC 5322 4.3.
constexpr std::array<NamedZone, 8> kZones{
    {{"EST", -5}, {"EDT", -4}, {"CST", -6}, {"CDT", -5}, {"MST", -7}, {"MDT", -6}, {"PST", -8}, {"PDT", -7}}};

// The words of a date: what stands between white space, commas, colons and comments.
class Words {
 public:
  explicit Words(std::string_view text) noexcept : rest_(text) {}

  // Empty at the end.
  std::string_view next() noexcept {
    skip();
    std::size_t length = 0;
    while (length < rest_.size() && !separates(rest_[length]) && rest_[length] != '(') ++length;
    const std::string_view word = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return word;
  }
  bool before_colon() const noexcept { return rest_.starts_with(':'); }

 private:
  static bool separates(char c) noexcept {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ',' || c == ':';
  }
  void skip() noexcept {
    std::size_t depth = 0;
    while (!rest_.empty() && (depth != 0 || separates(rest_[0]) || rest_[0] == '(')) {
      if (rest_[0] == '(') ++depth;
      if (rest_[0] == ')' && depth != 0) --depth;
      rest_.remove_prefix(1);
    }
  }

  std::string_view rest_;
};

std::optional<int> number(std::string_view word, std::size_t digits) noexcept {
  if (word.empty() || word.size() > digits || !protocol::all(word, protocol::kDigit)) return std::nullopt;
  int value = 0;
  for (const char c : word) value = value * 10 + (c - '0');
  return value;
}

std::optional<minutes> zone(std::string_view word) noexcept {
  if (word.size() == 5 && (word[0] == '+' || word[0] == '-')) {
    const auto digits = number(word.substr(1), 4);
    if (!digits || *digits % 100 > 59) return std::nullopt;
    const minutes away = hours(*digits / 100) + minutes(*digits % 100);
    return word[0] == '-' ? -away : away;
  }
  for (const NamedZone& each : kZones) {
    if (protocol::equal_ignoring_case(each.name, word)) return hours(each.hours);
  }
  return minutes(0);
}

std::optional<year> full_year(std::string_view word) noexcept {
  const auto digits = number(word, 4);
  if (!digits || word.size() < 2) return std::nullopt;
  // RFC 5322 4.3: two digits below 50 are of this century, other two and three digits are of the last one.
  if (word.size() == 2) return year(*digits < 50 ? 2000 + *digits : 1900 + *digits);
  return year(word.size() == 3 ? 1900 + *digits : *digits);
}

}  // namespace

std::string write_mail_date(Time time) {
  const sys_seconds second = std::clamp(floor<seconds>(time), kFirst, kLast);
  const sys_days day = floor<days>(second);
  const year_month_day date(day);
  const hh_mm_ss clock(second - day);
  std::array<char, 64> text{};
  const int size =
      std::snprintf(text.data(), text.size(), "%s, %02u %s %04d %02d:%02d:%02d +0000",
                    kDays[weekday(day).c_encoding()].data(), static_cast<unsigned>(date.day()),
                    kMonths[static_cast<unsigned>(date.month()) - 1].data(), static_cast<int>(date.year()),
                    static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                    static_cast<int>(clock.seconds().count()));
  return std::string(text.data(), static_cast<std::size_t>(size));
}

std::optional<Time> read_mail_date(std::string_view text) noexcept {
  Words words(text.substr(0, 256));
  std::string_view word = words.next();
  if (!word.empty() && !protocol::is(word[0], protocol::kDigit)) word = words.next();
  const auto day_of_month = number(word, 2);
  word = words.next();
  const auto month_name = std::ranges::find_if(kMonths, [word](std::string_view name) {
    return word.size() >= 3 && protocol::equal_ignoring_case(name, word.substr(0, 3));
  });
  const auto in_year = full_year(words.next());
  const auto hour = number(words.next(), 2);
  const auto minute = number(words.next(), 2);
  auto second = std::optional<int>(0);
  if (words.before_colon()) second = number(words.next(), 2);
  const auto away = zone(words.next());
  if (!day_of_month || month_name == kMonths.end() || !in_year || !hour || !minute || !second || !away) {
    return std::nullopt;
  }
  const auto month_number = static_cast<unsigned>(month_name - kMonths.begin()) + 1;
  const year_month_day date(*in_year, month(month_number), day(static_cast<unsigned>(*day_of_month)));
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  const sys_seconds at = sys_days(date) + hours(*hour) + minutes(*minute) + seconds(*second) - *away;
  if (at < kFirst || at > kLast) return std::nullopt;
  return Time(at);
}

}  // namespace postrider::queue
