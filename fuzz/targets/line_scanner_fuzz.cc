// Lines are those of a short reference however the input is cut, and no more than one line is ever kept.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "postrider/fuzz/support/alphabet.h"
#include "postrider/fuzz/support/choices.h"
#include "postrider/fuzz/support/fuzz_input.h"
#include "postrider/fuzz/support/require.h"
#include "postrider/fuzz/support/splits.h"
#include "postrider/protocol/framing/line_scanner.h"

namespace {

using namespace postrider::protocol;
using namespace postrider::fuzz;

using Status = LineScanner::Status;
using BareLineFeed = LineScanner::BareLineFeed;

constexpr std::array<std::string_view, 8> kWords = {"\r\n", "\r",   "\n",       std::string_view("\0", 1),
                                                    "x",    "xxxx", "NOOP\r\n", "\r\r\n"};

struct Seen {
  Status status;
  std::string line;
  Errc flaw;
  bool bare;

  friend bool operator==(const Seen&, const Seen&) = default;
};
using Lines = std::vector<Seen>;

// What the lines of a whole input are: RFC 5321 2.3.8.
Lines reference(std::string_view input, std::size_t limit, BareLineFeed policy) {
  Lines lines;
  while (!input.empty()) {
    const std::size_t at = input.find_first_of(std::string_view("\r\n\0", 3));
    if (at == std::string_view::npos || (input[at] == '\r' && at + 1 == input.size())) break;
    const bool crlf = input[at] == '\r' && input[at + 1] == '\n';
    const bool bare = input[at] == '\n' && policy == BareLineFeed::accept;
    const std::size_t size = at + (crlf ? 2 : 1);
    if (crlf || bare) {
      const bool fits = size <= limit;
      lines.push_back({fits ? Status::line : Status::too_long, std::string(fits ? input.substr(0, at) : ""),
                       Errc::line_too_long, bare});
    } else {
      const Errc flaw = input[at] == '\n'   ? Errc::bare_line_feed
                        : input[at] == '\r' ? Errc::bare_carriage_return
                                            : Errc::nul_octet;
      lines.push_back({Status::bad_ending, "", flaw, false});
    }
    input.remove_prefix(size);
  }
  return lines;
}

Lines observe(std::string_view input, const Cuts& cuts, std::size_t limit, BareLineFeed policy) {
  LineScanner scanner(policy);
  Lines lines;
  const std::string rest = feed(input, cuts, [&](std::string_view unconsumed) {
    std::size_t consumed = 0;
    for (;;) {
      const LineScanner::Scan scan = scanner.scan(unconsumed.substr(consumed), limit);
      consumed += scan.consumed;
      require(consumed <= unconsumed.size(), "no more is consumed than there was");
      if (scan.status == Status::need_more) break;
      require(scan.consumed != 0, "a line is consumed when it is told of");
      require(!scanner.swallowing(), "whatever ends a line ends the swallowing of it");
      lines.push_back({scan.status, std::string(scan.line),
                       scan.status == Status::line ? Errc::line_too_long : scan.flaw, scan.bare_line_feed});
    }
    require(unconsumed.size() - consumed <= limit, "no more is kept than the longest line");
    return consumed;
  });
  require(rest.size() <= limit, "no more is kept than the longest line");
  return lines;
}

void run(std::string_view settings, std::string_view input) {
  OctetChoices choices(settings);
  const std::size_t limit = 66 - choices.below(65);
  for (const BareLineFeed policy : {BareLineFeed::refuse, BareLineFeed::accept}) {
    const Lines expected = reference(input, limit, policy);
    require(observe(input, {}, limit, policy) == expected, "the lines are those of the reference");
    require(observe(input, octet_by_octet(input.size()), limit, policy) == expected, "octet by octet");
    require(observe(input, random_cuts(input.size(), choices), limit, policy) == expected, "cut anywhere");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  if (size > 1024) return 0;
  FuzzInput in(octets, size);
  const std::string_view settings = in.line();
  run(settings, in.rest());
  if (in.rest().size() <= 128) run(settings, spell(in.rest(), kWords));
  return 0;
}
