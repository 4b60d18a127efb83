// Parsing and writing of commands. The mix stands for what a busy server hears: sessions of one to four
// messages with one to three recipients, EHLO before and QUIT behind them, some RSET and NOOP, and a third of
// the messages by BDAT: 12,169 commands of 32 octets on average, the same ones in every run. The target for
// the mix is 20 million commands a second on one core.
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <benchmark/benchmark.h>

#include "postrider/protocol/grammar/command.h"

namespace postrider::protocol {
namespace {

constexpr std::size_t kCommands = 12169;

class Mix {
 public:
  Mix() {
    while (lines_.size() < kCommands) session();
    lines_.resize(kCommands);
    // As in a receive buffer: one behind the other, with their CRLF.
    for (const std::string& line : lines_) octets_ += line + "\r\n";
    std::size_t at = 0;
    for (const std::string& line : lines_) {
      views_.emplace_back(octets_.data() + at, line.size());
      at += line.size() + 2;
    }
  }

  [[nodiscard]] const std::vector<std::string_view>& lines() const { return views_; }
  [[nodiscard]] std::size_t octets() const { return octets_.size(); }

 private:
  std::uint32_t below(std::uint32_t bound) { return static_cast<std::uint32_t>(random_()) % bound; }
  std::string number(std::uint32_t bound) { return std::to_string(below(bound)); }

  std::string domain() {
    static constexpr const char* kDomains[] = {
        "example.org",          "mail.example.net", "gmail.example",      "corp-7.example.com",
        "uni-freiburg.example", "x.test",           "lists.example.info", "sub.domain.example.co.uk"};
    return kDomains[below(8)];
  }
  std::string local_part() {
    static constexpr const char* kNames[] = {"fred",    "jane.doe", "info",   "newsletter",
                                             "bounce+", "a.b.c",    "o'hara", "support-team"};
    return kNames[below(8)] + (below(2) == 0 ? number(10000) : "");
  }
  std::string path() { return "<" + local_part() + "@" + domain() + ">"; }

  void session() {
    lines_.push_back("EHLO " +
                     (below(8) == 0 ? "[192.0.2." + number(256) + "]" : "mx" + number(100) + "." + domain()));
    for (std::uint32_t messages = 1 + below(4); messages > 0; --messages) message();
    if (below(4) == 0) lines_.emplace_back("NOOP");
    lines_.emplace_back("QUIT");
  }

  void message() {
    const bool chunked = below(3) == 0;
    lines_.push_back("MAIL FROM:" + (below(10) == 0 ? "<>" : path()) + mail_parameters());
    for (std::uint32_t recipients = 1 + below(3); recipients > 0; --recipients) {
      lines_.push_back("RCPT TO:" + path() + (below(8) == 0 ? " NOTIFY=SUCCESS,FAILURE" : ""));
    }
    lines_.push_back(chunked ? "BDAT " + number(100000) + " LAST" : "DATA");
    if (below(6) == 0) lines_.emplace_back("RSET");
  }

  std::string mail_parameters() {
    std::string out;
    if (below(3) != 0) out += " SIZE=" + number(1000000);
    if (below(2) != 0) out += " BODY=8BITMIME";
    if (below(12) == 0) out += " SMTPUTF8";
    if (below(16) == 0) out += " RET=HDRS ENVID=Q" + number(1000000);
    return out;
  }

  std::mt19937 random_{12169};
  std::vector<std::string> lines_;
  std::string octets_;
  std::vector<std::string_view> views_;
};

const Mix& mix() {
  static const Mix instance;
  return instance;
}

void parse_all(benchmark::State& state, const std::vector<std::string_view>& lines) {
  std::size_t octets = 0;
  for (const std::string_view line : lines) octets += line.size() + 2;
  for (auto _ : state) {
    for (const std::string_view line : lines) {
      ParsedLine parsed = parse_command(line, {});
      benchmark::DoNotOptimize(parsed);
    }
  }
  const auto rounds = static_cast<std::int64_t>(state.iterations());
  state.SetItemsProcessed(rounds * static_cast<std::int64_t>(lines.size()));
  state.SetBytesProcessed(rounds * static_cast<std::int64_t>(octets));
}

void BM_ParseMix(benchmark::State& state) {
  parse_all(state, mix().lines());
  state.counters["octets/command"] = static_cast<double>(mix().octets()) / static_cast<double>(kCommands);
}
BENCHMARK(BM_ParseMix);

// The commands of the mix that begin with one word, to see where the time goes.
void parse_some(benchmark::State& state, std::string_view word) {
  std::vector<std::string_view> lines;
  for (const std::string_view line : mix().lines()) {
    if (line.starts_with(word)) lines.push_back(line);
  }
  parse_all(state, lines);
}
BENCHMARK_CAPTURE(parse_some, ehlo, "EHLO");
BENCHMARK_CAPTURE(parse_some, mail, "MAIL");
BENCHMARK_CAPTURE(parse_some, rcpt, "RCPT");
BENCHMARK_CAPTURE(parse_some, bdat, "BDAT");
BENCHMARK_CAPTURE(parse_some, quit, "QUIT");

// Lines that are refused: the octets of the mix with one wrong one.
void BM_ParseRefused(benchmark::State& state) {
  std::vector<std::string> broken;
  for (const std::string_view line : mix().lines()) {
    broken.emplace_back(line);
    broken.back()[line.size() * 2 / 3] = '\x01';
  }
  const std::vector<std::string_view> lines(broken.begin(), broken.end());
  parse_all(state, lines);
}
BENCHMARK(BM_ParseRefused);

// Writing includes reading back.
void BM_WriteMix(benchmark::State& state) {
  std::vector<Command> commands;
  for (const std::string_view line : mix().lines())
    commands.push_back(parse_command(line, {}).command.value());
  std::string out;
  for (auto _ : state) {
    out.clear();
    for (const Command& command : commands) benchmark::DoNotOptimize(write_command(command, out));
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) *
                          static_cast<std::int64_t>(commands.size()));
}
BENCHMARK(BM_WriteMix);

}  // namespace
}  // namespace postrider::protocol
