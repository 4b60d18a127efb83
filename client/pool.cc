#include "postrider/client/pool.h"

#include <algorithm>
#include <list>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "postrider/transport/signal.h"

namespace postrider::client {

using transport::error_code;
using transport::SteadyTime;
namespace error = transport::error;

// ---- What everybody shares ----

// A connection that nobody uses.
struct IdleConnection {
  std::string way;
  std::unique_ptr<Client> client;
  transport::Endpoint endpoint;
  std::uint32_t messages = 0;
  SteadyTime since;
};

struct ConnectionPool::Destination {
  explicit Destination(std::string of) : name(std::move(of)) {}

  std::string name;
  std::size_t seats = 0;           // taken, idle, or saying QUIT
  std::vector<Waiter*> waiting;    // the first one first
  std::list<IdleConnection> idle;  // the one given back last at the end
};

class ConnectionPool::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(transport::Loop& in, PoolLimits within) : loop(in), limits(within), news(in), emptied(in) {}

  std::optional<Seat> take_now(const PoolKey& key);
  Task<void> check(Seat& seat, SteadyTime deadline, std::stop_token stop);
  void distrust(const PoolKey& key);
  Destination& enqueue(const std::string& destination, Waiter& waiter);
  void dequeue(Destination& destination, Waiter& waiter) noexcept;
  void serve();
  void keep(Seat& seat);
  void part(Destination& destination, std::unique_ptr<Client> client);
  void part_idle(Destination& destination, std::list<IdleConnection>::iterator which);
  void free_seat(Destination& destination) noexcept;
  void send_away() noexcept;
  std::pair<Destination*, std::list<IdleConnection>::iterator> oldest_idle();

  static Task<void> say_goodbye(std::shared_ptr<Impl> impl, Destination& destination,
                                std::unique_ptr<Client> client);
  static Task<void> expire_idle(std::shared_ptr<Impl> impl);

  transport::Loop& loop;
  const PoolLimits limits;
  PoolCounters counters;
  std::map<std::string, Destination, std::less<>> destinations;
  std::size_t seats = 0;
  std::size_t idle = 0;
  std::size_t waiting = 0;
  std::uint64_t tickets = 0;
  std::vector<Client*> leaving;  // that say QUIT
  transport::Signal news;        // for expire_idle()
  transport::Signal emptied;     // for close()
  bool sweeping = false;
  bool closed = false;

 private:
  bool room_at(const Destination& destination) const noexcept {
    return destination.seats < limits.per_destination && seats < limits.in_all;
  }
  Destination& at(const std::string& name) { return destinations.try_emplace(name, name).first->second; }
  // A reference that was taken before may be gone after it.
  void forget_if_unused(Destination& destination) noexcept {
    if (destination.seats == 0 && destination.waiting.empty()) destinations.erase(destination.name);
  }
  Seat new_seat(Destination& destination, const std::string& way);
  void make_room(Destination& destination);
  bool worn_out(const Seat& seat) const noexcept;
};

// Lives in the coroutine that waits, and leaves the queue with it.
struct ConnectionPool::Waiter {
  Waiter(Impl& in, const PoolKey& key)
      : impl(in),
        way(key.way),
        ticket(in.tickets++),
        called(in.loop),
        destination(in.enqueue(key.destination, *this)) {}
  ~Waiter() {
    if (!granted) impl.dequeue(destination, *this);
  }
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;

  Impl& impl;
  std::string way;
  std::uint64_t ticket;
  transport::Signal called;
  Seat seat;
  bool granted = false;
  Destination& destination;  // the last: makes itself known there
};

ConnectionPool::Seat ConnectionPool::Impl::new_seat(Destination& destination, const std::string& way) {
  ++destination.seats;
  ++seats;
  return Seat(shared_from_this(), destination, way);
}

