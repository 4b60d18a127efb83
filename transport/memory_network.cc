#include "postrider/transport/memory_network.h"

#include <algorithm>
#include <deque>
#include <stop_token>
#include <utility>

namespace postrider::transport {

class MemoryNetwork::MemoryListener final : public Listener {
 public:
  MemoryListener(MemoryNetwork& network, const Endpoint& local, std::size_t backlog)
      : Listener(network.loop_),
        network_(network),
        arrived_(network.loop_),
        local_(local),
        backlog_(backlog) {
    network_.listeners_[local_.to_string()] = this;
  }
  ~MemoryListener() override { stop_listening(); }

  bool offer(std::unique_ptr<MemoryStream> stream) {
    if (queue_.size() >= backlog_) return false;
    queue_.push_back(std::move(stream));
    arrived_.notify();
    return true;
  }

  StreamResult try_accept() override {
    if (queue_.empty()) return std::unexpected(error_code(error::would_block));
    StreamResult stream = std::move(queue_.front());
    queue_.pop_front();
    return stream;
  }

  Task<error_code> wait_acceptable() override { return arrived_.wait(); }
  const Endpoint& local() const noexcept override { return local_; }

 private:
  void stop_listening() noexcept override {
    if (std::exchange(stopped_, true)) return;
    network_.listeners_.erase(local_.to_string());
    queue_.clear();
    arrived_.cancel();
  }

  MemoryNetwork& network_;
  Signal arrived_;
  Endpoint local_;
  std::size_t backlog_;
  std::deque<std::unique_ptr<MemoryStream>> queue_;
  bool stopped_ = false;
};

StreamResult MemoryNetwork::try_connect(const Endpoint& to, const ConnectOptions& options) {
  const auto found = listeners_.find(to.to_string());
  if (found == listeners_.end()) return std::unexpected(error_code(error::connection_refused));
  Endpoint from = options.source.value_or(Endpoint::ipv4({127, 0, 0, 1}, 0));
  if (from.is_ip() && from.port() == 0) from = from.with_port(next_port_++);
  auto [client, server] = MemoryStream::make_pair(loop_, capacity_, from, to);
  if (on_connect_) on_connect_(*client, *server);
  if (!found->second->offer(std::move(server))) return std::unexpected(error_code(error::connection_refused));
  return StreamResult(std::move(client));
}

Task<StreamResult> MemoryNetwork::connect(Endpoint to, ConnectOptions options) {
  MemoryDial dial;
  if (on_dial_) dial = on_dial_(to);
  if (options.stop.stop_requested()) co_return std::unexpected(error_code(error::operation_aborted));
  if (dial.takes > Duration::zero()) {
    const SteadyTime answered = later(loop_.now(), dial.takes);
    Signal stopped(loop_);
    const std::stop_callback on_stop(options.stop, [&stopped] { stopped.notify(); });
    const error_code ended = co_await stopped.wait(std::min(answered, options.deadline));
    if (ended != error::timed_out) co_return std::unexpected(error_code(error::operation_aborted));
    if (options.deadline < answered) co_return std::unexpected(error_code(error::timed_out));
  }
  if (dial.failure) co_return std::unexpected(dial.failure);
  co_return try_connect(to, options);
}

ListenResult MemoryNetwork::listen(const Endpoint& at, const ListenOptions& options) {
  const Endpoint local = at.is_ip() && at.port() == 0 ? at.with_port(next_port_++) : at;
  if (listeners_.contains(local.to_string())) return std::unexpected(error_code(error::address_in_use));
  return std::make_unique<MemoryListener>(*this, local, static_cast<std::size_t>(options.backlog));
}

}  // namespace postrider::transport
