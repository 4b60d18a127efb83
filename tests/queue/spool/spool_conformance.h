// What every spool has to do: the tests of spool_conformance_test.cc run over each kind that instantiates
// them.
//
//   INSTANTIATE_TEST_SUITE_P(Memory, SpoolConformanceTest, testing::Values(&make_memory_store));
#pragma once

#include <cstddef>
#include <cstdint>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "postrider/queue/spool.h"

namespace postrider::queue {

// A spool, and what can befall it.
class TestStore {
 public:
  virtual ~TestStore() = default;
  virtual Spool& spool() = 0;
  // The record cannot be read any more.
  virtual void damage(MessageId id) = 0;
  // False: what it holds does not outlive it.
  virtual bool reopen() = 0;
};
using MakeStore = std::unique_ptr<TestStore> (*)();

class SpoolConformanceTest : public testing::TestWithParam<MakeStore> {
 protected:
  void SetUp() override { store = GetParam()(); }
  Spool& spool() { return store->spool(); }

  std::unique_ptr<TestStore> store;
};

// A Done, and what it was told.
class Outcome {
 public:
  Done done() {
    return [promise = std::move(promise_)](SpoolResult<void> result) mutable {
      promise.set_value(std::move(result));
    };
  }
  SpoolResult<void> wait() { return future_.get(); }

 private:
  std::promise<SpoolResult<void>> promise_;
  std::future<SpoolResult<void>> future_ = promise_.get_future();
};

inline Time at_second(std::int64_t second) { return Time(std::chrono::seconds(second)); }

inline QueuedRecipient waiting_for(std::string destination, std::int64_t due) {
  QueuedRecipient out;
  out.rcpt = "RCPT TO:<bob@example.org>";
  out.destination = std::move(destination);
  out.next_attempt = at_second(due);
  return out;
}

inline QueuedMessage message_of(std::uint64_t id, std::int64_t due = 10,
                                const std::string& destination = "mx:example.org") {
  QueuedMessage message;
  message.id = MessageId{id};
  message.mail = "MAIL FROM:<alice@example.com>";
  message.arrived = at_second(1);
  message.expires = at_second(1000);
  message.recipients = {waiting_for(destination, due)};
  return message;
}

// Octets that are nobody else's.
inline std::string content_of(std::uint64_t id, std::size_t size) {
  std::string out(size, '\0');
  for (std::size_t at = 0; at < size; ++at) out[at] = static_cast<char>(id * 131 + at * 7 + (at >> 8) * 31);
  return out;
}

// As a session does it: a piece at a time, spilling when it has to.
inline SpoolResult<void> put(Spool& spool, QueuedMessage message, std::string_view content,
                             std::size_t piece = 30'000) {
  const auto incoming = spool.begin(message.id);
  for (; !content.empty(); content.remove_prefix(std::min(piece, content.size()))) {
    if (!incoming->append(content.substr(0, piece))) continue;
    Outcome spilled;
    incoming->spill(spilled.done());
    static_cast<void>(spilled.wait());  // commit() tells it again
  }
  Outcome outcome;
  incoming->commit(std::move(message), outcome.done());
  return outcome.wait();
}

inline SpoolResult<void> apply(Spool& spool, Change change) {
  Outcome outcome;
  spool.apply(std::move(change), outcome.done());
  return outcome.wait();
}

// A failure of the test when it cannot be read.
inline std::string content_in(Spool& spool, MessageId id) {
  auto body = spool.open(id);
  if (!body) {
    ADD_FAILURE() << id.to_string() << ": " << body.error().text;
    return "";
  }
  std::string out;
  for (;;) {
    const SpoolResult<std::string_view> slice = (*body)->next();
    if (!slice) ADD_FAILURE() << id.to_string() << ": " << slice.error().text;
    if (!slice || slice->empty()) return out;
    EXPECT_LE(slice->size(), kSpillAt);
    out.append(*slice);
  }
}

inline std::vector<Consignment> due_in(Spool& spool, const Consignment& after = Consignment(),
                                       Time until = kNever) {
  std::vector<Consignment> out;
  const auto read = spool.due(after, until, [&](const Consignment& each) {
    out.push_back(each);
    return true;
  });
  EXPECT_TRUE(read) << read.error().text;
  return out;
}

inline std::vector<std::uint64_t> ids_in(Spool& spool, MessageId after = MessageId(),
                                         std::size_t limit = 1000) {
  std::vector<std::uint64_t> out;
  const auto messages = spool.list(after, limit);
  EXPECT_TRUE(messages) << messages.error().text;
  if (messages) {
    for (const QueuedMessage& each : *messages) out.push_back(each.id.value);
  }
  return out;
}

inline SpoolFailure::Kind kind_of(const SpoolResult<void>& result) { return result.error().kind; }

}  // namespace postrider::queue
