#include "postrider/protocol/framing/scan.h"

#include <algorithm>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "postrider/tests/protocol/framing/codec_driver.h"

namespace postrider::protocol {
namespace {

using namespace std::string_view_literals;

// scan_text an octet at a time.
TextRun scan_plainly(std::string_view text, TextPlace place, Stops stops, std::size_t text_line) {
  const bool at_dots = stops == Stops::dots || stops == Stops::dots_and_bare_endings;
  const bool at_bare = stops == Stops::bare_endings || stops == Stops::dots_and_bare_endings;
  TextRun run{.length = 0, .end = place, .flaws = {}};
  for (const char octet : text) {
    const bool bare = run.end.after_cr != (octet == '\n');
    if ((bare && at_bare) || (run.end.line_start && octet == '.' && at_dots)) break;
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

std::string told(const TextRun& run) {
  return std::to_string(run.length) + (run.end.line_start ? " start" : "") + (run.end.after_cr ? " cr" : "") +
         " line " + std::to_string(run.end.line) + (run.flaws.bare_cr ? " bare_cr" : "") +
         (run.flaws.bare_lf ? " bare_lf" : "") + (run.flaws.nul ? " nul" : "") +
         (run.flaws.long_line ? " long" : "") + (run.flaws.eight_bit ? " eight" : "");
}

std::vector<Vectors> forms() {
  std::vector<Vectors> forms = {Vectors::best, Vectors::of_16};
  if (has_vectors(Vectors::of_32)) forms.push_back(Vectors::of_32);
  return forms;
}

std::string name_of(const ::testing::TestParamInfo<Vectors>& form) {
  switch (form.param) {
    case Vectors::best: return "best";
    case Vectors::of_16: return "of_16";
    case Vectors::of_32: break;
  }
  return "of_32";
}

class ScanTextTest : public ::testing::TestWithParam<Vectors> {
 protected:
  // In memory of exactly its size, so that a sanitizer sees a look beyond it.
  [[nodiscard]] bool same(std::string_view text, TextPlace place, Stops stops, std::size_t text_line) const {
    const std::vector<char> copy(text.begin(), text.end());
    const TextRun got = scan_text({copy.data(), copy.size()}, place, stops, text_line, GetParam());
    const TextRun expected = scan_plainly(text, place, stops, text_line);
    EXPECT_EQ(told(got), told(expected))
        << visible(text) << " from line " << place.line << ", limit " << text_line;
    return got == expected;
  }
};
INSTANTIATE_TEST_SUITE_P(Forms, ScanTextTest, ::testing::ValuesIn(forms()), name_of);

constexpr Stops kAllStops[] = {Stops::nothing, Stops::dots, Stops::bare_endings,
                               Stops::dots_and_bare_endings};

// Each sequence that matters, at each place of texts of each length: lines of 40 octets around it.
TEST_P(ScanTextTest, FindsEverySequenceAtEveryPlace) {
  constexpr std::string_view kSequences[] = {"",         "\r",      "\n",     "\r\n",  "\r\n.",
                                             "\n.",      "\r.",     "\r\r\n", "\0"sv,  "\xff",
                                             "\r\n\r\n", "\n\r\n.", ".",      "\n\n.", "\r\n\0"sv};
  for (const std::size_t size : {1u, 2u, 15u, 63u, 64u, 65u, 127u, 130u, 192u, 193u, 330u, 520u}) {
    std::string plain;
    while (plain.size() < size) plain += "An ordinary line of some forty octets.\r\n";
    plain.resize(size);
    for (const std::string_view sequence : kSequences) {
      for (std::size_t at = 0; at + sequence.size() <= size; at += sequence.empty() ? size : 1) {
        std::string text = plain;
        text.replace(at, sequence.size(), sequence);
        for (const Stops stops : kAllStops) {
          if (!same(text, {.line_start = at % 3 == 0, .after_cr = at % 3 == 1, .line = at % 50}, stops, 1000))
            return;
        }
      }
    }
  }
}

TEST_P(ScanTextTest, MeasuresLines) {
  std::mt19937 random(5321);
  for (const std::size_t limit :
       {1u, 2u, 5u, 63u, 64u, 65u, 127u, 128u, 129u, 255u, 256u, 257u, 384u, 600u, 1000u}) {
    for (int round = 0; round < 400; ++round) {
      std::string text;
      const std::size_t about = 1 + limit * (1 + random() % 3) / 2;
      while (text.size() < 3 * limit + 300) {
        // Lines around the limit and around what the groups allow.
        std::size_t n = random() % 4 == 0 ? limit - random() % 4 : random() % about;
        if (random() % 50 == 0) n = limit + 1;
        text.append(n < 2 ? 0 : std::min(n, limit + 1) - 2, 'x').append("\r\n");
      }
      text.resize(text.size() - random() % 70);
      if (text.ends_with('\r')) text.back() = 'y';
      const std::size_t line = random() % 3 == 0 ? random() % (limit + 2) : 0;
      if (!same(text, {.line_start = line == 0, .line = line}, Stops::dots, limit)) return;
    }
  }
}

TEST_P(ScanTextTest, RandomText) {
  std::mt19937 random(821);
  constexpr std::string_view kPieces[] = {"\r\n", "\r\n", "\r\n", "\r\n", "\r\n.",
                                          ".",    "\n",   "\r",   "\0"sv, "\xc3\xa9"};
  for (int round = 0; round < 20000; ++round) {
    std::string text;
    const std::size_t size = random() % 900, longest = 1 + random() % 200,
                      pieces = random() % 3 == 0 ? 10 : 4;
    while (text.size() < size) {
      text += std::string(random() % longest, 'x') + std::string(kPieces[random() % pieces]);
    }
    const TextPlace place{.line_start = random() % 2 == 0, .after_cr = false, .line = random() % 300};
    if (!same(text, place, kAllStops[random() % 4], random() % 2 == 0 ? 1000 : 30 + random() % 600)) return;
  }
}

TEST(FindLineBreakerTest, FindsTheFirstAtEveryPlaceOfEveryLength) {
  for (std::size_t size = 0; size <= 100; ++size) {
    const std::vector<char> plain(size, '.');
    EXPECT_EQ(find_line_breaker({plain.data(), size}), size);
    for (std::size_t at = 0; at < size; ++at) {
      for (const char octet : {'\r', '\n', '\0'}) {
        std::vector<char> text = plain;
        text[at] = octet;
        EXPECT_EQ(find_line_breaker({text.data(), size}), at);
        for (std::size_t behind = at + 1; behind < size; ++behind) text[behind] = "\n\r\0"[behind % 3];
        EXPECT_EQ(find_line_breaker({text.data(), size}), at);
      }
    }
  }
}

TEST(FindLineBreakerTest, TakesNoOtherOctetForOne) {
  for (int octet = 1; octet < 256; ++octet) {
    if (octet == '\r' || octet == '\n') continue;
    for (const std::size_t size : {5u, 40u}) {
      EXPECT_EQ(find_line_breaker(std::string(size, static_cast<char>(octet))), size) << octet;
    }
  }
}

}  // namespace
}  // namespace postrider::protocol
