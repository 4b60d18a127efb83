#include "postrider/fuzz/transcript/redactor.h"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace postrider::fuzz {
namespace {

using Said = std::pair<char, std::string>;  // 'C' or 'S'

// What the client's side comes to.
std::string shown(const std::vector<Said>& dialogue) {
  TranscriptRedactor redactor;
  std::string out;
  for (const auto& [side, octets] : dialogue) {
    if (side == 'C') {
      out += redactor.from_client(octets);
    } else {
      redactor.from_server(octets);
    }
  }
  return out;
}

std::vector<Said> octet_by_octet(const std::vector<Said>& dialogue) {
  std::vector<Said> out;
  for (const auto& [side, octets] : dialogue) {
    for (const char octet : octets) out.emplace_back(side, std::string(1, octet));
  }
  return out;
}

// Whole, octet by octet, and with one cut at each place: always the same.
void expect_shown(const std::vector<Said>& dialogue, const std::string& expected) {
  EXPECT_EQ(shown(dialogue), expected);
  EXPECT_EQ(shown(octet_by_octet(dialogue)), expected);
  for (std::size_t at = 0; at < dialogue.size(); ++at) {
    for (std::size_t cut = 1; cut < dialogue[at].second.size(); ++cut) {
      std::vector<Said> parts = dialogue;
      parts[at].second = dialogue[at].second.substr(0, cut);
      parts.insert(parts.begin() + static_cast<std::ptrdiff_t>(at) + 1,
                   Said(dialogue[at].first, dialogue[at].second.substr(cut)));
      EXPECT_EQ(shown(parts), expected) << "event " << at << " cut at " << cut;
    }
  }
}

const Said kGreeting('S', "220 mx ESMTP\r\n");

TEST(TranscriptRedactor, HidesAnInitialResponse) {
  expect_shown({kGreeting,
                {'C', "EHLO a\r\n"},
                {'S', "250-mx\r\n250 AUTH PLAIN\r\n"},
                {'C', "auth PLAIN AGEAc2VjcmV0\r\n"},
                {'S', "235 2.7.0 ok\r\n"},
                {'C', "MAIL FROM:<>\r\n"}},
               "EHLO a\r\nauth PLAIN ****\r\nMAIL FROM:<>\r\n");
}

TEST(TranscriptRedactor, HidesEveryAnswerToAChallenge) {
  expect_shown({{'C', "AUTH LOGIN\r\n"},
                {'S', "334 VXNlcm5hbWU6\r\n"},
                {'C', "YQ==\r\n"},
                {'S', "334 UGFzc3dvcmQ6\r\n"},
                {'C', "c2VjcmV0\r\n"},
                {'S', "235 ok\r\n"},
                {'C', "QUIT\r\n"}},
               "AUTH LOGIN\r\n****\r\n****\r\nQUIT\r\n");
}

TEST(TranscriptRedactor, HidesAnAnswerThatIsSentBeforeTheChallenge) {
  expect_shown({{'C', "AUTH PLAIN\r\nAGEAc2VjcmV0\r\n"}, {'S', "334 \r\n235 ok\r\n"}, {'C', "QUIT\r\n"}},
               "AUTH PLAIN\r\n****\r\nQUIT\r\n");
}

TEST(TranscriptRedactor, HidesAnAnswerThatFollowsTheReplyToSomethingElse) {
  expect_shown({{'C', "RCPT TO:<a@b>\r\nAUTH PLAIN\r\n"},
                {'S', "503 no\r\n"},
                {'S', "334 \r\n"},
                {'C', "AGEAYQ==\r\n"},
                {'S', "235 ok\r\n"}},
               "RCPT TO:<a@b>\r\nAUTH PLAIN\r\n****\r\n");
}

TEST(TranscriptRedactor, ShowsAgainWhatFollowsARefusal) {
  expect_shown({{'C', "AUTH PLAIN AGEAYQ==\r\n"}, {'S', "535 5.7.8 no\r\n"}, {'C', "NOOP x\r\n"}},
               "AUTH PLAIN ****\r\nNOOP x\r\n");
  expect_shown({{'C', "AUTH PLAIN\r\n"},
                {'S', "334 \r\n"},
                {'C', "*\r\n"},
                {'S', "501-no\r\n501 no\r\n"},
                {'C', "NOOP x\r\n"}},
               "AUTH PLAIN\r\n****\r\nNOOP x\r\n");
}

TEST(TranscriptRedactor, HidesLinesBehindAuthUntilItIsAnswered) {
  expect_shown({{'C', "AUTH PLAIN AGEAYQ==\r\nNOOP x\r\n"}, {'S', "250 of another\r\n"}, {'C', "NOOP y\r\n"}},
               "AUTH PLAIN ****\r\n****\r\n****\r\n");
}

TEST(TranscriptRedactor, HidesWhatStrangeClientsSend) {
  expect_shown({{'C', "  AUTH\t PLAIN   c2Vj cmV0\tx\r\n"}}, "  AUTH\t PLAIN   ****\r\n");
  expect_shown({{'C', "AUTH PLAIN c2Vj\rcmV0\n"}}, "AUTH PLAIN ****\r\n");
  expect_shown({{'C', "AUTH PLAIN\rc2Vj\n"}}, "AUTH PLAIN\r****\n");
  expect_shown({{'C', "NOOP\rAUTH PLAIN c2Vj\r"}}, "NOOP\rAUTH PLAIN ****\r");
  expect_shown({{'C', "AUTH PLAIN c2VjcmV0"}}, "AUTH PLAIN ****");
}

TEST(TranscriptRedactor, LeavesOtherCommandsAlone) {
  const std::string commands =
      "AUTHOR x y\r\nAUTH\r\nMAIL FROM:<a@b> AUTH=<>\r\nAUTHPLAIN x y\r\nXAUTH a b\r\n\r\n";
  expect_shown({{'C', commands}}, commands);
}

TEST(TranscriptRedactor, LeavesTheTextOfAMessageAlone) {
  const std::string text = "AUTH PLAIN is a command\r\nx\rAUTH a b\r\n..\r\n.\r\n";
  expect_shown({{'C', "DATA\r\n"},
                {'S', "354 go\r\n"},
                {'C', text},
                {'S', "250 ok\r\n"},
                {'C', "AUTH PLAIN YQ==\r\n"}},
               "DATA\r\n" + text + "AUTH PLAIN ****\r\n");
}

TEST(TranscriptRedactor, A354WhileAuthIsUnansweredIsNoReasonToShowAnything) {
  expect_shown({{'C', "AUTH PLAIN\r\n"}, {'S', "354 go\r\n"}, {'C', "AGEAYQ==\r\n"}},
               "AUTH PLAIN\r\n****\r\n");
}

TEST(TranscriptRedactor, FindsACommandDirectlyBehindAChunk) {
  expect_shown({{'C', "BDAT 5\r\nhelloAUTH PLAIN YQ==\r\n"}}, "BDAT 5\r\nhelloAUTH PLAIN ****\r\n");
  expect_shown({{'C', "bdat 7 LAST\r\nhel\r\nloAUTH PLAIN YQ==\r\n"}},
               "bdat 7 LAST\r\nhel\r\nloAUTH PLAIN ****\r\n");
  expect_shown({{'C', "BDAT 0 LAST\r\nAUTH PLAIN YQ==\r\n"}}, "BDAT 0 LAST\r\nAUTH PLAIN ****\r\n");
}

TEST(TranscriptRedactor, ALineOfAChunkThatLooksLikeAuthHidesNoOther) {
  expect_shown({{'C', "BDAT 18\r\nAUTH a b\r\nx\r\ny\r\n\r\nNOOP x\r\n"}},
               "BDAT 18\r\nAUTH a ****\r\nx\r\ny\r\n\r\nNOOP x\r\n");
}

TEST(TranscriptRedactor, BeginsAnewUnderTls) {
  Transcript said;
  const auto add = [&said](TranscriptKind kind, std::string octets) {
    said.events.push_back({TranscriptTime(0), kind, std::move(octets)});
  };
  add(TranscriptKind::client, "AUTH PLAIN\r\n");
  add(TranscriptKind::tls, "TLSv1.3 X");
  add(TranscriptKind::client, "EHLO a\r\n");
  add(TranscriptKind::client, "AUTH PLAIN A");
  add(TranscriptKind::client, "GEAYQ==");
  add(TranscriptKind::client, "\r\n");
  add(TranscriptKind::note, "secret is no secret here");
  const Transcript out = redacted(said);
  ASSERT_EQ(out.events.size(), 6U);
  EXPECT_EQ(sent_by(TranscriptKind::client, out), "AUTH PLAIN\r\nEHLO a\r\nAUTH PLAIN ****\r\n");
  EXPECT_EQ(out.events.back(), said.events.back());
}

}  // namespace
}  // namespace postrider::fuzz
