#include "postrider/tests/client/fake_host.h"

#include <utility>

#include <gtest/gtest.h>

namespace postrider::client::testing {

FakeHost::FakeHost(transport::Loop& loop, transport::MemoryNetwork& network, const std::string& address,
                   Setup setup, std::uint16_t port)
    : state_(std::make_shared<State>()) {
  auto listener = network.listen(*transport::Endpoint::parse_address(address, port), {});
  EXPECT_TRUE(listener) << address;
  state_->listener = std::move(*listener);
  state_->setup = std::move(setup);
  loop.spawn(accept(loop, state_));
}

FakeHost::~FakeHost() { state_->listener->close(); }

transport::Task<void> FakeHost::accept(transport::Loop& loop, std::shared_ptr<State> state) {
  for (;;) {
    transport::StreamResult stream = co_await state->listener->accept();
    if (!stream) co_return;
    state->servers.push_back(std::make_unique<FakeServer>());
    FakeServer& server = *state->servers.back();
    if (state->setup) state->setup(server);
    loop.spawn(serve(loop, state, server, std::move(*stream)));
  }
}

transport::Task<void> FakeHost::serve(transport::Loop& loop, std::shared_ptr<State> /*keeps the server*/,
                                      FakeServer& server, std::unique_ptr<transport::Stream> stream) {
  co_await server.serve(loop, std::move(stream));
}

std::vector<std::string> FakeHost::lines() const {
  std::vector<std::string> all;
  for (const auto& each : state_->servers) all.insert(all.end(), each->lines.begin(), each->lines.end());
  return all;
}

std::vector<std::string> FakeHost::messages() const {
  std::vector<std::string> all;
  for (const auto& each : state_->servers) {
    all.insert(all.end(), each->messages.begin(), each->messages.end());
  }
  return all;
}

std::size_t FakeHost::delivered() const {
  std::size_t sum = 0;
  for (const auto& each : state_->servers) sum += each->delivered;
  return sum;
}

}  // namespace postrider::client::testing
