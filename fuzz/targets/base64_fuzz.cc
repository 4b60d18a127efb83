// What decodes is the one and only encoding of what it decodes to; decoding undoes encoding for any octets.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "postrider/fuzz/support/alphabet.h"
#include "postrider/fuzz/support/fuzz_input.h"
#include "postrider/fuzz/support/require.h"
#include "postrider/protocol/grammar/base64.h"

namespace {

using namespace postrider::protocol;
using namespace postrider::fuzz;

constexpr std::array<std::string_view, 16> kWords = {"A", "B",  "Q",    "w",        "/", "+", "9", "z",
                                                     "=", "==", "AAAA", "AGEAYg==", "-", "_", " ", "\n"};

void run(std::string_view octets) {
  const ExactCopy copy(octets);
  const std::string_view text = copy.view();
  std::vector<char> out(base64_decoded_bound(text.size()));
  const Result<std::string_view> decoded = base64_decode(text, out);
  require(decoded.has_value() == is_base64(text), "what is base64 can be decoded, and nothing else");
  if (decoded) {
    require(decoded->size() <= out.size(), "within the bound");
    std::string again;
    base64_encode(*decoded, again);
    require_equal(again, text, "there is one encoding alone");
    std::vector<char> exact(decoded->size());
    require(base64_decode(text, exact) == *decoded, "as much room as there are octets is enough");
    if (!decoded->empty()) {
      std::vector<char> small(decoded->size() - 1);
      require(!base64_decode(text, small), "too small a buffer is an error");
    }
  }
  std::string encoded;
  base64_encode(text, encoded);
  require(encoded.size() == (text.size() + 2) / 3 * 4, "four octets for three");
  std::vector<char> back(base64_decoded_bound(encoded.size()));
  require(base64_decode(encoded, back) == text, "decoding undoes encoding");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  if (size > 4096) return 0;
  const std::string_view text = FuzzInput::as_text(octets, size);
  run(text);
  if (size <= 256) run(spell(text, kWords));
  return 0;
}