// The connection that was used last, since it is the likeliest to work; else the right to make one.
std::optional<ConnectionPool::Seat> ConnectionPool::Impl::take_now(const PoolKey& key) {
  Destination& destination = at(key.destination);
  const auto found = std::find_if(destination.idle.rbegin(), destination.idle.rend(),
                                  [&key](const IdleConnection& each) { return each.way == key.way; });
  if (found != destination.idle.rend()) {
    Seat seat(shared_from_this(), destination, key.way);  // the connection has one already
    seat.client_ = std::move(found->client);
    seat.endpoint_ = found->endpoint;
    seat.messages_ = found->messages;
    seat.idle_since_ = found->since;
    destination.idle.erase(std::next(found).base());
    --idle;
    return seat;
  }
  if (destination.waiting.empty() && room_at(destination)) return new_seat(destination, key.way);
  forget_if_unused(destination);
  return std::nullopt;
}

// Whether the connection still works; if not, the seat loses it.
Task<void> ConnectionPool::Impl::check(Seat& seat, SteadyTime deadline, std::stop_token stop) {
  if (seat.client() == nullptr) co_return;
  if (loop.now() >= transport::later(seat.idle_since_, limits.unchecked)) {
    Client& client = *seat.client();
    client.expires_at(deadline);
    const std::stop_callback on_stop(stop, [&client] { client.cancel(); });
    const Outcome<void> alive = co_await client.reset();
    if (!alive) {
      ++counters.found_dead;
      seat.client_.reset();
      seat.messages_ = 0;
      co_return;
    }
  }
  ++counters.reused;
}

void ConnectionPool::Impl::distrust(const PoolKey& key) {
  std::vector<std::unique_ptr<Client>> suspects;
  const auto found = destinations.find(key.destination);
  if (found == destinations.end()) return;
  Destination& destination = found->second;
  std::erase_if(destination.idle, [&](IdleConnection& each) {
    if (each.way != key.way) return false;
    suspects.push_back(std::move(each.client));
    return true;
  });
  idle -= suspects.size();
  // The destination stays as long as one of them has its seat.
  for (std::unique_ptr<Client>& each : suspects) part(destination, std::move(each));
}

ConnectionPool::Destination& ConnectionPool::Impl::enqueue(const std::string& name, Waiter& waiter) {
  Destination& destination = at(name);
  destination.waiting.push_back(&waiter);
  ++waiting;
  ++counters.waited;
  make_room(destination);
  return destination;
}

void ConnectionPool::Impl::dequeue(Destination& destination, Waiter& waiter) noexcept {
  if (std::erase(destination.waiting, &waiter) != 0) --waiting;
  forget_if_unused(destination);
}

std::pair<ConnectionPool::Destination*, std::list<IdleConnection>::iterator>
ConnectionPool::Impl::oldest_idle() {
  std::pair<Destination*, std::list<IdleConnection>::iterator> oldest{nullptr, {}};
  for (auto& [name, destination] : destinations) {
    if (destination.idle.empty()) continue;
    const auto first = destination.idle.begin();
    if (oldest.first == nullptr || first->since < oldest.second->since) oldest = {&destination, first};
  }
  return oldest;
}

// Closes an idle connection that keeps somebody waiting: of the same destination when that is full, else of
// any.
void ConnectionPool::Impl::make_room(Destination& destination) {
  if (destination.seats >= limits.per_destination) {
    if (destination.idle.empty()) return;
    ++counters.displaced;
    part_idle(destination, destination.idle.begin());
    return;
  }
  if (seats < limits.in_all) return;
  const auto [whose, which] = oldest_idle();
  if (whose == nullptr) return;
  ++counters.displaced;
  part_idle(*whose, which);
}

// Gives seats to those who wait, in the order in which they came, as far as there is room.
void ConnectionPool::Impl::serve() {
  while (waiting != 0 && !closed) {
    Destination* next = nullptr;
    for (auto& [name, destination] : destinations) {
      if (destination.waiting.empty() || !room_at(destination)) continue;
      if (next == nullptr || destination.waiting.front()->ticket < next->waiting.front()->ticket) {
        next = &destination;
      }
    }
    if (next == nullptr) return;
    Waiter& waiter = *next->waiting.front();
    waiter.seat = new_seat(*next, waiter.way);
    dequeue(*next, waiter);
    waiter.granted = true;
    waiter.called.notify();
  }
}

bool ConnectionPool::Impl::worn_out(const Seat& seat) const noexcept {
  const std::optional<std::uint32_t> left = seat.client_->transactions_left();
  return seat.messages_ >= limits.messages || (left && *left == 0);
}

