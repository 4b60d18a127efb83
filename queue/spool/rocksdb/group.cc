#include "postrider/queue/spool/rocksdb/group.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "postrider/queue/spool/rocksdb/due_floor.h"

namespace postrider::queue {
namespace {

std::unexpected<SpoolFailure> failed(SpoolFailure::Kind kind, std::string text) {
  return std::unexpected(SpoolFailure{kind, std::move(text)});
}

std::uint64_t octets_in(const Spilled& work) { return work.slices.octets.size(); }
std::uint64_t octets_in(const Alteration& work) {
  std::uint64_t octets = 0;
  for (const NewMessage& each : work.added) octets += each.rest.octets.size() + each.record.size();
  for (const Update& each : work.updated) octets += each.record.size();
  return octets;
}
std::uint64_t octets_in(const Abandoned&) { return 0; }
std::uint64_t octets_in(const Unreadable&) { return 0; }
std::uint64_t octets_in(const Dropped&) { return 0; }

}  // namespace

std::uint64_t octets_of(const Work& work) {
  return std::visit([](const auto& each) { return octets_in(each); }, work);
}

SpoolResult<void> Group::add(Work& work) {
  if (least_due_.empty()) least_due_ = DueFloor::end();
  return std::visit([&](auto& each) { return perform(each); }, work);
}

// The due index does not say where a message is: it is looked through for those whose record would.
SpoolResult<void> Group::finish() {
  if (!aside_.empty()) {
    std::vector<std::string> keys;
    const auto look = [&](std::string_view key, std::string_view) {
      if (aside_.contains(id_in_due(key).value)) keys.emplace_back(key);
      return true;
    };
    std::vector<Database::Gap> unreadable;  // what is in there cannot be found by anybody
    SpoolResult<void> looked = database_.scan(Family::due, "", look, unreadable);
    if (!looked) return looked;
    for (const std::string& each : keys) batch_.erase_single(Family::due, each);
  }
  if (!batch_.empty()) batch_.put(Family::meta, kStateKey, state_value(state_));
  return {};
}

SpoolResult<void> Group::perform(Spilled& work) {
  const Slices& slices = work.slices;
  SpoolResult<void> checked = check_new(slices);
  if (!checked) return checked;
  put_slices(slices);
  slices.stored->incarnation = database_.incarnation();
  slices.stored->slices = slices.first + static_cast<std::uint32_t>(slices.octets.size() / kSliceOctets);
  batch_.put(Family::meta, incoming_key(slices.id), incoming_value(slices.stored->slices));
  return {};
}

SpoolResult<void> Group::perform(Alteration& work) {
  durability_ = Durability::synced;
  SpoolResult<void> checked = check(work);
  if (!checked) {
    for (const NewMessage& each : work.added)
      if (each.rest.stored) abandon(each.rest.id, *each.rest.stored);
    return checked;
  }
  for (NewMessage& each : work.added) add(each);
  for (Update& each : work.updated) update(each, standing_[each.id.value]);
  for (const MessageId each : work.removed) {
    // What cannot be read stays, set aside.
    const SpoolResult<Standing*> found = find(each);
    if (found && *found != nullptr) remove(each, **found);
  }
  return {};
}

SpoolResult<void> Group::perform(Abandoned& work) {
  abandon(work.id, *work.stored);
  return {};
}

SpoolResult<void> Group::perform(Unreadable& work) {
  const SpoolResult<Standing*> found = find(work.id);
  if (!found) return std::unexpected(found.error());
  return {};
}

SpoolResult<void> Group::perform(Dropped& work) {
  durability_ = Durability::synced;
  const std::string key = id_key(work.id);
  const auto value = database_.get(Family::damaged, key);
  if (!value) return std::unexpected(value.error());
  if (!*value || !dropped_.insert(work.id.value).second)
    return failed(SpoolFailure::Kind::missing, "there is no damaged record " + work.id.to_string());
  std::vector<std::string> slices;
  const auto collect = [&](std::string_view slice, std::string_view) {
    if (!slice.starts_with(key)) return false;
    slices.emplace_back(slice);
    return true;
  };
  SpoolResult<void> collected = database_.scan(Family::content, key, collect);
  if (!collected) return collected;
  for (const std::string& each : slices) batch_.erase_single(Family::content, each);
  batch_.erase(Family::damaged, key);
  return {};
}

// What could fail, so that it fails before anything is changed.
SpoolResult<void> Group::check(const Alteration& work) {
  for (const NewMessage& each : work.added) {
    SpoolResult<void> checked = check_new(each.rest);
    if (!checked) return checked;
  }
  for (const Update& each : work.updated) {
    const auto same = [&](const NewMessage& added) { return added.rest.id == each.id; };
    if (std::ranges::any_of(work.added, same)) continue;
    const SpoolResult<Standing*> found = find(each.id);
    if (!found) return std::unexpected(found.error());
    if (*found == nullptr)
      return failed(SpoolFailure::Kind::missing, "there is no message " + each.id.to_string());
  }
  for (const MessageId each : work.removed) {
    const SpoolResult<Standing*> found = find(each);
    if (!found && found.error().kind != SpoolFailure::Kind::damaged) return std::unexpected(found.error());
  }
  return {};
}

SpoolResult<void> Group::check_new(const Slices& slices) {
  const MessageId id = slices.id;
  if (slices.first != 0 && slices.stored->incarnation != database_.incarnation())
    return failed(SpoolFailure::Kind::io, "the store was opened anew while the message came");
  if (id > state_.newest) return {};
  const SpoolResult<Standing*> found = find(id);
  if (!found && found.error().kind != SpoolFailure::Kind::damaged) return std::unexpected(found.error());
  bool taken = !found || *found != nullptr;
  if (!taken) {
    const auto damaged = database_.get(Family::damaged, id_key(id));
    if (!damaged) return std::unexpected(damaged.error());
    taken = damaged->has_value();
  }
  if (taken) return failed(SpoolFailure::Kind::io, "there is a message " + id.to_string() + " already");
  return {};
}

SpoolResult<Group::Standing*> Group::find(MessageId id) {
  if (const auto known = standing_.find(id.value); known != standing_.end())
    return known->second.there ? &known->second : nullptr;
  if (id > state_.newest) return nullptr;
  auto value = database_.get(Family::envelopes, id_key(id));
  if (!value && value.error().kind == SpoolFailure::Kind::damaged)
    return set_aside(id, value.error().text, {});
  if (!value) return std::unexpected(std::move(value.error()));
  if (!*value) return nullptr;
  auto envelope = envelope_in(id, **value);
  if (!envelope) return set_aside(id, envelope.error(), **value);
  Standing& standing = standing_[id.value];
  standing.there = true;
  standing.extent = envelope->extent;
  standing.due = consignments_of(envelope->message);
  return &standing;
}

SpoolResult<Group::Standing*> Group::set_aside(MessageId id, const std::string& why,
                                               std::string_view envelope) {
  durability_ = Durability::synced;
  batch_.put(Family::damaged, id_key(id), damaged_value(why, envelope));
  batch_.erase(Family::envelopes, id_key(id));
  aside_.insert(id.value);
  standing_[id.value] = Standing();
  if (state_.messages != 0) --state_.messages;
  return failed(SpoolFailure::Kind::damaged, why);
}

void Group::add(NewMessage& message) {
  const MessageId id = message.rest.id;
  put_slices(message.rest);
  if (message.rest.first != 0) batch_.erase(Family::meta, incoming_key(id));
  batch_.put(Family::envelopes, id_key(id), envelope_value(message.extent, message.record));
  put_due(message.due);
  Standing& standing = standing_[id.value];
  standing.there = true;
  standing.extent = message.extent;
  standing.due = std::move(message.due);
  ++state_.messages;
  state_.newest = std::max(state_.newest, id);
}

void Group::update(Update& update, Standing& standing) {
  batch_.put(Family::envelopes, id_key(update.id), envelope_value(standing.extent, update.record));
  // A key that stays is left alone: it may be put once alone before it is erased.
  std::vector<Consignment> added;
  for (const Consignment& each : update.due)
    if (std::ranges::find(standing.due, each) == standing.due.end()) added.push_back(each);
  for (const Consignment& each : standing.due)
    if (std::ranges::find(update.due, each) == update.due.end())
      batch_.erase_single(Family::due, due_key(each));
  put_due(added);
  standing.due = std::move(update.due);
}

void Group::remove(MessageId id, Standing& standing) {
  batch_.erase(Family::envelopes, id_key(id));
  for (const Consignment& each : standing.due) batch_.erase_single(Family::due, due_key(each));
  erase_slices(id, standing.extent.slices);
  standing = Standing();
  --state_.messages;
}

// What was there of an earlier incarnation was removed when the store was opened anew.
void Group::abandon(MessageId id, const Stored& stored) {
  if (stored.slices == 0 || stored.incarnation != database_.incarnation()) return;
  erase_slices(id, stored.slices);
  batch_.erase(Family::meta, incoming_key(id));
}

void Group::put_slices(const Slices& slices) {
  std::string_view rest = slices.octets;
  for (std::uint32_t index = slices.first; !rest.empty(); ++index) {
    const std::string_view one = rest.substr(0, kSliceOctets);
    batch_.put(Family::content, slice_key(slices.id, index), one);
    rest.remove_prefix(one.size());
  }
}

void Group::erase_slices(MessageId id, std::uint32_t slices) {
  for (std::uint32_t index = 0; index < slices; ++index)
    batch_.erase_single(Family::content, slice_key(id, index));
}

void Group::put_due(const std::vector<Consignment>& due) {
  for (const Consignment& each : due) {
    std::string key = due_key(each);
    batch_.put(Family::due, key, due_value(each));
    if (key < least_due_) least_due_ = std::move(key);
  }
}

}  // namespace postrider::queue
