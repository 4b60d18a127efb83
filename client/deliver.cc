#include "postrider/client/deliver.h"

#include <utility>

#include "postrider/client/client.h"
#include "postrider/transport/loop.h"
#include "postrider/transport/socket_network.h"

namespace postrider::client {
namespace {

DeliveryReport not_started(const Failure& failure, const Envelope& envelope) {
  DeliveryReport report;
  report.failure = failure;
  RecipientResult result;
  result.decision = failure.decision();
  result.stage = stage_of(failure.phase);
  result.reply = failure.reply;
  report.recipients.assign(envelope.recipients().size(), result);
  return report;
}

Task<void> run(Client& client, transport::Network& network, const transport::Endpoint& to,
               const Envelope& envelope, MessageSource& message, DeliveryReport& report) {
  const Outcome<void> connected = co_await client.connect(network, to);
  if (connected) {
    report = co_await client.send(envelope, message);
  } else {
    report = not_started(connected.error(), envelope);
  }
  co_await client.quit();
}

}  // namespace

DeliveryReport deliver(const transport::Endpoint& to, const Envelope& envelope, MessageSource& message,
                       ClientConfig config) {
  transport::Loop loop;
  transport::SocketNetwork network(loop);
  DeliveryReport report;
  Client client(loop, std::move(config));
  loop.spawn(run(client, network, to, envelope, message, report));
  loop.stop();
  loop.run();
  return report;
}

}  // namespace postrider::client
