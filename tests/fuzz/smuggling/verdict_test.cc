#include "postrider/fuzz/smuggling/verdict.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace postrider::fuzz {
namespace {

using namespace std::string_literals;

struct Judged {
  explicit Judged(std::string_view name)
      : variant(*find_variant(name)), probe(make_probe(variant, "id-1", "a@example.org", "b@example.net")) {}

  Judged& replies(std::vector<unsigned> codes) {
    for (const unsigned code : codes) said.replies.push_back({code, std::to_string(code)});
    return *this;
  }
  // One message, with these octets in place of the sequence.
  Judged& one(const std::string& left) {
    taken.push_back(message(outer_mark("id-1") + "\r\n\r\n" + before_mark("id-1") + left +
                            "MAIL FROM:<x>\r\n" + inner_mark("id-1") + "\r\n"));
    return *this;
  }
  Judged& two() {
    taken.push_back(message(outer_mark("id-1") + "\r\n\r\n" + before_mark("id-1") + "\r\n"));
    taken.push_back(message(inner_mark("id-1") + "\r\n\r\nsecond\r\n"));
    return *this;
  }
  Verdict verdict() const { return judge(variant, probe, said, taken); }

  static TakenMessage message(std::string raw) {
    TakenMessage out;
    out.raw = std::move(raw);
    return out;
  }

