// Command lines out of a buffer: as a pipelined group, one by one, and an octet at a time.
#include <cstddef>
#include <string>
#include <string_view>

#include <benchmark/benchmark.h>

#include "postrider/protocol/framing/line_scanner.h"
#include "postrider/protocol/framing/scan.h"

namespace postrider::protocol {
namespace {

constexpr std::size_t kLimit = 2048;
constexpr std::string_view kLines[] = {
    "EHLO client.example.org\r\n",
    "MAIL FROM:<someone@client.example.org> SIZE=12345 BODY=8BITMIME\r\n",
    "RCPT TO:<postmaster@example.net>\r\n",
    "RCPT TO:<a.rather.long.local-part@a.rather.long.domain.example.net> NOTIFY=NEVER\r\n",
    "DATA\r\n",
    "RSET\r\n",
    "NOOP\r\n",
    "QUIT\r\n",
};

void ScanPipelinedLines(benchmark::State& state) {
  std::string group;
  for (int i = 0; i < 20; ++i) {
    for (const std::string_view line : kLines) group += line;
  }
  std::int64_t lines = 0;
  for (auto _ : state) {
    LineScanner scanner;
    for (std::string_view rest = group; !rest.empty(); ++lines) {
      const LineScanner::Scan scan = scanner.scan(rest, kLimit);
      benchmark::DoNotOptimize(scan.line.data());
      rest.remove_prefix(scan.consumed);
    }
  }
  state.SetItemsProcessed(lines);
  state.SetBytesProcessed(static_cast<std::int64_t>(group.size()) * state.iterations());
}
BENCHMARK(ScanPipelinedLines);

void ScanOneLine(benchmark::State& state) {
  const std::string_view line = kLines[static_cast<std::size_t>(state.range(0))];
  LineScanner scanner;
  for (auto _ : state) benchmark::DoNotOptimize(scanner.scan(line, kLimit));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(ScanOneLine)->DenseRange(0, 4);

void ScanOctetByOctet(benchmark::State& state) {
  const std::string line = std::string(static_cast<std::size_t>(state.range(0)), 'x') + "\r\n";
  LineScanner scanner;
  for (auto _ : state) {
    for (std::size_t n = 1; n <= line.size(); ++n) {
      benchmark::DoNotOptimize(scanner.scan(std::string_view(line).substr(0, n), line.size()));
    }
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(line.size()) * state.iterations());
}
BENCHMARK(ScanOctetByOctet)->Arg(100)->Arg(1000)->Arg(10000);

void SwallowLongLine(benchmark::State& state) {
  const std::string line = std::string(64 << 10, 'x') + "\r\n";
  LineScanner scanner;
  for (auto _ : state) benchmark::DoNotOptimize(scanner.scan(line, kLimit));
  state.SetBytesProcessed(static_cast<std::int64_t>(line.size()) * state.iterations());
}
BENCHMARK(SwallowLongLine);

void FindLineBreaker(benchmark::State& state) {
  const std::string text(static_cast<std::size_t>(state.range(0)), 'x');
  for (auto _ : state) benchmark::DoNotOptimize(find_line_breaker(text));
  state.SetBytesProcessed(static_cast<std::int64_t>(text.size()) * state.iterations());
}
BENCHMARK(FindLineBreaker)->Arg(4)->Arg(15)->Arg(16)->Arg(30)->Arg(100)->Arg(1000);

}  // namespace
}  // namespace postrider::protocol
