// A server: listens, admits, serves, stops.
//
//   class Drain : public MessageSink {
//     Soon<void> write(std::string_view) override { return {}; }
//     Answer finish(const protocol::ev::BodyEnd&, std::size_t) override { return kOk; }
//   };
//   class Discard : public Handler {
//     Answer on_rcpt(const protocol::ev::Rcpt&) override { return kOk; }
//     Soon<Opened> on_data() override { return Opened(std::make_unique<Drain>()); }
//   };
//   class DiscardFactory : public HandlerFactory {
//     std::unique_ptr<Handler> make(const ConnectionInfo&) override { return std::make_unique<Discard>(); }
//   };
//
//   ServerConfig config;
//   config.protocol.hostname = "mx.example.org";
//   config.protocol.capabilities.offer(protocol::Extension::pipelining).offer_size(50 << 20);
//   DiscardFactory factory;
//   Admission admission({});
//   transport::Loops loops(0);                               // one a processor
//   Server server(loops, config, factory, admission);        // destroyed before the loops, after run()
//   auto at = server.listen(*transport::Endpoint::parse("127.0.0.1:2525"));
//   if (!at) { /* at.error() */ }
//   // from a signal handler's task, or any thread:  server.stop(std::chrono::seconds(30)); loops.stop();
//   loops.run();                                             // returns when the last session is over
//
// Every loop has a listener of its own on the same address (SO_REUSEPORT); a connection stays on the loop
// that accepted it. A listener for a Unix socket is served by the first loop. Connections above a limit are
// answered 421 4.7.0 and closed. Running out of descriptors makes accepting rest for a moment and end
// nothing.
#pragma once

#include <chrono>
#include <expected>
#include <memory>
#include <vector>

#include "postrider/server/admission.h"
#include "postrider/server/config.h"
#include "postrider/server/counters.h"
#include "postrider/server/handler.h"
#include "postrider/server/sessions.h"
#include "postrider/transport/loop.h"
#include "postrider/transport/network.h"

namespace postrider::server {

class Server {
 public:
  // On real sockets. `loops`, `factory` and `admission` outlive the server.
  Server(transport::Loops& loops, ServerConfig config, HandlerFactory& factory, Admission& admission);
  // On one loop and any network, which outlives the server too.
  Server(transport::Loop& loop, transport::Network& network, ServerConfig config, HandlerFactory& factory,
         Admission& admission);
  // After the loops' run() has returned. Sessions that halt() left behind go with the loops.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // May be called several times, before the loops run or while they do. The result is the address in use,
  // with its real port.
  std::expected<transport::Endpoint, transport::error_code> listen(const transport::Endpoint& at,
                                                                   transport::ListenOptions options = {});

  // The following may be called from any thread.

  // New sessions behave like this; sessions that have begun go on as they were.
  void reconfigure(ServerConfig config);

  // Stops listening and says 421 to idle sessions. Transactions may go on to their end for `drain`; then they
  // are told 421 as well. A second call tells them so at once.
  void stop(transport::Duration drain);

  Counters counters() const noexcept;
  // Sessions that have not ended.
  std::uint64_t sessions() const noexcept;

 private:
  struct Shard;

  Task<void> accept(Shard& shard, transport::Listener& listener);
  Task<void> drain(Shard& shard, transport::SteadyTime until);
  void meet(Shard& shard, std::unique_ptr<transport::Stream> stream);
  Task<void> introduce(Shard& shard, std::unique_ptr<transport::Stream> stream, Admission::Ticket ticket);
  void admit(Shard& shard, std::unique_ptr<transport::Stream> stream);
  void turn_away(Shard& shard, transport::Stream& stream, Admission::Refusal why);

  Admission& admission_;
  std::vector<std::unique_ptr<Shard>> shards_;
};

}  // namespace postrider::server
