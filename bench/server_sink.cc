// The server alone, on a handler that takes everything and keeps nothing: what the driver costs under load.
//
//   server_sink [PORT [THREADS]]    until SIGINT or SIGTERM; then the counters are printed

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include <boost/asio/signal_set.hpp>

#include "postrider/server/server.h"

namespace {

using namespace postrider;
using server::Answer;
using server::Soon;

class Drain final : public server::MessageSink {
 public:
  Soon<void> write(std::string_view) override { return {}; }
  Answer finish(const protocol::ev::BodyEnd&, std::size_t) override { return server::kOk; }
};

class Discard final : public server::Handler {
 public:
  Answer on_rcpt(const protocol::ev::Rcpt&) override { return server::kOk; }
  Soon<server::Opened> on_data() override { return server::Opened(std::make_unique<Drain>()); }
};

class DiscardFactory final : public server::HandlerFactory {
 public:
  std::unique_ptr<server::Handler> make(const server::ConnectionInfo&) override {
    return std::make_unique<Discard>();
  }
};

server::ServerConfig make_config() {
  server::ServerConfig config;
  config.protocol.hostname = "sink.example.org";
  config.protocol.limits.commands_without_mail = 1'000'000'000;
  config.protocol.capabilities.offer(protocol::Extension::pipelining)
      .offer(protocol::Extension::eight_bit_mime)
      .offer(protocol::Extension::enhanced_status_codes)
      .offer(protocol::Extension::chunking)
      .offer_size(config.protocol.limits.message_octets);
  return config;
}

}  // namespace

int main(int count, char** words) {
  const auto port = static_cast<std::uint16_t>(count > 1 ? std::atoi(words[1]) : 2525);
  const auto threads = static_cast<std::size_t>(count > 2 ? std::atoi(words[2]) : 1);
  transport::Loops loops(threads);
  DiscardFactory factory;
  server::Admission admission({});
  server::Server sink(loops, make_config(), factory, admission);
  const auto at = sink.listen(transport::Endpoint::ipv4({127, 0, 0, 1}, port));
  if (!at) {
    std::fprintf(stderr, "cannot listen: %s\n", at.error().message().c_str());
    return 1;
  }
  std::printf("listening on %s\n", at->to_string().c_str());
  std::fflush(stdout);
  boost::asio::signal_set signals(loops[0].context(), SIGINT, SIGTERM);
  signals.async_wait([&](const boost::system::error_code&, int) {
    sink.stop(std::chrono::seconds(1));
    loops.stop();
  });
  loops.run();
  const server::Counters sum = sink.counters();
  std::printf("connections %llu messages %llu octets %llu refused commands %llu lost %llu\n",
              static_cast<unsigned long long>(sum.connections), static_cast<unsigned long long>(sum.messages),
              static_cast<unsigned long long>(sum.octets),
              static_cast<unsigned long long>(sum.commands_refused),
              static_cast<unsigned long long>(sum.lost));
  return 0;
}
