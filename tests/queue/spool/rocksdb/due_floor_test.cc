#include "postrider/queue/spool/rocksdb/due_floor.h"

#include <gtest/gtest.h>

namespace postrider::queue {
namespace {

// A search from the beginning that finds `first`.
void search(DueFloor& floor, const std::string& first) { floor.saw(floor.look("b"), first); }
std::string begins_at(DueFloor& floor) {
  const DueFloor::Look look = floor.look("b");
  floor.saw(look, look.from);
  return look.from;
}

TEST(DueFloorTest, KnowsNothingInTheBeginning) {
  DueFloor floor("b");
  EXPECT_EQ(begins_at(floor), "b");
}

TEST(DueFloorTest, RisesToWhatWasFoundFirst) {
  DueFloor floor("b");
  search(floor, "m");
  EXPECT_EQ(begins_at(floor), "m");
  EXPECT_EQ(floor.look("p").from, "p");
}

TEST(DueFloorTest, FallsToWhatIsWritten) {
  DueFloor floor("b");
  search(floor, "m");
  floor.writing("c");
  EXPECT_EQ(begins_at(floor), "c");
  floor.written();
  EXPECT_EQ(begins_at(floor), "c");
}

TEST(DueFloorTest, WhatIsWrittenDuringASearchMayNotHaveBeenSeenByIt) {
  DueFloor floor("b");
  const DueFloor::Look look = floor.look("b");
  floor.writing("c");
  floor.written();
  floor.saw(look, "m");
  EXPECT_EQ(begins_at(floor), "c");
}

TEST(DueFloorTest, NorMayWhatWasBeingWrittenWhenItBegan) {
  DueFloor floor("b");
  floor.writing("c");
  const DueFloor::Look look = floor.look("b");
  floor.saw(look, "m");
  EXPECT_EQ(begins_at(floor), "c");
  floor.written();
  search(floor, "m");
  EXPECT_EQ(begins_at(floor), "m");
}

TEST(DueFloorTest, ASearchFromAboveSaysNothingOfWhatIsBelow) {
  DueFloor floor("b");
  search(floor, "c");
  floor.saw(floor.look("m"), "p");
  EXPECT_EQ(begins_at(floor), "c");
}

TEST(DueFloorTest, OneSearchAtATimeRaisesIt) {
  DueFloor floor("b");
  const DueFloor::Look first = floor.look("b");
  const DueFloor::Look second = floor.look("b");
  floor.writing("c");
  floor.written();
  floor.saw(second, "m");
  EXPECT_EQ(floor.look("b").from, "b");
  floor.saw(first, "m");
  EXPECT_EQ(begins_at(floor), "c");
}

TEST(DueFloorTest, ASearchFromBeforeTheBeginningIsLeftAlone) {
  DueFloor floor("b");
  search(floor, "m");
  floor.writing("a");
  EXPECT_EQ(floor.look("").from, "");
  EXPECT_EQ(begins_at(floor), "b");
}

TEST(DueFloorTest, AnEmptyIndexBeginsAtItsEnd) {
  DueFloor floor("b");
  search(floor, DueFloor::end());
  EXPECT_EQ(begins_at(floor), DueFloor::end());
  floor.writing("m");
  EXPECT_EQ(begins_at(floor), "m");
}

}  // namespace
}  // namespace postrider::queue