  const Variant& variant;
  ProbeMessage probe;
  InboundResult said;
  std::vector<TakenMessage> taken;
};

TEST(SmugglingVerdict, IsGoodWhenTheSequenceIsRefused) {
  const Verdict verdict = Judged("lf-dot-lf").replies({550}).verdict();
  EXPECT_EQ(verdict.received, Received::refused);
  EXPECT_EQ(verdict.sent, Sent::nothing);
  EXPECT_EQ(verdict.reply, "550");
  EXPECT_FALSE(verdict.disagreement());
}

TEST(SmugglingVerdict, IsGoodWhenLineEndsAreNormalisedAndTheDotIsDoubled) {
  const Verdict verdict = Judged("lf-dot-lf").replies({250}).one("\r\n..\r\n").verdict();
  EXPECT_EQ(verdict.received, Received::normalised);
  EXPECT_EQ(verdict.sent, Sent::normalised);
  EXPECT_EQ(verdict.left, "\r\n..\r\n");
  EXPECT_FALSE(verdict.disagreement());
}

TEST(SmugglingVerdict, SeesALeakWhenTheSequenceLeavesAsItCame) {
  const Verdict verdict = Judged("lf-dot-lf").replies({250}).one("\n.\n").verdict();
  EXPECT_EQ(verdict.received, Received::content);
  EXPECT_EQ(verdict.sent, Sent::as_it_came);
  EXPECT_FALSE(verdict.smuggled);
  EXPECT_EQ(verdict.leaks, std::vector<std::string>{"\n.\n"});
  EXPECT_TRUE(verdict.disagreement());
}

TEST(SmugglingVerdict, SeesOneMessageBecomeTwo) {
  const Verdict verdict = Judged("lf-dot-lf").replies({250, 250, 250, 354, 250}).two().verdict();
  EXPECT_EQ(verdict.received, Received::ended);
  EXPECT_EQ(verdict.sent, Sent::two);
  EXPECT_TRUE(verdict.smuggled);
}

TEST(SmugglingVerdict, SeesItByTheRepliesAlone) {
  const Verdict verdict = Judged("lf-dot-lf").replies({250, 503}).verdict();
  EXPECT_EQ(verdict.received, Received::ended);
  EXPECT_TRUE(verdict.smuggled);
}

TEST(SmugglingVerdict, SeesASenderThatForgetsToDoubleADot) {
  const Verdict verdict = Judged("bdat-crlf-dot-crlf").replies({250}).two().verdict();
  EXPECT_EQ(verdict.received, Received::content);
  EXPECT_EQ(verdict.sent, Sent::two);
  EXPECT_TRUE(verdict.smuggled);
}

TEST(SmugglingVerdict, TakesTwoMessagesOfAControlAsRight) {
  const Verdict verdict = Judged("crlf-dot-crlf").replies({250, 250, 250, 354, 250}).two().verdict();
  EXPECT_EQ(verdict.received, Received::ended);
  EXPECT_FALSE(verdict.disagreement());
}

TEST(SmugglingVerdict, SeesAnEndThatIsLost) {
  const Verdict verdict = Judged("crlf-dot-crlf").replies({250}).one("\r\n..\r\n").verdict();
  EXPECT_TRUE(verdict.lost_end);
  EXPECT_TRUE(verdict.disagreement());
}

TEST(SmugglingVerdict, KnowsTheContentOfADotThatStandsAtTheBeginningOfALine) {
  EXPECT_EQ(Judged("crlf-dot-dot-crlf").replies({250}).one("\r\n..\r\n").verdict().sent, Sent::as_it_came);
  EXPECT_EQ(Judged("crlf-dot-space-crlf").replies({250}).one("\r\n \r\n").verdict().sent, Sent::unchanged);
  EXPECT_EQ(Judged("bdat-crlf-dot-crlf").replies({250}).one("\r\n..\r\n").verdict().sent, Sent::unchanged);
  EXPECT_EQ(Judged("bdat-split-dot").replies({250, 250}).one("\r\n..\r\n").verdict().sent, Sent::unchanged);
  EXPECT_EQ(Judged("lf-dot-lf").replies({250}).one("\r\nx\r\n").verdict().sent, Sent::changed);
}

TEST(SmugglingVerdict, TellsSilenceFromClosing) {
  Judged silent("lf-dot-lf");
  silent.said.end = WireOutcome::timeout;
  EXPECT_EQ(silent.verdict().received, Received::no_reply);
  Judged closed("lf-dot-lf");
  closed.said.end = WireOutcome::closed;
  EXPECT_EQ(closed.verdict().received, Received::closed);
}

TEST(SmugglingVerdict, KnowsNothingOfWhatWasNotSent) {
  Judged unsent("lf-dot-lf");
  unsent.said.problem = "RCPT: 550 5.1.1 Nobody";
  EXPECT_EQ(unsent.verdict().received, Received::unknown);
  EXPECT_FALSE(unsent.verdict().disagreement());
  unsent.said.not_offered = true;
  EXPECT_EQ(unsent.verdict().received, Received::not_offered);
}

TEST(SmugglingVerdict, TakesAnAnswerToAChunkThatNobodyHasSeenForAnEnd) {
  EXPECT_TRUE(Judged("bdat-size-beyond-32-bits").replies({250}).verdict().smuggled);
  EXPECT_FALSE(Judged("bdat-size-beyond-32-bits").replies({552}).verdict().smuggled);
}

TEST(LenientReaders, EndDataAtADotBetweenAnyLineEnds) {
  using Found = std::vector<std::string>;
  EXPECT_EQ(ends_for_lenient_readers("a\n.\nb"), Found{"\n.\n"});
  EXPECT_EQ(ends_for_lenient_readers("a\r\n.\rb"), Found{"\r\n.\r"});
  EXPECT_EQ(ends_for_lenient_readers("a\r\n\0.\r\nb"s), Found{"\r\n\0.\r\n"s});
  EXPECT_EQ(ends_for_lenient_readers("a\r\n. \r\nb"), Found{"\r\n. \r\n"});
  EXPECT_EQ(ends_for_lenient_readers("a\r\r\n.\r\r\nb"), Found{"\r\r\n.\r\r\n"});
  for (const std::string& harmless :
       {"a\r\n..\r\nb"s, "a\r\n.x\r\nb"s, "a.\r\nb"s, ".\r\n"s, "a\r\n."s, "\xC2\x85.\xC2\x85"s, ""s}) {
    EXPECT_EQ(ends_for_lenient_readers(harmless), Found{}) << harmless;
  }
}

}  // namespace
}  // namespace postrider::fuzz
