// A ClientSession and a ServerSession, joined by two wires that cut and delay their octets. What they say,
// what the server's handler answers and how the wires behave comes from one seed, and a seed replays exactly.
//
//   SessionPair pair(42, options);
//   pair.run();                      // ends the program, and names the seed, if the two disagree about
//   anything pair.counts().messages_taken
//
// The conversation fuzz target runs the same conversations from a fuzzer's octets
// (fuzz/support/conversation.h).
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

#include "postrider/fuzz/support/choices.h"
#include "postrider/fuzz/support/conversation.h"
#include "postrider/fuzz/support/require.h"
#include "postrider/fuzz/support/server_settings.h"

namespace postrider::protocol::testing {

// What happened, so that a test can tell that something did.
struct PairCounts {
  std::uint32_t messages_taken = 0;
  std::uint32_t messages_refused = 0;
  std::uint32_t recipients = 0;
  std::uint32_t chunks = 0;
  std::uint32_t helo_fallbacks = 0;
  std::uint32_t resets = 0;
  std::uint32_t handshakes = 0;
  std::uint32_t logins = 0;
  std::uint32_t pipelined = 0;  // the most that was under way at once
  std::uint32_t broke_off = 0;

  PairCounts& operator+=(const PairCounts& other) {
    messages_taken += other.messages_taken;
    messages_refused += other.messages_refused;
    recipients += other.recipients;
    chunks += other.chunks;
    helo_fallbacks += other.helo_fallbacks;
    resets += other.resets;
    handshakes += other.handshakes;
    logins += other.logins;
    pipelined = std::max(pipelined, other.pipelined);
    broke_off += other.broke_off;
    return *this;
  }
};

class SessionPair {
 public:
  SessionPair(std::uint64_t seed, const ServerOptions& options)
      : actions_(4 * seed),
        answers_(4 * seed + 1),
        network_(4 * seed + 2),
        profile_(options),
        conversation_(profile_, Limits{.in_flight = 16}, {actions_, answers_, network_}) {
    fuzz::trying() = "seed " + std::to_string(seed);
  }

  void run() {
    conversation_.run({code::service_ready, "mx.example.org ESMTP"});
    fuzz::trying().clear();
  }

  [[nodiscard]] const fuzz::ClientDriver& client() const { return conversation_.client(); }
  [[nodiscard]] const fuzz::ServerDriver& server() const { return conversation_.server(); }

  [[nodiscard]] PairCounts counts() const {
    using Kind = fuzz::Exchange::Kind;
    PairCounts counts;
    for (const fuzz::Exchange& exchange : client().exchanges()) {
      const bool positive = !exchange.replies.empty() && exchange.replies.front().code().positive();
      if (exchange.kind == Kind::chunk) ++counts.chunks;
      if (exchange.kind == Kind::content) ++(positive ? counts.messages_taken : counts.messages_refused);
      if (!positive) continue;
      if (exchange.line.starts_with("RCPT ")) ++counts.recipients;
      if (exchange.line.starts_with("HELO ")) ++counts.helo_fallbacks;
      if (exchange.line == "RSET") ++counts.resets;
      if (exchange.line == "STARTTLS") ++counts.handshakes;
      if (exchange.kind == Kind::auth_line || exchange.line.starts_with("AUTH ")) ++counts.logins;
    }
    counts.pipelined = conversation_.most_in_flight();
    counts.broke_off = conversation_.broke_off() ? 1 : 0;
    return counts;
  }

 private:
  fuzz::SeededChoices actions_;
  fuzz::SeededChoices answers_;
  fuzz::SeededChoices network_;
  ServerProfile profile_;
  fuzz::Conversation conversation_;
};

}  // namespace postrider::protocol::testing
