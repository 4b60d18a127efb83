// The operations of `postrider queue`, whoever carries them out: QueueOperations on a spool that is at hand,
// ControlClient by way of the agent that has it.
//
//   QueueResult<std::vector<QueueEntry>> page = co_await source.list(after);   // until a page is empty
//
// Everything is done in pages, so that nobody keeps a queue of a million messages in memory.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "postrider/agent/queue/queue_entry.h"
#include "postrider/transport/task.h"

namespace postrider::agent {

struct QueueFailure {
  enum class Kind : std::uint8_t {
    missing,    // there is no such message
    damaged,    // its record cannot be read: it can be shown and dropped alone
    held,       // it would have to be released first
    delivered,  // it is being delivered right now
    store,      // the store failed
    agent,      // the agent cannot be spoken with
    refused,    // the agent does not understand, or has enough to do
    nobody,     // no agent listens
    forbidden,  // the agent's socket is somebody else's
  };
  QueueFailure(Kind what, std::string words) : kind(what), text(std::move(words)) {}

  Kind kind;
  std::string text;  // what is so: "is being delivered, try again"
};

template <class T>
using QueueResult = std::expected<T, QueueFailure>;

enum class QueueAction : std::uint8_t { retry, hold, release, drop };
std::string_view to_string(QueueAction action) noexcept;

// A page of a retry of many messages.
struct RetryScope {
  RetryScope() = default;

  std::string domain;      // of recipients; empty: all
  queue::MessageId after;  // where the page before ended
  queue::MessageId until;  // as the page before said; 0: the newest one that there is
};

struct RetryProgress {
  std::uint64_t seen = 0;
  std::uint64_t changed = 0;  // messages that are due now and were not before
  queue::MessageId last;      // where the next page begins
  queue::MessageId until;
  bool end = false;

  friend bool operator==(const RetryProgress&, const RetryProgress&) = default;
};

class ContentSink {
 public:
  virtual ~ContentSink() = default;
  // False: no more is wanted. The octets outlive the Task.
  virtual transport::Task<bool> take(std::string_view octets) = 0;
};

class QueueSource {
 public:
  virtual ~QueueSource() = default;

  // The messages behind `after`, by id, damaged ones among them. An empty page is the end.
  virtual transport::Task<QueueResult<std::vector<QueueEntry>>> list(queue::MessageId after) = 0;
  virtual transport::Task<QueueResult<QueueEntry>> show(queue::MessageId id) = 0;
  // At most `limit` octets of what is to be delivered. `sink` outlives the Task.
  virtual transport::Task<QueueResult<void>> content(queue::MessageId id, std::uint64_t limit,
                                                     ContentSink& sink) = 0;
  // Whether anything was changed: a message may be held, or due, already.
  virtual transport::Task<QueueResult<bool>> act(QueueAction action, queue::MessageId id) = 0;
  virtual transport::Task<QueueResult<RetryProgress>> retry(RetryScope scope) = 0;
};

}  // namespace postrider::agent
