// Reading DER (X.690) of unknown origin: one element at a time, never past the end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace postrider::transport {

namespace der {

inline constexpr std::uint8_t kBoolean = 0x01;
inline constexpr std::uint8_t kInteger = 0x02;
inline constexpr std::uint8_t kBitString = 0x03;
inline constexpr std::uint8_t kOctetString = 0x04;
inline constexpr std::uint8_t kOid = 0x06;
inline constexpr std::uint8_t kUtf8String = 0x0C;
inline constexpr std::uint8_t kPrintableString = 0x13;
inline constexpr std::uint8_t kTeletexString = 0x14;
inline constexpr std::uint8_t kIa5String = 0x16;
inline constexpr std::uint8_t kSequence = 0x30;
inline constexpr std::uint8_t kSet = 0x31;
// A context-specific tag, [number].
constexpr std::uint8_t context(std::uint8_t number, bool constructed) noexcept {
  return static_cast<std::uint8_t>((constructed ? 0xA0 : 0x80) | number);
}

struct Element {
  std::uint8_t tag = 0;
  std::string_view content;
  std::string_view whole;  // with its header
};

}  // namespace der

class DerReader {
 public:
  explicit DerReader(std::string_view octets) noexcept : rest_(octets) {}

  bool empty() const noexcept { return rest_.empty(); }

  // The next element; none at the end and where the octets are no DER.
  std::optional<der::Element> next() noexcept {
    if (rest_.size() < 2) return std::nullopt;
    const auto tag = static_cast<std::uint8_t>(rest_[0]);
    if ((tag & 0x1F) == 0x1F) return std::nullopt;  // certificates have no tag of several octets
    std::size_t length = static_cast<std::uint8_t>(rest_[1]);
    std::size_t header = 2;
    if (length >= 0x80) {
      const std::size_t count = length & 0x7F;
      if (count == 0 || count > 4 || rest_.size() < 2 + count) return std::nullopt;
      length = 0;
      for (std::size_t at = 0; at < count; ++at)
        length = length << 8 | static_cast<std::uint8_t>(rest_[2 + at]);
      header += count;
    }
    if (rest_.size() - header < length) return std::nullopt;
    der::Element element;
    element.tag = tag;
    element.content = rest_.substr(header, length);
    element.whole = rest_.substr(0, header + length);
    rest_.remove_prefix(header + length);
    return element;
  }

  // The next element if it has this tag; otherwise nothing is used.
  std::optional<der::Element> next(std::uint8_t tag) noexcept {
    const std::string_view before = rest_;
    const auto element = next();
    if (element && element->tag == tag) return element;
    rest_ = before;
    return std::nullopt;
  }

 private:
  std::string_view rest_;
};

}  // namespace postrider::transport
