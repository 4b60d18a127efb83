#include "postrider/agent/accounts/login_throttle.h"

#include <algorithm>

namespace postrider::agent {

using transport::Duration;
using transport::Endpoint;
using transport::SteadyTime;

std::string LoginThrottle::key_of(const Endpoint& peer) {
  if (!peer.is_ip() || peer.is_loopback()) return {};
  const std::size_t octets = peer.family() == Endpoint::Family::ipv4 ? 4 : 8;
  return {reinterpret_cast<const char*>(peer.address().data()), octets};
}

LoginThrottle::Entry& LoginThrottle::entry(Table& table, const std::string& key, SteadyTime now) {
  auto found = table.young.find(key);
  if (found == table.young.end()) {
    if (table.young.size() >= std::max<std::size_t>(limits_.most / 2, 1)) {
      table.old = std::move(table.young);
      table.young.clear();
    }
    Entry kept;
    if (const auto old = table.old.find(key); old != table.old.end()) {
      kept = old->second;
      table.old.erase(old);
    }
    found = table.young.emplace(key, kept).first;
  }
  Entry& entry = found->second;
  if (entry.failures != 0 && now - entry.last >= limits_.forgotten_after) entry.failures = 0;
  entry.last = now;
  return entry;
}

Duration LoginThrottle::wait_for(std::uint32_t failures, Duration most) const {
  if (failures < limits_.free_attempts) return Duration::zero();
  const std::uint32_t doublings = std::min(failures - limits_.free_attempts, 20u);
  return std::min<Duration>(limits_.first * (std::int64_t{1} << doublings), most);
}

Duration LoginThrottle::attempt(const Endpoint& peer, std::string_view account, SteadyTime now) {
  const std::string address = key_of(peer);
  const std::lock_guard lock(mutex_);
  Duration wait = Duration::zero();
  if (!address.empty()) {
    Entry& of_address = entry(addresses_, address, now);
    wait = wait_for(of_address.failures++, limits_.most_by_address);
  }
  if (!account.empty()) {
    Entry& of_account = entry(accounts_, std::string(account), now);
    wait = std::max(wait, wait_for(of_account.failures++, limits_.most_by_account));
  }
  return wait;
}

void LoginThrottle::forgive(Table& table, const std::string& key) {
  for (auto* const generation : {&table.young, &table.old}) {
    const auto found = generation->find(key);
    if (found != generation->end() && found->second.failures != 0) --found->second.failures;
  }
}

void LoginThrottle::succeeded(const Endpoint& peer, std::string_view account) {
  const std::string name(account);
  const std::lock_guard lock(mutex_);
  forgive(addresses_, key_of(peer));
  accounts_.young.erase(name);
  accounts_.old.erase(name);
}

void LoginThrottle::taken_back(const Endpoint& peer, std::string_view account) {
  const std::lock_guard lock(mutex_);
  forgive(addresses_, key_of(peer));
  forgive(accounts_, std::string(account));
}

std::size_t LoginThrottle::remembered() const {
  const std::lock_guard lock(mutex_);
  return addresses_.young.size() + addresses_.old.size() + accounts_.young.size() + accounts_.old.size();
}

}  // namespace postrider::agent
