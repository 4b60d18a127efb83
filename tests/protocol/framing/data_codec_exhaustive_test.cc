// The property of the end of data, for every string over {CR, LF, '.', 'x'} up to length 10 and every way of
// cutting those up to length 7: the decoder ends exactly where the reference says and yields what it says,
// and what the encoder emits comes back as it was and ends early for no reader.
#include <gtest/gtest.h>

#include "postrider/protocol/framing/data_codec.h"
#include "postrider/tests/protocol/framing/codec_driver.h"
#include "postrider/tests/protocol/framing/dot_reference.h"

namespace postrider::protocol {
namespace {

constexpr std::size_t kWhole = 10, kCut = 7;
constexpr std::string_view kAlphabet = "\r\n.x";
constexpr std::size_t kTextLine = 4;  // so that there are over-long lines among them

// What the wire goes on with: nothing, or something that brings every unfinished message to its end.
constexpr std::string_view kEndings[] = {"", "\r\n.\r\n", "x\r\n.\r\n"};

bool agrees(const Decoding& decoding, std::string_view wire, const reference::Decoded& expected) {
  return decoding.done() == expected.ended && decoding.consumed() == expected.consumed &&
         decoding.octets() == decoding.body().size() &&
         // Without an end the last octets may still be held back.
         (!expected.ended || decoding.body() == expected.body) &&
         (!expected.ended ||
          decoding.flaws() == reference::flaws(wire.substr(0, expected.consumed), expected.body, kTextLine));
}

class DataCodecExhaustiveTest : public ::testing::TestWithParam<BareEndings> {};
INSTANTIATE_TEST_SUITE_P(Both, DataCodecExhaustiveTest,
                         ::testing::Values(BareEndings::keep, BareEndings::convert), [](const auto& param) {
                           return param.param == BareEndings::keep ? "keep" : "convert";
                         });

TEST_P(DataCodecExhaustiveTest, DecoderEndsWhereTheReferenceDoes) {
  std::size_t strings = 0, ended = 0;
  std::string wire;
  for (std::size_t length = 0; length <= kWhole; ++length) {
    strings += for_all_strings(kAlphabet, length, [&](std::string_view text) {
      for (const std::string_view ending : kEndings) {
        wire.assign(text).append(ending);
        const reference::Decoded expected = reference::decode(wire, GetParam());
        Decoding decoding(GetParam(), kTextLine);
        if (!decoding.feed(wire) || !agrees(decoding, wire, expected)) {
          ADD_FAILURE() << visible(wire) << " gave " << visible(decoding.body()) << " instead of "
                        << visible(expected.body);
          return false;
        }
        if (ending.empty() && expected.ended) ++ended;
      }
      return true;
    });
    if (HasFailure()) return;
  }
  EXPECT_EQ(strings, ((std::size_t{1} << (2 * kWhole + 2)) - 1) / 3);
  EXPECT_GT(ended, 1000u);
}

TEST_P(DataCodecExhaustiveTest, DecoderSeesNoCuts) {
  std::string wire;
  for (std::size_t length = 0; length <= kCut; ++length) {
    for_all_strings(kAlphabet, length, [&](std::string_view text) {
      Decoding whole(GetParam(), kTextLine);
      whole.feed(text);
      const Flaws flaws = whole.flaws();
      const std::string body = whole.body();
      whole.feed("x\r\n.\r\n");
      for (std::uint32_t cuts = 0; cuts < 1u << (length == 0 ? 0 : length - 1); ++cuts) {
        Decoding decoding(GetParam(), kTextLine);
        bool same = decoding.feed_cut(text, cuts) && decoding.flaws() == flaws && decoding.body() == body;
        same = decoding.feed("x\r\n.\r\n") && same && decoding.done() &&
               decoding.consumed() == whole.consumed() && decoding.body() == whole.body() &&
               decoding.flaws() == whole.flaws() && decoding.octets() == whole.octets();
        if (same) continue;
        ADD_FAILURE() << visible(text) << " cut by " << cuts << " gave " << visible(decoding.body())
                      << " instead of " << visible(whole.body());
        return false;
      }
      return true;
    });
    if (HasFailure()) return;
  }
}

// The same strings where the vectors of the fast path meet: across the edge of a block of 64 octets, and
// behind it.
TEST_P(DataCodecExhaustiveTest, DecoderEndsWhereTheReferenceDoesInLongText) {
  constexpr std::size_t kTextLineOfBlocks = 70;
  for (const std::size_t before : {57u, 60u, 62u, 64u, 121u, 250u}) {
    std::string wire(before, 'x');
    if (before == 64) wire.replace(62, 2, "\r\n");
    for_all_strings(kAlphabet, kCut, [&](std::string_view text) {
      wire.resize(before);
      wire.append(text).append("y\r\n.\r\n").append(70, 'z');
      const reference::Decoded expected = reference::decode(wire, GetParam());
      Decoding decoding(GetParam(), kTextLineOfBlocks);
      const bool same =
          decoding.feed(wire) && decoding.done() && decoding.consumed() == expected.consumed &&
          decoding.body() == expected.body && decoding.octets() == expected.body.size() &&
          decoding.flaws() == reference::flaws(std::string_view(wire).substr(0, expected.consumed),
                                               expected.body, kTextLineOfBlocks);
      if (!same) ADD_FAILURE() << visible(wire) << " gave " << visible(decoding.body());
      return same;
    });
    if (HasFailure()) return;
  }
}

TEST_P(DataCodecExhaustiveTest, WhatIsEncodedComesBackAndEndsEarlyForNoReader) {
  std::size_t accepted = 0;
  for (std::size_t length = 0; length <= kWhole; ++length) {
    for_all_strings(kAlphabet, length, [&](std::string_view message) {
      const Encoded encoded = encode(message, GetParam());
      if (GetParam() == BareEndings::keep && reference::has_bare_endings(message)) {
        if (!encoded.error) ADD_FAILURE() << visible(message) << " was not refused";
        return encoded.error.has_value();
      }
      ++accepted;
      std::string expected = reference::with_crlf(message);
      if (!expected.empty() && !expected.ends_with("\r\n")) expected += "\r\n";
      Decoding decoding(BareEndings::keep);
      bool same = !encoded.error && decoding.feed(encoded.wire) && decoding.done() &&
                  decoding.consumed() == encoded.wire.size() && decoding.body() == expected &&
                  !decoding.flaws().bare_ending();
      for (const reference::LenientReader& reader : reference::kLenientReaders) {
        // The end itself, or, for a reader that does not know CRLF, none.
        same = same && reference::early_end(reader, encoded.wire) >= encoded.wire.size() - 3;
      }
      if (!same) ADD_FAILURE() << visible(message) << " became " << visible(encoded.wire);
      return same;
    });
    if (HasFailure()) return;
  }
  EXPECT_GT(accepted, 1000u);
}

TEST_P(DataCodecExhaustiveTest, EncoderSeesNoCuts) {
  for (const std::string_view alphabet : {kAlphabet, std::string_view("\r\n.\0", 4)}) {
    for (std::size_t length = 0; length <= kCut; ++length) {
      for_all_strings(alphabet, length, [&](std::string_view message) {
        const Encoded whole = encode(message, GetParam());
        for (std::uint32_t cuts = 1; cuts < 1u << (length == 0 ? 0 : length - 1); ++cuts) {
          const Encoded cut = encode(message, GetParam(), cuts);
          if (cut == whole) continue;
          ADD_FAILURE() << visible(message) << " cut by " << cuts << " became " << visible(cut.wire)
                        << " instead of " << visible(whole.wire);
          return false;
        }
        return true;
      });
      if (HasFailure()) return;
    }
  }
}

TEST_P(DataCodecExhaustiveTest, NoMessageWithNulIsEncoded) {
  for (std::size_t length = 0; length <= kCut; ++length) {
    for_all_strings(std::string_view("\r\n.\0", 4), length, [&](std::string_view message) {
      const bool refused = encode(message, GetParam()).error.has_value();
      const bool expected = message.find('\0') != std::string_view::npos ||
                            (GetParam() == BareEndings::keep && reference::has_bare_endings(message));
      if (refused != expected) ADD_FAILURE() << visible(message);
      return refused == expected;
    });
  }
}

// The reference readers themselves: a test that holds nothing against them would prove nothing.
TEST(LenientReadersTest, SeeTheEndsThatTheyAreNamedFor) {
  const auto ends = [](std::size_t reader, std::string_view wire) {
    return reference::early_end(reference::kLenientReaders[reader], wire) != std::string_view::npos;
  };
  EXPECT_TRUE(ends(0, "a\n.\nb"));
  EXPECT_FALSE(ends(0, "a\n.\r\nb"));
  EXPECT_TRUE(ends(1, "a\n.\r\nb"));
  EXPECT_TRUE(ends(1, "a\r\n.\r\r\nb"));
  EXPECT_TRUE(ends(2, "a\r.\rb"));
  EXPECT_TRUE(ends(3, "a\r.\nb"));
  EXPECT_TRUE(ends(3, ".\rb"));
  EXPECT_TRUE(ends(4, "a\r.\r\r\nb"));
  EXPECT_TRUE(ends(5, "a\n\r.\r\r\nb"));
  EXPECT_TRUE(ends(6, std::string_view("a\r\n\0.\0\r\n", 8)));
  EXPECT_TRUE(ends(7, std::string_view("a\n\r\0.\0\r\n", 8)));
  for (std::size_t reader = 0; reader < reference::kLenientReaders.size(); ++reader) {
    EXPECT_EQ(ends(reader, "a\r\n.\r\n"), reader != 0 && reader != 2)
        << reference::kLenientReaders[reader].name;
    EXPECT_FALSE(ends(reader, "a\r\n..\r\n.b")) << reference::kLenientReaders[reader].name;
  }
}

}  // namespace
}  // namespace postrider::protocol