// A connection that has carried a message.
void ConnectionPool::Impl::keep(Seat& seat) {
  Destination& destination = *seat.destination_;
  ++seat.messages_;
  seat.client_->expires_at(transport::kNever);
  const bool worn = worn_out(seat);
  if (worn) ++counters.worn_out;
  Waiter* const first = destination.waiting.empty() ? nullptr : destination.waiting.front();
  const bool wanted = first != nullptr && first->way == seat.way_;
  // Somebody waits whom this one is in the way of.
  const bool in_the_way = !wanted && (first != nullptr || (waiting != 0 && seats >= limits.in_all));
  if (closed || worn || in_the_way || !seat.client_->usable()) {
    part(destination, std::move(seat.client_));
    return;
  }
  if (wanted) {
    first->seat = Seat(shared_from_this(), destination, seat.way_);
    first->seat.client_ = std::move(seat.client_);
    first->seat.endpoint_ = seat.endpoint_;
    first->seat.messages_ = seat.messages_;
    first->granted = true;
    dequeue(destination, *first);
    first->called.notify();
    ++counters.reused;
    return;
  }
  IdleConnection rest;
  rest.way = std::move(seat.way_);
  rest.client = std::move(seat.client_);
  rest.endpoint = seat.endpoint_;
  rest.messages = seat.messages_;
  rest.since = loop.now();
  destination.idle.push_back(std::move(rest));
  ++idle;
  if (!std::exchange(sweeping, true)) loop.spawn(expire_idle(shared_from_this()));
}

// The seat goes with the connection, so that the server never sees more of them than it should.
void ConnectionPool::Impl::part(Destination& destination, std::unique_ptr<Client> client) {
  leaving.push_back(client.get());
  loop.spawn(say_goodbye(shared_from_this(), destination, std::move(client)));
}

void ConnectionPool::Impl::part_idle(Destination& destination, std::list<IdleConnection>::iterator which) {
  std::unique_ptr<Client> client = std::move(which->client);
  destination.idle.erase(which);
  --idle;
  part(destination, std::move(client));
}

Task<void> ConnectionPool::Impl::say_goodbye(std::shared_ptr<Impl> impl, Destination& destination,
                                             std::unique_ptr<Client> client) {
  co_await client->quit();
  std::erase(impl->leaving, client.get());
  client.reset();
  impl->free_seat(destination);
}

// The reference may be gone after it.
void ConnectionPool::Impl::free_seat(Destination& destination) noexcept {
  --destination.seats;
  --seats;
  serve();
  forget_if_unused(destination);
  if (seats == 0) emptied.notify();
}

// They leave the queue themselves.
void ConnectionPool::Impl::send_away() noexcept {
  closed = true;
  for (auto& [name, destination] : destinations) {
    for (Waiter* const waiter : destination.waiting) waiter->called.notify();
  }
  news.notify();
}

Task<void> ConnectionPool::Impl::expire_idle(std::shared_ptr<Impl> impl) {
  while (impl->idle != 0 && !impl->closed) {
    const auto [whose, which] = impl->oldest_idle();
    const SteadyTime end = transport::later(which->since, impl->limits.idle);
    if (impl->loop.now() >= end) {
      ++impl->counters.expired;
      impl->part_idle(*whose, which);
      continue;
    }
    [[maybe_unused]] const error_code woken = co_await impl->news.wait(end);
  }
  impl->sweeping = false;
}

// ---- Seats ----

ConnectionPool::Seat::Seat(std::shared_ptr<Impl> impl, Destination& destination, std::string way) noexcept
    : impl_(std::move(impl)), destination_(&destination), way_(std::move(way)) {}

ConnectionPool::Seat::Seat(Seat&& other) noexcept = default;

ConnectionPool::Seat& ConnectionPool::Seat::operator=(Seat&& other) noexcept {
  if (this == &other) return *this;
  leave();
  impl_ = std::move(other.impl_);
  destination_ = other.destination_;
  way_ = std::move(other.way_);
  client_ = std::move(other.client_);
  endpoint_ = std::move(other.endpoint_);
  messages_ = other.messages_;
  return *this;
}

ConnectionPool::Seat::~Seat() { leave(); }

