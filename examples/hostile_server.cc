// How a client takes a server that misbehaves: each behaviour of the catalogue, and what was called delivered
// though the server did not take it. Exit status 1 when there was such a lie.
#include "postrider/fuzz/hostile/hostile_server.h"

#include <iostream>
#include <string>

#include "postrider/client/client.h"
#include "postrider/transport/memory_network.h"
using namespace postrider;

const auto kAt = transport::Endpoint::parse("192.0.2.1:25").value();

// The client under test. In a test of your own: whatever connects to `kAt`, or to a socket.
client::Task<void> send(transport::Loop& loop, transport::Network& network, bool& delivered, bool& done) {
  client::Envelope envelope = client::Envelope::from("me@example.org").value();
  envelope.add("you@example.net").value();
  // Larger than the connection holds, so that what is said before its end can be told from a verdict.
  std::string text = "Subject: Hi\r\n\r\n";
  while (text.size() < 200'000) text += "And so on.\r\n";
  client::MemoryMessage message(text);
  client::Client client(loop, client::ClientConfig());
  const client::Outcome<void> connected = co_await client.connect(network, kAt);
  if (connected) {
    const client::DeliveryReport report = co_await client.send(envelope, message);
    delivered = report.all_delivered();
  }
  co_await client.quit();
  done = true;
}

int main() {
  int lies = 0;
  for (const fuzz::Behaviour& each : fuzz::behaviours()) {
    transport::ManualClock clock;  // virtual time: five minutes of silence cost nothing
    transport::Loop loop(clock);
    transport::MemoryNetwork network(loop);
    fuzz::HostileOptions options;
    options.behaviour = &each;
    fuzz::HostileServer server(loop, network, options);
    if (!server.listen(kAt)) return 1;
    bool delivered = false;
    bool done = false;
    loop.spawn(send(loop, network, delivered, done));
    while (!done || server.open() != 0) {
      if (loop.poll()) continue;
      clock.advance(std::chrono::seconds(10));
      loop.expire();
    }
    bool taken = false;
    for (const auto& session : server.outcomes()) {
      for (const auto& message : session.messages) taken = taken || message.taken();
    }
    server.stop();
    while (loop.poll()) {
    }
    if (delivered && !taken) {
      std::cout << each.name << ": " << each.what << "\n";
      ++lies;
    }
  }
  std::cout << fuzz::behaviours().size() << " behaviours, " << lies << " called delivered and not taken\n";
  return lies == 0 ? 0 : 1;
}
