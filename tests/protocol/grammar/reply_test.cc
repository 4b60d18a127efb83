#include "postrider/protocol/grammar/reply.h"

#include <random>
#include <regex>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "postrider/protocol/framing/output_buffer.h"
#include "postrider/protocol/framing/reply_reader.h"

namespace postrider::protocol {
namespace {

std::string written(const ReplyView& reply, WriteEnhanced enhanced = WriteEnhanced::yes) {
  std::string out;
  write_reply(reply, enhanced, out);
  return out;
}

TEST(WriteReply, OneLine) {
  EXPECT_EQ(written({code::ok, status::other, "Ok"}), "250 2.0.0 Ok\r\n");
  EXPECT_EQ(written({code::mailbox_unavailable, status::bad_mailbox, "No such user"}),
            "550 5.1.1 No such user\r\n");
  EXPECT_EQ(written({code::service_not_available, EnhancedDetail{7, 28}, "Slow down"}),
            "421 4.7.28 Slow down\r\n");
}

// RFC 2034 4: on every line of 2xx, 4xx and 5xx, never with 3xx.
TEST(WriteReply, EnhancedStatus) {
  EXPECT_EQ(written({code::ok, "Ok"}), "250 2.0.0 Ok\r\n");
  EXPECT_EQ(written({code::ok, status::other, "Ok"}, WriteEnhanced::no), "250 Ok\r\n");
  EXPECT_EQ(written({code::start_mail_input, status::other, "Go on"}), "354 Go on\r\n");
  EXPECT_EQ(written({code::auth_continue, "dGVzdA=="}), "334 dGVzdA==\r\n");
  EXPECT_EQ(written({code::transaction_failed, status::security, "No\nReally"}),
            "554-5.7.0 No\r\n554 5.7.0 Really\r\n");
  EXPECT_EQ(written({code::ok, EnhancedDetail{999, 10}, "x"}), "250 2.999.10 x\r\n");
  EXPECT_EQ(written({code::ok, EnhancedDetail{1000, 65535}, "x"}), "250 2.0.0 x\r\n");  // cannot be written
}

TEST(WriteReply, Lines) {
  EXPECT_EQ(written({code::ok, "mx\nSIZE 1\nHELP"}, WriteEnhanced::no),
            "250-mx\r\n250-SIZE 1\r\n250 HELP\r\n");
  // RFC 5321 4.2.1: the space stays when there is no text.
  EXPECT_EQ(written({code::ok, ""}, WriteEnhanced::no), "250 \r\n");
  EXPECT_EQ(written({code::ok, ""}), "250 2.0.0 \r\n");
  // No empty lines.
  EXPECT_EQ(written({code::ok, "\n"}, WriteEnhanced::no), "250 \r\n");
  EXPECT_EQ(written({code::ok, "\n\na\n\n\nb\n\n"}, WriteEnhanced::no), "250-a\r\n250 b\r\n");
}

TEST(WriteReply, NothingInTheTextCanBreakTheLine) {
  EXPECT_EQ(written({code::ok, "a\r\n550 b"}, WriteEnhanced::no), "250-a?\r\n250 550 b\r\n");
  EXPECT_EQ(written({code::ok, "a\rb"}, WriteEnhanced::no), "250 a?b\r\n");
  EXPECT_EQ(written({code::ok, std::string_view("a\0b\x7f\x1b[2J", 8)}, WriteEnhanced::no),
            "250 a?b??[2J\r\n");
  EXPECT_EQ(written({code::ok, "a\tb"}, WriteEnhanced::no), "250 a\tb\r\n");
  EXPECT_EQ(written({code::ok, "gr\xc3\xbc\xc3\x9f"}, WriteEnhanced::no), "250 gr????\r\n");
}

TEST(WriteReply, CodesOfOthersBecomeOurs) {
  EXPECT_EQ(written({ReplyCode::received(571).value(), EnhancedDetail{7, 1}, "x"}), "550 5.7.1 x\r\n");
  EXPECT_EQ(written({ReplyCode::received(460).value(), "x"}), "450 4.0.0 x\r\n");
  EXPECT_EQ(written({ReplyCode::received(559).value(), "x"}), "559 5.0.0 x\r\n");
}

// RFC 5321 4.5.3.1.5: at most 512 octets with code and CRLF.
TEST(WriteReply, FoldsLongLines) {
  const std::string exact(kMaxReplyTextLine, 'a');
  EXPECT_EQ(written({code::ok, exact}, WriteEnhanced::no), "250 " + exact + "\r\n");
  EXPECT_EQ(written({code::ok, exact}, WriteEnhanced::no).size(), 512u);
  EXPECT_EQ(written({code::ok, exact + "b"}, WriteEnhanced::no), "250-" + exact + "\r\n250 b\r\n");
  const std::string with_status(kMaxReplyTextLine - 6, 'a');
  EXPECT_EQ(written({code::ok, with_status}), "250 2.0.0 " + with_status + "\r\n");
  EXPECT_EQ(written({code::ok, with_status + "b"}), "250-2.0.0 " + with_status + "\r\n250 2.0.0 b\r\n");
  // At a space, which goes away.
  const std::string word(300, 'a');
  EXPECT_EQ(written({code::ok, word + " " + word}, WriteEnhanced::no),
            "250-" + word + "\r\n250 " + word + "\r\n");
  // Not where that would waste more than half of the line.
  const std::string uneven = "a " + std::string(600, 'b');
  EXPECT_EQ(written({code::ok, uneven}, WriteEnhanced::no),
            "250-a " + std::string(kMaxReplyTextLine - 2, 'b') + "\r\n250 " + std::string(96, 'b') + "\r\n");
  // A line end right behind the fold makes no empty line.
  EXPECT_EQ(written({code::ok, exact + " \nb"}, WriteEnhanced::no), "250-" + exact + "\r\n250 b\r\n");
}

TEST(WriteReply, WritesToAnOutputBuffer) {
  OutputBuffer<64> out;
  write_reply(ReplyView{code::ok, status::other, "Ok\nSo it is"}, WriteEnhanced::yes, out);
  EXPECT_EQ(out.data(), "250-2.0.0 Ok\r\n250 2.0.0 So it is\r\n");
}

TEST(Reply, OwnsItsText) {
  Reply reply;
  {
    std::string text = "No such user";
    reply = Reply(ReplyView{code::mailbox_unavailable, status::bad_mailbox, text});
    text.assign(text.size(), 'x');
  }
  reply.add_line("Ask someone");
  EXPECT_EQ(reply.text(), "No such user\nAsk someone");
  EXPECT_EQ(reply.view(),
            (ReplyView{code::mailbox_unavailable, status::bad_mailbox, "No such user\nAsk someone"}));
  EXPECT_EQ(written(reply), "550-5.1.1 No such user\r\n550 5.1.1 Ask someone\r\n");
  ReplyView cut(code::ok, "x");
  cut.truncated = true;
  EXPECT_TRUE(Reply(cut).view().truncated);
}

TEST(ToLogLine, IsOneLine) {
  EXPECT_EQ(to_log_line({code::mailbox_unavailable, status::bad_mailbox, "No such user\nAsk someone"}),
            "550 5.1.1 No such user / Ask someone");
  EXPECT_EQ(to_log_line({code::ok, ""}), "250");
  EXPECT_EQ(to_log_line({code::ok, "a\r\tb\x1b[31m\x7f"}), "250 a??b?[31m?");
  EXPECT_EQ(to_log_line({code::ok, "gr\xc3\xbc\xc3\x9f"}), "250 gr\xc3\xbc\xc3\x9f");
  EXPECT_EQ(to_log_line({ReplyCode::received(571).value(), "x"}), "571 x");  // as it came
}

// ---- Whatever the text is, the reply is one of RFC 5321 4.2 and is read back as the same ----

// What the writer may change of a text, written down a second time.
std::vector<std::string> expected_lines(const std::string& text, std::size_t prefix) {
  std::vector<std::string> lines;
  std::string line;
  const auto take = [&] {
    while (line.size() > 510 - prefix) {
      std::size_t cut = 510 - prefix;
      std::size_t next = cut;
      const std::size_t space = line.rfind(' ', cut);
      if (space != std::string::npos && space > cut / 2) {
        cut = space;
        next = space + 1;
      }
      lines.push_back(line.substr(0, cut));
      line.erase(0, next);
    }
    if (!line.empty()) lines.push_back(line);
    line.clear();
  };
  for (char c : text) {
    if (c == '\n') {
      take();
    } else {
      line.push_back(c == '\t' || (c >= 32 && c < 127) ? c : '?');
    }
  }
  take();
  if (lines.empty()) lines.emplace_back();
  return lines;
}

std::string random_text(std::mt19937& random) {
  static constexpr std::string_view kAlphabet = "\r\n\n\n\t  \0\x7f\x80\xff.-25 0abAB";
  std::string text;
  const std::size_t size = random() % 4 == 0 ? random() % 3000 : random() % 40;
  const bool any = random() % 2 == 0;
  for (std::size_t i = 0; i < size; ++i) {
    if (any) {
      text.push_back(static_cast<char>(random()));
    } else if (random() % 300 == 0) {
      text.push_back('\n');
    } else {
      text.push_back(kAlphabet[random() % kAlphabet.size()]);
    }
  }
  if (random() % 8 == 0) text.insert(0, "5.1.1 ");
  return text;
}

ReplyView random_reply(std::mt19937& random, const std::string& text) {
  ReplyView reply(ReplyCode::from(200).value(), text);
  for (;;) {
    const std::optional<ReplyCode> code = ReplyCode::from(static_cast<unsigned>(200 + random() % 400));
    if (!code) continue;
    reply.code = *code;
    break;
  }
  if (random() % 2 == 0) {
    reply.status = EnhancedDetail{static_cast<std::uint16_t>(random() % 1000),
                                  static_cast<std::uint16_t>(random() % 1000)};
  }
  return reply;
}

TEST(WriteReply, AnyTextGivesAReplyOfTheGrammarThatReadsBack) {
  std::mt19937 random(5321);
  const std::regex line_grammar("[2-5][0-5][0-9]([ -]([24-5]\\.[0-9]{1,3}\\.[0-9]{1,3} )?[\\t\\x20-\\x7e]*)");
  for (int round = 0; round < 4000; ++round) {
    const std::string text = random_text(random);
    const ReplyView reply = random_reply(random, text);
    const auto enhanced = static_cast<WriteEnhanced>(random() % 2 == 0);
    const std::string out = written(reply, enhanced);

    std::vector<std::string> lines;
    for (std::size_t at = 0; at < out.size();) {
      const std::size_t end = out.find("\r\n", at);
      ASSERT_NE(end, std::string::npos);
      lines.push_back(out.substr(at, end - at));
      at = end + 2;
    }
    const bool has_status = enhanced == WriteEnhanced::yes && !reply.code.intermediate();
    std::string prefix = std::to_string(reply.code.value()) + " ";
    const EnhancedDetail status = reply.status.value_or(EnhancedDetail{0, 0});
    if (has_status) {
      prefix += prefix.substr(0, 1) + "." + std::to_string(status.subject) + "." +
                std::to_string(status.detail) + " ";
    }
    const std::vector<std::string> expected = expected_lines(text, prefix.size());
    ASSERT_EQ(lines.size(), expected.size());
    for (std::size_t i = 0; i < lines.size(); ++i) {
      ASSERT_LE(lines[i].size(), 510u);
      ASSERT_TRUE(std::regex_match(lines[i], line_grammar)) << lines[i];
      prefix[3] = i + 1 == lines.size() ? ' ' : '-';
      ASSERT_EQ(lines[i], prefix + expected[i]);
    }

    Limits limits;
    limits.reply_lines = limits.reply_text = 1'000'000;
    ReplyReader reader(limits);
    const ReplyReader::Read read = reader.next(out);
    ASSERT_EQ(read.consumed, out.size());
    ASSERT_TRUE(read.reply.has_value() && read.reply->has_value());
    const ReplyView& seen = **read.reply;
    EXPECT_EQ(seen.code, reply.code);
    EXPECT_FALSE(seen.truncated);
    if (!has_status) continue;  // then a text may begin with what looks like a status
    EXPECT_EQ(seen.status, status);
    std::string joined = expected[0];
    for (std::size_t i = 1; i < expected.size(); ++i) joined += "\n" + expected[i];
    EXPECT_EQ(seen.text, joined);
  }
}

}  // namespace
}  // namespace postrider::protocol