void ConnectionPool::Seat::leave() noexcept {
  if (!impl_) return;
  client_.reset();
  const std::shared_ptr<Impl> impl = std::move(impl_);
  impl->free_seat(*destination_);
}

Client& ConnectionPool::Seat::adopt(std::unique_ptr<Client> client, transport::Endpoint endpoint) {
  client_ = std::move(client);
  endpoint_ = std::move(endpoint);
  messages_ = 0;
  ++impl_->counters.opened;
  return *client_;
}

void ConnectionPool::Seat::give_back() {
  if (!client_) return leave();
  const std::shared_ptr<Impl> impl = std::move(impl_);
  impl->keep(*this);
}

void ConnectionPool::Seat::dismiss() {
  if (!client_) return leave();
  const std::shared_ptr<Impl> impl = std::move(impl_);
  impl->part(*destination_, std::move(client_));
}

// ---- The pool ----

PoolKey pool_key(std::string_view host, std::uint16_t port, const ClientConfig& config) {
  PoolKey key;
  key.destination.append(host).append(":").append(std::to_string(port));
  const auto add = [&key](std::string_view part) {
    key.way.append(std::to_string(part.size())).append(":").append(part);
  };
  key.way += static_cast<char>('0' + static_cast<int>(config.flavor));
  key.way += static_cast<char>('0' + static_cast<int>(config.tls.use));
  add(config.hello_name);
  if (config.source) add(config.source->to_string());
  if (config.tls.use != TlsUse::none) add(transport::session_key(config.tls.target));
  if (config.login) {
    key.way += '@';
    add(config.login->credentials.user);
  }
  return key;
}

ConnectionPool::ConnectionPool(transport::Loop& loop, PoolLimits limits)
    : impl_(std::make_shared<Impl>(loop, limits)) {}

ConnectionPool::~ConnectionPool() {
  impl_->send_away();
  std::size_t dropped = 0;
  for (auto& [name, destination] : impl_->destinations) {
    dropped += destination.idle.size();
    destination.seats -= destination.idle.size();
    destination.idle.clear();
  }
  impl_->seats -= dropped;
  impl_->idle = 0;
}

Task<ConnectionPool::Result> ConnectionPool::take(PoolKey key, SteadyTime deadline, std::stop_token stop,
                                                  Reuse reuse, transport::Duration patience) {
  const std::shared_ptr<Impl> impl = impl_;  // the pool may go while this waits
  if (impl->closed || stop.stop_requested()) co_return std::unexpected(error_code(error::operation_aborted));
  if (reuse == Reuse::fresh) impl->distrust(key);
  std::optional<Seat> taken = impl->take_now(key);
  if (taken) {
    co_await impl->check(*taken, deadline, stop);
    co_return Result(std::move(*taken));
  }
  if (impl->waiting >= impl->limits.waiting) {
    ++impl->counters.in_vain;
    co_return std::unexpected(error_code(error::no_buffer_space));
  }
  Waiter waiter(*impl, key);
  const std::stop_callback on_stop(stop, [&waiter] { waiter.called.notify(); });
  const SteadyTime until = std::min(deadline, transport::later(impl->loop.now(), patience));
  const error_code woken = co_await waiter.called.wait(until);
  if (waiter.granted) co_return Result(std::move(waiter.seat));
  ++impl->counters.in_vain;
  co_return std::unexpected(woken == error::timed_out ? woken : error_code(error::operation_aborted));
}

Task<void> ConnectionPool::close(SteadyTime deadline) {
  const std::shared_ptr<Impl> impl = impl_;
  impl->send_away();
  while (impl->idle != 0) {
    const auto [whose, which] = impl->oldest_idle();
    impl->part_idle(*whose, which);
  }
  while (impl->seats != 0) {
    const error_code late = co_await impl->emptied.wait(deadline);
    if (!late) continue;
    for (Client* const client : impl->leaving) client->cancel();
    break;
  }
}

const PoolCounters& ConnectionPool::counters() const noexcept { return impl_->counters; }
std::size_t ConnectionPool::connections() const noexcept { return impl_->seats; }
std::size_t ConnectionPool::idle() const noexcept { return impl_->idle; }
std::size_t ConnectionPool::waiting() const noexcept { return impl_->waiting; }

}  // namespace postrider::client
