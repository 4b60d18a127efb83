#include "postrider/protocol/framing/data_codec.h"

#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "postrider/tests/protocol/framing/codec_driver.h"
#include "postrider/tests/protocol/framing/dot_reference.h"
#include "postrider/tests/protocol/support/allocation_counter.h"

namespace postrider::protocol {
namespace {

using namespace std::string_view_literals;

constexpr Flaws kNone{}, kBareCr{.bare_cr = true}, kBareLf{.bare_lf = true};

// One cell: the octets that lead to its row, its octet, what has been emitted then, and the flaws. `then_dot`
// is what a following ".\r\n" does, which tells the next states apart: the end, or this text emitted (held
// octets not yet).
struct Cell {
  std::string_view row;
  char octet;
  std::string_view body;
  Flaws flaws;
  std::string_view then_dot;
};
constexpr std::string_view kEnds = "(ends)";

void expect_cell(const Cell& cell, BareEndings endings) {
  SCOPED_TRACE(visible(cell.row) + " + " + visible(std::string_view(&cell.octet, 1)));
  Decoding decoding(endings);
  ASSERT_TRUE(decoding.feed(cell.row));
  ASSERT_TRUE(decoding.feed({&cell.octet, 1}));
  EXPECT_EQ(visible(decoding.body()), visible(cell.body));
  EXPECT_EQ(decoding.flaws(), cell.flaws);
  EXPECT_EQ(decoding.done(), cell.then_dot.empty());
  if (decoding.done()) return;
  ASSERT_TRUE(decoding.feed(".\r\n"));
  EXPECT_EQ(decoding.done() ? kEnds : visible(decoding.body()).substr(visible(cell.body).size()),
            cell.then_dot == kEnds ? kEnds : visible(cell.then_dot));
  // Behind a CR the dot makes it a bare one.
  Flaws flaws = cell.flaws;
  if (cell.octet == '\r') flaws.bare_cr = true;
  EXPECT_EQ(decoding.flaws(), flaws);
}

TEST(DotDecoderTableTest, EveryCellOfKeep) {
  const Cell cells[] = {
      // bol
      {"", '.', "", kNone, ".\r\n"},            // -> dot
      {"", '\r', "\r", kNone, ".\r\n"},         // -> cr
      {"", '\n', "\n", kBareLf, ".\r\n"},       // -> text
      {"", 'x', "x", kNone, ".\r\n"},           // -> text
      {"a\r\n", '.', "a\r\n", kNone, ".\r\n"},  // the same behind a line
      {"a\r\n", '\r', "a\r\n\r", kNone, ".\r\n"},
      {"a\r\n", '\n', "a\r\n\n", kBareLf, ".\r\n"},
      {"a\r\n", 'x', "a\r\nx", kNone, ".\r\n"},
      // dot
      {".", '.', ".", kNone, ".\r\n"},
      {".", '\r', "", kNone, "\r.\r\n"},  // -> dot_cr
      {".", '\n', "\n", kBareLf, ".\r\n"},
      {".", 'x', "x", kNone, ".\r\n"},
      // dot_cr
      {".\r", '.', "\r.", kBareCr, ".\r\n"},
      {".\r", '\r', "\r\r", kBareCr, ".\r\n"},
      {".\r", '\n', "", kNone, ""},  // the end
      {".\r", 'x', "\rx", kBareCr, ".\r\n"},
      // cr
      {"a\r", '.', "a\r.", kBareCr, ".\r\n"},
      {"a\r", '\r', "a\r\r", kBareCr, ".\r\n"},
      {"a\r", '\n', "a\r\n", kNone, kEnds},  // -> bol
      {"a\r", 'x', "a\rx", kBareCr, ".\r\n"},
      // text
      {"a", '.', "a.", kNone, ".\r\n"},
      {"a", '\r', "a\r", kNone, ".\r\n"},  // -> cr
      {"a", '\n', "a\n", kBareLf, ".\r\n"},
      {"a", 'x', "ax", kNone, ".\r\n"},
  };
  for (const Cell& cell : cells) expect_cell(cell, BareEndings::keep);
}

TEST(DotDecoderTableTest, KeepGoesToCrAndDotCrWhereItSays) {
  // then_dot cannot tell cr from text: an LF can.
  for (const std::string_view row : {"", "a\r\n", "a", "a\r", ".\r"}) {
    Decoding decoding(BareEndings::keep);
    decoding.feed(std::string(row) + "\r");
    decoding.feed("\n.\r\n");
    EXPECT_TRUE(decoding.done()) << visible(row);
    EXPECT_EQ(decoding.flaws().bare_cr, row.ends_with('\r')) << visible(row);
  }
}

TEST(DotDecoderTableTest, EveryCellOfConvert) {
  const Cell cells[] = {
      // bol
      {"", '.', "", kNone, ".\r\n"},         // -> dot
      {"", '\r', "\r", kNone, "\n.\r\n"},    // -> cr
      {"", '\n', "\r\n", kBareLf, ".\r\n"},  // -> bol_converted
      {"", 'x', "x", kNone, ".\r\n"},        // -> text
      // dot
      {".", '.', ".", kNone, ".\r\n"},         // -> text
      {".", '\r', "", kNone, ".\r\n.\r\n"},    // -> dot_cr
      {".", '\n', ".\r\n", kBareLf, ".\r\n"},  // -> bol_converted
      {".", 'x', "x", kNone, ".\r\n"},         // -> text
      // dot_cr
      {".\r", '.', ".\r\n", kBareCr, ".\r\n"},       // -> dot_converted
      {".\r", '\r', ".\r\n\r", kBareCr, "\n.\r\n"},  // -> cr
      {".\r", '\n', "", kNone, ""},                  // the end
      {".\r", 'x', ".\r\nx", kBareCr, ".\r\n"},      // -> text
      // cr
      {"a\r", '.', "a\r\n", kBareCr, ".\r\n"},       // -> dot_converted
      {"a\r", '\r', "a\r\n\r", kBareCr, "\n.\r\n"},  // -> cr
      {"a\r", '\n', "a\r\n", kNone, kEnds},          // -> bol
      {"a\r", 'x', "a\r\nx", kBareCr, ".\r\n"},      // -> text
      // text
      {"a", '.', "a.", kNone, ".\r\n"},        // -> text
      {"a", '\r', "a\r", kNone, "\n.\r\n"},    // -> cr
      {"a", '\n', "a\r\n", kBareLf, ".\r\n"},  // -> bol_converted
      {"a", 'x', "ax", kNone, ".\r\n"},        // -> text
      // bol_converted
      {"\n", '.', "\r\n", kBareLf, ".\r\n"},       // -> dot_converted
      {"\n", '\r', "\r\n\r", kBareLf, "\n.\r\n"},  // -> cr
      {"\n", '\n', "\r\n\r\n", kBareLf, ".\r\n"},  // -> bol_converted
      {"\n", 'x', "\r\nx", kBareLf, ".\r\n"},      // -> text
      // dot_converted
      {"\n.", '.', "\r\n.", kBareLf, ".\r\n"},       // -> text
      {"\n.", '\r', "\r\n.\r", kBareLf, "\n.\r\n"},  // -> cr
      {"\n.", '\n', "\r\n.\r\n", kBareLf, ".\r\n"},  // -> bol_converted
      {"\n.", 'x', "\r\nx", kBareLf, ".\r\n"},       // -> text
  };
  for (const Cell& cell : cells) expect_cell(cell, BareEndings::convert);
}

TEST(DotDecoderTableTest, ConvertGoesToTextAndBolConvertedWhereItSays) {
  // Behind bol_converted a dot goes when text follows it; behind text it stays.
  for (const std::string_view to_bol : {"\n", ".\n", "a\n", "\n\n", "\n.\n"}) {
    Decoding decoding(BareEndings::convert);
    decoding.feed(std::string(to_bol) + ".b");
    EXPECT_TRUE(decoding.body().ends_with("\r\nb")) << visible(to_bol);
  }
  for (const std::string_view to_text :
       {"x", "..", ".x", ".\rx", "a\rx", "a.", "ax", "\nx", "\n..", "\n.x"}) {
    Decoding decoding(BareEndings::convert);
    decoding.feed(std::string(to_text) + ".b");
    EXPECT_TRUE(decoding.body().ends_with(".b")) << visible(to_text);
  }
}

// What six well-known readers were seen to do wrong, and the sequences of SMTP smuggling. Each is followed by
// what an attacker would want to be read as commands.
struct EndOfData {
  std::string_view wire;
  bool ends;
  std::string_view body;       // of keep; without an end: when the message is ended afterwards
  std::string_view converted;  // of convert
};

void expect_end(const EndOfData& is) {
  SCOPED_TRACE(visible(is.wire));
  constexpr std::string_view kSmuggled = "MAIL FROM:<admin@example.org>\r\n";
  for (const BareEndings endings : {BareEndings::keep, BareEndings::convert}) {
    Decoding decoding(endings);
    ASSERT_TRUE(decoding.feed(is.wire));
    EXPECT_EQ(decoding.done(), is.ends);
    const std::string_view rest = is.ends ? ""sv : kSmuggled;
    ASSERT_TRUE(decoding.feed(rest));
    ASSERT_TRUE(decoding.feed(is.ends ? ""sv : ".\r\n"sv));
    EXPECT_TRUE(decoding.done());
    const std::string_view body = endings == BareEndings::keep ? is.body : is.converted;
    EXPECT_EQ(visible(decoding.body()), visible(std::string(body) + std::string(rest)));
  }
}

TEST(EndOfDataTest, EmptyMessage) { expect_end({".\r\n", true, "", ""}); }
TEST(EndOfDataTest, OneLineKeepsItsCrlf) { expect_end({"a\r\n.\r\n", true, "a\r\n", "a\r\n"}); }
TEST(EndOfDataTest, LfDotCrlf) { expect_end({"a\n.\r\n", false, "a\n.\r\n", "a\r\n.\r\n"}); }
TEST(EndOfDataTest, LfDotLf) { expect_end({"a\n.\n", false, "a\n.\n", "a\r\n.\r\n"}); }
TEST(EndOfDataTest, CrlfDotCrCrlf) { expect_end({"a\r\n.\r\r\n", false, "a\r\n\r\r\n", "a\r\n.\r\n\r\n"}); }
TEST(EndOfDataTest, CrCrlfDotCrlf) { expect_end({"a\r\r\n.\r\n", true, "a\r\r\n", "a\r\n\r\n"}); }
TEST(EndOfDataTest, CrDotCr) { expect_end({"a\r.\rb", false, "a\r.\rb", "a\r\n.\r\nb"}); }
TEST(EndOfDataTest, CrDotCrlf) { expect_end({"a\r.\r\n", false, "a\r.\r\n", "a\r\n.\r\n"}); }
TEST(EndOfDataTest, CrlfDotLf) { expect_end({"a\r\n.\n", false, "a\r\n\n", "a\r\n.\r\n"}); }
TEST(EndOfDataTest, CrlfDotCr) { expect_end({"a\r\n.\rb", false, "a\r\n\rb", "a\r\n.\r\nb"}); }
TEST(EndOfDataTest, DotCrXKeepsTheCr) { expect_end({".\rx\r\n", false, "\rx\r\n", ".\r\nx\r\n"}); }
TEST(EndOfDataTest, LoneDotWithTextLosesTheDot) {
  expect_end({"a\r\n.x\r\n", false, "a\r\nx\r\n", "a\r\nx\r\n"});
}
TEST(EndOfDataTest, FirstLineIsUnstuffed) { expect_end({"..a\r\n.\r\n", true, ".a\r\n", ".a\r\n"}); }
TEST(EndOfDataTest, CrlfNulDotCrlf) {
  expect_end({"a\r\n\0.\r\n"sv, false, "a\r\n\0.\r\n"sv, "a\r\n\0.\r\n"sv});
}
TEST(EndOfDataTest, CrlfDotNulCrlf) {
  expect_end({"a\r\n.\0\r\n"sv, false, "a\r\n\0\r\n"sv, "a\r\n\0\r\n"sv});
}

// SMTP smuggling of December 2023. Postfix, Sendmail and Exim took other sequences than CRLF "." CRLF for the
// end.
TEST(SmugglingTest, CVE_2023_51764_LfDotCrlf) {
  expect_end({"Hi\n.\r\n", false, "Hi\n.\r\n", "Hi\r\n.\r\n"});
}
TEST(SmugglingTest, CVE_2023_51765_LfDotCrlfAndLfDotLf) {
  expect_end({"Hi\r\n\n.\r\n", false, "Hi\r\n\n.\r\n", "Hi\r\n\r\n.\r\n"});
  expect_end({"Hi\r\n\n.\n", false, "Hi\r\n\n.\n", "Hi\r\n\r\n.\r\n"});
}
TEST(SmugglingTest, CVE_2023_51766_LfDotCrlf) {
  expect_end({"Hi\r\n\r\nthere\n.\r\n", false, "Hi\r\n\r\nthere\n.\r\n", "Hi\r\n\r\nthere\r\n.\r\n"});
}
TEST(SmugglingTest, CVE_2023_51747_CVE_2024_27305_LineEndsOfOtherKinds) {
  for (const std::string_view before : {"\n", "\r", "\n\r"}) {
    for (const std::string_view behind : {"\n", "\r", "\r\n"}) {
      for (const BareEndings endings : {BareEndings::keep, BareEndings::convert}) {
        Decoding decoding(endings);
        decoding.feed("Hi" + std::string(before) + "." + std::string(behind) + "x");
        EXPECT_FALSE(decoding.done()) << visible(before) << "." << visible(behind);
        EXPECT_TRUE(decoding.flaws().bare_ending());
      }
    }
  }
}

TEST(DotDecoderTest, LeavesWhatIsBehindTheEnd) {
  DotDecoder decoder;
  const std::string_view wire = "one\r\n..two\r\n.\r\nQUIT\r\n";
  DotDecoder::Slice slice = decoder.next(wire);
  EXPECT_EQ(slice.body, "one\r\n");
  EXPECT_FALSE(slice.done);
  slice = decoder.next(wire.substr(slice.consumed));
  EXPECT_EQ(slice.body, ".two\r\n");
  EXPECT_TRUE(slice.done);
  EXPECT_EQ(wire.substr(6 + slice.consumed), "QUIT\r\n");
  EXPECT_EQ(decoder.octets(), 11u);
  slice = decoder.next("QUIT\r\n");
  EXPECT_TRUE(slice.done);
  EXPECT_EQ(slice.consumed, 0u);
  EXPECT_EQ(slice.body, "");
}

TEST(DotDecoderTest, SlicesAreAsLongAsTheyCanBe) {
  std::string wire;
  for (int line = 0; line < 1000; ++line) wire += "A line of an ordinary message.\r\n";
  DotDecoder decoder;
  const std::string whole = wire + ".\r\n";
  const DotDecoder::Slice slice = decoder.next(whole);
  EXPECT_TRUE(slice.done);
  EXPECT_EQ(slice.body, wire);
  EXPECT_EQ(slice.body.data(), whole.data());
}

TEST(DotDecoderTest, CountsTextLinesWithCrlfAndWithoutTheDot) {
  // RFC 5321 4.5.3.1.6: 1000 octets with CRLF, not counting a dot added for transparency.
  for (const std::size_t limit : {10u, 80u, 1000u}) {
    for (const std::string_view before : {"", "first\r\n"}) {
      for (const std::string_view dot : {"", "."}) {
        for (const bool over : {false, true}) {
          const std::string line(limit - 2 + over - (dot.empty() ? 0 : 1), 'x');
          const std::string wire =
              std::string(before) + std::string(dot) + std::string(dot) + line + "\r\n.\r\n";
          for (const std::size_t step : {std::size_t{1}, std::size_t{7}, std::size_t{64}, wire.size()}) {
            Decoding decoding(BareEndings::keep, limit);
            for (std::size_t at = 0; at < wire.size(); at += step) decoding.feed(wire.substr(at, step));
            EXPECT_TRUE(decoding.done());
            EXPECT_EQ(decoding.flaws().long_line, over) << limit << visible(before) << dot << step;
          }
        }
      }
    }
  }
}

TEST(DotDecoderTest, TellsOfALongLineBeforeItsEnd) {
  DotDecoder decoder(100);
  decoder.next(std::string(100, 'x'));
  EXPECT_FALSE(decoder.flaws().long_line);
  decoder.next("x");
  EXPECT_TRUE(decoder.flaws().long_line);
}

TEST(DotDecoderTest, OctetsBehindTheEndAreNoFlaws) {
  for (const std::size_t before : {0u, 40u, 64u, 130u, 1100u}) {
    DotDecoder decoder(100);
    std::string wire;
    while (wire.size() < before) wire += "0123456789\r\n";
    wire += ".\r\n";
    const std::size_t end = wire.size();
    wire += "\0\xff\n\rx"sv;
    wire += std::string(200, 'x');
    std::size_t consumed = 0;
    DotDecoder::Slice slice{};
    while (!slice.done) {
      slice = decoder.next(std::string_view(wire).substr(consumed));
      consumed += slice.consumed;
    }
    EXPECT_EQ(consumed, end);
    EXPECT_EQ(decoder.flaws(), Flaws{});
  }
}

TEST(DotDecoderTest, NotesNulAndEightBitWhereverTheyAre) {
  for (std::size_t before = 0; before < 200; ++before) {
    for (const char octet : {'\0', '\x80', '\xff'}) {
      Decoding decoding(BareEndings::keep);
      decoding.feed(std::string(before, 'x') + octet + "yz\r\n.\r\n");
      EXPECT_EQ(decoding.flaws(), (Flaws{.nul = octet == 0, .eight_bit = octet != 0})) << before;
    }
  }
}

// Random text with everything in it, cut at random: the same as the reference, whatever the cuts.
TEST(DotDecoderTest, RandomTextAgreesWithTheReference) {
  std::mt19937 random(20231218);
  const auto below = [&](std::size_t n) {
    return std::uniform_int_distribution<std::size_t>(0, n - 1)(random);
  };
  constexpr std::string_view kPieces[] = {"\r\n", "\r\n", "\r\n.", "\n", "\r", ".", "..", "\0"sv, "\xc3\xa9"};
  for (int round = 0; round < 3000; ++round) {
    const BareEndings endings = round % 2 == 0 ? BareEndings::keep : BareEndings::convert;
    const std::size_t text_line = 20 + below(200), pieces = round % 3 == 0 ? 9 : 3, longest = 1 + below(150);
    std::string wire;
    while (wire.size() < 1500) wire += std::string(below(longest), 'x') + std::string(kPieces[below(pieces)]);
    wire += "\r\n.\r\nNOOP\r\n";
    const reference::Decoded expected = reference::decode(wire, endings);
    Decoding decoding(endings, text_line);
    const std::size_t widest = 1 + below(900);
    for (std::size_t at = 0, step = 0; at < wire.size(); at += step) {
      step = 1 + below(widest);
      // A copy of its own, so that a look beyond its end is seen by a sanitizer.
      const std::vector<char> slice(
          wire.begin() + static_cast<std::ptrdiff_t>(at),
          wire.begin() + static_cast<std::ptrdiff_t>(std::min(at + step, wire.size())));
      ASSERT_TRUE(decoding.feed({slice.data(), slice.size()}));
    }
    ASSERT_TRUE(decoding.done());
    ASSERT_EQ(decoding.consumed(), expected.consumed);
    ASSERT_EQ(visible(decoding.body()), visible(expected.body));
    ASSERT_EQ(decoding.octets(), expected.body.size());
    ASSERT_EQ(decoding.flaws(),
              reference::flaws(std::string_view(wire).substr(0, expected.consumed), expected.body, text_line))
        << round;
  }
}

TEST(FlawScannerTest, SeesTheSameFlawsInAnySlices) {
  const std::string long_line(120, 'x');
  const struct {
    std::string text;
    Flaws flaws;
  } cases[] = {
      {"", {}},
      {"a\r\n.\r\nb\r\n", {}},
      {"a", {}},
      {"a\nb", kBareLf},
      {"\n", kBareLf},
      {"a\rb", kBareCr},
      {"a\r", kBareCr},
      {"a\r\r\n", kBareCr},
      {std::string("a\0b", 3), {.nul = true}},
      {"a\xffz\r\n", {.eight_bit = true}},
      {long_line.substr(0, 98) + "\r\n", {}},
      {long_line.substr(0, 99) + "\r\n", {.long_line = true}},
      {"a\r\n" + long_line.substr(0, 98), {}},
      {"a\r\n" + long_line.substr(0, 99), {.long_line = true}},
      {long_line, {.long_line = true}},
      {long_line + "\n\r\xff", {.bare_cr = true, .bare_lf = true, .long_line = true, .eight_bit = true}},
  };
  for (const auto& is : cases) {
    for (std::size_t first = 0; first <= is.text.size(); ++first) {
      FlawScanner scanner(100);
      scanner.look(std::string_view(is.text).substr(0, first));
      scanner.look({});
      scanner.look(std::string_view(is.text).substr(first));
      scanner.finish();
      EXPECT_EQ(scanner.flaws(), is.flaws) << visible(is.text) << " cut at " << first;
    }
  }
}

TEST(DotEncoderTest, DoublesDotsAndAddsWhatIsMissing) {
  EXPECT_EQ(encode("", BareEndings::keep).wire, ".\r\n");
  EXPECT_EQ(encode("a", BareEndings::keep).wire, "a\r\n.\r\n");
  EXPECT_EQ(encode("a\r\n", BareEndings::keep).wire, "a\r\n.\r\n");
  EXPECT_EQ(encode(".", BareEndings::keep).wire, "..\r\n.\r\n");
  EXPECT_EQ(encode("..a\r\n.\r\n.b.\r\nc", BareEndings::keep).wire, "...a\r\n..\r\n..b.\r\nc\r\n.\r\n");
}

TEST(DotEncoderTest, ConvertsBeforeItLooksAtDots) {
  EXPECT_EQ(encode("a\n.\nb\r.\rc", BareEndings::convert).wire, "a\r\n..\r\nb\r\n..\r\nc\r\n.\r\n");
  EXPECT_EQ(encode("a\r\r\n.\r", BareEndings::convert).wire, "a\r\n\r\n..\r\n.\r\n");
}

TEST(DotEncoderTest, RefusesBareEndingsAndNulForGood) {
  const struct {
    std::string_view message;
    Errc error;
    std::string_view wire;
  } cases[] = {
      {"a\nb", Errc::bare_line_feed, "a"},
      {"\n", Errc::bare_line_feed, ""},
      {"a\r\n\nb", Errc::bare_line_feed, "a\r\n"},
      {"a\rb", Errc::bare_carriage_return, "a"},
      {"a\r", Errc::bare_carriage_return, "a"},
      {"a\r\r\n", Errc::bare_carriage_return, "a"},
      {"a\r\n\rb", Errc::bare_carriage_return, "a\r\n"},
      {"a\0b"sv, Errc::nul_in_data, "a"},
      {"a\r\n\0."sv, Errc::nul_in_data, "a\r\n"},
      {"a\r\0\n"sv, Errc::bare_carriage_return, "a"},
  };
  for (const auto& is : cases) {
    const Encoded encoded = encode(is.message, BareEndings::keep);
    EXPECT_EQ(encoded.error, is.error) << visible(is.message);
    EXPECT_EQ(encoded.wire, is.wire) << visible(is.message);
  }
  DotEncoder encoder;
  EXPECT_FALSE(encoder.next("\n"));
  ASSERT_FALSE(encoder.next("fine\r\n"));
  EXPECT_EQ(encoder.next("fine\r\n").error().code, Errc::bare_line_feed);
  EXPECT_EQ(encoder.finish().error().code, Errc::bare_line_feed);
}

TEST(DotEncoderTest, HoldsACarriageReturnAtTheEndOfASlice) {
  DotEncoder encoder;
  Result<DotEncoder::Piece> piece = encoder.next("a\r");
  ASSERT_TRUE(piece);
  EXPECT_EQ(piece->wire, "a");
  EXPECT_EQ(piece->consumed, 2u);
  piece = encoder.next("\nb");
  ASSERT_TRUE(piece);
  EXPECT_EQ(piece->wire, "\r\n");
  EXPECT_EQ(piece->consumed, 1u);
}

TEST(DotEncoderTest, EmitsSlicesOfTheMessage) {
  const std::string message = "a\r\n.b\r\n" + std::string(5000, 'c') + "\r\n";
  DotEncoder encoder;
  Result<DotEncoder::Piece> piece = encoder.next(message);
  ASSERT_TRUE(piece);
  EXPECT_EQ(piece->wire.data(), message.data());
  EXPECT_EQ(piece->wire, "a\r\n.");
  EXPECT_EQ(piece->consumed, 3u);
  // The dot is still to come: there is no end here.
  EXPECT_EQ(DotEncoder(encoder).finish().error().code, Errc::misuse);
  piece = encoder.next(std::string_view(message).substr(3));
  ASSERT_TRUE(piece);
  EXPECT_EQ(piece->wire.data(), message.data() + 3);
  EXPECT_EQ(piece->consumed, message.size() - 3);
  EXPECT_EQ(encoder.finish(), ".\r\n");
}

TEST(DotEncoderTest, RandomTextComesBack) {
  std::mt19937 random(7);
  const auto below = [&](std::size_t n) {
    return std::uniform_int_distribution<std::size_t>(0, n - 1)(random);
  };
  constexpr std::string_view kPieces[] = {"\r\n", "\r\n.", "\r\n..", ".", "\xc3\xa9", "\n", "\r", "\n."};
  for (int round = 0; round < 2000; ++round) {
    const BareEndings endings = round % 2 == 0 ? BareEndings::keep : BareEndings::convert;
    const std::size_t pieces = endings == BareEndings::keep ? 5 : 8, longest = 1 + below(150);
    std::string message;
    while (message.size() < 700)
      message += std::string(below(longest), 'x') + std::string(kPieces[below(pieces)]);
    message += "\r\n";
    const Encoded encoded = encode(message, endings, static_cast<std::uint32_t>(random()));
    ASSERT_FALSE(encoded.error);
    Decoding decoding(BareEndings::keep);
    ASSERT_TRUE(decoding.feed(encoded.wire));
    ASSERT_TRUE(decoding.done());
    ASSERT_EQ(visible(decoding.body()), visible(reference::with_crlf(message)));
    ASSERT_FALSE(decoding.flaws().bare_ending());
  }
}

TEST(DataCodecTest, AllocatesNothing) {
  std::string message;
  for (int line = 0; line < 200; ++line)
    message += line % 7 == 0 ? ".dots and \xff\r\n" : "An ordinary line.\r\n";
  const std::string wire = encode(message, BareEndings::keep).wire;
  const std::string bare = "a\n.\rb\r\n" + wire;
  const testing::AllocationCounter counter;
  for (const BareEndings endings : {BareEndings::keep, BareEndings::convert}) {
    for (std::string_view rest : {std::string_view(wire), std::string_view(bare)}) {
      DotDecoder decoder(1000, endings);
      bool done = false;
      while (!done) {
        const DotDecoder::Slice slice = decoder.next(rest);
        rest.remove_prefix(slice.consumed);
        done = slice.done;
      }
    }
    DotEncoder encoder(endings);
    for (std::string_view rest = message; !rest.empty();) rest.remove_prefix(encoder.next(rest)->consumed);
    (void)encoder.finish();
  }
  FlawScanner scanner;
  scanner.look(message);
  scanner.finish();
  EXPECT_EQ(counter.allocations(), 0u);
}

}  // namespace
}  // namespace postrider::protocol
