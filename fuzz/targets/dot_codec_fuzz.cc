// Data ends at CRLF "." CRLF alone, as in a short reference, however it is cut; decoding undoes encoding.
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "postrider/fuzz/support/alphabet.h"
#include "postrider/fuzz/support/choices.h"
#include "postrider/fuzz/support/dot_reference.h"
#include "postrider/fuzz/support/fuzz_input.h"
#include "postrider/fuzz/support/require.h"
#include "postrider/fuzz/support/splits.h"
#include "postrider/protocol/framing/data_codec.h"
#include "postrider/protocol/framing/scan.h"

namespace {

using namespace postrider::protocol;
using namespace postrider::fuzz;

constexpr std::array<std::string_view, 12> kWords = {"\r",
                                                     "\n",
                                                     ".",
                                                     "x",
                                                     "\r\n",
                                                     "\r\n.\r\n",
                                                     "\r\n..",
                                                     "\n.",
                                                     "\r.",
                                                     "\xC3",
                                                     std::string_view("\0", 1),
                                                     "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"};

struct Decoded {
  std::string body;
  std::size_t consumed = 0;
  bool ended = false;
  Flaws flaws;

  friend bool operator==(const Decoded&, const Decoded&) = default;
};

Decoded decode(std::string_view wire, const Cuts& cuts, std::size_t text_line, BareEndings endings) {
  DotDecoder decoder(text_line, endings);
  Decoded out;
  feed(wire, cuts, [&](std::string_view unconsumed) {
    std::size_t consumed = 0;
    while (!out.ended && consumed < unconsumed.size()) {
      const DotDecoder::Slice slice = decoder.next(unconsumed.substr(consumed));
      require(slice.consumed <= unconsumed.size() - consumed, "no more is consumed than there was");
      require(slice.consumed != 0 || !slice.body.empty(), "every call makes progress");
      out.body += slice.body;
      consumed += slice.consumed;
      out.ended = slice.done;
    }
    if (out.ended) {
      const DotDecoder::Slice more = decoder.next(unconsumed.substr(consumed));
      require(more.consumed == 0 && more.body.empty(), "nothing is consumed behind the end");
    }
    out.consumed += consumed;
    return consumed;
  });
  out.flaws = decoder.flaws();
  require(decoder.octets() == out.body.size(), "the octets of the body are counted");
  return out;
}

struct Encoded {
  std::string wire;
  std::optional<Errc> error;

