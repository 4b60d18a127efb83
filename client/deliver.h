// One message over a connection of its own, for programs that have no event loop: connects, sends, says QUIT.
//
//   const DeliveryReport report = deliver(server, envelope, message);
//   if (!report.all_delivered()) std::cerr << report.text(0) << "\n";
//
// Blocks the calling thread until it is done; ClientConfig::timeouts bound that. Programs that send more than
// a little use Client, on a loop.
#pragma once

#include "postrider/client/config.h"
#include "postrider/client/delivery_report.h"
#include "postrider/client/envelope.h"
#include "postrider/client/message_source.h"
#include "postrider/transport/endpoint.h"

namespace postrider::client {

// Without a connection the report's `failure` says why, and every recipient has its decision. Throws
// std::invalid_argument when config.hello_name is no domain and no address literal.
DeliveryReport deliver(const transport::Endpoint& to, const Envelope& envelope, MessageSource& message,
                       ClientConfig config = {});

}  // namespace postrider::client
