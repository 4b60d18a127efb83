// Quantities as the configuration and the command line write them: durations "8s" "5m" "4h" "5d", sizes
// "50MiB" "2048", and plain counts.
//
//   parse_duration("5m")  == 300 s        parse_size("50MiB") == 52428800
//
// One number and one unit, nothing around or between them: no sign, no fraction, no space. Durations are
// bounded by kLongestDuration, sizes by 64 bits; whatever is outside is a failure, never a wrapped value.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace postrider::agent {

// Ten years: longer than any timer in mail is meant to run, and far from where 64-bit nanoseconds overflow.
inline constexpr std::chrono::seconds kLongestDuration{std::chrono::hours{24} * 3653};

// The failure says what is wrong in words fit for an error message, without naming the value.
std::expected<std::chrono::seconds, std::string> parse_duration(std::string_view text);
std::expected<std::uint64_t, std::string> parse_size(std::string_view text);
std::expected<std::uint64_t, std::string> parse_count(std::string_view text);

// The shortest text that parses to `duration`: 300 s is "5m".
std::string to_text(std::chrono::seconds duration);

}  // namespace postrider::agent
