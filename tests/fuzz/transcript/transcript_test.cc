#include "postrider/fuzz/transcript/transcript.h"

#include <array>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace postrider::fuzz {
namespace {

constexpr std::string_view kExample =
    "postrider-transcript 1\n"
    "0.000000 connected 127.0.0.1:25\n"
    "0.000412 S: 220 mx.example.org ESMTP\\r\\n\n"
    "0.000530 C: EHLO client.example\\r\n"
    "0.000561 C: \\n\n"
    "0.000700 S: 250-mx.example.org\\r\\n\n"
    "  + 250 STARTTLS\\r\\n\n"
    "1.000000 tls TLSv1.3 TLS_AES_128_GCM_SHA256\n"
    "2.000000 note caf\xC3\xA9\n"
    "3.000000 client-closed\n"
    "3.000000 server-closed\n"
    "3.500000 reset\n"
    "12.500000 timeout\n";

std::string error_of(std::string_view text) {
  const TranscriptResult read = parse_transcript(text);
  return read ? "none" : std::to_string(read.error().line) + ": " + read.error().text;
}

Transcript example() { return parse_transcript(kExample).value(); }

TEST(Transcript, ReadsEveryKindOfEvent) {
  const Transcript read = example();
  ASSERT_EQ(read.events.size(), 11U);
  EXPECT_EQ(read.events[0], (TranscriptEvent{TranscriptTime(0), TranscriptKind::connected, "127.0.0.1:25"}));
  EXPECT_EQ(read.events[2],
            (TranscriptEvent{TranscriptTime(530), TranscriptKind::client, "EHLO client.example\r"}));
  EXPECT_EQ(read.events[3].octets, "\n");
  EXPECT_EQ(read.events[4].octets, "250-mx.example.org\r\n250 STARTTLS\r\n");
  EXPECT_EQ(read.events[5].kind, TranscriptKind::tls);
  EXPECT_EQ(read.events[6].octets, "caf\xC3\xA9");
  EXPECT_EQ(read.events[10], (TranscriptEvent{TranscriptTime(12'500'000), TranscriptKind::timeout, ""}));
}

TEST(Transcript, WritesWhatItRead) { EXPECT_EQ(write_transcript(example()), kExample); }

TEST(Transcript, PassesOverCommentsEmptyLinesAndWindowsLineEnds) {
  const TranscriptResult read = parse_transcript(
      "postrider-transcript 1\r\n# a\r\n\r\n   # b\r\n0.000001 C: a\\r\\n\r\n# between\r\n+ b\r\n");
  ASSERT_TRUE(read) << read.error().text;
  ASSERT_EQ(read->events.size(), 1U);
  EXPECT_EQ(read->events[0].octets, "a\r\nb");
}

TEST(Transcript, KeepsEveryOctet) {
  Transcript all;
  for (int octet = 0; octet < 256; ++octet) {
    all.events.push_back(
        {TranscriptTime(octet), TranscriptKind::client, std::string(1, static_cast<char>(octet))});
    all.events.push_back(
        {TranscriptTime(octet), TranscriptKind::server, {'a', static_cast<char>(octet), ' '}});
  }
  const std::string text = write_transcript(all);
  const TranscriptResult read = parse_transcript(text);
  ASSERT_TRUE(read) << read.error().line << read.error().text;
  EXPECT_EQ(*read, all);
}

TEST(Transcript, ShowsTextAsTextAndTheRestAsEscapes) {
  EXPECT_EQ(escaped("a\tb\\ \r\n"), "a\\tb\\\\ \\r\\n");
  EXPECT_EQ(escaped(std::string_view("\0\x1B[2J\x7F", 6)), "\\x00\\x1b[2J\\x7f");
  EXPECT_EQ(escaped("\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80"), "\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80");
  EXPECT_EQ(escaped("\xC3 \xFF"), "\\xc3 \\xff");
  // A control of C1, and a mark that turns the direction of text.
  EXPECT_EQ(escaped("\xC2\x9B \xE2\x80\xAE"), "\\xc2\\x9b \\xe2\\x80\\xae");
}

TEST(Transcript, WritesASpaceAtTheEndOfALineSoThatEditorsLeaveIt) {
  std::string out;
  append_event(out, {TranscriptTime(0), TranscriptKind::client, "HELO "});
  EXPECT_EQ(out, "0.000000 C: HELO\\x20\n");
}

TEST(Transcript, GoesOnInAnotherLineWhereAWriteIsLong) {
  Transcript one;
  one.events.push_back({TranscriptTime(0), TranscriptKind::client, std::string(1000, 'x') + " \r\n.\r\n"});
  const std::string text = write_transcript(one);
  std::size_t begin = 0;
  for (std::size_t end = text.find('\n'); end != text.npos; end = text.find('\n', begin)) {
    EXPECT_LE(end - begin, 120U);
    begin = end + 1;
  }
  EXPECT_EQ(parse_transcript(text).value(), one);
}

TEST(Transcript, NothingIsAnEventToo) {
  const Transcript one{
      {{TranscriptTime(1), TranscriptKind::client, ""}, {TranscriptTime(1), TranscriptKind::note, ""}}};
  EXPECT_EQ(parse_transcript(write_transcript(one)).value(), one);
}

TEST(Transcript, SaysWhichLineIsWrongAndWhatToDo) {
  const std::string head(kTranscriptHeader);
  EXPECT_EQ(error_of(""), "1: the first line is not 'postrider-transcript 1'");
  EXPECT_EQ(error_of("postrider-transcript 2\n"), "1: the first line is not 'postrider-transcript 1'");
  EXPECT_EQ(error_of(head + "\n1.0 C: a\n"),
            "3: the line begins with '1.0'; write a time as 0.000000, '+' to go on, or '#' for a comment");
  EXPECT_EQ(error_of(head + "1.000000 C: a\n0.999999 C: b\n"),
            "3: the time '0.999999' is before that of the event above");
  EXPECT_EQ(error_of(head + "1.000000 > a\n"),
            "2: '>' is no event; there are connected, C:, S:, tls, client-closed, server-closed, reset, "
            "timeout and "
            "note");
  EXPECT_EQ(error_of(head + "1.000000 reset now\n"), "2: reset has no text behind it; take 'now' away");
  EXPECT_EQ(error_of(head + "1.000000 C: a\\q\n"),
            "2: a backslash that begins none of \\r \\n \\t \\\\ \\xHH; write a backslash itself as \\\\");
  EXPECT_EQ(error_of(head + "1.000000 C: a\\x4\n"),
            "2: a backslash that begins none of \\r \\n \\t \\\\ \\xHH; write a backslash itself as \\\\");
  EXPECT_EQ(error_of(head + "1.000000 C: a\rb\n"), "2: an octet that cannot be seen; write \\r");
  EXPECT_EQ(error_of(head + "+ a\n"), "2: there is no event before that could go on here");
  EXPECT_EQ(error_of(head + "1.000000 reset\n+ a\n"), "3: there is no event before that could go on here");
}

TEST(Transcript, HasBounds) {
  const std::string head(kTranscriptHeader);
  EXPECT_EQ(error_of(head + "0.000000 C: " + std::string(kLongestTranscriptLine, 'a') + "\n"),
            "2: the line is longer than 64 KiB; go on in a line that begins with '+ '");
  EXPECT_EQ(error_of(std::string(kLongestTranscriptLine + 1, 'a')),
            "1: the line is longer than 64 KiB; go on in a line that begins with '+ '");
  std::string many = head;
  for (std::size_t at = 0; at <= kMostTranscriptEvents; ++at) many += "0.000000 reset\n";
  EXPECT_EQ(error_of(many), "1048578: there are more than a million events; cut the transcript in several");
  EXPECT_EQ(error_of(std::string(kMostTranscriptText + 1, '\n')),
            "1: the text is longer than 64 MiB; cut it in several");
}

TEST(Transcript, AnyPartOfATextIsReadOrRefusedAndNothingElse) {
  for (std::size_t size = 0; size <= kExample.size(); ++size) {
    const TranscriptResult read = parse_transcript(kExample.substr(0, size));
    if (!read) continue;
    EXPECT_EQ(parse_transcript(write_transcript(*read)).value(), *read) << size;
  }
  std::mt19937 random(1);
  for (int run = 0; run < 20000; ++run) {
    std::string text(kExample);
    for (int change = 0; change < 3; ++change) text[random() % text.size()] = static_cast<char>(random());
    const TranscriptResult read = parse_transcript(text);
    if (!read) {
      EXPECT_GT(read.error().line, 0U);
      EXPECT_FALSE(read.error().text.empty());
      continue;
    }
    EXPECT_EQ(parse_transcript(write_transcript(*read)).value(), *read) << text;
  }
}

TEST(Transcript, TellsWhatOneSideSentOnEachConnection) {
  Transcript two = example();
  two.events.push_back({TranscriptTime(20'000'000), TranscriptKind::connected, "127.0.0.1:25"});
  two.events.push_back({TranscriptTime(20'000'000), TranscriptKind::client, "QUIT\r\n"});
  EXPECT_EQ(sent_by(TranscriptKind::client, two), "EHLO client.example\r\n");
  EXPECT_EQ(sent_by(TranscriptKind::client, two, 1), "QUIT\r\n");
  EXPECT_EQ(sent_by(TranscriptKind::server, two, 1), "");
}

}  // namespace
}  // namespace postrider::fuzz
