// Connections that are kept for the next message: who may have one, how many at a time, and for how long.
//
//   auto seat = co_await pool.take(pool_key("mx.example.org", 25, config), deadline, stop);
//   if (!seat) …                                        // timed_out: none became free in time
//   if (!seat->client()) {                              // the right to connect, and no connection yet
//     auto client = std::make_unique<Client>(loop, config);
//     …
//     seat->adopt(std::move(client), endpoint);
//   }
//   … co_await seat->client()->send(envelope, message);
//   seat->give_back();                                  // for the next one, or QUIT in the background
//
// A connection is used again only by whom it was made for: the same host and port, secured in the same way,
// logged in as the same account. One that has been idle is asked by RSET whether it still works; when it does
// not, the seat comes without it, and no message has suffered. Connections that are idle too long, have
// carried enough messages, or may carry no more (MAILMAX, RFC 9422 4), part with QUIT.
//
// Limits count everything: in use, idle, and those that still say QUIT. Whoever finds no room waits, first
// come first served among those for whom there is room; idle connections that are in the way are closed.
//
// A pool belongs to one loop. Clients keep what their configuration refers to (the transcript, the login's
// primitives) as long as the pool does: until close() is over.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "postrider/client/client.h"
#include "postrider/transport/endpoint.h"
#include "postrider/transport/loop.h"

namespace postrider::client {

struct PoolLimits {
  std::size_t per_destination = 20;  // connections to one host and port
  std::size_t in_all = 500;
  std::size_t waiting = 10'000;                             // for a seat; more are turned away at once
  transport::Duration idle = std::chrono::seconds(30);      // then QUIT: others want the server's slots
  transport::Duration unchecked = std::chrono::seconds(1);  // used again that soon: without asking by RSET
  std::uint32_t messages = 100;                             // on one connection; 1: nothing is kept
};

struct PoolCounters {
  std::uint64_t opened = 0;      // connections that were adopted
  std::uint64_t reused = 0;      // seats that came with a connection
  std::uint64_t found_dead = 0;  // idle connections that RSET found of no more use
  std::uint64_t expired = 0;     // idle too long
  std::uint64_t worn_out = 0;    // had carried as many messages as they may
  std::uint64_t displaced = 0;   // idle, and in the way of somebody who waited
  std::uint64_t waited = 0;      // takes that found no room at first
  std::uint64_t in_vain = 0;     // of those, that got none in time, and takes that were turned away
};

struct PoolKey {
  PoolKey() = default;
  PoolKey(std::string where, std::string how) : destination(std::move(where)), way(std::move(how)) {}

  std::string destination;  // what per_destination counts: "mx.example.org:25"
  std::string way;          // everything else that has to be the same

  bool operator==(const PoolKey&) const = default;
};
// Of everything in `config` that makes a difference to the server.
PoolKey pool_key(std::string_view host, std::uint16_t port, const ClientConfig& config);

class ConnectionPool {
  class Impl;
  struct Destination;
  struct Waiter;

 public:
  // The right to one connection; gives it up when it is destroyed.
  class Seat {
   public:
    Seat() = default;
    Seat(Seat&& other) noexcept;
    Seat& operator=(Seat&& other) noexcept;
    // Closes a connection that was neither given back nor dismissed without ceremony.
    ~Seat();

    // nullptr: none yet.
    Client* client() const noexcept { return client_.get(); }
    // Whether the connection has carried messages before.
    bool reused() const noexcept { return messages_ != 0; }
    const transport::Endpoint& endpoint() const noexcept { return endpoint_; }
    Client& adopt(std::unique_ptr<Client> client, transport::Endpoint endpoint);

    // After a message: to the next one, if the connection may carry more.
    void give_back();
    // It is not to be used again: QUIT, in the background.
    void dismiss();

   private:
    friend class ConnectionPool;
    friend class Impl;

    Seat(std::shared_ptr<Impl> impl, Destination& destination, std::string way) noexcept;
    void leave() noexcept;

    std::shared_ptr<Impl> impl_;
    Destination* destination_ = nullptr;
    std::string way_;
    std::unique_ptr<Client> client_;
    transport::Endpoint endpoint_;
    std::uint32_t messages_ = 0;
    transport::SteadyTime idle_since_;
  };
  // timed_out; operation_aborted after a stop request or when the pool closes; no_buffer_space when
  // PoolLimits::waiting wait already.
  using Result = std::expected<Seat, transport::error_code>;

  // `fresh`: what is idle for this key is not trusted any more, and closed.
  enum class Reuse : std::uint8_t { allowed, fresh };

  explicit ConnectionPool(transport::Loop& loop, PoolLimits limits = {});
  // Closes what is idle without ceremony; close() is the polite way. Seats may live on.
  ~ConnectionPool();
  ConnectionPool(const ConnectionPool&) = delete;
  ConnectionPool& operator=(const ConnectionPool&) = delete;

  // Waits for a seat until `deadline`, and no longer than `patience`; whether an idle connection still works
  // may take until `deadline`. `stop` is requested from the loop's thread.
  Task<Result> take(PoolKey key, transport::SteadyTime deadline, std::stop_token stop = {},
                    Reuse reuse = Reuse::allowed, transport::Duration patience = transport::Duration::max());

  // No more seats; whoever waits is sent away. QUIT on every idle connection, and on the others when they are
  // given back; over when all are gone, and at `deadline` those that still say QUIT are cut off.
  Task<void> close(transport::SteadyTime deadline);

  const PoolCounters& counters() const noexcept;
  std::size_t connections() const noexcept;  // seats, idle connections, and those that say QUIT
  std::size_t idle() const noexcept;
  std::size_t waiting() const noexcept;

 private:
  std::shared_ptr<Impl> impl_;
};

}  // namespace postrider::client
