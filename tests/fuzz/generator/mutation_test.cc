#include "postrider/fuzz/generator/mutation.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

#include "postrider/fuzz/generator/custom_mutator.h"
#include "postrider/fuzz/support/choices.h"

namespace postrider::fuzz {
namespace {

constexpr std::string_view kDialogue = "EHLO a\r\nMAIL FROM:<a@b.c> SIZE=12\r\nDATA\r\n.x\r\n.\r\n";

// What the mutation makes of the dialogue with many seeds.
std::set<std::string> made_by(Mutation mutation, std::string_view before = kDialogue,
                              Side side = Side::client) {
  std::set<std::string> made;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    SeededChoices choices(seed);
    std::string octets(before);
    mutate(choices, octets, mutation, kMostGenerated, side);
    made.insert(octets);
  }
  return made;
}

bool any_has(const std::set<std::string>& made, std::string_view what) {
  for (const std::string& each : made) {
    if (each.find(what) != std::string::npos) return true;
  }
  return false;
}

TEST(Mutate, ChangesSomethingWhateverTheMutation) {
  for (std::size_t kind = 0; kind < kMutationCount; ++kind) {
    EXPECT_GT(made_by(static_cast<Mutation>(kind)).size(), 1u) << to_string(static_cast<Mutation>(kind));
  }
}

TEST(Mutate, KnowsTheVariantsOfLineEnds) {
  const std::set<std::string> made = made_by(Mutation::line_end);
  for (const std::string_view variant :
       {"EHLO a\nMAIL", "EHLO a\rMAIL", "EHLO a\r\r\nMAIL", "EHLO a\n\rMAIL", "EHLO aMAIL"}) {
    EXPECT_TRUE(any_has(made, variant)) << variant;
  }
  EXPECT_TRUE(any_has(made, std::string_view("EHLO a\r\0\nMAIL", 13)));
}

TEST(Mutate, ReachesLimitsExactlyOneBelowAndOneAbove) {
  std::set<std::size_t> sizes;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    SeededChoices choices(seed);
    std::string octets = "NOOP\r\n";
    mutate(choices, octets, Mutation::to_limit);
    sizes.insert(octets.size());
  }
  for (const std::size_t size : {511u, 512u, 513u, 999u, 1000u, 1001u})
    EXPECT_TRUE(sizes.contains(size)) << size;
}

TEST(Mutate, RepeatsDropsAndSwapsWholeLines) {
  EXPECT_TRUE(any_has(made_by(Mutation::repeat_line), "DATA\r\nDATA\r\n"));
  EXPECT_TRUE(made_by(Mutation::drop_line).contains("MAIL FROM:<a@b.c> SIZE=12\r\nDATA\r\n.x\r\n.\r\n"));
  EXPECT_TRUE(any_has(made_by(Mutation::swap_lines), "DATA\r\nMAIL FROM:<a@b.c> SIZE=12\r\n"));
}

TEST(Mutate, PutsRepliesAmongRepliesAndCommandsAmongCommands) {
  const std::set<std::string> replies = made_by(Mutation::insert_line, "220 a\r\n250 b\r\n", Side::server);
  EXPECT_TRUE(any_has(replies, "\r\n550 ") || any_has(replies, "\r\n550-"));
  EXPECT_FALSE(any_has(replies, "MAIL FROM:"));
  EXPECT_TRUE(any_has(made_by(Mutation::insert_line, "NOOP\r\n"), "MAIL FROM:"));
}

TEST(Mutate, StaysBelowTheBoundAndTakesNothing) {
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    SeededChoices choices(seed);
    std::string octets(kDialogue);
    for (int left = 8; left != 0; --left) mutate(choices, octets, 100);
    EXPECT_LE(octets.size(), 100u);
    std::string empty;
    mutate(choices, empty, 100);
    EXPECT_LE(empty.size(), 100u);
  }
}

TEST(CustomMutator, KeepsLinesOfChoicesAndTheBound) {
  bool changed = false;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const std::string input = "013\n2\n" + std::string(kDialogue);
    const std::string output = mutated_input(input, 200, seed, 2);
    EXPECT_TRUE(output.starts_with("013\n2\n")) << output;
    EXPECT_LE(output.size(), 200u);
    EXPECT_EQ(output, mutated_input(input, 200, seed, 2));
    changed = changed || output != input;
  }
  EXPECT_TRUE(changed);
}

TEST(CustomMutator, BeginsAnewAsTheSideThatItIsTold) {
  bool greeted = false;
  bool said_hello = false;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const std::string server = mutated_input("0\n", 2000, seed, 1, Side::server);
    EXPECT_TRUE(server.starts_with("0\n")) << server;
    EXPECT_EQ(server.find("MAIL FROM:"), std::string::npos) << server;
    greeted = greeted || server.starts_with("0\n220 mx.example ESMTP\r\n250-");
    said_hello = said_hello || mutated_input("0\n", 2000, seed, 1).starts_with("0\nEHLO ");
  }
  EXPECT_TRUE(greeted);
  EXPECT_TRUE(said_hello);
}

TEST(CustomMutator, WorksInPlaceAsLibFuzzerCallsIt) {
  std::uint8_t memory[64] = {'N', 'O', 'O', 'P', '\r', '\n'};
  for (unsigned seed = 1; seed < 200; ++seed)
    EXPECT_LE(LLVMFuzzerCustomMutator(memory, 6, sizeof memory, seed), sizeof memory);
}

}  // namespace
}  // namespace postrider::fuzz
