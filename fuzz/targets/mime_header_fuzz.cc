// The fields of a header are all of it but what stands before the first one, in order; what is read of them
// is bounded, clean, and does not change with the case of the names or another way to fold.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "postrider/fuzz/support/alphabet.h"
#include "postrider/fuzz/support/fuzz_input.h"
#include "postrider/fuzz/support/require.h"
#include "postrider/queue/content/mime_field.h"

namespace {

using namespace postrider::queue;
using namespace postrider::fuzz;

constexpr std::array<std::string_view, 40> kWords = {
    "Content-Type:",
    "content-transfer-encoding:",
    "MIME-Version: 1.0\r\n",
    "text",
    "/",
    "plain",
    "multipart",
    "mixed",
    ";",
    "boundary=",
    "BOUNDARY",
    "boundary*=utf-8''x",
    "boundary*0=a",
    "charset=utf-8",
    "\"",
    "\\",
    "\\\"",
    "(",
    ")",
    "(a (nested) comment)",
    " ",
    "\t",
    "\r\n ",
    "\r\n\t",
    "\r\n",
    "\r",
    "\n",
    ":",
    "=",
    "base64",
    "7BIT",
    "quoted-printable",
    "x",
    "_",
    "=_0.1",
    "'",
    "\xC3\xA9",
    "\xFF",
    std::string_view("\0", 1),
    "Subject: a long text of seventy octets or thereabouts, to be "
    "unfolded: "};

bool is_lower(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return c >= 'A' && c <= 'Z'; });
}

std::string upper(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) { return c >= 'a' && c <= 'z' ? char(c - 32) : c; });
  return out;
}

void check_values(std::string_view value) {
  for (const std::size_t bound : {std::size_t{0}, std::size_t{10}, std::size_t{998}}) {
    const std::string line = unfolded(value, bound);
    require(line.size() <= bound, "an unfolded value has its bound");
    require(line.find_first_of("\r\n") == std::string::npos, "and is one line");
    if (line.size() < bound) require_equal(unfolded(line, bound), line, "that has no more folds");
  }
  const ContentType type = read_content_type(value);
  require(is_lower(type.type) && is_lower(type.subtype), "a type is in lower case");
  require(type.type.empty() == type.subtype.empty(), "it has two halves or none");
  require(type.boundary.find_first_of("\r\n") == std::string::npos, "a boundary is part of a line");
  require(type.type.size() + type.subtype.size() + type.boundary.size() <= value.size(),
          "nothing is made up");
  const std::string encoding = read_transfer_encoding(value);
  require(is_lower(encoding) && encoding.size() <= value.size(), "an encoding is a word in lower case");
  require(encoding.find_first_of(" \t\r\n") == std::string::npos, "one word");
  require_equal(read_transfer_encoding(upper(value)), encoding, "whose case is nothing");
  const ContentType loud = read_content_type(upper(value));
  require(loud.type == type.type && loud.subtype == type.subtype, "nor is that of a type");
}

void check(std::string_view octets) {
  const ExactCopy copy(octets);
  HeaderFields fields(copy.view());
  std::size_t at = 0;
  bool first = true;
  while (fields.next()) {
    const std::string_view whole = fields.whole();
    const auto begin = static_cast<std::size_t>(whole.data() - copy.view().data());
    require(!whole.empty() && begin >= at && (first || begin == at),
            "a field begins where the one before ended");
    at = begin + whole.size();
    first = false;
    require(whole.starts_with(fields.name()), "it begins with its name");
    require(fields.name().find(':') == std::string_view::npos &&
                fields.name().find("\r\n") == std::string_view::npos,
            "which is of its first line");
    require(fields.is(upper(fields.name())), "a name is the same in upper case");
    require(whole.size() >= fields.name().size() + fields.value().size(), "name and value are parts of it");
    check_values(fields.value());
  }
  require(first || at == copy.view().size(), "the last one goes to the end");
  check_values(copy.view());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  if (size > 8192) return 0;
  const std::string_view text = FuzzInput::as_text(octets, size);
  check(text);
  if (size > 128) return 0;
  const std::string spelled = spell(text, kWords);
  check(spelled);
  check("Content-Type: " + spelled);
  return 0;
}
