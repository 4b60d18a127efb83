#include "postrider/transport/deadlines.h"

#include <functional>
#include <memory>
#include <random>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace postrider::transport {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr SteadyTime kStart = SteadyTime(seconds(1000));

class Recorder final : public Deadlines::Entry {
 public:
  explicit Recorder(Deadlines& deadlines) : Entry(deadlines) {}
  using Entry::set_deadline;

  int fired = 0;
  std::function<void()> then;

 private:
  void on_deadline() noexcept override {
    ++fired;
    if (then) then();
  }
};

TEST(DeadlinesTest, FiresNeverEarlyAndAtMostTwoTicksLate) {
  for (int offset = 0; offset < 1000; offset += 7) {
    Deadlines deadlines(kStart);
    Recorder entry(deadlines);
    const SteadyTime at = kStart + milliseconds(offset);
    entry.set_deadline(at);
    SteadyTime now = kStart;
    while (entry.fired == 0) {
      now += milliseconds(5);
      deadlines.sweep(now);
      ASSERT_LT(now, at + 2 * Deadlines::kTick);
    }
    EXPECT_GE(now, at);
    EXPECT_EQ(entry.deadline(), kNever);
    EXPECT_EQ(deadlines.size(), 0U);
  }
}

TEST(DeadlinesTest, FiresOnce) {
  Deadlines deadlines(kStart);
  Recorder entry(deadlines);
  entry.set_deadline(kStart + seconds(1));
  deadlines.sweep(kStart + seconds(2));
  deadlines.sweep(kStart + seconds(200));
  EXPECT_EQ(entry.fired, 1);
}

TEST(DeadlinesTest, MovesLaterAndEarlier) {
  Deadlines deadlines(kStart);
  Recorder entry(deadlines);
  entry.set_deadline(kStart + seconds(1));
  entry.set_deadline(kStart + seconds(5));
  deadlines.sweep(kStart + seconds(2));
  EXPECT_EQ(entry.fired, 0);
  entry.set_deadline(kStart + seconds(3));
  deadlines.sweep(kStart + seconds(4));
  EXPECT_EQ(entry.fired, 1);
}

TEST(DeadlinesTest, CanBeTakenAway) {
  Deadlines deadlines(kStart);
  Recorder entry(deadlines);
  entry.set_deadline(kStart + seconds(1));
  entry.set_deadline(kNever);
  deadlines.sweep(kStart + seconds(100));
  EXPECT_EQ(entry.fired, 0);
  EXPECT_EQ(deadlines.size(), 0U);
}

TEST(DeadlinesTest, LiesBeyondTheHorizon) {
  Deadlines deadlines(kStart);
  Recorder entry(deadlines);
  entry.set_deadline(kStart + minutes(5));
  for (SteadyTime now = kStart; now < kStart + minutes(5); now += Deadlines::kTick) {
    deadlines.sweep(now);
    ASSERT_EQ(entry.fired, 0);
  }
  deadlines.sweep(kStart + minutes(5) + Deadlines::kTick);
  EXPECT_EQ(entry.fired, 1);
}

TEST(DeadlinesTest, SurvivesAJumpOfTheClock) {
  Deadlines deadlines(kStart);
  Recorder soon(deadlines);
  Recorder late(deadlines);
  soon.set_deadline(kStart + seconds(1));
  late.set_deadline(kStart + std::chrono::hours(2));
  deadlines.sweep(kStart + std::chrono::hours(1));
  EXPECT_EQ(soon.fired, 1);
  EXPECT_EQ(late.fired, 0);
  deadlines.sweep(kStart + std::chrono::hours(3));
  EXPECT_EQ(late.fired, 1);
}

TEST(DeadlinesTest, APastDeadlineFiresAtTheNextTick) {
  Deadlines deadlines(kStart);
  deadlines.sweep(kStart + seconds(10));
  Recorder entry(deadlines);
  entry.set_deadline(kStart);
  deadlines.sweep(kStart + seconds(10) + Deadlines::kTick);
  EXPECT_EQ(entry.fired, 1);
}

