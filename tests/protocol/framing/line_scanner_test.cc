#include "postrider/protocol/framing/line_scanner.h"

#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "postrider/tests/protocol/framing/codec_driver.h"
#include "postrider/tests/protocol/support/allocation_counter.h"

namespace postrider::protocol {
namespace {

using namespace std::string_view_literals;
using Status = LineScanner::Status;
using BareLineFeed = LineScanner::BareLineFeed;

// What was told, as text: "line<abc>", "line-lf<abc>", "too_long", "too_long-lf", or the name of the flaw;
// and where it ended.
using Told = std::vector<std::string>;

std::string event(Status status, Errc flaw, bool bare, std::string_view line, std::size_t end) {
  const std::string lf = bare ? "-lf" : "";
  const std::string at = std::string("@").append(std::to_string(end));
  if (status == Status::line)
    return std::string("line").append(lf).append("<").append(visible(line)).append(">").append(at);
  if (status == Status::too_long) {
    return std::string(flaw == Errc::line_too_long ? "too_long" : "wrong flaw").append(lf).append(at);
  }
  return std::string(to_string(flaw)) + at;
}

// The lines of a whole text, as the contract says them.
Told told_of_whole(std::string_view wire, std::size_t limit, BareLineFeed policy) {
  Told told;
  for (std::size_t begin = 0; begin < wire.size();) {
    const std::size_t end = std::min(wire.find_first_of("\r\n\0"sv, begin), wire.size());
    const std::string_view ending = wire.substr(end, 2), line = wire.substr(begin, end - begin);
    if (ending.empty() || ending == "\r") break;
    const bool crlf = ending == "\r\n", lf = ending.front() == '\n' && policy == BareLineFeed::accept;
    const std::size_t next = end + (crlf ? 2 : 1);
    if (crlf || lf) {
      const Status status = next - begin > limit ? Status::too_long : Status::line;
      told.push_back(event(status, Errc::line_too_long, lf, line, next));
    } else {
      const Errc flaw = ending.front() == '\r'   ? Errc::bare_carriage_return
                        : ending.front() == '\n' ? Errc::bare_line_feed
                                                 : Errc::nul_octet;
      told.push_back(event(Status::bad_ending, flaw, false, {}, next));
    }
    begin = next;
  }
  return told;
}

// The same through a LineScanner. Bit i of `cuts`: octets up to i come first. Checks that at most `limit`
// octets are kept, and that every call but need_more consumes something.
Told told_of_cut(std::string_view wire, std::uint64_t cuts, std::size_t limit, BareLineFeed policy) {
  LineScanner scanner(policy);
  Told told;
  std::size_t begin = 0;
  for (std::size_t end = 1; end <= wire.size(); ++end) {
    if (end != wire.size() && (cuts >> ((end - 1) % 64) & 1) == 0) continue;
    for (bool more = true; more;) {
      const LineScanner::Scan scan = scanner.scan(wire.substr(begin, end - begin), limit);
      begin += scan.consumed;
      more = scan.status != Status::need_more;
      if (!more) continue;
      if (scan.consumed == 0) return {"no progress"};
      told.push_back(event(scan.status, scan.flaw, scan.bare_line_feed, scan.line, begin));
    }
    if (end - begin > limit) return {"keeps more than the limit"};
  }
  return told;
}

TEST(LineScannerTest, EveryStringAndEveryCutGivesTheSameLines) {
  for (std::size_t length = 0; length <= 6; ++length) {
    for_all_strings("\r\n\0x"sv, length, [&](std::string_view wire) {
      for (const BareLineFeed policy : {BareLineFeed::refuse, BareLineFeed::accept}) {
        for (std::size_t limit = 2; limit <= 5; ++limit) {
          const Told expected = told_of_whole(wire, limit, policy);
          for (std::uint64_t cuts = 0; cuts < 1u << (length == 0 ? 0 : length - 1); ++cuts) {
            const Told told = told_of_cut(wire, cuts, limit, policy);
            if (told == expected) continue;
            EXPECT_EQ(told, expected) << visible(wire) << " limit " << limit << " cuts " << cuts;
            return false;
          }
        }
      }
      return true;
    });
    if (HasFailure()) return;
  }
}

TEST(LineScannerTest, RandomTextAndCutsGiveTheSameLines) {
  std::mt19937_64 random(1123);
  constexpr std::string_view kEnds[] = {"\r\n", "\r\n", "\r\n", "\r\n", "\r\n", "\r", "\n", "\0"sv, "\r\r\n"};
  for (int round = 0; round < 4000; ++round) {
    std::string wire;
    const std::size_t limit = 20 + random() % 100, ends = round % 2 == 0 ? 5 : 9;
    while (wire.size() < 1000) {
      const std::size_t n = random() % 4 == 0 ? limit - random() % 5 : random() % (2 * limit);
      wire += std::string(n, 'x') + std::string(kEnds[random() % ends]);
    }
    const BareLineFeed policy = round % 4 < 2 ? BareLineFeed::refuse : BareLineFeed::accept;
    std::uint64_t cuts = random() & random();
    if (round % 3 == 0) cuts &= random() & random();
    ASSERT_EQ(told_of_cut(wire, cuts, limit, policy), told_of_whole(wire, limit, policy)) << visible(wire);
  }
}

TEST(LineScannerTest, PipelinedLinesAreViewsOfTheInput) {
  LineScanner scanner;
  const std::string_view input = "EHLO a.example\r\n\r\nQUIT\r\nNO";
  LineScanner::Scan scan = scanner.scan(input, 512);
  EXPECT_EQ(scan.status, Status::line);
  EXPECT_EQ(scan.line, "EHLO a.example");
  EXPECT_EQ(scan.line.data(), input.data());
  EXPECT_EQ(scan.consumed, 16u);
  EXPECT_FALSE(scan.bare_line_feed);
  scan = scanner.scan(input.substr(16), 512);
  EXPECT_EQ(scan.status, Status::line);
  EXPECT_EQ(scan.line, "");
  EXPECT_EQ(scan.consumed, 2u);
  scan = scanner.scan(input.substr(18), 512);
  EXPECT_EQ(scan.line, "QUIT");
  scan = scanner.scan(input.substr(24), 512);
  EXPECT_EQ(scan.status, Status::need_more);
  EXPECT_EQ(scan.consumed, 0u);
  EXPECT_EQ(scanner.scan("", 512).status, Status::need_more);
}

// RFC 5321 4.5.3.1.4: 512 octets with CRLF.
TEST(LineScannerTest, TheLimitCountsTheCrlf) {
  for (const std::size_t limit : {2u, 3u, 10u, 512u}) {
    const std::string longest = std::string(limit - 2, 'x') + "\r\n";
    EXPECT_EQ(LineScanner().scan(longest, limit).status, Status::line);
    const LineScanner::Scan over = LineScanner().scan("x" + longest + "NOOP\r\n", limit);
    EXPECT_EQ(over.status, Status::too_long);
    EXPECT_EQ(over.flaw, Errc::line_too_long);
    EXPECT_EQ(over.consumed, limit + 1);
  }
}

TEST(LineScannerTest, AnOverLongLineIsSwallowedAndToldOnce) {
  LineScanner scanner;
  std::size_t consumed = 0;
  for (int i = 0; i < 100; ++i) {
    const LineScanner::Scan scan = scanner.scan(std::string(64, 'x'), 32);
    EXPECT_EQ(scan.status, Status::need_more);
    EXPECT_EQ(scan.consumed, 64u);
    EXPECT_TRUE(scanner.swallowing());
    consumed += scan.consumed;
  }
  const LineScanner::Scan scan = scanner.scan("xx\r\nNOOP\r\n", 32);
  EXPECT_EQ(scan.status, Status::too_long);
  EXPECT_EQ(scan.consumed, 4u);
  EXPECT_EQ(scan.line, "");
  EXPECT_FALSE(scanner.swallowing());
  EXPECT_EQ(scanner.scan("NOOP\r\n", 32).line, "NOOP");
  EXPECT_EQ(consumed, 6400u);
}

TEST(LineScannerTest, WhatBreaksASwallowedLineIsToldInItsStead) {
  const struct {
    std::string_view ending;
    Errc flaw;
  } cases[] = {{"\n", Errc::bare_line_feed}, {"\rx", Errc::bare_carriage_return}, {"\0"sv, Errc::nul_octet}};
  for (const auto& is : cases) {
    LineScanner scanner;
    EXPECT_EQ(scanner.scan("xxxxxxxxxxxx", 8).consumed, 12u);
    const LineScanner::Scan scan = scanner.scan("xxxx" + std::string(is.ending) + "NOOP\r\n", 8);
    EXPECT_EQ(scan.status, Status::bad_ending);
    EXPECT_EQ(scan.flaw, is.flaw);
    EXPECT_EQ(scan.consumed, 5u);
    EXPECT_FALSE(scanner.swallowing());
  }
}

TEST(LineScannerTest, ACrThatEndsTheInputWaitsForTheNextOctet) {
  LineScanner scanner;
  EXPECT_EQ(scanner.scan("NOOP\r", 8).status, Status::need_more);
  EXPECT_EQ(scanner.scan("NOOP\r\n", 8).line, "NOOP");
  EXPECT_EQ(scanner.scan("xxxxxxxx\r", 8).consumed, 8u);
  EXPECT_EQ(scanner.scan("\r", 8).consumed, 0u);
  const LineScanner::Scan scan = scanner.scan("\r\nNOOP", 8);
  EXPECT_EQ(scan.status, Status::too_long);
  EXPECT_EQ(scan.consumed, 2u);
}

// With netcat a person ends lines in LF: allowed where the policy says so, and told.
TEST(LineScannerTest, ABareLineFeedEndsALineWhereThatIsAllowed) {
  LineScanner scanner(BareLineFeed::accept);
  LineScanner::Scan scan = scanner.scan("NOOP\nQUIT\r\n", 512);
  EXPECT_EQ(scan.status, Status::line);
  EXPECT_EQ(scan.line, "NOOP");
  EXPECT_TRUE(scan.bare_line_feed);
  EXPECT_EQ(scan.consumed, 5u);
  scan = scanner.scan("QUIT\r\n", 512);
  EXPECT_EQ(scan.line, "QUIT");
  EXPECT_FALSE(scan.bare_line_feed);
  // A bare CR and NUL are never line ends.
  EXPECT_EQ(scanner.scan("a\rb\n", 512).flaw, Errc::bare_carriage_return);
  EXPECT_EQ(scanner.scan("a\0b\n"sv, 512).flaw, Errc::nul_octet);
}

TEST(LineScannerTest, OctetsAreLookedAtOnce) {
  // What was looked at is changed behind the scanner's back: it does not see it.
  LineScanner scanner;
  std::string input(600, 'x');
  EXPECT_EQ(scanner.scan(input, 1000).status, Status::need_more);
  input.assign(600, '\n').append("yy\r\n");
  const LineScanner::Scan scan = scanner.scan(input, 1000);
  EXPECT_EQ(scan.status, Status::line);
  EXPECT_EQ(scan.consumed, 604u);
}

TEST(LineScannerTest, TheLimitMayShrinkBetweenCalls) {
  LineScanner scanner;
  EXPECT_EQ(scanner.scan(std::string(100, 'x'), 1000).status, Status::need_more);
  EXPECT_EQ(scanner.scan(std::string(100, 'x'), 10).consumed, 100u);
  EXPECT_EQ(scanner.scan("\r\n", 10).status, Status::too_long);
  EXPECT_EQ(LineScanner().scan("\r\n", 0).status, Status::too_long);
}

TEST(LineScannerTest, ResetForgetsWhatWasLookedAt) {
  LineScanner scanner;
  scanner.scan(std::string(100, 'x'), 10);
  EXPECT_TRUE(scanner.swallowing());
  scanner.reset();
  EXPECT_EQ(scanner.scan("EHLO a\r\n", 512).line, "EHLO a");
  scanner.scan("RCPT TO:<", 512);
  scanner.reset();
  EXPECT_EQ(scanner.scan("EHLO a\r\n", 512).line, "EHLO a");
}

TEST(LineScannerTest, AllocatesNothing) {
  const std::string input = std::string("EHLO a.example\r\nx\ny\rz\0"sv) + std::string(3000, 'x') + "\r\n";
  const testing::AllocationCounter counter;
  LineScanner scanner;
  for (std::string_view rest = input; !rest.empty();) rest.remove_prefix(scanner.scan(rest, 512).consumed);
  EXPECT_EQ(counter.allocations(), 0u);
}

}  // namespace
}  // namespace postrider::protocol
