#include "postrider/protocol/grammar/base64.h"

#include <array>
#include <cstddef>
#include <cstdint>

#include "postrider/protocol/grammar/octets.h"

namespace postrider::protocol {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

consteval std::array<std::uint8_t, 256> make_values() {
  std::array<std::uint8_t, 256> values{};
  for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
    values[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::uint8_t>(i);
  }
  return values;
}
constexpr std::array<std::uint8_t, 256> kValues = make_values();

constexpr unsigned value(char c) noexcept { return kValues[static_cast<unsigned char>(c)]; }

// Octets of the last group that are padding; `text` is not empty and a multiple of four.
constexpr std::size_t padding(std::string_view text) noexcept {
  return text[text.size() - 1] != '=' ? 0 : text[text.size() - 2] != '=' ? 1 : 2;
}

constexpr char to_char(unsigned octet) noexcept { return static_cast<char>(octet & 0xFFu); }

}  // namespace

bool is_base64(std::string_view text) noexcept {
  if (text.empty()) return true;
  if (text.size() % 4 != 0) return false;
  const std::size_t padded = padding(text);
  if (!all(text.substr(0, text.size() - padded), kBase64)) return false;
  // RFC 4648 3.5: bits that stand for nothing are zero, so that each octet string has one form alone.
  if (padded == 1) return (value(text[text.size() - 2]) & 0x03u) == 0;
  if (padded == 2) return (value(text[text.size() - 3]) & 0x0Fu) == 0;
  return true;
}

Result<std::string_view> base64_decode(std::string_view text, std::span<char> out) noexcept {
  if (!is_base64(text)) return fail(Errc::bad_base64);
  if (text.empty()) return std::string_view();
  const std::size_t padded = padding(text);
  const std::size_t size = text.size() / 4 * 3 - padded;
  if (out.size() < size) return fail(Errc::bad_base64);
  std::size_t used = 0;
  for (std::size_t i = 0; i < text.size(); i += 4) {
    // Padding octets have the value 0.
    const unsigned group =
        value(text[i]) << 18 | value(text[i + 1]) << 12 | value(text[i + 2]) << 6 | value(text[i + 3]);
    for (unsigned shift = 24; shift != 0 && used < size;) {
      shift -= 8;
      out[used++] = to_char(group >> shift);
    }
  }
  return std::string_view(out.data(), size);
}

void base64_encode(std::string_view octets, std::string& out) {
  out.reserve(out.size() + (octets.size() + 2) / 3 * 4);
  while (!octets.empty()) {
    const std::size_t taken = octets.size() < 3 ? octets.size() : 3;
    unsigned group = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      group = group << 8 | (i < taken ? static_cast<unsigned char>(octets[i]) : 0u);
    }
    for (std::size_t i = 0; i < 4; ++i) {
      out.push_back(i <= taken ? kAlphabet[group >> (18 - 6 * i) & 0x3Fu] : '=');
    }
    octets.remove_prefix(taken);
  }
}

}  // namespace postrider::protocol
