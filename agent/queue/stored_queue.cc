#include "postrider/agent/queue/stored_queue.h"

#include <utility>

namespace postrider::agent {

void StoredQueue::alter(queue::MessageId id, Alteration alter, queue::Done done) {
  auto message = spool_.load(id);
  if (!message) return done(std::unexpected(std::move(message).error()));
  alter(*message);
  queue::Change change;
  change.updated.push_back(*std::move(message));
  spool_.apply(std::move(change), std::move(done));
}

void StoredQueue::drop(queue::MessageId id, queue::Done done) {
  // Removing what is not there succeeds in a spool; whoever names it wants to hear so.
  if (auto message = spool_.load(id); !message) return done(std::unexpected(std::move(message).error()));
  queue::Change change;
  change.removed.push_back(id);
  spool_.apply(std::move(change), std::move(done));
}

}  // namespace postrider::agent
