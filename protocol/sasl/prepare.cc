#include "postrider/protocol/sasl/prepare.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>

#include "postrider/protocol/grammar/utf8.h"

namespace postrider::protocol::sasl {
namespace {

struct Range {
  std::uint32_t first;
  std::uint32_t last;
};

// The tables of RFC 3454 that RFC 4013 2.1 and 2.3 name, in order; neighbours and overlaps joined.
constexpr Range kRefused[] = {
    {0x0000, 0x001F},     // C.2.1 control characters
    {0x007F, 0x009F},     // C.2.1 DELETE, C.2.2 control characters
    {0x00A0, 0x00A0},     // C.1.2 spaces
    {0x00AD, 0x00AD},     // B.1 mapped to nothing
    {0x0340, 0x0341},     // C.8 tone marks
    {0x034F, 0x034F},     // B.1
    {0x06DD, 0x06DD},     // C.2.2
    {0x070F, 0x070F},     // C.2.2
    {0x1680, 0x1680},     // C.1.2
    {0x1806, 0x1806},     // B.1
    {0x180B, 0x180E},     // B.1, C.2.2
    {0x2000, 0x200F},     // C.1.2, B.1, C.8
    {0x2028, 0x202F},     // C.2.2, C.8, C.1.2
    {0x205F, 0x2063},     // C.1.2, B.1, C.2.2
    {0x206A, 0x206F},     // C.2.2, C.8
    {0x2FF0, 0x2FFB},     // C.7 ideographic description
    {0x3000, 0x3000},     // C.1.2
    {0xD800, 0xF8FF},     // C.5 surrogates, C.3 private use
    {0xFDD0, 0xFDEF},     // C.4 no characters
    {0xFE00, 0xFE0F},     // B.1
    {0xFEFF, 0xFEFF},     // B.1, C.2.2
    {0xFFF9, 0xFFFD},     // C.2.2, C.6
    {0x1D173, 0x1D17A},   // C.2.2
    {0xE0001, 0xE0001},   // C.9 tags
    {0xE0020, 0xE007F},   // C.9
    {0xF0000, 0x10FFFF},  // C.3, C.4
};

// The last two code points of each plane are no characters, C.4.
constexpr bool is_refused(std::uint32_t point) noexcept {
  if ((point & 0xFFFEu) == 0xFFFEu) return true;
  const Range* const at = std::ranges::lower_bound(kRefused, point, {}, &Range::last);
  return at != std::end(kRefused) && at->first <= point;
}

}  // namespace

bool is_prepared(std::string_view text) noexcept {
  while (!text.empty()) {
    const std::size_t length = utf8_sequence(text);
    if (length == 0 || is_refused(utf8_code_point(text, length))) return false;
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace postrider::protocol::sasl
