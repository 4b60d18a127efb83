#include "postrider/protocol/framing/scan.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace postrider::protocol {
namespace {

// ---- Vectors, in the compilers' own notation ----

template <std::size_t kWidth>
struct Vector {
  typedef std::uint8_t Octets __attribute__((vector_size(kWidth)));
  typedef std::uint64_t Words __attribute__((vector_size(kWidth)));
};
using Octets16 = Vector<16>::Octets;

// Functions on vectors are inlined into their callers, which may be compiled for a better processor.
template <std::size_t kWidth>
[[gnu::always_inline]] inline bool any(const typename Vector<kWidth>::Octets& octets) noexcept {
  const auto words = reinterpret_cast<typename Vector<kWidth>::Words>(octets);
  std::uint64_t all = 0;
  for (std::size_t i = 0; i < kWidth / 8; ++i) all |= words[i];
  return all != 0;
}

// One bit an octet, from the top bit of each.
inline std::uint64_t top_bits(const Octets16& octets) noexcept {
#if defined(__SSE2__)
  return static_cast<std::uint64_t>(
      static_cast<unsigned>(_mm_movemask_epi8(reinterpret_cast<__m128i>(octets))));
#else
  std::uint64_t bits = 0;
  for (unsigned i = 0; i < 16; ++i) bits |= std::uint64_t{octets[i]} >> 7 << i;
  return bits;
#endif
}

// ---- Groups: is all of it plain text? ----

// Ordinary text is looked at in groups of so many octets, with one question for each: are all CR and LF in
// pairs, with no dot behind them? Then no decision is needed.
constexpr std::size_t kGroup = 128;

struct PlainGroups {
  std::size_t count;
  bool nul;
  bool eight_bit;
};

// How many of the `groups` at `text` are plain and cannot have a line in them that is too long. text[-1] is
// looked at. Lines are measured in groups, rounded up: `line` is the current one, `text_line` (rounded down)
// the limit.
template <std::size_t kWidth>
[[gnu::always_inline]] inline PlainGroups plain_groups_of(const char* text, std::size_t groups,
                                                          std::size_t line, std::size_t text_line) noexcept {
  using Octets = typename Vector<kWidth>::Octets;
  Octets all_or{}, smallest = ~Octets{};
  std::size_t count = 0;
  for (; count < groups && line < text_line; ++count, text += kGroup) {
    Octets unpaired{}, ends{}, group_or = all_or, group_smallest = smallest;
    for (std::size_t at = 0; at < kGroup; at += kWidth) {
      Octets octets, before;
      std::memcpy(&octets, text + at, kWidth);
      std::memcpy(&before, text + at - 1, kWidth);
      const auto lf = reinterpret_cast<Octets>(octets == '\n');
      unpaired |= reinterpret_cast<Octets>(before == '\r') ^ lf;
      unpaired |= reinterpret_cast<Octets>(before == '\n') & reinterpret_cast<Octets>(octets == '.');
      ends |= lf;
      group_or |= octets;
      group_smallest = group_smallest < octets ? group_smallest : octets;
    }
    if (any<kWidth>(unpaired)) break;
    line = any<kWidth>(ends) ? 1 : line + 1;
    all_or = group_or;
    smallest = group_smallest;
  }
  const auto nul = reinterpret_cast<Octets>(smallest == 0);
  const auto eight_bit = reinterpret_cast<Octets>(all_or >= 0x80);
  return {count, any<kWidth>(nul), any<kWidth>(eight_bit)};
}

PlainGroups plain_groups_16(const char* text, std::size_t groups, std::size_t line,
                            std::size_t text_line) noexcept {
  return plain_groups_of<16>(text, groups, line, text_line);
}

#if defined(__x86_64__)
[[gnu::target("avx2")]] PlainGroups plain_groups_32(const char* text, std::size_t groups, std::size_t line,
                                                    std::size_t text_line) noexcept {
  return plain_groups_of<32>(text, groups, line, text_line);
}
// Known from the start of the program on.
bool has_avx2() noexcept { return __builtin_cpu_supports("avx2"); }
#else
constexpr auto plain_groups_32 = plain_groups_16;
constexpr bool has_avx2() noexcept { return false; }
#endif

PlainGroups plain_groups(Vectors vectors, const char* text, std::size_t groups, std::size_t line,
                         std::size_t text_line) noexcept {
  const bool wide = vectors == Vectors::of_32 || (vectors == Vectors::best && has_avx2());
  return wide ? plain_groups_32(text, groups, line, text_line)
              : plain_groups_16(text, groups, line, text_line);
}

// ---- Blocks: what exactly is where ----

constexpr std::size_t kBlock = 64;
static_assert(kGroup % kBlock == 0);

// One bit an octet of the block: the first one is bit 0. `test` sets the top bit of octets.
template <class Test>
std::uint64_t where(const char* block, Test test) noexcept {
  std::uint64_t bits = 0;
  for (unsigned at = 0; at < kBlock; at += 16) {
    Octets16 octets;
    std::memcpy(&octets, block + at, 16);
    bits |= top_bits(test(octets)) << at;
  }
  return bits;
}
constexpr auto kIsLf = [](const Octets16& octets) noexcept {
  return reinterpret_cast<Octets16>(octets == '\n');
};
constexpr auto kIsNul = [](const Octets16& octets) noexcept {
  return reinterpret_cast<Octets16>(octets == 0);
};
constexpr auto kIsEightBit = [](const Octets16& octets) noexcept { return octets; };

// Up to 64 octets, one bit each: the first one is bit 0.
class Block {
 public:
  // The last `n` of the 64 octets at `text`.
  Block(const char* text, std::size_t n) noexcept : text_(text), dropped_(kBlock - n) {
    Octets16 all_or{}, smallest = ~Octets16{};
    for (unsigned at = 0; at < kBlock; at += 16) {
      Octets16 octets;
      std::memcpy(&octets, text + at, 16);
      cr |= top_bits(reinterpret_cast<Octets16>(octets == '\r')) << at;
      lf |= top_bits(reinterpret_cast<Octets16>(octets == '\n')) << at;
      dot |= top_bits(reinterpret_cast<Octets16>(octets == '.')) << at;
      all_or |= octets;
      smallest = smallest < octets ? smallest : octets;
    }
    cr >>= dropped_;
    lf >>= dropped_;
    dot >>= dropped_;
    rare_ = top_bits(all_or | reinterpret_cast<Octets16>(smallest == 0)) != 0;
  }