  friend bool operator==(const Encoded&, const Encoded&) = default;
};

Encoded encode(std::string_view message, const Cuts& cuts, BareEndings endings) {
  DotEncoder encoder(endings);
  Encoded out;
  feed(message, cuts, [&](std::string_view unconsumed) {
    std::size_t consumed = 0;
    while (!out.error && consumed < unconsumed.size()) {
      const Result<DotEncoder::Piece> piece = encoder.next(unconsumed.substr(consumed));
      if (!piece) {
        out.error = piece.error().code;
        require(!encoder.next("x") && !encoder.finish(), "an error stays");
        break;
      }
      require(piece->consumed <= unconsumed.size() - consumed, "no more is consumed than there was");
      require(piece->consumed != 0 || !piece->wire.empty(), "every call makes progress");
      out.wire += piece->wire;
      consumed += piece->consumed;
    }
    return consumed;
  });
  if (out.error) return out;
  if (const Result<std::string_view> end = encoder.finish()) {
    out.wire += *end;
  } else {
    out.error = end.error().code;
  }
  return out;
}

void check_decoding(std::string_view wire, std::size_t text_line, BareEndings endings, Choices& choices) {
  const DecodedData expected =
      endings == BareEndings::keep ? decode_data(wire) : decode_data_converting(wire);
  const Decoded whole = decode(wire, {}, text_line, endings);
  require(whole.ended == expected.ended, "data ends where the reference ends it");
  require_equal(whole.consumed, expected.consumed, "behind the same octet");
  require_equal(whole.body, expected.body, "with the same body");
  if (whole.ended) {
    const std::string_view data = wire.substr(0, whole.consumed - 3);
    require(data.empty() || data.ends_with("\r\n"), "data ends at CRLF . CRLF alone");
    require(whole.flaws == flaws_of(data, whole.body, text_line), "and the same flaws");
  }
  require(decode(wire, octet_by_octet(wire.size()), text_line, endings) == whole, "octet by octet");
  require(decode(wire, random_cuts(wire.size(), choices), text_line, endings) == whole, "cut anywhere");
}

// No reader, however lenient about line ends, sees an end of data in it before its last line.
void check_no_early_end(std::string_view wire) {
  const auto ending = [](char c) { return c == '\r' || c == '\n'; };
  require(wire.find('\0') == std::string_view::npos, "what is sent has no NUL");
  for (std::size_t i = 0; i + 3 < wire.size(); ++i) {
    const bool line_start = i == 0 || ending(wire[i - 1]);
    require(!(line_start && wire[i] == '.' && ending(wire[i + 1])), "no line is a dot alone");
  }
}

void check_encoding(std::string_view message, BareEndings endings, Choices& choices) {
  const Encoded whole = encode(message, {}, endings);
  require(encode(message, octet_by_octet(message.size()), endings) == whole, "octet by octet");
  require(encode(message, random_cuts(message.size(), choices), endings) == whole, "cut anywhere");
  const Flaws flaws = flaws_of(message, "", 0);
  const bool refused = flaws.nul || (endings == BareEndings::keep && flaws.bare_ending());
  require(whole.error.has_value() == refused, "what could be misread is refused, and nothing else");
  if (refused) return check_no_early_end(whole.wire);

  check_no_early_end(whole.wire);
  std::string expected = with_crlf_alone(message);
  if (!expected.empty() && !expected.ends_with("\r\n")) expected += "\r\n";
  for (const BareEndings reading : {BareEndings::keep, BareEndings::convert}) {
    const Decoded back = decode(whole.wire + "NOOP\r\n", {}, 1000, reading);
    require(back.ended && back.consumed == whole.wire.size(), "what is sent ends at its end");
    require_equal(back.body, expected, "decoding undoes encoding");
    require(!back.flaws.bare_ending(), "what is sent has no bare endings");
  }
}

void check_flaw_scanner(std::string_view text, std::size_t text_line, Choices& choices) {
  const Flaws expected = flaws_of(text, text, text_line);
  for (const Cuts& cuts : {Cuts{}, octet_by_octet(text.size()), random_cuts(text.size(), choices)}) {
    FlawScanner scanner(text_line);
    feed(text, cuts, [&](std::string_view slice) {
      scanner.look(slice);
      return slice.size();
    });
    scanner.finish();
    require(scanner.flaws() == expected, "the flaws of a chunk are those of the reference");
  }
}

// The hot loop, octet by octet.
TextRun reference_run(std::string_view text, TextPlace place, Stops stops, std::size_t text_line) {
  const bool at_dots = stops == Stops::dots || stops == Stops::dots_and_bare_endings;
  const bool at_bare = stops == Stops::bare_endings || stops == Stops::dots_and_bare_endings;
  TextRun run{.length = 0, .end = place, .flaws = {}};
  for (const char octet : text) {
    const bool bare = run.end.after_cr != (octet == '\n');
    if ((at_bare && bare) || (at_dots && run.end.line_start && octet == '.')) break;
    if (bare && octet == '\n') run.flaws.bare_lf = true;
    if (bare && octet != '\n') run.flaws.bare_cr = true;
    if (octet == '\0') run.flaws.nul = true;
    if (static_cast<unsigned char>(octet) > 127) run.flaws.eight_bit = true;
    if (++run.end.line > text_line) run.flaws.long_line = true;
    run.end.line_start = run.end.after_cr && octet == '\n';
    run.end.after_cr = octet == '\r';
    if (run.end.line_start) run.end.line = 0;
    ++run.length;
  }
  return run;
}

void check_scan(std::string_view text, std::size_t text_line, Choices& choices) {
  const std::size_t breaker = text.find_first_of(std::string_view("\r\n\0", 3));
  require_equal(find_line_breaker(text), std::min(breaker, text.size()),
                "the first octet that breaks a line");
  const std::size_t before = 1 + choices.below(static_cast<std::uint32_t>(text_line));
  const std::array<TextPlace, 3> places = {TextPlace{}, TextPlace{false, true, before},
                                           TextPlace{false, false, before}};
  const TextPlace place = places[choices.below(3)];
  for (const Stops stops : {Stops::nothing, Stops::dots, Stops::bare_endings, Stops::dots_and_bare_endings}) {
    const TextRun expected = reference_run(text, place, stops, text_line);
    require(scan_text(text, place, stops, text_line) == expected, "the hot loop is the simple loop");
    for (const Vectors vectors : {Vectors::of_16, Vectors::of_32}) {
      if (!has_vectors(vectors)) continue;
      require(scan_text(text, place, stops, text_line, vectors) == expected, "in each of its forms");
    }
  }
}

void run(std::string_view settings, std::string_view octets) {
  OctetChoices choices(settings);
  const std::size_t text_line = 100 - choices.below(98);
  const ExactCopy copy(octets);
  const std::string_view text = copy.view();
  check_decoding(text, text_line, BareEndings::keep, choices);
  const std::string ended = std::string(text) + "\r\n.\r\n";
  check_decoding(ended, text_line, BareEndings::keep, choices);
  check_decoding(ended, text_line, BareEndings::convert, choices);
  check_encoding(text, BareEndings::keep, choices);
  check_encoding(text, BareEndings::convert, choices);
  check_flaw_scanner(text, text_line, choices);
  check_scan(text, text_line, choices);
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
