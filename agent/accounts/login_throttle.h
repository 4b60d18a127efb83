// Makes guessing slow: each failed login makes the next ones wait longer, by address and by account.
//
// An attempt counts as failed when it begins, so that many at once count as many, and is forgiven when it
// succeeds. The wait comes before the password is looked at and is the same whatever the result, so it tells
// nothing. IPv6 addresses count by their /64; loopback and Unix sockets count by account alone, for whoever
// speaks from there speaks for many. Accounts wait less than addresses, or a stranger could lock somebody
// out. Bounded memory: of each kind `most` at a time, the longest unused are forgotten first. Any thread.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

#include <absl/container/flat_hash_map.h>

#include "postrider/transport/clock.h"
#include "postrider/transport/endpoint.h"

namespace postrider::agent {

struct ThrottleLimits {
  std::uint32_t free_attempts = 3;                      // typing errors
  transport::Duration first = std::chrono::seconds(1);  // doubles with each further attempt
  transport::Duration most_by_address = std::chrono::seconds(32);
  transport::Duration most_by_account = std::chrono::seconds(4);
  transport::Duration forgotten_after = std::chrono::minutes(15);
  std::size_t most = 20'000;  // addresses, and accounts; some 100 octets each
};

class LoginThrottle {
 public:
  explicit LoginThrottle(const ThrottleLimits& limits = {}) : limits_(limits) {}

  // An attempt begins: how long it has to wait.
  transport::Duration attempt(const transport::Endpoint& peer, std::string_view account,
                              transport::SteadyTime now);
  // It succeeded. The account's failures are forgotten; the address loses this attempt alone, or one good
  // account would be a licence to guess at others.
  void succeeded(const transport::Endpoint& peer, std::string_view account);
  // It could not be looked at: neither a failure nor a success.
  void taken_back(const transport::Endpoint& peer, std::string_view account);

  // For tests.
  std::size_t remembered() const;

 private:
  struct Entry {
    std::uint32_t failures = 0;
    transport::SteadyTime last;
  };
  // The older generation is dropped whole when the younger one is full; what is used moves to the younger.
  struct Table {
    absl::flat_hash_map<std::string, Entry> young;
    absl::flat_hash_map<std::string, Entry> old;
  };

  Entry& entry(Table& table, const std::string& key, transport::SteadyTime now);
  void forgive(Table& table, const std::string& key);
  transport::Duration wait_for(std::uint32_t failures, transport::Duration most) const;
  static std::string key_of(const transport::Endpoint& peer);

  ThrottleLimits limits_;
  mutable std::mutex mutex_;
  Table addresses_;
  Table accounts_;
};

}  // namespace postrider::agent