  // These are rare, so they are not looked for before it is known that there is one of them.
  std::uint64_t nul() const noexcept { return rare_ ? where(text_, kIsNul) >> dropped_ : 0; }
  std::uint64_t eight_bit() const noexcept { return rare_ ? where(text_, kIsEightBit) >> dropped_ : 0; }

  std::uint64_t cr = 0, lf = 0, dot = 0;

 private:
  const char* text_;
  std::size_t dropped_;
  bool rare_;
};

constexpr std::uint64_t first_bits(std::size_t n) noexcept { return n == 64 ? ~0ull : (1ull << n) - 1; }

class TextScan {
 public:
  TextScan(std::string_view text, TextPlace place, Stops stops, std::size_t text_line) noexcept
      : text_(text),
        text_line_(text_line),
        at_dots_(all_bits(stops, Stops::dots)),
        at_bare_(all_bits(stops, Stops::bare_endings)),
        place_(place) {}

  TextRun scan(Vectors vectors) noexcept {
    while (left() >= kBlock) {
      if (!look(Block(next(), kBlock), kBlock)) return result();
      // The group in which the last call found something is not asked again.
      if (left() >= kGroup && length_ >= groups_from_) skip_plain_groups(vectors);
    }
    if (left() != 0) look_at_rest();
    return result();
  }

 private:
  static std::uint64_t all_bits(Stops stops, Stops stop) noexcept {
    return (static_cast<unsigned>(stops) & static_cast<unsigned>(stop)) != 0 ? ~0ull : 0;
  }
  TextRun result() const noexcept {
    return {.length = length_,
            .end = place_,
            .flaws = {.bare_cr = bare_cr_ != 0,
                      .bare_lf = bare_lf_ != 0,
                      .nul = nul_ != 0,
                      .long_line = longest_ > text_line_,
                      .eight_bit = eight_bit_ != 0}};
  }
  std::size_t left() const noexcept { return text_.size() - length_; }
  const char* next() const noexcept { return text_.data() + length_; }

  void skip_plain_groups(Vectors vectors) noexcept {
    const std::size_t line = (place_.line + kGroup - 1) / kGroup;
    const PlainGroups plain = plain_groups(vectors, next(), left() / kGroup, line, text_line_ / kGroup);
    const std::size_t n = plain.count * kGroup;
    if (n != 0) {
      nul_ |= plain.nul ? 1 : 0;
      eight_bit_ |= plain.eight_bit ? 1 : 0;
      place_.line = line_behind(n);
      length_ += n;
      place_.line_start = next()[-1] == '\n';
      place_.after_cr = next()[-1] == '\r';
    }
    groups_from_ = length_ + kGroup;
  }

  // The length of the line that is unfinished behind the next `n` octets.
  std::size_t line_behind(std::size_t n) const noexcept {
    for (std::size_t end = n; end != 0; end -= kBlock) {
      const std::uint64_t ends = where(next() + end - kBlock, kIsLf);
      if (ends != 0) return n - end + static_cast<std::size_t>(std::countl_zero(ends));
    }
    return place_.line + n;
  }

