// Ends the program when an invariant does not hold: libFuzzer and the replay of the seeds both take that as a
// finding.
//
//   require(step.consumed <= input.size(), "no more is consumed than there was");
//   require_equal(again, wire, "writing what was read gives the same octets");
#pragma once

#include <cstdio>
#include <cstdlib>
#include <source_location>
#include <string>
#include <string_view>
#include <type_traits>

namespace postrider::fuzz {

// Octets as a C++ literal would have them, for messages.
inline std::string visible(std::string_view octets) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  for (const char c : octets) {
    const auto octet = static_cast<unsigned char>(c);
    if (c == '\r') {
      out += "\\r";
    } else if (c == '\n') {
      out += "\\n";
    } else if (octet >= 32 && octet < 127) {
      out += c;
    } else {
      out += {'\\', 'x', kHex[octet >> 4], kHex[octet & 15]};
    }
  }
  return out;
}

// What is being tried, such as a seed; a message begins with it.
inline std::string& trying() {
  static std::string what;
  return what;
}

[[noreturn]] inline void broken_invariant(std::string_view what, const std::source_location& where) {
  const std::string text(what);
  if (!trying().empty()) std::fprintf(stderr, "%s: ", trying().c_str());
  std::fprintf(stderr, "%s:%u: broken invariant: %s\n", where.file_name(),
               static_cast<unsigned>(where.line()), text.c_str());
  std::abort();
}

inline void require(bool holds, std::string_view what,
                    const std::source_location& where = std::source_location::current()) {
  if (!holds) broken_invariant(what, where);
}

// A text or a number as a message shows it.
template <class T>
std::string shown(const T& value) {
  if constexpr (std::is_convertible_v<const T&, std::string_view>) {
    return '"' + visible(std::string_view(value)) + '"';
  } else if constexpr (std::is_enum_v<T>) {
    return std::to_string(static_cast<long long>(value));
  } else if constexpr (std::is_arithmetic_v<T>) {
    return std::to_string(value);
  } else {
    return "a value";
  }
}

template <class A, class B>
void require_equal(const A& a, const B& b, std::string_view what,
                   const std::source_location& where = std::source_location::current()) {
  if (a == b) return;
  std::string message(what);
  message += "\n  ";
  message += shown(a);
  message += "\n  ";
  message += shown(b);
  broken_invariant(message, where);
}

}  // namespace postrider::fuzz
