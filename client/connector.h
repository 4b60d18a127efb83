// Connects to whichever of a host's addresses answers first: "happy eyeballs", RFC 8305 5.
//
//   ConnectAnyOptions options;
//   options.deadline = transport::later(loop.now(), 60s);
//   ConnectResult result = co_await connect_any(loop, network, endpoints, options);
//   if (!result.stream) log(result.text());
//
// The addresses are tried in their order. The next attempt begins when the ones before have had `delay`
// without an answer, or at once when one of them fails. The first that completes wins; the others are
// stopped. Always ends by the deadline; a stop request, or a cancellation by Asio's own means, ends it early
// with operation_aborted.
//
// `loop` and `network` outlive every Task of the loop: an attempt that was stopped ends a moment later.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "postrider/transport/loop.h"
#include "postrider/transport/network.h"

namespace postrider::client {

using transport::Task;

// An address that could not be connected to, and why.
struct FailedAddress {
  transport::Endpoint to;
  transport::error_code error;
};
// "192.0.2.1:25: Connection refused"
std::string to_string(const FailedAddress& failed);

struct ConnectAnyOptions {
  ConnectAnyOptions() = default;

  // RFC 8305 8: a quarter of a second is recommended, a tenth is the least.
  transport::Duration delay = std::chrono::milliseconds(250);
  transport::Duration each = std::chrono::seconds(30);  // one attempt, at most
  transport::SteadyTime deadline = transport::kNever;   // all of them
  std::optional<transport::Endpoint> source_ipv4;       // the local address to connect from, by family
  std::optional<transport::Endpoint> source_ipv6;
  std::stop_token stop;  // requested from the loop's thread
};

struct ConnectResult {
  std::unique_ptr<transport::Stream> stream;  // nullptr: none
  transport::Endpoint to;                     // the address that answered
  // Those that did not, in the order in which that became clear. Whoever was stopped because another one had
  // won is not among them.
  std::vector<FailedAddress> failed;
  // Without a stream: timed_out (`deadline`), operation_aborted, what the last attempt failed of, or
  // host_not_found for an empty list.
  transport::error_code error;

  // "192.0.2.1:25: Connection refused, [2001:db8::1]:25: Connection timed out"
  std::string text() const;
};

Task<ConnectResult> connect_any(transport::Loop& loop, transport::Network& network,
                                std::vector<transport::Endpoint> endpoints, ConnectAnyOptions options);

}  // namespace postrider::client
