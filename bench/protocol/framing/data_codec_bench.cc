// Dot decoding and encoding, with what comes out copied into a buffer, against a plain scalar copying loop
// and memcpy. Bodies of 64 KiB stay in the cache, those of 64 MiB do not.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <string_view>

#include <benchmark/benchmark.h>

#include "postrider/protocol/framing/data_codec.h"

namespace postrider::protocol {
namespace {

constexpr std::int64_t kInCache = 64 << 10, kInMemory = 64 << 20;

// Text on the wire, without its end: lines of `shortest` to `longest` octets with CRLF, of which one in
// `dotted` begins with a dot that has been doubled (0: none).
struct Kind {
  std::size_t shortest;
  std::size_t longest;
  std::size_t dotted;
  bool utf8 = false;
};
constexpr Kind kOrdinary{50, 90, 0};
constexpr Kind kDotted{50, 90, 100};
constexpr Kind kShortLines{2, 30, 100};
constexpr Kind kLongLines{300, 900, 100};
constexpr Kind kUtf8{50, 90, 100, true};
constexpr Kind kManyDots{50, 90, 2};

std::string text(std::size_t size, Kind kind) {
  std::mt19937 random(42);
  const auto below = [&](std::size_t n) { return random() % n; };
  constexpr std::string_view kLetters = "etaoin shrdlu cmfwyp vbgkjqxz.,-0123456789 ETA";
  std::string out;
  out.reserve(size + 1000);
  while (out.size() < size) {
    const std::size_t end = out.size() + kind.shortest + below(kind.longest - kind.shortest + 1) - 2;
    if (kind.dotted != 0 && below(kind.dotted) == 0)
      out += "..";
    else
      out += 'a';
    while (out.size() < end) {
      if (kind.utf8 && below(12) == 0)
        out += "\xc3\xa9";
      else
        out += kLetters[below(kLetters.size())];
    }
    out += "\r\n";
  }
  // Cut so that no CR is left alone.
  out.resize(size - 4);
  out += "xx\r\n";
  if (out[size - 5] == '\r') out[size - 5] = 'x';
  return out;
}

void finish(benchmark::State& state, std::size_t size) {
  state.SetBytesProcessed(static_cast<std::int64_t>(size) * state.iterations());
}

void Memcpy(benchmark::State& state) {
  const std::string wire = text(static_cast<std::size_t>(state.range(0)), kOrdinary);
  const auto out = std::make_unique<char[]>(wire.size());
  for (auto _ : state) {
    std::memcpy(out.get(), wire.data(), wire.size());
    benchmark::DoNotOptimize(out.get());
    benchmark::ClobberMemory();
  }
  finish(state, wire.size());
}
BENCHMARK(Memcpy)->Arg(kInCache)->Arg(kInMemory);

// What a first version of anyone's decoder looks like.
std::size_t scalar_decode(std::string_view wire, char* out) {
  const char* const begin = out;
  char before = '\n';
  for (const char octet : wire) {
    const bool stuffed = octet == '.' && before == '\n';
    before = octet;
    if (!stuffed) *out++ = octet;
  }
  return static_cast<std::size_t>(out - begin);
}

void ScalarLoop(benchmark::State& state, Kind kind) {
  const std::string wire = text(static_cast<std::size_t>(state.range(0)), kind);
  const auto out = std::make_unique<char[]>(wire.size());
  for (auto _ : state) {
    benchmark::DoNotOptimize(scalar_decode(wire, out.get()));
    benchmark::ClobberMemory();
  }
  finish(state, wire.size());
}
BENCHMARK_CAPTURE(ScalarLoop, ordinary, kOrdinary)->Arg(kInCache)->Arg(kInMemory);
BENCHMARK_CAPTURE(ScalarLoop, one_dot_in_100_lines, kDotted)->Arg(kInCache)->Arg(kInMemory);

template <class Next>
std::size_t copy_all(std::string_view input, char* out, Next next) {
  const char* const begin = out;
  while (!input.empty()) {
    const auto [consumed, part] = next(input);
    std::memcpy(out, part.data(), part.size());
    out += part.size();
    input.remove_prefix(consumed);
  }
  return static_cast<std::size_t>(out - begin);
}

std::size_t decode(DotDecoder& decoder, std::string_view wire, char* out) {
  return copy_all(wire, out, [&decoder](std::string_view input) {
    const DotDecoder::Slice slice = decoder.next(input);
    return std::pair(slice.consumed, slice.body);
  });
}

void Decode(benchmark::State& state, Kind kind, BareEndings endings) {
  const std::string wire = text(static_cast<std::size_t>(state.range(0)), kind);
  const auto out = std::make_unique<char[]>(2 * wire.size());
  for (auto _ : state) {
    DotDecoder decoder(1000, endings);
    benchmark::DoNotOptimize(decode(decoder, wire, out.get()));
    benchmark::ClobberMemory();
  }
  finish(state, wire.size());
}
BENCHMARK_CAPTURE(Decode, ordinary, kOrdinary, BareEndings::keep)->Arg(kInCache)->Arg(kInMemory);
BENCHMARK_CAPTURE(Decode, one_dot_in_100_lines, kDotted, BareEndings::keep)->Arg(kInCache)->Arg(kInMemory);
BENCHMARK_CAPTURE(Decode, converting, kDotted, BareEndings::convert)->Arg(kInCache);
BENCHMARK_CAPTURE(Decode, lines_of_2_to_30, kShortLines, BareEndings::keep)->Arg(kInCache);
BENCHMARK_CAPTURE(Decode, lines_of_300_to_900, kLongLines, BareEndings::keep)->Arg(kInCache);
BENCHMARK_CAPTURE(Decode, utf8, kUtf8, BareEndings::keep)->Arg(kInCache);
BENCHMARK_CAPTURE(Decode, every_other_line_a_dot, kManyDots, BareEndings::keep)->Arg(kInCache);

// As it comes from a socket: the same text in reads of so many octets.
void DecodeInReads(benchmark::State& state) {
  const auto step = static_cast<std::size_t>(state.range(0));
  const std::string wire = text(kInCache, kDotted);
  const auto out = std::make_unique<char[]>(wire.size());
  for (auto _ : state) {
    DotDecoder decoder;
    std::size_t n = 0;
    for (std::size_t at = 0; at < wire.size(); at += step) {
      n += decode(decoder, std::string_view(wire).substr(at, step), out.get() + n);
    }
    benchmark::DoNotOptimize(n);
    benchmark::ClobberMemory();
  }
  finish(state, wire.size());
}
BENCHMARK(DecodeInReads)->Arg(64)->Arg(256)->Arg(1024)->Arg(1448)->Arg(16384);

// Whole small messages, each with its end: what a decoder costs that is made anew for each.
void DecodeMessage(benchmark::State& state) {
  const std::string wire = text(static_cast<std::size_t>(state.range(0)), kOrdinary) + ".\r\n";
  const auto out = std::make_unique<char[]>(wire.size());
  for (auto _ : state) {
    DotDecoder decoder;
    benchmark::DoNotOptimize(decode(decoder, wire, out.get()));
    benchmark::ClobberMemory();
  }
  finish(state, wire.size());
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(DecodeMessage)->Arg(64)->Arg(256)->Arg(1024)->Arg(4096);

// A sender that ends lines in LF alone.
void DecodeBareLf(benchmark::State& state, BareEndings endings) {
  std::string wire = text(kInCache, kOrdinary);
  std::erase(wire, '\r');
  const auto out = std::make_unique<char[]>(2 * wire.size());
  for (auto _ : state) {
    DotDecoder decoder(1000, endings);
    benchmark::DoNotOptimize(decode(decoder, wire, out.get()));
    benchmark::ClobberMemory();
  }
  finish(state, wire.size());
}
BENCHMARK_CAPTURE(DecodeBareLf, keep, BareEndings::keep);
BENCHMARK_CAPTURE(DecodeBareLf, convert, BareEndings::convert);

void Encode(benchmark::State& state, Kind kind) {
  const std::string message = text(static_cast<std::size_t>(state.range(0)), kind);
  const auto out = std::make_unique<char[]>(2 * message.size());
  for (auto _ : state) {
    DotEncoder encoder;
    benchmark::DoNotOptimize(copy_all(message, out.get(), [&encoder](std::string_view input) {
      const Result<DotEncoder::Piece> piece = encoder.next(input);
      return std::pair(piece->consumed, piece->wire);
    }));
    benchmark::DoNotOptimize(encoder.finish());
    benchmark::ClobberMemory();
  }
  finish(state, message.size());
}
BENCHMARK_CAPTURE(Encode, ordinary, kOrdinary)->Arg(1024)->Arg(kInCache)->Arg(kInMemory);
BENCHMARK_CAPTURE(Encode, one_dot_in_100_lines, kDotted)->Arg(kInCache)->Arg(kInMemory);

void LookForFlaws(benchmark::State& state) {
  const std::string content = text(static_cast<std::size_t>(state.range(0)), kDotted);
  for (auto _ : state) {
    FlawScanner scanner;
    scanner.look(content);
    scanner.finish();
    benchmark::DoNotOptimize(scanner.flaws());
  }
  finish(state, content.size());
}
BENCHMARK(LookForFlaws)->Arg(kInCache);

}  // namespace
}  // namespace postrider::protocol
