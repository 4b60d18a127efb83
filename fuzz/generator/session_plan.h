// A client's session as data: what is written, where the writes are cut, what is waited for, and who owns
// each reply.
//
//   SeededChoices choices(seed);
//   const SessionPlan plan = make_session(choices, {});
//   for (const PlanStep& step : plan.steps) ...
//
// A step is played when its `when` holds: content of DATA, lines of an AUTH exchange and a handshake follow
// the reply that asks for them, unless the plan wants to be rude. Then its octets are written, in pieces that
// end at `cuts`, and as many replies are awaited as it has `owners`; after a step that is `loose` the number
// is unknown, and a moment of silence is waited for instead. All in all a server hears the same whatever the
// cuts are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "postrider/fuzz/generator/grammar.h"
#include "postrider/fuzz/support/choices.h"

namespace postrider::fuzz {

struct PlanStep {
  enum class When : std::uint8_t {
    always,
    after_354,  // the last reply was 354
    after_334,
    after_220,  // the last reply was 220: the answer to STARTTLS
  };
  std::string octets;
  std::vector<std::size_t> cuts{};    // offsets, ascending, each inside octets
  std::vector<std::string> owners{};  // of the replies, in order: "RCPT", "BDAT", "content", "AUTH line"
  When when = When::always;
  bool loose = false;       // how many replies there are depends on the reading of faults
  bool handshake = false;   // TLS begins; there are no octets
  bool half_close = false;  // the client's side ends behind the octets

  friend bool operator==(const PlanStep&, const PlanStep&) = default;
};

struct SessionPlan {
  std::vector<PlanStep> steps;

  friend bool operator==(const SessionPlan&, const SessionPlan&) = default;
};

struct SessionSettings {
  SessionSettings() = default;

  Words words{};
  bool tls = true;       // may say STARTTLS
  bool faults = true;    // octets may be mutated, and steps repeated, missing and swapped
  bool greeting = true;  // the session begins by waiting for the greeting (a step without octets)
};

// RFC 5321 4.5.3.1.8 wants 100 recipients; a session has no more steps than this.
inline constexpr std::size_t kMostSteps = 64;

// Ends with QUIT or the end of the client's side, so that a server knows that nothing more comes.
SessionPlan make_session(Choices& choices, const SessionSettings& settings);

// All that the client writes, in clear and inside TLS, one after the other, and where the steps begin.
std::string octets_of(const SessionPlan& plan);

}  // namespace postrider::fuzz
