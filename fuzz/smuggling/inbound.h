// One variant, said to the relay: what it answered.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "postrider/fuzz/smuggling/probe_message.h"
#include "postrider/fuzz/smuggling/variant.h"
#include "postrider/fuzz/wire/wire.h"
#include "postrider/transport/loop.h"
#include "postrider/transport/network.h"

namespace postrider::fuzz {

struct InboundOptions {
  InboundOptions() = default;

  transport::Endpoint relay;
  bool lmtp = false;
  transport::Duration wait = std::chrono::seconds(10);        // for each reply
  transport::Duration pause = std::chrono::milliseconds(50);  // between the writes of a split variant
};

struct InboundReply {
  unsigned code = 0;
  std::string text;  // "250 2.0.0 Ok": one line for people
};

struct InboundResult {
  bool reached = false;      // a connection came about
  bool not_offered = false;  // BDAT, and the relay has no CHUNKING
  std::string problem;       // why the content was never sent: "RCPT: 550 5.1.1 Nobody"; empty: it was
  // What came behind the content, without the answer to QUIT.
  std::vector<InboundReply> replies;
  WireOutcome end = WireOutcome::done;  // how the connection was when the last of them had come
};

// Ends within a bounded number of waits of `options.wait`. Opens a connection of its own.
Task<InboundResult> send_probe(transport::Loop& loop, transport::Network& network,
                               const InboundOptions& options, const Variant& variant,
                               const ProbeMessage& probe);

}  // namespace postrider::fuzz
