// Decoding undoes encoding, in xtext and in the UTF-8 forms; what can be decoded is what the ABNF has.
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "postrider/fuzz/support/alphabet.h"
#include "postrider/fuzz/support/fuzz_input.h"
#include "postrider/fuzz/support/require.h"
#include "postrider/protocol/grammar/utf8.h"
#include "postrider/protocol/grammar/xtext.h"

namespace {

using namespace postrider::protocol;
using namespace postrider::fuzz;

constexpr std::array<std::string_view, 32> kWords = {"+",
                                                     "+",
                                                     "2",
                                                     "B",
                                                     "+2B",
                                                     "+3D",
                                                     "+0A",
                                                     "+4",
                                                     "a",
                                                     "=",
                                                     " ",
                                                     "\\",
                                                     "\\x{",
                                                     "}",
                                                     "\\x{20}",
                                                     "\\x{20AC}",
                                                     "0",
                                                     "1",
                                                     "9",
                                                     "D",
                                                     "\\x{D8",
                                                     "00}",
                                                     "\\x{10FFFF}",
                                                     "\xC3",
                                                     "\xA9",
                                                     "\xC3\xA9",
                                                     "\xE2\x82\xAC",
                                                     "\xF0\x9F\x98\x80",
                                                     "\xED\xA0\x80",
                                                     "\xFF",
                                                     "@",
                                                     "\n"};

// xtext = *( xchar / hexchar ), RFC 3461 4
bool reference_is_xtext(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      if (i + 2 >= text.size()) return false;
      for (const char c : text.substr(i + 1, 2)) {
        if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'F'))) return false;
      }
      i += 2;
    } else if (text[i] < 33 || text[i] > 126 || text[i] == '=') {
      return false;
    }
  }
  return true;
}

void check_xtext(std::string_view text) {
  require(is_xtext(text) == reference_is_xtext(text), "is_xtext() is the ABNF");
  std::vector<char> out(text.size());
  const Result<std::string_view> decoded = xtext_decode(text, out);
  require(decoded.has_value() == is_xtext(text), "what is xtext can be decoded, and nothing else");
  if (decoded) {
    std::string again;
    xtext_encode(*decoded, again);
    std::vector<char> second(again.size());
    require(xtext_decode(again, second) == *decoded, "encoding what was decoded means the same");
  }
  if (!text.empty()) {
    std::vector<char> small(text.size() - 1);
    require(!xtext_decode(text, small), "too small a buffer is an error");
  }
  Cursor cursor(text);
  const std::string_view begin = xtext(cursor);
  require(is_xtext(begin), "the recogniser takes xtext");
  for (std::size_t more = 1; more <= 3 && begin.size() + more <= text.size(); ++more) {
    require(!is_xtext(text.substr(0, begin.size() + more)), "and as much of it as there is");
  }
}

void check_utf8_address(std::string_view text) {
  std::vector<char> out(text.size());
  const Result<std::string_view> decoded = utf8_address_decode(text, out);
  if (!decoded) return;
  require(!text.empty() && is_utf8(*decoded), "a UTF-8 address is UTF-8");
  require(decoded->find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos,
          "and cannot break a line");
  std::string again;
  require(utf8_address_encode(*decoded, again), "what was decoded can be encoded");
  require(is_xtext(again), "as xtext, so that it passes hosts without SMTPUTF8");
  std::vector<char> second(again.size());
  require(utf8_address_decode(again, second) == *decoded, "and means the same");
}

void run(std::string_view octets) {
  const ExactCopy copy(octets);
  const std::string_view text = copy.view();
  check_xtext(text);
  check_utf8_address(text);

  std::string encoded;
  xtext_encode(text, encoded);
  require(reference_is_xtext(encoded), "encoding gives xtext");
  std::vector<char> out(encoded.size());
  require(xtext_decode(encoded, out) == text, "decoding undoes encoding");

  std::string address = "before";
  if (!utf8_address_encode(text, address)) {
    require_equal(address, "before", "what cannot be encoded appends nothing");
    return;
  }
  require(is_utf8(text), "what is no UTF-8 cannot be encoded");
  address.erase(0, 6);
  std::vector<char> decoded(address.size());
  const Result<std::string_view> back = utf8_address_decode(address, decoded);
  require(text.empty() ? !back : back == text, "decoding undoes encoding");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  if (size > 2048) return 0;
  const std::string_view text = FuzzInput::as_text(octets, size);
  run(text);
  if (size <= 256) run(spell(text, kWords));
  return 0;
}
