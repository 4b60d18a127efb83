#include "postrider/fuzz/oracle/judge.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "postrider/tests/fuzz/oracle/dialogues.h"

namespace postrider::fuzz {
namespace {

using Lines = std::vector<std::string_view>;
using namespace std::string_view_literals;

std::string shown(const std::vector<Finding>& findings) {
  std::string out;
  for (const Finding& each : findings) {
    out += std::string(to_string(each.fault)) + " " + std::string(each.clause) + ": " + each.what + "; ";
  }
  return out;
}

// Behind a greeting and EHLO.
Lines greeted(Lines more) {
  Lines all{"S 220 mx.example.org ESMTP", "C EHLO c.example",
            "S 250-mx.example.org\r\n250-PIPELINING\r\n250 CHUNKING"};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}
Lines in_transaction(Lines more) {
  Lines all = greeted({"C MAIL FROM:<a@example.org>", "S 250 Ok", "C RCPT TO:<b@example.net>", "S 250 Ok"});
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

struct Case {
  std::string_view name;
  Lines lines;
  Fault fault = Fault::hang;     // for what is wrong
  std::string_view clause = "";  // "": nothing is
};

class LegalDialogue : public testing::TestWithParam<Case> {};
class WrongDialogue : public testing::TestWithParam<Case> {};
std::string name_of(const testing::TestParamInfo<Case>& info) { return std::string(info.param.name); }

TEST_P(LegalDialogue, HasNoFinding) {
  const Verdict verdict = judge(read_dialogue(transcript_of(GetParam().lines)));
  EXPECT_TRUE(verdict.findings.empty()) << shown(verdict.findings);
}

TEST_P(WrongDialogue, HasExactlyItsFinding) {
  const Verdict verdict = judge(read_dialogue(transcript_of(GetParam().lines)));
  ASSERT_EQ(verdict.findings.size(), 1u) << shown(verdict.findings);
  EXPECT_EQ(to_string(verdict.findings[0].fault), to_string(GetParam().fault)) << shown(verdict.findings);
  EXPECT_EQ(verdict.findings[0].clause, GetParam().clause) << shown(verdict.findings);
}

INSTANTIATE_TEST_SUITE_P(
    All, LegalDialogue,
    testing::Values(
        Case{"Message", in_transaction({"C DATA", "S 354 Go", "C x", "C .", "S 250 Ok", "C QUIT", "S 221 Bye",
                                        "closed"})},
        Case{"LineFeedInARefusedChunkThatNobodyOffered",
             Lines{"S 220 x", "c BDAT 1 LAST\r\n\n", "S 503 x", "C MAIL FROM:<a@example.org>", "S 250 Ok",
                   "C RCPT TO:<b@example.net>", "S 250 Ok"}},
        Case{"LinesInARefusedChunkThatNobodyOffered",
             Lines{"S 220 x", "c BDAT 12 LAST\r\nNOOP\r\nRSET\r\n", "S 503 x", "C MAIL FROM:<a@example.org>",
                   "S 250 Ok", "C RCPT TO:<b@example.net>", "S 250 Ok", "C QUIT", "S 221 x", "closed"}},
        Case{"Pipelined",
             greeted({"c MAIL FROM:<a@b.c>\r\nRCPT TO:<d@e.f>\r\nDATA\r\n", "S 250 a\r\n250 b\r\n354 c",
                      "c .\r\n", "S 250 d", "C QUIT", "S 221 x", "closed"})},
        Case{"PostfixNestedMailAndErrors",
             in_transaction({"C MAIL FROM:<a@b.c>", "S 503 5.5.1 Error: nested MAIL command", "C XYZZY",
                             "S 502 5.5.2 Error: command not recognized", "C ",
                             "S 500 5.5.2 Error: bad syntax", "C NOOP", "S 250 2.0.0 Ok", "C QUIT",
                             "S 221 2.0.0 Bye", "closed"})},
        Case{"PostfixTooManyErrors",
             greeted({"C X", "S 502 a", "C X", "S 421 4.7.0 mx Error: too many errors", "closed"})},
        Case{"EximSynchronization",
             greeted({"c NOOP\r\nNOOP\r\n", "S 554 SMTP synchronization error", "closed"})},
        Case{"EximCallsMailBeforeHello",
             Lines{"S 220 x", "C MAIL FROM:<a@b.c>", "S 250 OK", "C RCPT TO:<b@c.d>", "S 250 Accepted",
                   "C QUIT", "S 221 x closing connection", "closed"}},
        Case{"OursClosesBehindBareLineFeed", greeted({"c NOOP\nNOOP\r\n", "S 500 5.5.2 bare LF", "closed"})},
        Case{"RefusedGreeting",
             Lines{"S 554 No SMTP service here", "C EHLO a", "S 503 no", "C QUIT", "S 221 Bye", "closed"}},
        Case{"NoRecipientsAndGoAhead",
             greeted({"C MAIL FROM:<a@b.c>", "S 250 Ok", "C RCPT TO:<x@y.z>", "S 550 no", "C DATA",
                      "S 354 go", "C .", "S 554 no valid recipients", "C QUIT", "S 221 x", "closed"})},
        Case{"Chunks", in_transaction({"c BDAT 4\r\n.\r\nx", "S 250 4 octets", "c BDAT 0 LAST\r\n",
                                       "S 250 Ok", "C QUIT", "S 221 x", "closed"})},
        Case{"ChunkRefusedAndSkipped", greeted({"c BDAT 6 LAST\r\nQUIT\r\n", "S 503 no", "C NOOP", "S 250 Ok",
                                                "C QUIT", "S 221 x", "closed"})},
        Case{"ChunksNotOffered", Lines{"S 220 x", "C EHLO a", "S 250 x", "c BDAT 6 LAST\r\nNOOP\r\n",
                                       "S 502 what", "S 250 Ok", "C QUIT", "S 221 x", "closed"}},
        Case{"Login", greeted({"C AUTH LOGIN", "S 334 VXNlcm5hbWU6", "C bm9ib2R5", "S 334 UGFzc3dvcmQ6",
                               "C *", "S 501 cancelled", "C QUIT", "S 221 x", "closed"})},
        Case{"Tls", greeted({"C STARTTLS", "S 220 Go", "tls", "C EHLO a", "S 250-x\r\n250 AUTH PLAIN",
                             "C QUIT", "S 221 x", "closed"})},
        Case{"PlaintextBehindStarttlsIsDropped",
             greeted({"c STARTTLS\r\nNOOP\r\n", "S 220 Go", "tls", "C EHLO a", "S 250 x", "C QUIT", "S 221 x",
                      "closed"})},
        Case{"BareLineFeedStaysInContent", in_transaction({"C DATA", "S 354 x", "c a\n.\nNOOP\r\n.\r\n",
                                                           "S 550 bare LF", "C QUIT", "S 221 x", "closed"})},
        Case{"LongLineRefusedAndClosed",
             greeted({"c NOOP nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn\0\r\n"sv,
                      "S 500 too long", "closed"})},
        Case{"ClientEnds", greeted({"half", "closed"})},
        Case{"TlsAlertBehindStarttls",
             greeted({"C STARTTLS", "S 220 x", "C NOOP", "s \x15\x03\x03", "closed"})},
        Case{"ChunkWithoutEnd", greeted({"C BDAT 18446744073709551615", "C NOOP", "timeout"})},
        Case{"UnaskedGoodbye", greeted({"S 421 4.4.2 Timeout", "closed"})},
        Case{"EarlyRefusalOfContent",
             in_transaction({"C DATA", "S 354 x", "c aaaaaaaa", "S 552 too big", "closed"})}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    All, WrongDialogue,
    testing::Values(
        Case{"TwoRepliesToOneCommand", greeted({"C NOOP", "S 250 a\r\n250 b", "C QUIT", "S 221 x", "closed"}),
             Fault::wrong_reply, "RFC 5321 4.1.1.10"},
        Case{"ReplyTooMany", greeted({"C QUIT", "S 221 x\r\n250 y", "closed"}), Fault::unasked_reply,
             "RFC 5321 3.8"},
        Case{"NoReply", greeted({"C VRFY a", "timeout"}), Fault::hang, "RFC 5321 4.2"},
        Case{"NoReplyAtLastBehindAChunkThatNobodyOffered",
             Lines{"S 220 x", "C EHLO c", "S 250 x", "C MAIL FROM:<a@example.org>", "S 250 Ok",
                   "C RCPT TO:<b@example.net>", "S 250 Ok", "c BDAT 4\r\nAB\r\n", "S 500 x\r\n500 x",
                   "C HELP", "S 214 x", "C NOOP", "S 250 Ok", "C DATA", "S 354 Go", "C .", "timeout"},
             Fault::hang, "RFC 5321 4.2"},
        Case{"StaysOpenBehindQuit", greeted({"C QUIT", "S 221 x", "timeout"}), Fault::hang,
             "RFC 5321 4.1.1.10"},
        Case{"ClosedWithoutWord", greeted({"C VRFY a", "closed"}), Fault::closed_early, "RFC 5321 3.8"},
        Case{"NoGreeting", Lines{"closed"}, Fault::closed_early, "RFC 5321 3.8"},
        Case{"NoCode", greeted({"C NOOP", "S hello"}), Fault::malformed_reply, "RFC 5321 4.2"},
        Case{"ClassOne", greeted({"C NOOP", "S 150 x"}), Fault::malformed_reply, "RFC 5321 4.2"},
        Case{"BareLineFeedInReply", greeted({"C NOOP", "s 250 x\n"}), Fault::malformed_reply, "RFC 5321 4.2"},
        Case{"CodesDiffer", greeted({"C NOOP", "S 250-x\r\n251 y"}), Fault::malformed_reply,
             "RFC 5321 4.2.1"},
        Case{"HalfAReply", greeted({"C NOOP", "s 250-x\r\n", "closed"}), Fault::malformed_reply,
             "RFC 5321 4.2"},
        Case{"WrongGreeting", Lines{"S 250 x", "C QUIT", "S 221 x", "closed"}, Fault::wrong_reply,
             "RFC 5321 4.3.2"},
        Case{"GoAheadToMail", greeted({"C MAIL FROM:<a@b.c>", "S 354 x"}), Fault::wrong_reply,
             "RFC 5321 4.3.2"},
        Case{"OkToData", in_transaction({"C DATA", "S 250 x"}), Fault::wrong_reply, "RFC 5321 4.3.2"},
        Case{"ResetRefused", greeted({"C RSET", "S 502 x"}), Fault::wrong_reply, "RFC 5321 4.1.1.5"},
        Case{"NoopRefused", greeted({"C NOOP", "S 502 x"}), Fault::wrong_reply, "RFC 5321 4.1.1.9"},
        Case{"RecipientWithoutSender", greeted({"C RCPT TO:<a@b.c>", "S 250 x"}), Fault::out_of_sequence,
             "RFC 5321 4.1.4"},
        Case{"NestedMail", in_transaction({"C MAIL FROM:<a@b.c>", "S 250 x"}), Fault::out_of_sequence,
             "RFC 5321 4.1.4"},
        Case{"MessageForNobody",
             greeted({"C MAIL FROM:<a@b.c>", "S 250 x", "C DATA", "S 354 x", "C .", "S 250 Ok"}),
             Fault::out_of_sequence, "RFC 5321 3.3"},
        Case{"DataBehindChunk",
             in_transaction({"C BDAT 0", "S 250 x", "C DATA", "S 354 x", "C .", "S 250 x"}),
             Fault::out_of_sequence, "RFC 3030 2"},
        Case{"ChunkBehindRefusedOne", in_transaction({"C BDAT 0", "S 452 x", "C BDAT 0 LAST", "S 250 x"}),
             Fault::out_of_sequence, "RFC 3030 2"},
        Case{"ChunkReadAsCommands",
             greeted({"c BDAT 12 LAST\r\nNOOP\r\nNOOP\r\n", "S 503 x\r\n250 a\r\n250 b", "C QUIT", "S 221 x",
                      "closed"}),
             Fault::chunk_as_commands, "RFC 3030 2"},
        Case{"Smuggled",
             in_transaction({"C DATA", "S 354 x", "c a\n.\nNOOP\r\n.\r\n", "S 250 Ok\r\n250 noop\r\n500 what",
                             "C QUIT", "S 221 x", "closed"}),
             Fault::early_end_of_data, "RFC 5321 4.1.1.4"},
        Case{"BareLineFeedEndsCommand",
             greeted({"c NOOP\nNOOP\r\n", "S 250 a\r\n250 b", "C QUIT", "S 221 x", "closed"}),
             Fault::bare_line_end, "RFC 5321 2.3.8"},
        Case{"Injected",
             greeted({"c STARTTLS\r\nNOOP\r\n", "S 220 Go", "tls", "S 250 noop", "C EHLO a", "S 250 x",
                      "C QUIT", "S 221 x", "closed"}),
             Fault::injected_plaintext, "RFC 3207 4.2"},
        Case{"TlsOfferedInsideTls",
             greeted({"C STARTTLS", "S 220 Go", "tls", "C EHLO a", "S 250-x\r\n250 STARTTLS"}),
             Fault::capability_leak, "RFC 3207 4.2"},
        Case{"TransactionSurvivesTls",
             in_transaction({"C STARTTLS", "S 220 Go", "tls", "C RCPT TO:<b@c.d>", "S 250 x"}),
             Fault::out_of_sequence, "RFC 5321 4.1.4"},
        Case{"ExtendedAnswerToHelo", Lines{"S 220 x", "C HELO a", "S 250-x\r\n250 SIZE 100"},
             Fault::wrong_reply, "RFC 5321 4.1.1.1"},
        Case{"LoggedInTwice", greeted({"C AUTH PLAIN AA==", "S 235 x", "C AUTH PLAIN AA==", "S 235 x"}),
             Fault::out_of_sequence, "RFC 4954 4"},
        Case{"LoginInsideTransaction", in_transaction({"C AUTH PLAIN AA==", "S 235 x"}),
             Fault::out_of_sequence, "RFC 4954 4"},
        Case{"MailBehindRefusedGreeting", Lines{"S 554 no", "C EHLO a", "S 250 x"}, Fault::out_of_sequence,
             "RFC 5321 3.1"}),
    name_of);

TEST(ReadDialogue, RefusesALineOfAReplyAboveTheLimit) {
  const std::string longest = "S 250 " + std::string(512 - 6, 'x');
  const std::string longer = longest + "x";
  EXPECT_FALSE(read_dialogue(transcript_of({longest})).malformed);
  const Dialogue dialogue = read_dialogue(transcript_of({longer}));
  ASSERT_TRUE(dialogue.malformed);
  EXPECT_EQ(dialogue.malformed->clause, "RFC 5321 4.5.3.1.5");
}

TEST(ReadDialogue, CallsAReplyWithoutEndUnbounded) {
  Lines lines;
  for (int line = 0; line < 2000; ++line)
    lines.push_back("S 250-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
  const Dialogue dialogue = read_dialogue(transcript_of(lines));
  ASSERT_TRUE(dialogue.malformed);
  EXPECT_EQ(to_string(dialogue.malformed->fault), "unbounded-output");
}

TEST(ReadDialogue, ReadsTheSameHoweverTheRepliesAreCut) {
  const std::string all = "220 x\r\n250-a\r\n250 b\r\n";
  for (std::size_t at = 0; at <= all.size(); ++at) {
    const std::string first = "s " + all.substr(0, at);
    const std::string second = "s " + all.substr(at);
    const Dialogue dialogue = read_dialogue(transcript_of({first, second}));
    ASSERT_FALSE(dialogue.malformed);
    ASSERT_EQ(dialogue.phases[0].replies.size(), 2u);
    EXPECT_EQ(dialogue.phases[0].replies[1].text, "a\nb");
  }
}

TEST(CompareCuts, FindsOtherRepliesAndForgivesAnEnd) {
  const Verdict whole = judge(read_dialogue(transcript_of(greeted({"C NOOP", "S 250 x"}))));
  const Verdict other = judge(read_dialogue(transcript_of(greeted({"C NOOP", "S 451 x"}))));
  const Verdict ended = judge(read_dialogue(transcript_of(greeted({"C NOOP", "S 421 x"}))));
  EXPECT_FALSE(compare_cuts(whole, whole));
  EXPECT_FALSE(compare_cuts(whole, ended));
  ASSERT_TRUE(compare_cuts(whole, other));
  EXPECT_EQ(to_string(compare_cuts(whole, other)->fault), "cut-matters");
}

TEST(Judge, NamesTheEndOfDataThatWasThere) {
  for (const std::string_view line : {".\n"sv, ".\r\r\n"sv, ".\r"sv}) {
    const std::string sent = "c " + std::string(line) + "NOOP\r\n";
    const Verdict verdict =
        judge(read_dialogue(transcript_of(in_transaction({"C DATA", "S 354 Go", sent, "S 250 a\r\n250 b"}))));
    ASSERT_EQ(verdict.findings.size(), 1u) << shown(verdict.findings);
    EXPECT_EQ(verdict.findings[0].what, "content ends at \\r\\n" + escaped(line));
  }
}

}  // namespace
}  // namespace postrider::fuzz
