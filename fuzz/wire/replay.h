// Plays the client's side of a transcript against a live server, in the order of the transcript: nothing is
// sent before the server has said as many replies as it had then.
//
//   const ReplayReport report = co_await replay(loop, network, address, transcript, options);
//   for (const ReplayDifference& each : report.differences) ...
//
// Replies are compared by code and enhanced status, or octet by octet; and whether the server closed. `loop`,
// `network` and `transcript` outlive it.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "postrider/fuzz/transcript/transcript.h"
#include "postrider/fuzz/wire/wire.h"

namespace postrider::fuzz {

struct ReplayOptions {
  ReplayOptions() = default;

  bool timing = false;  // at the times of the transcript, and not as soon as possible
  bool exact = false;   // the octets of replies too
  transport::Duration patience = std::chrono::seconds(10);  // for one reply
  std::shared_ptr<const transport::TlsClientContext> tls = nullptr;
};

struct ReplayDifference {
  std::size_t connection = 0;  // from 0
  std::size_t reply = 0;       // of that connection, from 0: the greeting
  std::string after = {};      // what the client had sent last, escaped
  std::string recorded = {};   // for people
  std::string now = {};

  friend bool operator==(const ReplayDifference&, const ReplayDifference&) = default;
};

struct ReplayReport {
  std::string unreachable = {};  // why nothing was played; empty: something was
  std::size_t replies = 0;       // that were compared
  std::vector<ReplayDifference> differences = {};
  Transcript transcript = {};  // of what was said now
};

transport::Task<ReplayReport> replay(transport::Loop& loop, transport::Network& network,
                                     transport::Endpoint address, const Transcript& transcript,
                                     ReplayOptions options);

// The replies in what a server sent; a rest without an end is the last one, malformed.
std::vector<WireReply> replies_in(std::string_view octets);
// Whether they say the same, as `exact` has it.
bool same_reply(const WireReply& a, const WireReply& b, bool exact);

}  // namespace postrider::fuzz
