#include "postrider/server/admission.h"

#include <algorithm>
#include <chrono>

namespace postrider::server {
namespace {

constexpr std::size_t kIpv6Prefix = 8;  // octets: a /64

}  // namespace

std::optional<Admission::Key> Admission::key_of(const transport::Endpoint& peer) const noexcept {
  if (limits_.connections_per_address == 0 && limits_.new_per_minute == 0) return std::nullopt;
  if (!peer.is_ip() || (peer.is_loopback() && !limits_.count_loopback)) return std::nullopt;
  Key key{};
  if (peer.family() == transport::Endpoint::Family::ipv4) {
    // Where no /64 of the Internet is: ::ffff:a.b.c.d without its prefix's zeros.
    key[8] = key[9] = 0xff;
    std::copy_n(peer.address().begin(), 4, key.begin() + 10);
  } else {
    std::copy_n(peer.address().begin(), kIpv6Prefix, key.begin());
  }
  return key;
}

Admission::Shard& Admission::shard_of(const Key& key) noexcept {
  return shards_[absl::HashOf(key) % shards_.size()];
}

std::variant<Admission::Ticket, Admission::Refusal> Admission::enter(const transport::Endpoint& peer,
                                                                     transport::SteadyTime now) {
  if (total_.fetch_add(1, std::memory_order_relaxed) >= limits_.connections) {
    total_.fetch_sub(1, std::memory_order_relaxed);
    return Refusal::too_many;
  }
  const std::optional<Key> key = key_of(peer);
  if (key) {
    if (const auto refusal = enter_address(*key, now)) {
      total_.fetch_sub(1, std::memory_order_relaxed);
      return *refusal;
    }
  }
  return Ticket(*this, key);
}

std::optional<Admission::Refusal> Admission::enter_address(const Key& key, transport::SteadyTime now) {
  Shard& shard = shard_of(key);
  const std::lock_guard lock(shard.mutex);
  if (shard.clients.size() >= shard.purge_at) purge(shard, now);
  const auto [found, is_new] = shard.clients.try_emplace(key);
  Client& client = found->second;
  if (is_new) {
    client.tokens = limits_.new_per_minute;
    client.seen = now;
  }
  refill(client, now);
  if (limits_.connections_per_address != 0 && client.connections >= limits_.connections_per_address) {
    return Refusal::too_many_from_address;
  }
  if (limits_.new_per_minute != 0) {
    if (client.tokens < 1) return Refusal::too_fast;
    client.tokens -= 1;
  }
  ++client.connections;
  return std::nullopt;
}

void Admission::refill(Client& client, transport::SteadyTime now) const noexcept {
  const double minutes = std::chrono::duration<double, std::ratio<60>>(now - client.seen).count();
  client.tokens = std::min<double>(limits_.new_per_minute, client.tokens + minutes * limits_.new_per_minute);
  client.seen = now;
}

// Forgets those about whom there is nothing to know, so that the table is bounded by the clients of the last
// minute.
void Admission::purge(Shard& shard, transport::SteadyTime now) {
  absl::erase_if(shard.clients, [&](auto& entry) {
    if (entry.second.connections != 0) return false;
    refill(entry.second, now);
    return entry.second.tokens >= limits_.new_per_minute;
  });
  shard.purge_at = std::max<std::size_t>(1024, 2 * shard.clients.size());
}

void Admission::leave(const std::optional<Key>& key) noexcept {
  total_.fetch_sub(1, std::memory_order_relaxed);
  if (key) leave_address(*key);
}

void Admission::leave_address(const Key& key) noexcept {
  Shard& shard = shard_of(key);
  const std::lock_guard lock(shard.mutex);
  const auto found = shard.clients.find(key);
  if (found == shard.clients.end()) return;
  --found->second.connections;
  if (found->second.connections == 0 && limits_.new_per_minute == 0) shard.clients.erase(found);
}

std::optional<Admission::Refusal> Admission::Ticket::pass_to(const transport::Endpoint& peer,
                                                             transport::SteadyTime now) {
  if (admission_ == nullptr) return std::nullopt;
  const std::optional<Key> key = admission_->key_of(peer);
  if (key == key_) return std::nullopt;
  if (key) {
    if (const auto refusal = admission_->enter_address(*key, now)) return refusal;
  }
  if (key_) admission_->leave_address(*key_);
  key_ = key;
  return std::nullopt;
}

std::size_t Admission::addresses() const {
  std::size_t count = 0;
  for (const Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    count += shard.clients.size();
  }
  return count;
}

std::string_view to_string(Admission::Refusal refusal) noexcept {
  switch (refusal) {
    case Admission::Refusal::too_many: return "Too many connections, try again later";
    case Admission::Refusal::too_many_from_address: return "Too many connections from your address";
    case Admission::Refusal::too_fast: return "Too many new connections from your address";
  }
  return "Try again later";
}

}  // namespace postrider::server
