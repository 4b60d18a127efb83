// Replies a second through ReplyReader. The mix is like that of a client's day: 10,000 replies of 28 octets
// on average, most of one line, a few replies to EHLO and refusals of several lines.
#include <random>
#include <string>
#include <string_view>

#include <benchmark/benchmark.h>

#include "postrider/protocol/framing/reply_reader.h"

namespace postrider::protocol {
namespace {

constexpr int kReplies = 10'000;

struct Share {
  int percent;
  std::string_view wire;
};
constexpr Share kMix[] = {
    {24, "250 2.1.0 Ok\r\n"},
    {26, "250 2.1.5 Ok\r\n"},
    {14, "354 End data with <CR><LF>.<CR><LF>\r\n"},
    {16, "250 2.0.0 Ok: queued as 4XyZ0t3Kq1z9sT\r\n"},
    {6, "221 2.0.0 Bye\r\n"},
    {3, "220 mx1.example.org ESMTP Postrider\r\n"},
    {3, "550 5.1.1 <someone@example.org>: Recipient address rejected: User unknown\r\n"},
    {3, "450 4.2.0 <someone@example.org>: Recipient address rejected: Greylisted\r\n"},
    {3,
     "250-mx1.example.org\r\n250-PIPELINING\r\n250-SIZE 52428800\r\n250-STARTTLS\r\n250-8BITMIME\r\n"
     "250-ENHANCEDSTATUSCODES\r\n250 CHUNKING\r\n"},
    {1,
     "550-5.1.1 The email account that you tried to reach does not exist. Please try\r\n550-5.1.1 "
     "double-checking "
     "the address.\r\n550 5.1.1 https://support.example.org/?p=NoSuchUser\r\n"},
    {1, "250\r\n"},
};

std::string mix() {
  std::mt19937 random(2821);
  std::string stream;
  for (int i = 0; i < kReplies; ++i) {
    auto pick = static_cast<int>(random() % 100);
    for (const Share& share : kMix) {
      if ((pick -= share.percent) >= 0) continue;
      stream += share.wire;
      break;
    }
  }
  return stream;
}

// Reads the whole stream, of which at most `window` octets are there at a time; how many replies there were.
int read_all(ReplyReader& reader, std::string_view stream, std::size_t window) {
  int replies = 0;
  std::size_t begin = 0;
  std::size_t end = 0;
  while (end < stream.size()) {
    end = window < stream.size() - end ? end + window : stream.size();
    for (;;) {
      const ReplyReader::Read read = reader.next(stream.substr(begin, end - begin));
      begin += read.consumed;
      if (!read.reply || !*read.reply) break;
      benchmark::DoNotOptimize((*read.reply)->text.data());
      ++replies;
    }
  }
  return replies;
}

void run(benchmark::State& state, std::string_view stream, std::size_t window) {
  ReplyReader reader((Limits()));
  std::int64_t replies = 0;
  for (auto _ : state) replies += read_all(reader, stream, window);
  if (replies == 0 || reader.mid_reply()) state.SkipWithError("the stream was not read to its end");
  state.SetItemsProcessed(replies);
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) *
                          static_cast<std::int64_t>(stream.size()));
}

std::string repeat(std::string_view wire) {
  std::string stream;
  for (int i = 0; i < kReplies; ++i) stream += wire;
  return stream;
}

void ReplyReader_Mix(benchmark::State& state) { run(state, mix(), static_cast<std::size_t>(state.range(0))); }
BENCHMARK(ReplyReader_Mix)->ArgName("window")->Arg(1 << 30)->Arg(1448)->Arg(100);

void ReplyReader_Ok(benchmark::State& state) { run(state, repeat("250 2.1.5 Ok\r\n"), 1 << 30); }
BENCHMARK(ReplyReader_Ok);

void ReplyReader_Ehlo(benchmark::State& state) { run(state, repeat(kMix[8].wire), 1 << 30); }
BENCHMARK(ReplyReader_Ehlo);

}  // namespace
}  // namespace postrider::protocol
