// Hands one message to the mail server of this machine.
#include <iostream>

#include "postrider/client/deliver.h"
using namespace postrider;

int main() {
  client::Envelope envelope = client::Envelope::from("me@localhost").value();
  envelope.add("you@localhost").value();
  client::MemoryMessage message("Subject: Hi\r\n\r\nFirst mail\r\n");
  const auto server = transport::Endpoint::parse("127.0.0.1:2525").value();
  const client::DeliveryReport report = client::deliver(server, envelope, message);
  std::cout << report.text(0) << "\n";
  return report.all_delivered() ? 0 : 1;
}
