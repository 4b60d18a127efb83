#include "postrider/fuzz/generator/session_plan.h"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>

#include "postrider/fuzz/support/choices.h"

namespace postrider::fuzz {
namespace {

SessionPlan seeded(std::uint64_t seed, bool faults = true) {
  SeededChoices choices(seed);
  SessionSettings settings;
  settings.faults = faults;
  return make_session(choices, settings);
}

// FNV-1a: an arithmetic of its own, so that a machine on which a seed means something else shows.
std::uint64_t hash_of(std::string_view octets) {
  std::uint64_t hash = 14695981039346656037u;
  for (const char c : octets) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
  return hash;
}

TEST(MakeSession, GivesTheSameForASeedOnEveryMachine) {
  std::string all;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    EXPECT_EQ(seeded(seed), seeded(seed));
    all += octets_of(seeded(seed)) + '|';
  }
  EXPECT_EQ(hash_of(all), 2959727580916503488u);
}

TEST(MakeSession, IsAnOrdinarySessionWithoutOctetsToChooseBy) {
  OctetChoices choices("");
  EXPECT_EQ(octets_of(make_session(choices, {})),
            "EHLO client.example\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.net>\r\nDATA\r\n"
            "Subject: a test\r\n\r\n.\r\n\r\n.\r\nQUIT\r\n");
}

TEST(MakeSession, EndsAndStaysBoundedForAnyOctets) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    SeededChoices random(seed);
    std::string octets;
    for (std::uint32_t left = random.below(400); left != 0; --left)
      octets += static_cast<char>(random.below(256));
    OctetChoices choices(octets);
    const SessionPlan plan = make_session(choices, {});
    ASSERT_LE(plan.steps.size(), kMostSteps);
    for (const PlanStep& step : plan.steps) {
      ASSERT_LE(step.octets.size(), 8 * kMostGenerated);
      ASSERT_TRUE(std::ranges::is_sorted(step.cuts));
      for (const std::size_t cut : step.cuts) ASSERT_TRUE(cut > 0 && cut < step.octets.size());
    }
  }
}

TEST(MakeSession, TellsTheEndByQuitOrByClosing) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const PlanStep last = seeded(seed).steps.back();
    EXPECT_TRUE(last.half_close || last.octets == "QUIT\r\n") << seed;
  }
}

TEST(MakeSession, HasNoFaultsWhenNoneAreWanted) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    for (const PlanStep& step : seeded(seed, false).steps) {
      if (step.owners.empty() || step.owners[0] == "content" || step.owners[0] == "BDAT") continue;
      // As many lines as replies, each with its CRLF.
      std::size_t lines = 0;
      for (std::size_t at = step.octets.find("\r\n"); at != std::string::npos;
           at = step.octets.find("\r\n", at + 2))
        ++lines;
      if (step.octets.empty()) continue;
      EXPECT_EQ(lines, step.owners.size()) << seed << ": " << step.octets;
    }
  }
}

TEST(MakeSession, ReachesEverythingThatTheIssueNames) {
  bool tls = false, injected = false, auth = false, chunk = false, group = false, cut_in_crlf = false,
       bare = false;
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    for (const PlanStep& step : seeded(seed).steps) {
      tls = tls || step.handshake;
      injected = injected || (step.octets.starts_with("STARTTLS\r\n") && step.octets.size() > 10);
      auth = auth || step.when == PlanStep::When::after_334;
      chunk = chunk || step.octets.starts_with("BDAT ");
      group = group || step.owners.size() > 2;
      bare = bare || step.octets.find("\n.\n") != std::string::npos;
      for (const std::size_t cut : step.cuts) {
        cut_in_crlf = cut_in_crlf || (step.octets[cut - 1] == '\r' && step.octets[cut] == '\n');
      }
    }
  }
  EXPECT_TRUE(tls && injected && auth && chunk && group && cut_in_crlf && bare);
}

}  // namespace
}  // namespace postrider::fuzz
