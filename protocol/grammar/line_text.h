// A view of octets that fit into one line: no CR, LF or NUL. Every text argument of a command is a LineText,
// so that a command with a line break inside cannot be built, whatever the text came from (CVE-2025-7962 and
// its many relatives).
//
//   std::optional<LineText> topic = LineText::from(user_input);   // nullopt when it would break the line
//   constexpr LineText fixed = "RSET";                            // literals are checked by the compiler
#pragma once

#include <concepts>
#include <optional>
#include <string_view>

#include "postrider/protocol/grammar/octets.h"

namespace postrider::protocol {

class LineText {
 public:
  constexpr LineText() noexcept = default;
  // A literal; one that would break a line does not compile.
  template <std::size_t N>
  consteval LineText(const char (&literal)[N])
      : text_(literal, N - 1) {  // NOLINT(google-explicit-constructor)
    if (!fits_one_line(text_)) has_cr_lf_or_nul();
  }

  [[nodiscard]] static constexpr std::optional<LineText> from(std::string_view text) noexcept {
    if (!fits_one_line(text)) return std::nullopt;
    return LineText(text, Unchecked{});
  }

  constexpr operator std::string_view() const noexcept {
    return text_;
  }  // NOLINT(google-explicit-constructor)
  [[nodiscard]] constexpr std::string_view view() const noexcept { return text_; }
  [[nodiscard]] constexpr bool empty() const noexcept { return text_.empty(); }
  [[nodiscard]] constexpr std::size_t size() const noexcept { return text_.size(); }

  friend constexpr bool operator==(LineText a, LineText b) noexcept { return a.text_ == b.text_; }
  template <std::convertible_to<std::string_view> Text>
    requires(!std::same_as<Text, LineText>)
  friend constexpr bool operator==(LineText a, const Text& b) noexcept {
    return a.text_ == std::string_view(b);
  }

 private:
  friend struct GrammarAccess;  // the recognisers, which have looked at every octet already
  struct Unchecked {};
  // Never defined: the compiler names it when it refuses a literal. (clang takes no `throw` without
  // exceptions.)
  static void has_cr_lf_or_nul();
  constexpr LineText(std::string_view text, Unchecked) noexcept : text_(text) {}

  std::string_view text_;
};

}  // namespace postrider::protocol
