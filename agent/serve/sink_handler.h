// Accepts whatever comes and forgets it. The server's own counters do the counting, so there is nothing to do
// here for a message but to say yes.
#pragma once

#include <memory>

#include "postrider/server/handler.h"

namespace postrider::agent {

class SinkHandler : public server::Handler {
 public:
  server::Answer on_rcpt(const protocol::ev::Rcpt& rcpt) override;
  server::Soon<server::Opened> on_data() override;
};

class SinkHandlerFactory final : public server::HandlerFactory {
 public:
  std::unique_ptr<server::Handler> make(const server::ConnectionInfo& info) override;
};

}  // namespace postrider::agent
