#include "postrider/fuzz/campaign/session_source.h"

#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "postrider/tests/fuzz/oracle/dialogues.h"

namespace postrider::fuzz {
namespace {

TEST(SessionSource, NumbersSessionsOfTheCorpusFirst) {
  SessionPlan mine;
  mine.steps.push_back({.octets = "NOOP\r\n"});
  const SessionSource with(7, {}, {mine});
  const SessionSource without(7, {});
  EXPECT_EQ(with.plan(0), mine);
  EXPECT_EQ(with.plan(1), without.plan(1));
  EXPECT_EQ(without.plan(5), SessionSource(7, {}).plan(5));
  EXPECT_NE(without.plan(5), SessionSource(8, {}).plan(5));
}

TEST(PlanOf, SaysWhatTheClientOfATranscriptSaid) {
  const SessionPlan plan = plan_of(transcript_of({"S 220 x", "C EHLO a", "S 250 x", "c STAR", "c TTLS\r\n",
                                                  "S 220 x", "tls", "C QUIT", "S 221 x", "half", "closed"}));
  EXPECT_EQ(octets_of(plan), "EHLO a\r\nSTARTTLS\r\nQUIT\r\n");
  ASSERT_EQ(plan.steps.size(), 7u);
  EXPECT_TRUE(plan.steps[4].handshake);
  EXPECT_TRUE(plan.steps[6].half_close);
}

TEST(ReadCorpus, ReadsTranscriptsAndInputsOfFuzzersByName) {
  const std::filesystem::path folder = std::filesystem::path(testing::TempDir()) / "session_source_corpus";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "b") << write_transcript(transcript_of({"S 220 x", "C NOOP"}));
  std::ofstream(folder / "a") << "";
  const auto read = read_corpus(folder, {});
  ASSERT_TRUE(read) << read.error();
  ASSERT_EQ(read->size(), 2u);
  EXPECT_EQ(octets_of(read->at(1)), "NOOP\r\n");
  EXPECT_TRUE(octets_of(read->at(0)).starts_with("EHLO client.example\r\n"));
  EXPECT_FALSE(read_corpus(folder / "missing", {}));
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace postrider::fuzz