TEST(DeadlinesTest, DestructionTakesTheEntryOut) {
  Deadlines deadlines(kStart);
  {
    Recorder entry(deadlines);
    entry.set_deadline(kStart + seconds(1));
    EXPECT_EQ(deadlines.size(), 1U);
  }
  EXPECT_EQ(deadlines.size(), 0U);
  deadlines.sweep(kStart + seconds(2));
}

TEST(DeadlinesTest, AnEntryMayDestroyOthersThatAreDueToo) {
  Deadlines deadlines(kStart);
  auto first = std::make_unique<Recorder>(deadlines);
  auto second = std::make_unique<Recorder>(deadlines);
  first->set_deadline(kStart + seconds(1));
  second->set_deadline(kStart + seconds(1));
  first->then = [&] { second.reset(); };
  deadlines.sweep(kStart + seconds(2));
  EXPECT_EQ(first->fired, 1);
  EXPECT_EQ(deadlines.size(), 0U);
}

TEST(DeadlinesTest, AnEntryMaySetItsNextDeadline) {
  Deadlines deadlines(kStart);
  Recorder entry(deadlines);
  entry.then = [&] { entry.set_deadline(kStart + seconds(3)); };
  entry.set_deadline(kStart + seconds(1));
  deadlines.sweep(kStart + seconds(2));
  EXPECT_EQ(entry.fired, 1);
  entry.then = nullptr;
  deadlines.sweep(kStart + seconds(4));
  EXPECT_EQ(entry.fired, 2);
}

TEST(DeadlinesTest, WakesItsOwnerForTheFirstEntry) {
  Deadlines deadlines(kStart);
  int woken = 0;
  deadlines.on_first([](void* count) noexcept { ++*static_cast<int*>(count); }, &woken);
  Recorder one(deadlines);
  Recorder two(deadlines);
  one.set_deadline(kStart + seconds(1));
  two.set_deadline(kStart + seconds(1));
  EXPECT_EQ(woken, 1);
  deadlines.sweep(kStart + seconds(2));
  one.set_deadline(kStart + seconds(4));
  EXPECT_EQ(woken, 2);
}

TEST(DeadlinesTest, KnowsTheNextOne) {
  Deadlines deadlines(kStart);
  EXPECT_EQ(deadlines.next(), kNever);
  Recorder one(deadlines);
  Recorder two(deadlines);
  one.set_deadline(kStart + minutes(9));
  two.set_deadline(kStart + minutes(7));
  EXPECT_EQ(deadlines.next(), kStart + minutes(7));
}

// Against a list of all deadlines: what is due fires, what is not does not.
TEST(DeadlinesTest, AgreesWithAPlainListOnRandomWork) {
  std::mt19937 random(20261121);
  Deadlines deadlines(kStart);
  std::vector<std::unique_ptr<Recorder>> entries;
  std::vector<std::pair<SteadyTime, int>> expected(100, {kNever, 0});
  for (std::size_t index = 0; index < expected.size(); ++index) {
    entries.push_back(std::make_unique<Recorder>(deadlines));
  }
  SteadyTime now = kStart;
  for (int round = 0; round < 20000; ++round) {
    const std::size_t index = random() % entries.size();
    const SteadyTime at = random() % 8 == 0 ? kNever : now + milliseconds(random() % 200'000);
    entries[index]->set_deadline(at);
    expected[index].first = at;
    now += milliseconds(random() % 200);
    deadlines.sweep(now);
    for (std::size_t each = 0; each < entries.size(); ++each) {
      auto& [deadline, count] = expected[each];
      if (entries[each]->fired > count) {
        ASSERT_LE(deadline, now);
        deadline = kNever;
        ++count;
      }
      ASSERT_EQ(entries[each]->fired, count);
      ASSERT_TRUE(deadline == kNever || deadline + 2 * Deadlines::kTick > now);
    }
  }
}

}  // namespace
}  // namespace postrider::transport
