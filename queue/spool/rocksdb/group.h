// What waits for the spool's thread, and how a group of it becomes one batch.
//
//   Group group(database, state);
//   for (Work& each : waiting) outcomes.push_back(group.add(each));   // an outcome holds once it is written
//   group.finish();
//   database.write(group.batch(), group.durability());
//
// A group sees the store as it will be: what comes later in it builds on what came before. What fails a check
// changes nothing, and the others go on.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>

#include "postrider/queue/spool.h"
#include "postrider/queue/spool/rocksdb/database.h"
#include "postrider/queue/spool/rocksdb/keys.h"

namespace postrider::queue {

// What stands in the store of a message that is not complete. The spool's thread alone looks into it.
struct Stored {
  std::uint32_t slices = 0;
  std::uint64_t incarnation = 0;  // of the store, when the first of them was written
};
// Content from the slice `first` on.
struct Slices {
  MessageId id;
  std::uint32_t first = 0;
  std::string octets;
  std::shared_ptr<Stored> stored;  // none: nothing is but this
};
struct NewMessage {
  Slices rest;
  Extent extent;
  std::string record;
  std::vector<Consignment> due;
};
struct Update {
  MessageId id;
  std::string record;
  std::vector<Consignment> due;
};

// Slices of a message that is not complete; unsynced.
struct Spilled {
  Slices slices;
};
struct Alteration {
  std::vector<NewMessage> added;
  std::vector<Update> updated;
  std::vector<MessageId> removed;
};
// A message that will not be complete.
struct Abandoned {
  MessageId id;
  std::shared_ptr<Stored> stored;
};
// Somebody could not read the record.
struct Unreadable {
  MessageId id;
};
struct Dropped {
  MessageId id;
};
using Work = std::variant<Spilled, Alteration, Abandoned, Unreadable, Dropped>;

// Of content and records.
std::uint64_t octets_of(const Work& work);

class Group {
 public:
  Group(Database& database, SpoolState state) : database_(database), batch_(database), state_(state) {}

  SpoolResult<void> add(Work& work);
  // After the last one.
  SpoolResult<void> finish();

  Batch& batch() noexcept { return batch_; }
  Durability durability() const noexcept { return durability_; }
  SpoolState state() const noexcept { return state_; }                  // once it is written
  const std::string& least_due() const noexcept { return least_due_; }  // of its new keys

 private:
  // A message as the group will leave it.
  struct Standing {
    bool there = false;
    Extent extent;
    std::vector<Consignment> due;
  };

  SpoolResult<void> perform(Spilled& work);
  SpoolResult<void> perform(Alteration& work);
  SpoolResult<void> perform(Abandoned& work);
  SpoolResult<void> perform(Unreadable& work);
  SpoolResult<void> perform(Dropped& work);
  SpoolResult<void> check(const Alteration& work);
  SpoolResult<void> check_new(const Slices& slices);

  // nullptr: not there. What cannot be read is set aside, and `damaged`.
  SpoolResult<Standing*> find(MessageId id);
  SpoolResult<Standing*> set_aside(MessageId id, const std::string& why, std::string_view envelope);
  void add(NewMessage& message);
  void update(Update& update, Standing& standing);
  void remove(MessageId id, Standing& standing);
  void abandon(MessageId id, const Stored& stored);
  void put_slices(const Slices& slices);
  void erase_slices(MessageId id, std::uint32_t slices);
  void put_due(const std::vector<Consignment>& due);

  Database& database_;
  Batch batch_;
  SpoolState state_;
  Durability durability_ = Durability::unsynced;
  std::string least_due_;
  absl::flat_hash_map<std::uint64_t, Standing> standing_;
  absl::flat_hash_set<std::uint64_t> aside_;  // set aside by this group
  absl::flat_hash_set<std::uint64_t> dropped_;
};

}  // namespace postrider::queue