  void look_at_rest() noexcept {
    const std::size_t n = left();
    if (text_.size() >= kBlock) {
      look(Block(text_.data() + text_.size() - kBlock, n), n);
      return;
    }
    char padded[kBlock];
    std::memset(padded, 'x', kBlock - n);
    std::memcpy(padded + kBlock - n, next(), n);
    look(Block(padded, n), n);
  }

  // Takes the next `n` octets, or those before a stop among them; returns whether there was none.
  bool look(const Block& block, std::size_t n) noexcept {
    const std::uint64_t after_cr = block.cr << 1 | (place_.after_cr ? 1 : 0);
    const std::uint64_t bare = after_cr ^ block.lf;
    const std::uint64_t crlf = after_cr & block.lf;
    const std::uint64_t starts = crlf << 1 | (place_.line_start ? 1 : 0);
    const std::uint64_t stop = ((starts & block.dot & at_dots_) | (bare & at_bare_)) & first_bits(n);
    if (stop != 0) n = static_cast<std::size_t>(std::countr_zero(stop));
    if (n == 0) return false;

    const std::uint64_t taken = first_bits(n);
    bare_cr_ |= bare & ~block.lf & taken;
    bare_lf_ |= bare & block.lf & taken;
    nul_ |= block.nul() & taken;
    eight_bit_ |= block.eight_bit() & taken;
    measure_lines(crlf & taken, n);
    place_.line_start = (crlf >> (n - 1) & 1) != 0;
    place_.after_cr = (block.cr >> (n - 1) & 1) != 0;
    length_ += n;
    return stop == 0;
  }

  // `ends` are the LFs of CRLF among the next `n` octets.
  void measure_lines(std::uint64_t ends, std::size_t n) noexcept {
    std::size_t& line = place_.line;
    std::size_t longest = line + n, from = 0;
    if (ends != 0) {
      longest = line + static_cast<std::size_t>(std::countr_zero(ends)) + 1;
      line = 0;
      from = kBlock - static_cast<std::size_t>(std::countl_zero(ends));
      // Lines within a block are shorter than a block.
      if (text_line_ < kBlock) longest = std::max({longest, longest_between(ends), n - from});
    }
    line += n - from;
    longest_ = std::max(longest_, longest);
  }

  static std::size_t longest_between(std::uint64_t ends) noexcept {
    std::size_t longest = 0;
    while ((ends & (ends - 1)) != 0) {
      const int first = std::countr_zero(ends);
      ends &= ends - 1;
      longest = std::max(longest, static_cast<std::size_t>(std::countr_zero(ends) - first));
    }
    return longest;
  }

  std::string_view text_;
  std::size_t text_line_;
  std::uint64_t at_dots_;
  std::uint64_t at_bare_;
  std::size_t groups_from_ = 0;
  TextPlace place_;
  std::size_t length_ = 0;
  // Not 0: there is one.
  std::uint64_t bare_cr_ = 0, bare_lf_ = 0, nul_ = 0, eight_bit_ = 0;
  std::size_t longest_ = 0;
};

}  // namespace

std::size_t find_line_breaker(std::string_view text) noexcept {
  const auto breakers = [](const char* octets_at) noexcept {
    Octets16 octets;
    std::memcpy(&octets, octets_at, 16);
    return top_bits(reinterpret_cast<Octets16>(octets == '\r') | reinterpret_cast<Octets16>(octets == '\n') |
                    reinterpret_cast<Octets16>(octets == 0));
  };
  std::size_t at = 0;
  if (text.size() >= 16) {
    for (; text.size() - at >= 16; at += 16) {
      if (const std::uint64_t found = breakers(text.data() + at); found != 0) {
        return at + static_cast<std::size_t>(std::countr_zero(found));
      }
    }
    // The last 16: there is none among those that were looked at already.
    if (const std::uint64_t found = breakers(text.data() + text.size() - 16); found != 0) {
      return text.size() - 16 + static_cast<std::size_t>(std::countr_zero(found));
    }
    return text.size();
  }
  while (at < text.size() && text[at] != '\r' && text[at] != '\n' && text[at] != '\0') ++at;
  return at;
}

bool has_vectors(Vectors vectors) noexcept { return vectors != Vectors::of_32 || has_avx2(); }

TextRun scan_text(std::string_view text, TextPlace place, Stops stops, std::size_t text_line,
                  Vectors vectors) noexcept {
  return TextScan(text, place, stops, text_line).scan(vectors);
}

}  // namespace postrider::protocol
