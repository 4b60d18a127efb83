#include "postrider/fuzz/hostile/hostile_server.h"

#include <utility>

namespace postrider::fuzz {

std::expected<transport::Endpoint, transport::error_code> HostileServer::listen(
    const transport::Endpoint& at) {
  transport::ListenResult listener = network_.listen(at, {});
  if (!listener) return std::unexpected(listener.error());
  listener_ = std::move(*listener);
  loop_.spawn(accept(*this));
  return listener_->local();
}

void HostileServer::stop() noexcept {
  if (listener_) listener_->close();
}

Task<void> HostileServer::accept(HostileServer& self) {
  for (;;) {
    transport::StreamResult accepted = co_await self.listener_->accept();
    if (!accepted) co_return;
    self.loop_.spawn(serve(self, std::move(*accepted)));
  }
}

Task<void> HostileServer::serve(HostileServer& self, std::unique_ptr<transport::Stream> stream) {
  HostileOptions options = self.options_;
  const std::size_t number = self.connections_++;
  if (!self.plan_.empty()) options.behaviour = self.plan_[number % self.plan_.size()];
  options.seed += number;
  ++self.open_;
  if (self.on_begin_) self.on_begin_(number, stream->peer(), options.behaviour);
  HostileOutcome outcome =
      co_await run_behaviour(self.loop_, std::move(stream), std::move(options), self.memory_);
  outcome.connection = number;
  --self.open_;
  if (self.on_end_) self.on_end_(outcome);
  if (self.outcomes_.size() == kMostOutcomes) self.outcomes_.erase(self.outcomes_.begin());
  self.outcomes_.push_back(std::move(outcome));
}

}  // namespace postrider::fuzz
