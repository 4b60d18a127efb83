#include "postrider/server/server.h"

#include <chrono>
#include <string>
#include <utility>

#include "postrider/transport/proxy_header.h"
#include "postrider/transport/socket_network.h"

namespace postrider::server {
namespace {

// Connections accepted in a row before other events have their turn.
constexpr int kBurst = 64;

// Ids begin where the clock stands and leave room for 4096 connections a microsecond of uptime.
constexpr unsigned kIdShift = 12;

std::uint64_t first_session_id(transport::SystemTime now) {
  using std::chrono::microseconds;
  const auto since = std::chrono::duration_cast<microseconds>(now.time_since_epoch()).count();
  return static_cast<std::uint64_t>(since) << kIdShift;
}

}  // namespace

// What belongs to one loop.
struct Server::Shard {
  transport::Loop& loop;
  std::unique_ptr<transport::Network> own_network;
  transport::Network& network;
  Sessions sessions;
  std::vector<std::unique_ptr<transport::Listener>> listeners;  // touched on the loop's thread alone
  bool stopped = false;

  Shard(transport::Loop& on, std::unique_ptr<transport::Network> own, transport::Network& net,
        std::shared_ptr<const Service> service, HandlerFactory& factory, std::uint64_t first_id,
        std::uint64_t step)
      : loop(on),
        own_network(std::move(own)),
        network(net),
        sessions(on, std::move(service), factory, first_id, step) {}
};

Server::Server(transport::Loops& loops, ServerConfig config, HandlerFactory& factory, Admission& admission)
    : admission_(admission) {
  const auto service = Service::make(std::move(config));
  const std::uint64_t first = first_session_id(loops[0].clock().system_now());
  for (std::size_t index = 0; index < loops.size(); ++index) {
    auto network = std::make_unique<transport::SocketNetwork>(loops[index]);
    transport::Network& reference = *network;
    shards_.push_back(std::make_unique<Shard>(loops[index], std::move(network), reference, service, factory,
                                              first + index, loops.size()));
  }
}

Server::Server(transport::Loop& loop, transport::Network& network, ServerConfig config,
               HandlerFactory& factory, Admission& admission)
    : admission_(admission) {
  shards_.push_back(std::make_unique<Shard>(loop, nullptr, network, Service::make(std::move(config)), factory,
                                            first_session_id(loop.clock().system_now()), 1));
}

Server::~Server() = default;

std::expected<transport::Endpoint, transport::error_code> Server::listen(const transport::Endpoint& at,
                                                                         transport::ListenOptions options) {
  options.reuse_port = options.reuse_port || (at.is_ip() && shards_.size() > 1);
  const std::size_t wanted = at.is_ip() ? shards_.size() : 1;
  std::vector<std::unique_ptr<transport::Listener>> listeners;
  transport::Endpoint actual = at;
  for (std::size_t index = 0; index < wanted; ++index) {
    transport::ListenResult listener = shards_[index]->network.listen(actual, options);
    if (!listener) return std::unexpected(listener.error());
    actual = (*listener)->local();
    listeners.push_back(std::move(*listener));
  }
  for (std::size_t index = 0; index < wanted; ++index) {
    Shard& shard = *shards_[index];
    shard.loop.post([this, &shard, listener = std::move(listeners[index])]() mutable {
      if (shard.stopped) return;
      shard.listeners.push_back(std::move(listener));
      shard.loop.spawn(accept(shard, *shard.listeners.back()));
    });
  }
  return actual;
}

Task<void> Server::accept(Shard& shard, transport::Listener& listener) {
  std::uint64_t rests = 0;
  for (int in_a_row = 1;; ++in_a_row) {
    transport::StreamResult accepted = co_await listener.accept();
    shard.sessions.counters().accept_rests.add(listener.exhausted() -
                                               std::exchange(rests, listener.exhausted()));
    if (!accepted) break;
    meet(shard, std::move(*accepted));
    if (in_a_row % kBurst == 0) co_await shard.loop.yield();
  }
}

// A proxy is no client: its connections count in the total alone until they are known to be somebody's.
void Server::meet(Shard& shard, std::unique_ptr<transport::Stream> stream) {
  if (!shard.sessions.service()->is_proxy(stream->peer())) return admit(shard, std::move(stream));
  auto entered = admission_.enter(transport::Endpoint(), shard.loop.now());
  if (auto* ticket = std::get_if<Admission::Ticket>(&entered)) {
    shard.loop.spawn(introduce(shard, std::move(stream), std::move(*ticket)));
  } else {
    turn_away(shard, *stream, std::get<Admission::Refusal>(entered));
  }
}

Task<void> Server::introduce(Shard& shard, std::unique_ptr<transport::Stream> stream,
                             Admission::Ticket ticket) {
  stream->expires_at(transport::later(shard.loop.now(), shard.sessions.service()->timeouts().proxy_header));
  const auto header = co_await transport::read_proxy_header(*stream);
  if (!header) {
    shard.sessions.counters().refused.add();
    shard.sessions.factory().on_bad_proxy_header(stream->peer(), header.error());
    co_return;
  }
  stream->expires_at(transport::kNever);
  if (header->source != transport::Endpoint()) stream->stand_for(header->source, header->destination);
  ticket = Admission::Ticket();
  if (!shard.stopped) admit(shard, std::move(stream));
}

// Neither is a gateway, until it has said for whom it speaks.
void Server::admit(Shard& shard, std::unique_ptr<transport::Stream> stream) {
  const bool gateway = shard.sessions.service()->is_gateway(stream->peer());
  auto entered = admission_.enter(gateway ? transport::Endpoint() : stream->peer(), shard.loop.now());
  if (auto* ticket = std::get_if<Admission::Ticket>(&entered)) {
    auto tap = shard.sessions.service()->tap(stream->peer());
    stream = transport::tapped(shard.loop, std::move(stream), std::move(tap));
    shard.loop.spawn(shard.sessions.serve(std::move(stream), std::move(*ticket)));
  } else {
    turn_away(shard, *stream, std::get<Admission::Refusal>(entered));
  }
}

void Server::turn_away(Shard& shard, transport::Stream& stream, Admission::Refusal why) {
  shard.sessions.counters().refused.add();
  const Service& service = *shard.sessions.service();
  if (service.encrypted()) return;  // nothing can be said in clear
  // The peer is waiting for a greeting: a line fits into an empty send buffer, and there is nothing to wait
  // for.
  std::string line = "421 4.7.0 ";
  line += service.profile()->hostname;
  line += ' ';
  line += to_string(why);
  line += "\r\n";
  const std::string_view piece = line;
  [[maybe_unused]] const transport::IoResult written = stream.try_write(std::span(&piece, 1));
}

void Server::reconfigure(ServerConfig config) {
  const auto service = Service::make(std::move(config));
  for (auto& shard : shards_) {
    shard->loop.post([shard = shard.get(), service] { shard->sessions.reconfigure(service); });
  }
}

void Server::stop(transport::Duration drain_time) {
  for (auto& each : shards_) {
    Shard* shard = each.get();
    shard->loop.post([this, shard, drain_time] {
      if (std::exchange(shard->stopped, true)) return shard->sessions.stop_now();
      for (auto& listener : shard->listeners) listener->close();
      shard->sessions.stop();
      shard->loop.spawn(drain(*shard, transport::later(shard->loop.now(), drain_time)));
    });
  }
}

Task<void> Server::drain(Shard& shard, transport::SteadyTime until) {
  const transport::error_code late = co_await shard.sessions.wait_empty(until);
  if (late) shard.sessions.stop_now();
}

Counters Server::counters() const noexcept {
  Counters sum;
  for (const auto& shard : shards_) sum.add(shard->sessions.counters());
  return sum;
}

std::uint64_t Server::sessions() const noexcept {
  const Counters sum = counters();
  return sum.connections - sum.ended;
}

}  // namespace postrider::server
