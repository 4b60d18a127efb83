// Who may connect: limits on connections in all, for each address, and on new ones a minute.
//
// One Admission serves all listeners and loops that share the limits; it may be used from every thread. IPv6
// clients count by their /64, since that is what one customer is given. Unix sockets, and loopback unless
// told otherwise, count in the total alone.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>

#include <absl/container/flat_hash_map.h>

#include "postrider/transport/clock.h"
#include "postrider/transport/endpoint.h"

namespace postrider::server {

struct AdmissionLimits {
  std::size_t connections = 20'000;             // stops: running out of descriptors and memory
  std::uint32_t connections_per_address = 200;  // stops: one client that takes them all. 0: no limit
  std::uint32_t new_per_minute = 0;             // for each address, in bursts of up to as many. 0: no limit
  bool count_loopback = false;                  // let the last two hold for 127.0.0.0/8 and ::1 too
};

class Admission {
  using Key = std::array<std::uint8_t, 16>;

 public:
  enum class Refusal : std::uint8_t { too_many, too_many_from_address, too_fast };

  // One admitted connection; gives its place back when destroyed.
  class Ticket {
   public:
    Ticket() = default;  // admitted without being counted
    Ticket(Ticket&& other) noexcept
        : admission_(std::exchange(other.admission_, nullptr)),
          key_(std::exchange(other.key_, std::nullopt)) {}
    Ticket& operator=(Ticket&& other) noexcept {
      std::swap(admission_, other.admission_);
      std::swap(key_, other.key_);
      return *this;
    }
    ~Ticket() {
      if (admission_ != nullptr) admission_->leave(key_);
    }

    // The connection is somebody else's than was thought: counts it for this peer from now on. A refusal by
    // the limits for addresses changes nothing.
    std::optional<Refusal> pass_to(const transport::Endpoint& peer, transport::SteadyTime now);

   private:
    friend class Admission;
    Ticket(Admission& admission, const std::optional<Key>& key) : admission_(&admission), key_(key) {}

    Admission* admission_ = nullptr;
    std::optional<Key> key_;
  };

  // The admission outlives its tickets.
  explicit Admission(const AdmissionLimits& limits) : limits_(limits) {}
  Admission(const Admission&) = delete;
  Admission& operator=(const Admission&) = delete;

  std::variant<Ticket, Refusal> enter(const transport::Endpoint& peer, transport::SteadyTime now);

  std::size_t connections() const noexcept { return total_.load(std::memory_order_relaxed); }
  // Addresses that are remembered; for tests.
  std::size_t addresses() const;

 private:
  struct Client {
    std::uint32_t connections = 0;
    double tokens = 0;  // connections that may come at once
    transport::SteadyTime seen;
  };
  struct Shard {
    mutable std::mutex mutex;
    absl::flat_hash_map<Key, Client> clients;
    std::size_t purge_at = 1024;
  };

  std::optional<Key> key_of(const transport::Endpoint& peer) const noexcept;
  Shard& shard_of(const Key& key) noexcept;
  std::optional<Refusal> enter_address(const Key& key, transport::SteadyTime now);
  void refill(Client& client, transport::SteadyTime now) const noexcept;
  void purge(Shard& shard, transport::SteadyTime now);
  void leave(const std::optional<Key>& key) noexcept;
  void leave_address(const Key& key) noexcept;

  AdmissionLimits limits_;
  std::atomic<std::size_t> total_ = 0;
  std::array<Shard, 16> shards_;
};

// What the client is told behind 421: "Too many connections from your address".
std::string_view to_string(Admission::Refusal refusal) noexcept;

}  // namespace postrider::server
