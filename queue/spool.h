// Where messages stand while the queue has them: the promise behind a 250.
//
//   auto incoming = spool.begin(id);
//   if (incoming->append(octets)) incoming->spill(resume);   // wait for `resume` before the next append
//   incoming->commit(std::move(message), done);              // done({}): durable, and the 250 may go out
//
// Durable means: it survives kill -9 and the loss of power. Everything that is to be made durable while a
// sync runs is made durable together by the next one (group commit), and takes effect in the order of the
// calls, whichever thread they came from.
//
// Callbacks run on a thread of the spool, or on the caller's before the call returns; they are to hand on the
// news and return. Reading is done at once and may wait for the disk. Any thread may call any method of a
// Spool; an Incoming and a Body belong to one thread at a time. The destructor waits until all is written and
// every callback was called.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "postrider/queue/message.h"
#include "postrider/queue/message_id.h"
#include "postrider/queue/time.h"

namespace postrider::queue {

struct SpoolFailure {
  enum class Kind : std::uint8_t {
    full,     // no room on the disk
    io,       // the disk or the store failed
    damaged,  // the record is not what was written: set aside, see Spool::damaged
    missing,  // there is no such message
    closed,   // the spool is going down
    unfit,    // on opening: a newer program wrote the store, or it is something else
  };
  Kind kind = Kind::io;
  std::string text;  // what the system or the store says, for logs
};

template <class T>
using SpoolResult = std::expected<T, SpoolFailure>;
using Done = std::move_only_function<void(SpoolResult<void>)>;

// The recipients of one message who share a destination: what is tried in one go.
struct Consignment {
  MessageId id;
  std::string destination;
  Time due;
  std::int8_t priority = 0;

  friend bool operator==(const Consignment&, const Consignment&) = default;
};

// The consignments of `message`, each due when the first of its recipients is, and one in kDeadlineLine while
// its deadline is ahead: empty for a held one.
std::vector<Consignment> consignments_of(const QueuedMessage& message);

// A message on its way into the spool. Destroyed without commit(): nothing of it stays.
class Incoming {
 public:
  virtual ~Incoming() = default;

  // Adds content. True when enough is in memory: spill before adding more. Never keeps more than kSpillAt
  // and one call's octets.
  [[nodiscard]] virtual bool append(std::string_view octets) = 0;
  // Hands what is in memory to the store. Not to be touched until `done` was called; an error is kept, told
  // by commit(), and given to `done` as well so that the sender need not send the rest.
  virtual void spill(Done done) = 0;
  // Ends the message; `message.id` is the one given to begin(). To be called once; destroying it afterwards
  // changes nothing, whether or not `done` was called yet.
  virtual void commit(QueuedMessage message, Done done) = 0;
};
inline constexpr std::size_t kSpillAt = std::size_t{64} << 10;

// The content of a message, slice by slice.
class Body {
 public:
  virtual ~Body() = default;
  // The next slice, valid until the next call; empty at the end. `damaged` when one is missing.
  virtual SpoolResult<std::string_view> next() = 0;
  // Back to the beginning.
  virtual void rewind() = 0;
};

// Several alterations that take effect together or not at all.
struct Change {
  struct Added {
    Added(QueuedMessage envelope, std::string octets)
        : message(std::move(envelope)), content(std::move(octets)) {}
    QueuedMessage message;
    std::string content;
  };
  std::vector<Added> added;            // reports, which are small
  std::vector<QueuedMessage> updated;  // each replaces the whole record; the content stays
  std::vector<MessageId> removed;      // with their content
};

// A record that could not be read. It stays in the store, out of the way, until somebody drops it.
struct DamagedRecord {
  MessageId id;
  std::string why;
};

class Spool {
 public:
  virtual ~Spool() = default;

  virtual std::unique_ptr<Incoming> begin(MessageId id) = 0;
  virtual void apply(Change change, Done done) = 0;

  virtual SpoolResult<QueuedMessage> load(MessageId id) = 0;
  virtual SpoolResult<std::unique_ptr<Body>> open(MessageId id) = 0;

  // Calls `each` for the consignments behind `after` (in order of due, id, destination; a default one: from
  // the beginning) that are due at `until` or before, until it returns false. What is held is not among them.
  // One whose message is being changed may come as it was before or as it is afterwards.
  virtual SpoolResult<void> due(const Consignment& after, Time until,
                                const std::function<bool(const Consignment&)>& each) = 0;
  // When the first consignment behind `after` is due; kNever when there is none.
  virtual SpoolResult<Time> next_due(const Consignment& after) = 0;

  // Messages by id, from the first one behind `after`; at most `limit`. Records that cannot be read are
  // set aside and left out.
  virtual SpoolResult<std::vector<QueuedMessage>> list(MessageId after, std::size_t limit) = 0;
  virtual SpoolResult<std::vector<DamagedRecord>> damaged(MessageId after, std::size_t limit) = 0;
  // Drops a damaged record for good.
  virtual void drop_damaged(MessageId id, Done done) = 0;

  // The last part of the store that could not be read and was passed over, since it was asked for: what is in
  // it is set aside as far as it can be told, and the rest goes on.
  virtual std::optional<SpoolFailure> passed_over() { return std::nullopt; }

  // How many messages there are, damaged ones left out. Cheap, and exact once all changes are done.
  virtual std::uint64_t size() const = 0;
  // The greatest id that is or was here, as far as the spool knows.
  virtual MessageId newest() const = 0;
};

}  // namespace postrider::queue
