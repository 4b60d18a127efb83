#include "postrider/agent/config/quantity.h"

#include <array>
#include <charconv>
#include <limits>

namespace postrider::agent {
namespace {

struct Number {
  std::uint64_t value;
  std::string_view unit;  // what follows the digits
};

std::expected<Number, std::string> leading_number(std::string_view text) {
  if (text.empty()) return std::unexpected("is empty");
  std::uint64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error == std::errc::result_out_of_range) return std::unexpected("is too large");
  if (error != std::errc{}) return std::unexpected("does not begin with a number");
  return Number{value, std::string_view(stop, end)};
}

std::expected<std::uint64_t, std::string> multiplied(std::uint64_t value, std::uint64_t by) {
  if (value > std::numeric_limits<std::uint64_t>::max() / by) return std::unexpected("is too large");
  return value * by;
}

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

constexpr std::array<Unit, 4> kDurationUnits{{{"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}}};
constexpr std::array<Unit, 5> kSizeUnits{{{"", 1},
                                          {"KiB", std::uint64_t{1} << 10},
                                          {"MiB", std::uint64_t{1} << 20},
                                          {"GiB", std::uint64_t{1} << 30},
                                          {"TiB", std::uint64_t{1} << 40}}};

}  // namespace

std::expected<std::chrono::seconds, std::string> parse_duration(std::string_view text) {
  const auto number = leading_number(text);
  if (!number) return std::unexpected(number.error());
  for (const Unit& unit : kDurationUnits) {
    if (unit.name != number->unit) continue;
    const auto seconds = multiplied(number->value, unit.factor);
    if (!seconds || *seconds > static_cast<std::uint64_t>(kLongestDuration.count())) {
      return std::unexpected("is longer than ten years");
    }
    return std::chrono::seconds(static_cast<std::int64_t>(*seconds));
  }
  return std::unexpected("is no duration; write for example \"8s\", \"5m\", \"4h\" or \"5d\"");
}

std::expected<std::uint64_t, std::string> parse_size(std::string_view text) {
  const auto number = leading_number(text);
  if (!number) return std::unexpected(number.error());
  for (const Unit& unit : kSizeUnits) {
    if (unit.name == number->unit) return multiplied(number->value, unit.factor);
  }
  return std::unexpected("is no size; write octets (\"2048\") or a number with KiB, MiB or GiB (\"50MiB\")");
}

std::expected<std::uint64_t, std::string> parse_count(std::string_view text) {
  const auto number = leading_number(text);
  if (!number) return std::unexpected(number.error());
  if (!number->unit.empty()) return std::unexpected("is no whole number");
  return number->value;
}

std::string to_text(std::chrono::seconds duration) {
  const auto seconds = static_cast<std::uint64_t>(duration.count());
  for (auto unit = kDurationUnits.rbegin(); unit != kDurationUnits.rend(); ++unit) {
    if (seconds != 0 && seconds % unit->factor == 0) {
      return std::to_string(seconds / unit->factor) + std::string(unit->name);
    }
  }
  return "0s";
}

}  // namespace postrider::agent
