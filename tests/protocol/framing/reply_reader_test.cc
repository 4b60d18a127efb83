#include "postrider/protocol/framing/reply_reader.h"

#include <functional>
#include <optional>
#include <ostream>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "postrider/tests/protocol/support/allocation_counter.h"

namespace postrider::protocol {

void PrintTo(const ReplyView& reply, std::ostream* out) {
  *out << to_log_line(reply) << (reply.truncated ? " ..." : "");
}

namespace {

using testing::AllocationCounter;

// What came out of some input: replies, then maybe an error.
struct Outcome {
  std::vector<Reply> replies;
  std::optional<Errc> error;
  std::size_t consumed = 0;
  bool mid_reply = false;

  friend bool operator==(const Outcome& a, const Outcome& b) {
    if (a.replies.size() != b.replies.size()) return false;
    for (std::size_t i = 0; i < a.replies.size(); ++i) {
      if (a.replies[i].view() != b.replies[i].view()) return false;
    }
    return a.error == b.error && a.consumed == b.consumed && a.mid_reply == b.mid_reply;
  }
};

void PrintTo(const Outcome& outcome, std::ostream* out) {
  for (const Reply& reply : outcome.replies) {
    PrintTo(reply.view(), out);
    *out << "; ";
  }
  if (outcome.error) *out << to_string(*outcome.error);
  *out << " (" << outcome.consumed << (outcome.mid_reply ? " consumed, mid reply)" : " consumed)");
}

// Feeds the input in pieces, each in memory of its own, so that a sanitizer sees what is read beyond it.
Outcome read_in_pieces(std::string_view input, const Limits& limits,
                       const std::function<std::size_t()>& next_piece) {
  ReplyReader reader(limits);
  Outcome outcome;
  std::size_t arrived = 0;
  while (arrived < input.size() && !outcome.error) {
    arrived = std::min(input.size(), arrived + next_piece());
    for (;;) {
      const std::vector<char> memory(input.begin() + static_cast<std::ptrdiff_t>(outcome.consumed),
                                     input.begin() + static_cast<std::ptrdiff_t>(arrived));
      const ReplyReader::Read read = reader.next({memory.data(), memory.size()});
      outcome.consumed += read.consumed;
      if (!read.reply) break;
      if (!*read.reply) {
        outcome.error = read.reply->error().code;
        break;
      }
      outcome.replies.emplace_back(**read.reply);
    }
  }
  outcome.mid_reply = reader.mid_reply();
  return outcome;
}

Outcome read_whole(std::string_view input, const Limits& limits = {}) {
  return read_in_pieces(input, limits, [&] { return input.size(); });
}

Outcome read_by_octets(std::string_view input, const Limits& limits = {}) {
  return read_in_pieces(input, limits, [] { return std::size_t{1}; });
}

// The rules of the reader once more, as plainly as can be: all lines first, then the replies.
Outcome reference(std::string_view input, const Limits& limits = {}) {
  Outcome outcome;
  std::string text;
  std::optional<ReplyCode> code;
  std::optional<EnhancedDetail> status;
  std::size_t lines = 0;
  for (std::size_t begin = 0;;) {
    std::size_t end = begin;
    while (end < input.size() && input[end] != '\r' && input[end] != '\n' && input[end] != '\0') ++end;
    const bool crlf = input.substr(end, 2) == "\r\n";
    const bool undecided = end == input.size() || input.substr(end) == "\r";
    outcome.consumed = begin;
    outcome.mid_reply = lines != 0;
    if (end - begin + 2 > limits.reply_line &&
        (crlf || undecided || end - begin >= limits.reply_line ||
         (input[end] == '\r' && end - begin + 1 >= limits.reply_line))) {
      // A flaw within the first octets of a long line is seen first.
      if (input.size() - begin < limits.reply_line) return outcome;
      return outcome.error = Errc::line_too_long, outcome;
    }
    if (undecided) return outcome;
    if (!crlf) {
      outcome.error = input[end] == '\n'   ? Errc::bare_line_feed
                      : input[end] == '\r' ? Errc::bare_carriage_return
                                           : Errc::nul_octet;
      return outcome;
    }
    const std::string_view line = input.substr(begin, end - begin);
    const bool well_formed = line.size() >= 3 && line[0] >= '2' && line[0] <= '5' && line[1] >= '0' &&
                             line[1] <= '9' && line[2] >= '0' && line[2] <= '9' &&
                             (line.size() == 3 || line[3] == ' ' || line[3] == '-');
    if (!well_formed) return outcome.error = Errc::bad_reply_code, outcome;
    const auto its_code =
        ReplyCode::received(static_cast<unsigned>(std::stoi(std::string(line.substr(0, 3)))));
    if (lines != 0 && its_code != code) return outcome.error = Errc::reply_code_changed, outcome;
    if (++lines > limits.reply_lines) return outcome.error = Errc::reply_too_long, outcome;
    code = its_code;
    std::string_view its_text = line.substr(std::min<std::size_t>(4, line.size()));
    std::string_view without = its_text;
    const std::optional<EnhancedStatus> its_status = parse_enhanced_status(without);
    if (its_status && its_status->klass == code->value() / 100 && (!status || *status == its_status->code)) {
      status = its_status->code;
      its_text = without;
    }
    text += (lines == 1 ? "" : "\n") + std::string(its_text);
    begin = end + 2;
    if (line.size() > 3 && line[3] == '-') continue;
    ReplyView reply(*code, status, std::string_view(text).substr(0, limits.reply_text));
    reply.truncated = text.size() > limits.reply_text;
    outcome.replies.emplace_back(reply);
    text.clear();
    status.reset();
    lines = 0;
  }
}

Outcome one(ReplyCode code, std::optional<EnhancedDetail> status, std::string_view text,
            std::size_t consumed) {
  Outcome outcome;
  outcome.replies.emplace_back(code, status, text);
  outcome.consumed = consumed;
  return outcome;
}

Outcome broken(Errc error, std::size_t consumed = 0, bool mid_reply = false) {
  Outcome outcome;
  outcome.error = error;
  outcome.consumed = consumed;
  outcome.mid_reply = mid_reply;
  return outcome;
}

TEST(ReplyReader, OneLine) {
  EXPECT_EQ(read_whole("250 2.1.0 Ok\r\n"), one(code::ok, EnhancedDetail{1, 0}, "Ok", 14));
  EXPECT_EQ(read_whole("220 mx.example.org ESMTP\r\n"),
            one(code::service_ready, {}, "mx.example.org ESMTP", 26));
  EXPECT_EQ(read_whole("250\r\n"), one(code::ok, {}, "", 5));  // RFC 5321 4.2.1: clients must be prepared
  EXPECT_EQ(read_whole("250 \r\n"), one(code::ok, {}, "", 6));
  EXPECT_EQ(read_whole("250 2.0.0\r\n"), one(code::ok, EnhancedDetail{0, 0}, "", 11));
  EXPECT_EQ(read_whole("250  two spaces\r\n"), one(code::ok, {}, " two spaces", 17));
}

TEST(ReplyReader, TheTextOfOneLineStaysInTheInput) {
  const std::string input = "250 2.1.0 Ok\r\n";
  ReplyReader reader((Limits()));
  const ReplyReader::Read read = reader.next(input);
  ASSERT_TRUE(read.reply && *read.reply);
  EXPECT_EQ((*read.reply)->text.data(), input.data() + 10);
}

TEST(ReplyReader, ManyLines) {
  EXPECT_EQ(read_whole("250-mx\r\n250-SIZE 10\r\n250 HELP\r\n"), one(code::ok, {}, "mx\nSIZE 10\nHELP", 31));
  EXPECT_EQ(read_whole("250-\r\n250-\r\n250\r\n"), one(code::ok, {}, "\n\n", 17));
  EXPECT_EQ(read_whole("250-a\r\n250\r\n"), one(code::ok, {}, "a\n", 12));
}

TEST(ReplyReader, SeveralRepliesInARow) {
  const Outcome outcome = read_whole("250 a\r\n550-b\r\n550 c\r\n354\r\n250");
  ASSERT_EQ(outcome.replies.size(), 3u);
  EXPECT_EQ(outcome.replies[0].text(), "a");
  EXPECT_EQ(outcome.replies[1].text(), "b\nc");
  EXPECT_EQ(outcome.replies[2].code(), code::start_mail_input);
  EXPECT_EQ(outcome.consumed, 26u);
}

// RFC 2034 4: on every line, with the class of the code, never with 3xx.
TEST(ReplyReader, EnhancedStatus) {
  const EnhancedDetail no_user{1, 1};
  EXPECT_EQ(read_whole("550-5.1.1 No such user\r\n550 5.1.1 Ask someone\r\n").replies[0].view(),
            (ReplyView{code::mailbox_unavailable, no_user, "No such user\nAsk someone"}));
  // Not of the code's class, not with 3xx: text.
  EXPECT_EQ(read_whole("550 4.1.1 x\r\n").replies[0].view(),
            (ReplyView{code::mailbox_unavailable, "4.1.1 x"}));
  EXPECT_EQ(read_whole("354 3.0.0 x\r\n").replies[0].view(), (ReplyView{code::start_mail_input, "3.0.0 x"}));
  EXPECT_EQ(read_whole("354 2.0.0 x\r\n").replies[0].view(), (ReplyView{code::start_mail_input, "2.0.0 x"}));
  // On the first line alone, on a later one alone.
  EXPECT_EQ(read_whole("550-5.1.1 a\r\n550 b\r\n").replies[0].view(),
            (ReplyView{code::mailbox_unavailable, no_user, "a\nb"}));
  EXPECT_EQ(read_whole("550-a\r\n550 5.1.1 b\r\n").replies[0].view(),
            (ReplyView{code::mailbox_unavailable, no_user, "a\nb"}));
  // One that says something else stays where it is.
  EXPECT_EQ(read_whole("550-5.1.1 a\r\n550-5.7.1 b\r\n550 5.1.1 c\r\n").replies[0].view(),
            (ReplyView{code::mailbox_unavailable, no_user, "a\n5.7.1 b\nc"}));
  // Nothing is left of one reply in the next.
  const Outcome two = read_whole("550-5.1.1 a\r\n550 b\r\n550-c\r\n550 d\r\n");
  EXPECT_EQ(two.replies[1].view(), (ReplyView{code::mailbox_unavailable, "c\nd"}));
}

TEST(ReplyReader, KeepsOctetsAbove127) {
  EXPECT_EQ(read_whole("550 Empf\xc3\xa4nger \xff\xfe\x80\r\n").replies[0].text(),
            "Empf\xc3\xa4nger \xff\xfe\x80");
  EXPECT_EQ(read_whole("550 \t\x01\x1b\x7f\r\n").replies[0].text(), "\t\x01\x1b\x7f");
}

TEST(ReplyReader, TakesCodesOfTheField) {
  EXPECT_EQ(read_whole("571 Delivery not authorized, message refused.\r\n").replies[0].code().value(), 571);
  EXPECT_EQ(read_whole("471 x\r\n").replies[0].code().value(), 471);
}

TEST(ReplyReader, GarbageIsAnError) {
  for (const char* garbage : {"\r\n",
                              "2\r\n",
                              "25\r\n",
                              "150 x\r\n",
                              "050 x\r\n",
                              "650 x\r\n",
                              "950\r\n",
                              "2x0 x\r\n",
                              "25x x\r\n",
                              "x50 x\r\n",
                              "250x\r\n",
                              "250\tx\r\n",
                              "250_x\r\n",
                              "2500 x\r\n",
                              " 250 x\r\n",
                              "-250 x\r\n",
                              "\xff\xff\xff\r\n",
                              "HTTP/1.1 400 Bad Request\r\n",
                              "2/0 x\r\n",
                              "2:0 x\r\n",
                              "25/ x\r\n",
                              "25: x\r\n",
                              "/50 x\r\n",
                              ":50 x\r\n"}) {
    EXPECT_EQ(read_whole(garbage), broken(Errc::bad_reply_code)) << garbage;
  }
  EXPECT_EQ(read_whole("250-a\r\ngarbage\r\n250 b\r\n"), broken(Errc::bad_reply_code, 7, true));
  EXPECT_EQ(read_whole("250-a\r\n251 b\r\n"), broken(Errc::reply_code_changed, 7, true));  // RFC 5321 4.2.1
}

// RFC 5321 2.3.8
TEST(ReplyReader, OnlyCrlfEndsALine) {
  EXPECT_EQ(read_whole("250 x\n"), broken(Errc::bare_line_feed));
  EXPECT_EQ(read_whole("250 x\ry\r\n"), broken(Errc::bare_carriage_return));
  EXPECT_EQ(read_whole("250 x\r\r\n"), broken(Errc::bare_carriage_return));
  EXPECT_EQ(read_whole(std::string_view("250 x\0y\r\n", 9)), broken(Errc::nul_octet));
  EXPECT_EQ(read_whole("250-a\r\n250 b\n"), broken(Errc::bare_line_feed, 7, true));
  EXPECT_EQ(read_whole("\n"), broken(Errc::bare_line_feed));
  EXPECT_EQ(read_whole("250 x\r"), Outcome());
}

TEST(ReplyReader, ErrorsStayUntilReset) {
  ReplyReader reader((Limits()));
  const ReplyReader::Read first = reader.next("250-a\r\nx\r\n");
  EXPECT_EQ(first.consumed, 7u);
  ASSERT_TRUE(first.reply && !*first.reply);
  EXPECT_TRUE(reader.mid_reply());
  for (const char* more : {"250 ok\r\n", "", "x"}) {
    const ReplyReader::Read again = reader.next(more);
    EXPECT_EQ(again.consumed, 0u);
    ASSERT_TRUE(again.reply && !*again.reply);
    EXPECT_EQ(again.reply->error(), first.reply->error());
  }
  reader.reset();
  EXPECT_FALSE(reader.mid_reply());
  const ReplyReader::Read read = reader.next("250 ok\r\n");
  ASSERT_TRUE(read.reply && *read.reply);
  EXPECT_EQ(**read.reply, ReplyView(code::ok, "ok"));
}

TEST(ReplyReader, SaysWhereTheFlawIs) {
  ReplyReader reader((Limits()));
  EXPECT_EQ(reader.next("250 ok\n").reply->error(), (Error{Errc::bare_line_feed, 6}));
  reader.reset();
  EXPECT_EQ(reader.next("250_ok\r\n").reply->error(), (Error{Errc::bad_reply_code, 3}));
}

TEST(ReplyReader, ResetForgetsHalfALine) {
  ReplyReader reader((Limits()));
  EXPECT_EQ(reader.next("250-a\r\n250 some").consumed, 7u);
  reader.reset();
  const ReplyReader::Read read = reader.next("2\n");
  ASSERT_TRUE(read.reply && !*read.reply);
  EXPECT_EQ(read.reply->error(), (Error{Errc::bare_line_feed, 1}));
}

TEST(ReplyReader, MidReplyIsBetweenLines) {
  ReplyReader reader((Limits()));
  EXPECT_FALSE(reader.mid_reply());
  reader.next("250-a");
  EXPECT_FALSE(reader.mid_reply());
  reader.next("250-a\r\n");
  EXPECT_TRUE(reader.mid_reply());
  reader.next("250 b\r\n");
  EXPECT_FALSE(reader.mid_reply());
}

// ---- Bounds ----

TEST(ReplyReader, LongLines) {
  Limits limits;
  limits.reply_line = 16;
  EXPECT_EQ(read_whole("250 0123456789\r\n", limits), one(code::ok, {}, "0123456789", 16));
  for (const char* line : {"250 01234567890\r\n", "250 01234567890\r", "250 0123456789012345678",
                           "250 012345678901", "250 01234567890\rx"}) {
    EXPECT_EQ(read_whole(line, limits), broken(Errc::line_too_long)) << line;
  }
  EXPECT_EQ(read_whole("250 01234567890", limits), Outcome());
}

TEST(ReplyReader, LongLinesWithFlaws) {
  Limits limits;
  limits.reply_line = 16;
  EXPECT_EQ(read_whole("250 01234567\n9012345\r\n", limits), broken(Errc::bare_line_feed));
  EXPECT_EQ(read_whole("250 01234567890\n", limits), broken(Errc::bare_line_feed));
  EXPECT_EQ(read_whole("250 012345678901\n", limits), broken(Errc::line_too_long));
}

TEST(ReplyReader, LongTexts) {
  Limits limits;
  limits.reply_text = 6;
  EXPECT_EQ(read_whole("250 123456\r\n", limits), one(code::ok, {}, "123456", 12));
  EXPECT_EQ(read_whole("250-12\r\n250 456\r\n", limits), one(code::ok, {}, "12\n456", 17));
  for (const char* more : {"250 1234567\r\n", "250-123456\r\n250\r\n", "250-12345\r\n250 7\r\n",
                           "250-1234567890\r\n250-\r\n250 x\r\n"}) {
    const Outcome outcome = read_whole(more, limits);
    ASSERT_EQ(outcome.replies.size(), 1u) << more;
    EXPECT_TRUE(outcome.replies[0].view().truncated) << more;
    EXPECT_EQ(outcome.replies[0].text().size(), 6u) << more;
    EXPECT_EQ(outcome.consumed, std::string_view(more).size()) << more;
  }
  // The next reply is whole again, and what is dropped is still read for its status.
  const Outcome two = read_whole("550-123456789\r\n550 5.1.1 x\r\n250 a\r\n", limits);
  ASSERT_EQ(two.replies.size(), 2u);
  EXPECT_EQ(two.replies[0].status(), (EnhancedDetail{1, 1}));
  EXPECT_EQ(two.replies[1].view(), ReplyView(code::ok, "a"));
}

TEST(ReplyReader, ManyManyLines) {
  Limits limits;
  limits.reply_lines = 3;
  EXPECT_EQ(read_whole("250-a\r\n250-b\r\n250 c\r\n", limits), one(code::ok, {}, "a\nb\nc", 21));
  EXPECT_EQ(read_whole("250-a\r\n250-b\r\n250-c\r\n250 d\r\n", limits),
            broken(Errc::reply_too_long, 21, true));
}

TEST(ReplyReader, AServerThatNeverEndsItsReply) {
  const Limits limits;
  ReplyReader reader(limits);
  AllocationCounter counter;
  const std::string line = "250-" + std::string(100, 'x') + "\r\n";
  std::size_t lines = 0;
  for (;; ++lines) {
    const ReplyReader::Read read = reader.next(line);
    if (!read.reply) continue;
    ASSERT_FALSE(read.reply->has_value());
    EXPECT_EQ(read.reply->error().code, Errc::reply_too_long);
    break;
  }
  EXPECT_EQ(lines, limits.reply_lines);
  EXPECT_LE(counter.octets(), 4 * limits.reply_text);
}

// ---- Memory ----

TEST(ReplyReader, OneLineAllocatesNothing) {
  const std::string input =
      "250 2.1.0 Ok, this is a text that is too long to be kept within a string object\r\n";
  AllocationCounter counter;
  ReplyReader reader((Limits()));
  std::size_t replies = 0;
  for (int round = 0; round < 3; ++round) {
    replies += reader.next(input).reply.has_value() ? 1u : 0u;
    for (std::size_t n = 0; n <= input.size(); ++n) {
      replies += reader.next(std::string_view(input).substr(0, n)).reply.has_value() ? 1u : 0u;
    }
  }
  EXPECT_EQ(counter.allocations(), 0u);
  EXPECT_EQ(replies, 6u);
}

TEST(ReplyReader, TheMemoryOfManyLinesIsUsedAgain) {
  const std::string input =
      "250-a text that is too long to be kept within a string object\r\n250 and another one of these\r\n";
  ReplyReader reader((Limits()));
  reader.next(input);
  AllocationCounter counter;
  for (int round = 0; round < 10; ++round) reader.next(input);
  EXPECT_EQ(counter.allocations(), 0u);
}

// ---- Any split gives the same ----

void expect_the_same_for_every_split(const std::string& input, const Limits& limits = {}) {
  const Outcome expected = reference(input, limits);
  ASSERT_EQ(read_whole(input, limits), expected) << ::testing::PrintToString(input);
  ASSERT_EQ(read_by_octets(input, limits), expected) << ::testing::PrintToString(input);
  for (std::size_t cut = 1; cut < input.size(); ++cut) {
    bool first = true;
    const Outcome seen =
        read_in_pieces(input, limits, [&] { return std::exchange(first, false) ? cut : input.size(); });
    ASSERT_EQ(seen, expected) << ::testing::PrintToString(input) << " cut at " << cut;
  }
}

TEST(ReplyReaderSplit, RealReplies) {
  for (const char* input :
       {"220 mx.google.com ESMTP 98e67ed59e1d1-2c6a5b3f2a1si1 - gsmtp\r\n250-mx.google.com at your service, "
        "[192.0.2.1]\r\n250-SIZE "
        "157286400\r\n250-8BITMIME\r\n250-STARTTLS\r\n250-ENHANCEDSTATUSCODES\r\n250-PIPELINING\r\n"
        "250-CHUNKING\r\n250 SMTPUTF8\r\n220 2.0.0 Ready to start TLS\r\n",
        "250 2.1.0 OK x - gsmtp\r\n550-5.1.1 The email account that you tried to reach does not exist. "
        "Please try\r\n"
        "550-5.1.1 double-checking the recipient's email address for typos or\r\n550-5.1.1 unnecessary "
        "spaces. For more "
        "information, go to\r\n550 5.1.1  https://support.google.com/mail/?p=NoSuchUser x - gsmtp\r\n354 Go "
        "ahead\r\n",
        "554-gmx.net (mxgmx008) Nemesis ESMTP Service not available\r\n554-No SMTP service\r\n554-Bad DNS "
        "PTR resource "
        "record.\r\n554 For explanation visit "
        "http://postmaster.gmx.com/en/error-messages?ip=192.0.2.1&c=rdns\r\n",
        "250\r\n250\r\n250-\r\n250\r\n221 Bye\r\n", "250 ok\r\n250 not ok\n250 ok\r\n",
        "250-a\r\n250 b\r\n25\r\n"}) {
    expect_the_same_for_every_split(input);
  }
}

TEST(ReplyReaderSplit, AllShortInputs) {
  static constexpr std::string_view kTokens[] = {"250", "251",  "-",      " ", "\r",
                                                 "\n",  "\r\n", "2.1.0 ", "x", std::string_view("\0", 1)};
  Limits limits;
  limits.reply_line = 12;
  limits.reply_text = 5;
  limits.reply_lines = 2;
  for (std::size_t length = 1; length <= 5; ++length) {
    std::size_t count = 1;
    for (std::size_t i = 0; i < length; ++i) count *= std::size(kTokens);
    for (std::size_t number = 0; number < count; ++number) {
      std::string input;
      for (std::size_t rest = number, i = 0; i < length; ++i, rest /= std::size(kTokens))
        input += kTokens[rest % std::size(kTokens)];
      const Outcome expected = reference(input, limits);
      ASSERT_EQ(read_whole(input, limits), expected) << ::testing::PrintToString(input);
      ASSERT_EQ(read_by_octets(input, limits), expected) << ::testing::PrintToString(input);
    }
  }
}

TEST(ReplyReaderSplit, RandomInputs) {
  static constexpr std::string_view kTokens[] = {"250 ", "250-", "250-", "250-", "550-",          "550 ",
                                                 "\r\n", "\r\n", "\r\n", "\r\n", "5.1.1 ",        "2.1.0 ",
                                                 "text", " ",    "250",  "\n",   "a longer text", "\xff"};
  std::mt19937 random(5321);
  for (int round = 0; round < 3000; ++round) {
    Limits limits;
    limits.reply_line = random() % 2 == 0 ? 2048 : 8 + random() % 40;
    limits.reply_text = random() % 2 == 0 ? 8192 : random() % 30;
    limits.reply_lines = random() % 2 == 0 ? 256 : 1 + random() % 4;
    std::string input;
    for (std::size_t n = random() % 24; n > 0; --n) input += kTokens[random() % std::size(kTokens)];
    const Outcome expected = reference(input, limits);
    ASSERT_EQ(read_whole(input, limits), expected) << ::testing::PrintToString(input);
    ASSERT_EQ(read_by_octets(input, limits), expected) << ::testing::PrintToString(input);
    const Outcome pieces = read_in_pieces(input, limits, [&] { return std::size_t{1 + random() % 9}; });
    ASSERT_EQ(pieces, expected) << ::testing::PrintToString(input);
  }
}

}  // namespace
}  // namespace postrider::protocol
