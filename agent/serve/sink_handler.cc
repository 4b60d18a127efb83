#include "postrider/agent/serve/sink_handler.h"

namespace postrider::agent {
namespace {

class Nowhere final : public server::MessageSink {
 public:
  server::Soon<void> write(std::string_view) override { return {}; }
  server::Answer finish(const protocol::ev::BodyEnd&, std::size_t) override { return server::kOk; }
};

}  // namespace

server::Answer SinkHandler::on_rcpt(const protocol::ev::Rcpt&) { return server::kOk; }

server::Soon<server::Opened> SinkHandler::on_data() { return server::Opened(std::make_unique<Nowhere>()); }

std::unique_ptr<server::Handler> SinkHandlerFactory::make(const server::ConnectionInfo&) {
  return std::make_unique<SinkHandler>();
}

}  // namespace postrider::agent
