// An HTTP/1.1 client over our own streams: HTTPS, and HTTP in clear for tests and loopback.
//
//   HttpClient client(loop, network, addresses, tls_context);
//   const HttpResult result = co_await client.exchange(origin, request, later(loop.now(), 60s));
//   if (!result) log(result.error().text);
//
// One deadline bounds a whole exchange: finding addresses, connecting, TLS, request and response. The
// server's certificate must be good for the host's name by the roots of the context; there is no way around
// that. Redirects are a response like any other and never followed (RFC 8461 3.3 forbids it for policies).
//
// Connections are kept for later requests to the same origin, each carries one request at a time, and there
// are at most `connections` to one origin; more requests wait for their turn. A kept connection may end just
// as a request is written: the request then goes out once more, on a new connection. So requests must be ones
// that may be repeated, RFC 9110 9.2.2.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "postrider/transport/http/host_addresses.h"
#include "postrider/transport/http/http_message.h"
#include "postrider/transport/loop.h"
#include "postrider/transport/network.h"
#include "postrider/transport/tls/provider.h"

namespace postrider::transport {

struct HttpClientOptions {
  HttpClientOptions() = default;

  HttpLimits limits;
  std::size_t connections = 1;  // to one origin at once
  std::size_t waiting = 1000;   // for a connection to one origin; more fail at once with too_many
  std::size_t origins = 64;     // that connections are kept for; the others' are closed after use
  // After which a kept connection is not used again: servers close theirs about then.
  std::chrono::seconds idle = std::chrono::seconds(30);
  // For one address of several, so that a dead one does not use up the deadline.
  std::chrono::seconds patience_per_address = std::chrono::seconds(10);
};

struct HttpClientCounters {
  std::uint64_t requests = 0;
  std::uint64_t connections = 0;  // that were made
  std::uint64_t repeated = 0;     // requests on a new connection, because a kept one had ended
};

class HttpClient {
 public:
  // All outlive the client; no exchange is under way when it is destroyed. Without a `tls` context only
  // origins in clear can be reached.
  HttpClient(Loop& loop, Network& network, HostAddresses& addresses,
             std::shared_ptr<const TlsClientContext> tls, HttpClientOptions options = HttpClientOptions());
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  Task<HttpResult> exchange(HttpOrigin origin, HttpRequest request, SteadyTime deadline);

  const HttpClientCounters& counters() const noexcept { return counters_; }
  std::size_t kept() const noexcept;
  // Closes the connections that are kept.
  void close_kept() noexcept;

 private:
  struct Origin;
  struct Kept {
    std::unique_ptr<Stream> stream;
    SteadyTime since;
  };
  using Connected = std::expected<std::unique_ptr<Stream>, HttpFailure>;
  // What became of one try; `again` when nothing says that the server saw the request.
  struct Trial {
    explicit Trial(HttpResult outcome, bool repeat = false) : result(std::move(outcome)), again(repeat) {}

    HttpResult result;
    bool again = false;
  };

  Origin& origin_of(const HttpOrigin& origin);
  Task<bool> take_turn(Origin& place, SteadyTime deadline);
  void leave(Origin& place);
  std::unique_ptr<Stream> take_kept(Origin& place);
  void drop_old();
  Task<HttpResult> exchange_in(Origin& place, std::string octets, SteadyTime deadline);
  Task<Trial> try_on(Origin& place, std::unique_ptr<Stream> stream, std::string_view octets,
                     SteadyTime deadline, bool kept);
  Task<AddressesResult> find(HttpOrigin origin, SteadyTime deadline);
  Task<Connected> connect(HttpOrigin origin, SteadyTime deadline);
  Task<Connected> connect_to(Endpoint to, HttpOrigin origin, SteadyTime deadline);

  Loop& loop_;
  Network& network_;
  HostAddresses& addresses_;
  std::shared_ptr<const TlsClientContext> tls_;
  HttpClientOptions options_;
  HttpClientCounters counters_;
  std::map<HttpOrigin, std::unique_ptr<Origin>> origins_;
};

}  // namespace postrider::transport
