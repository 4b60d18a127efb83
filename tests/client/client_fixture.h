// A client and its peer in memory, in virtual time.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "postrider/client/client.h"
#include "postrider/tests/client/fake_server.h"
#include "postrider/transport/loop.h"
#include "postrider/transport/memory_stream.h"

namespace postrider::client::testing {

// Runs until `done`, jumping to the next deadline whenever nothing else is left to do. False: stuck.
bool run_until(transport::Loop& loop, transport::ManualClock& clock, const bool& done);

Envelope make_envelope(std::string_view from, const std::vector<std::string>& to);

// Lines of about `octets` octets in all.
std::string make_text(std::size_t octets);

class ClientTest : public ::testing::Test {
 protected:
  struct Session {
    Outcome<void> started;
    std::optional<DeliveryReport> report;
    std::vector<DeliveryReport> more;  // of the second message and later ones
    transport::Duration took{};
  };

  // Starts a client against `server`, sends the message `times` times, and quits.
  template <class Server>
  Session play(Server& server, const Envelope& envelope, MessageSource& message, int times = 1) {
    transport::Loop loop(clock);
    auto [mine, yours] = transport::MemoryStream::make_pair(loop, capacity);
    mine->follow(client_script);
    yours->follow(server_script);
    return converse(loop, server.serve(loop, std::move(yours)), std::move(mine), envelope, message, times);
  }
  Session play(FakeServer& server, const Envelope& envelope, std::string_view text, int times = 1);
  Session play(FakeServer& server, std::string_view text = "Subject: x\r\n\r\nhello\r\n");

 private:
  Session converse(transport::Loop& loop, Task<void> server, std::unique_ptr<transport::Stream> stream,
                   const Envelope& envelope, MessageSource& message, int times);

 protected:
  transport::ManualClock clock;
  ClientConfig config;
  transport::MemoryScript client_script;  // what goes wrong at the client's end
  transport::MemoryScript server_script;
  std::size_t capacity = transport::MemoryStream::kCapacity;
};

}  // namespace postrider::client::testing
