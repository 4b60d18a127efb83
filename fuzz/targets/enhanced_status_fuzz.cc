// A status is taken from a text exactly when RFC 3463 2 has it there, and is written back as the same octets.
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "postrider/fuzz/support/alphabet.h"
#include "postrider/fuzz/support/fuzz_input.h"
#include "postrider/fuzz/support/require.h"
#include "postrider/protocol/grammar/enhanced_status.h"
#include "postrider/protocol/grammar/reply.h"

namespace {

using namespace postrider::protocol;
using namespace postrider::fuzz;

constexpr std::array<std::string_view, 16> kWords = {"2", "4", "5",  "3",   ".",    ".", ".", "0",
                                                     "1", "9", "12", "999", "1000", " ", "x", "\n"};

// Octets of 1*3DIGIT without a leading zero at the beginning of `text`; 0: none.
std::size_t number(std::string_view text) {
  const std::size_t n = std::min(text.find_first_not_of("0123456789"), text.size());
  return n > 3 || (n > 1 && text[0] == '0') ? 0 : n;
}

// Octets of the status and the space behind it; 0: none.
std::size_t reference(std::string_view text) {
  if (text.empty() || std::string_view("245").find(text[0]) == std::string_view::npos) return 0;
  std::size_t at = 1;
  for (int part = 0; part < 2; ++part) {
    if (at >= text.size() || text[at++] != '.') return 0;
    const std::size_t n = number(text.substr(at));
    if (n == 0) return 0;
    at += n;
  }
  if (at < text.size() && text[at++] != ' ') return 0;
  return at;
}

void run(std::string_view octets) {
  const ExactCopy copy(octets);
  std::string_view rest = copy.view();
  const std::size_t expected = reference(rest);
  const std::optional<EnhancedStatus> status = parse_enhanced_status(rest);
  require(status.has_value() == (expected != 0), "found exactly when the ABNF has it");
  require_equal(copy.view().size() - rest.size(), expected, "and it alone is removed");
  if (!status) return;
  require(status->code.subject <= 999 && status->code.detail <= 999, "three digits at most");
  const auto code = ReplyCode::from(status->klass * 100u + 50u);
  require(code.has_value(), "the class is one of a reply");
  std::string line;
  write_reply(ReplyView(*code, status->code, "x"), WriteEnhanced::yes, line);
  std::string again = std::string(copy.view().substr(0, expected));
  if (!again.ends_with(' ')) again += ' ';
  require_equal(std::string_view(line).substr(4), again + "x\r\n", "written back as the same octets");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  if (size > 256) return 0;
  const std::string_view text = FuzzInput::as_text(octets, size);
  run(text);
  run(spell(text, kWords));
  return 0;
}
