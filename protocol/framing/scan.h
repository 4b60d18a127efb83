// The hot loops: finding the few octets that matter in much text. Each has a portable form and SSE2 and AVX2 forms
// behind the same function, chosen once by what the processor has; tests hold them against each other.
#pragma once

#include <cstddef>
#include <string_view>

namespace postrider::protocol {

// Where the first CR, LF or NUL is; text.size() when there is none.
std::size_t find_line_breaker(std::string_view text) noexcept;

// What a run of message text looks like. See scan_text.
struct TextRun {
  std::size_t length = 0;      // octets from the beginning that need no decision
  std::size_t last_line_end = 0;  // position behind the last LF within them; 0: none
  std::size_t longest_line = 0;   // longest line that lies between two LFs within them, with its CRLF
  std::size_t first_line_end = 0; // position behind the first LF within them; 0: none
  bool eight_bit = false;
  bool nul = false;
};

// The longest beginning of `text` in which every CR is followed by LF, every LF follows a CR and no line begins with
// '.' . It ends before the first octet for which that is not (yet) known: a CR at the very end is not part of it, and an LF or '.'
// at the very beginning is taken as following an octet that is neither CR nor LF unless `at_line_start`.
TextRun scan_text(std::string_view text, bool at_line_start) noexcept;

// The forms of the above, for tests and benchmarks. `supported` is false where the processor lacks it.
struct ScanForm {
  const char* name;
  bool supported;
  std::size_t (*find_line_breaker)(std::string_view) noexcept;
  TextRun (*scan_text)(std::string_view, bool) noexcept;
};
inline constexpr std::size_t kScanForms = 3;  // scalar, sse2, avx2
const ScanForm& scan_form(std::size_t index) noexcept;

}  // namespace postrider::protocol
