// A queue in memory for tests, and somebody who delivers from it, or says so.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "postrider/agent/queue/queue_operations.h"
#include "postrider/agent/queue/stored_queue.h"
#include "postrider/queue/spool/memory_spool.h"
#include "postrider/tests/support/run_task.h"

namespace postrider::agent {

using queue::MessageId;

// 2019-12-20T00:00:00Z, where a ManualClock begins.
inline constexpr queue::Time kNow = queue::Time(std::chrono::hours(24 * 365 * 50));

inline queue::QueuedRecipient recipient_to(std::string_view address) {
  queue::QueuedRecipient out;
  out.rcpt = "RCPT TO:<" + std::string(address) + ">";
  out.destination = "mx:" + std::string(address.substr(address.rfind('@') + 1));
  out.next_attempt = kNow;
  return out;
}

inline queue::QueuedMessage message_to(std::uint64_t id, const std::vector<std::string>& addresses) {
  queue::QueuedMessage out;
  out.id = MessageId{id};
  out.mail = "MAIL FROM:<alice@example.com>";
  out.arrived = kNow - std::chrono::hours(1);
  out.expires = kNow + std::chrono::hours(24 * 5);
  for (const std::string& each : addresses) out.recipients.push_back(recipient_to(each));
  return out;
}

// A recipient who was tried and has to wait.
inline void defer(queue::QueuedRecipient& recipient, std::chrono::minutes wait) {
  recipient.attempts = 2;
  recipient.next_attempt = kNow + wait;
  recipient.last_reply = "450 4.2.1 Mailbox busy";
  recipient.last_host = "mx.example.org[192.0.2.1]";
}

// A spool and what an agent would know besides.
class FakeAgent final : public QueueAccess {
 public:
  explicit FakeAgent(queue::Spool& spool) : stored_(spool) {}

  queue::Spool& spool() override { return stored_.spool(); }
  std::vector<std::string> active(MessageId id) override { return active_[id.value]; }
  void alter(MessageId id, Alteration alter, queue::Done done) override {
    if (refusal_) return done(std::unexpected(*std::exchange(refusal_, std::nullopt)));
    stored_.alter(id, std::move(alter), std::move(done));
  }
  void drop(MessageId id, queue::Done done) override {
    if (!active_[id.value].empty()) return done(std::unexpected(being_delivered()));
    stored_.drop(id, std::move(done));
  }
  void wake_up(std::string_view destination) override { woken_.emplace_back(destination); }

  void set_active(std::uint64_t id, std::vector<std::string> destinations) {
    active_[id] = std::move(destinations);
  }
  void refuse_next(queue::SpoolFailure why) { refusal_ = std::move(why); }
  const std::vector<std::string>& woken() const { return woken_; }

 private:
  StoredQueue stored_;
  std::map<std::uint64_t, std::vector<std::string>> active_;
  std::vector<std::string> woken_;
  std::optional<queue::SpoolFailure> refusal_;
};

class QueueFixture : public testing::Test {
 protected:
  void add(queue::QueuedMessage message, std::string content = "Subject: Hi\r\n\r\nHello\r\n") {
    message.content.octets = content.size();
    queue::Change change;
    change.added.emplace_back(std::move(message), std::move(content));
    bool added = false;
    spool_.apply(std::move(change),
                 [&added](queue::SpoolResult<void> result) { added = result.has_value(); });
    ASSERT_TRUE(added);
  }
  // Messages 1 to `count`, deferred for an hour.
  void fill(std::uint64_t count, std::string_view domain = "example.org") {
    for (std::uint64_t id = 1; id <= count; ++id) {
      auto message = message_to(id, {"u" + std::to_string(id) + "@" + std::string(domain)});
      defer(message.recipients[0], std::chrono::minutes(60));
      add(std::move(message));
    }
  }
  queue::QueuedMessage load(std::uint64_t id) { return spool_.load(MessageId{id}).value(); }
  bool has(std::uint64_t id) { return spool_.load(MessageId{id}).has_value(); }

  transport::ManualClock clock_;
  transport::Loop loop_{clock_};
  queue::MemorySpool spool_;
  FakeAgent agent_{spool_};
  QueueOperations operations_{loop_, agent_};
};

}  // namespace postrider::agent
