// A host in a MemoryNetwork where a FakeServer answers each connection.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "postrider/tests/client/fake_server.h"
#include "postrider/transport/memory_network.h"

namespace postrider::client::testing {

class FakeHost {
 public:
  using Setup = std::function<void(FakeServer&)>;

  // `setup` tells each new server how to behave; may be empty. The loop goes on as long as somebody connects,
  // so it has to be drained after the host is gone.
  FakeHost(transport::Loop& loop, transport::MemoryNetwork& network, const std::string& address,
           Setup setup = {}, std::uint16_t port = 25);
  ~FakeHost();
  FakeHost(const FakeHost&) = delete;
  FakeHost& operator=(const FakeHost&) = delete;

  std::size_t connections() const noexcept { return state_->servers.size(); }
  FakeServer& server(std::size_t index) const { return *state_->servers.at(index); }
  // Of all connections together.
  std::vector<std::string> lines() const;
  std::vector<std::string> messages() const;
  std::size_t delivered() const;

 private:
  struct State {
    std::unique_ptr<transport::Listener> listener;
    Setup setup;
    std::vector<std::unique_ptr<FakeServer>> servers;
  };
  static transport::Task<void> accept(transport::Loop& loop, std::shared_ptr<State> state);
  static transport::Task<void> serve(transport::Loop& loop, std::shared_ptr<State> state, FakeServer& server,
                                     std::unique_ptr<transport::Stream> stream);

  std::shared_ptr<State> state_;
};

}  // namespace postrider::client::testing
