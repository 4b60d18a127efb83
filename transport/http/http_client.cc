#include "postrider/transport/http/http_client.h"

#include <algorithm>
#include <list>
#include <optional>

#include "postrider/transport/http/http_reader.h"
#include "postrider/transport/signal.h"
#include "postrider/transport/tls/tls_stream.h"

namespace postrider::transport {
namespace {

using Kind = HttpFailure::Kind;

struct Waiter {
  explicit Waiter(Loop& loop) : signal(loop) {}

  Signal signal;
  bool granted = false;
};

HttpFailure failure_of(const error_code& error, Kind otherwise, const std::string& where) {
  if (error == error::timed_out) return HttpFailure(Kind::timed_out, where + ": no answer in time");
  if (error == TlsError::truncated)
    return HttpFailure(Kind::broken_off, where + ": the connection was cut without the end of TLS");
  return HttpFailure(otherwise, where + ": " + error.message());
}

bool is_broken_off(const HttpFailure& failure) noexcept { return failure.kind == Kind::broken_off; }

}  // namespace

struct HttpClient::Origin {
  explicit Origin(const HttpOrigin& named) : origin(named) {}

  bool unused() const noexcept { return active == 0 && waiting.empty() && kept.empty(); }

  HttpOrigin origin;
  std::size_t active = 0;
  std::list<Waiter*> waiting;
  std::vector<Kept> kept;  // the one used last is at the back
};

HttpClient::HttpClient(Loop& loop, Network& network, HostAddresses& addresses,
                       std::shared_ptr<const TlsClientContext> tls, HttpClientOptions options)
    : loop_(loop), network_(network), addresses_(addresses), tls_(std::move(tls)), options_(options) {}

HttpClient::~HttpClient() = default;

std::size_t HttpClient::kept() const noexcept {
  std::size_t count = 0;
  for (const auto& [origin, place] : origins_) count += place->kept.size();
  return count;
}

void HttpClient::close_kept() noexcept {
  for (const auto& [origin, place] : origins_) place->kept.clear();
}

// Forgets connections that were idle for too long, and origins without any.
void HttpClient::drop_old() {
  const SteadyTime oldest = loop_.now() - options_.idle;
  for (const auto& [origin, place] : origins_) {
    std::erase_if(place->kept, [&](const Kept& each) { return each.since < oldest; });
  }
  std::erase_if(origins_, [](const auto& each) { return each.second->unused(); });
}

HttpClient::Origin& HttpClient::origin_of(const HttpOrigin& origin) {
  drop_old();
  std::unique_ptr<Origin>& place = origins_[origin];
  if (!place) place = std::make_unique<Origin>(origin);
  return *place;
}

Task<bool> HttpClient::take_turn(Origin& place, SteadyTime deadline) {
  if (place.active < options_.connections) {
    ++place.active;
    co_return true;
  }
  Waiter waiter(loop_);
  const auto here = place.waiting.insert(place.waiting.end(), &waiter);
  [[maybe_unused]] const error_code ended = co_await waiter.signal.wait(deadline);
  if (!waiter.granted) place.waiting.erase(here);
  co_return waiter.granted;
}

// The turn goes to who has waited longest.
void HttpClient::leave(Origin& place) {
  if (place.waiting.empty()) {
    --place.active;
    return;
  }
  Waiter& next = *place.waiting.front();
  place.waiting.pop_front();
  next.granted = true;
  next.signal.notify();
}

// One that is still silent: octets that nobody asked for, or the end, make it useless.
std::unique_ptr<Stream> HttpClient::take_kept(Origin& place) {
  while (!place.kept.empty()) {
    std::unique_ptr<Stream> stream = std::move(place.kept.back().stream);
    place.kept.pop_back();
    char octet = 0;
    if (stream->try_read(std::span(&octet, 1)).status == IoStatus::would_block) return stream;
  }
  return nullptr;
}

Task<HttpResult> HttpClient::exchange(HttpOrigin origin, HttpRequest request, SteadyTime deadline) {
  auto octets = write_request(request, origin);
  if (!octets) co_return HttpResult(std::unexpect, std::move(octets).error());
  ++counters_.requests;
  Origin& place = origin_of(origin);
  if (place.waiting.size() >= options_.waiting)
    co_return HttpResult(std::unexpect, Kind::too_many, origin.text() + ": too many requests wait already");
  const bool granted = co_await take_turn(place, deadline);
  if (!granted)
    co_return HttpResult(std::unexpect, Kind::timed_out, origin.text() + ": no connection was free in time");
  HttpResult result = co_await exchange_in(place, *std::move(octets), deadline);
  leave(place);
  co_return result;
}

Task<HttpResult> HttpClient::exchange_in(Origin& place, std::string octets, SteadyTime deadline) {
  std::unique_ptr<Stream> stream = take_kept(place);
  if (stream) {
    Trial trial = co_await try_on(place, std::move(stream), octets, deadline, true);
    if (!trial.again) co_return std::move(trial.result);
    ++counters_.repeated;
  }
  Connected fresh = co_await connect(place.origin, deadline);
  if (!fresh) co_return HttpResult(std::unexpect, std::move(fresh).error());
  Trial trial = co_await try_on(place, *std::move(fresh), octets, deadline, false);
  co_return std::move(trial.result);
}

Task<HttpClient::Trial> HttpClient::try_on(Origin& place, std::unique_ptr<Stream> stream,
                                           std::string_view octets, SteadyTime deadline, bool kept) {
  const std::string where = place.origin.text();
  stream->expires_at(deadline);
  const error_code unsent = co_await stream->write_all(octets);
  if (unsent) {
    HttpFailure failure = failure_of(unsent, Kind::broken_off, where);
    const bool again = kept && is_broken_off(failure);
    co_return Trial(HttpResult(std::unexpect, std::move(failure)), again);
  }
  HttpReader reader(options_.limits);
  BufferPool::Buffer buffer = loop_.buffers().borrow(BufferSize::small);
  while (!reader.done()) {
    const IoResult in = co_await stream->read_some(buffer.span());
    std::optional<HttpFailure> failure;
    if (in.done()) {
      failure = reader.give(std::string_view(buffer.span().data(), in.octets));
    } else if (in.status == IoStatus::end) {
      failure = reader.end_of_input();
    } else {
      failure = failure_of(in.error, Kind::broken_off, where);
    }
    if (!failure) continue;
    if (!failure->text.starts_with(where)) failure->text.insert(0, where + ": ");
    const bool again = kept && !reader.begun() && is_broken_off(*failure);
    co_return Trial(HttpResult(std::unexpect, *std::move(failure)), again);
  }
  if (reader.keeps_connection() && origins_.size() <= options_.origins) {
    stream->expires_at(kNever);
    place.kept.push_back(Kept{std::move(stream), loop_.now()});
  }
  co_return Trial(HttpResult(reader.take()));
}

Task<AddressesResult> HttpClient::find(HttpOrigin origin, SteadyTime deadline) {
  const auto literal = Endpoint::parse_address(origin.host, origin.port);
  if (literal) co_return AddressesResult(std::vector<Endpoint>(1, *literal));
  AddressesResult found = co_await addresses_.find(origin.host, origin.port, deadline);
  co_return found;
}

// One address after the other, until one works. The failure is that of the first.
Task<HttpClient::Connected> HttpClient::connect(HttpOrigin origin, SteadyTime deadline) {
  if (origin.tls && !tls_)
    co_return Connected(std::unexpect, Kind::tls, origin.text() + ": TLS is not set up");
  const AddressesResult addresses = co_await find(origin, deadline);
  if (!addresses)
    co_return Connected(std::unexpect, Kind::unknown_host, origin.host + ": " + addresses.error());
  HttpFailure first(Kind::timed_out, origin.text() + ": no time was left to connect");
  for (std::size_t i = 0; i < addresses->size(); ++i) {
    if (loop_.now() >= deadline) break;
    SteadyTime until = deadline;
    if (i + 1 < addresses->size())
      until = std::min(deadline, later(loop_.now(), options_.patience_per_address));
    Connected connected = co_await connect_to((*addresses)[i], origin, until);
    if (connected) co_return connected;
    if (i == 0) first = std::move(connected).error();
  }
  co_return Connected(std::unexpect, std::move(first));
}

Task<HttpClient::Connected> HttpClient::connect_to(Endpoint to, HttpOrigin origin, SteadyTime deadline) {
  ConnectOptions options;
  options.deadline = deadline;
  const std::string where = to.to_string();
  StreamResult connected = co_await network_.connect(to, options);
  if (!connected) co_return Connected(std::unexpect, failure_of(connected.error(), Kind::unreachable, where));
  ++counters_.connections;
  if (!origin.tls) co_return Connected(*std::move(connected));
  TlsTarget target;
  target.name = origin.host;
  target.port = origin.port;
  target.policy = TlsPolicy::pkix;
  auto engine = tls_->engine(target);
  if (!engine) co_return Connected(std::unexpect, Kind::tls, origin.host + ": " + engine.error());
  TlsStart started = co_await start_tls(loop_, *std::move(connected), *std::move(engine), deadline);
  if (started) co_return Connected(std::unique_ptr<Stream>(*std::move(started)));
  if (started.error().error == error::timed_out)
    co_return Connected(std::unexpect, Kind::timed_out, where + ": no TLS in time");
  co_return Connected(std::unexpect, Kind::tls, where + ": " + started.error().text);
}

}  // namespace postrider::transport
