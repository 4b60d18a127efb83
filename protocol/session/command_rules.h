// Which command is legal when: everything that decides it for the server is in this table (RFC 5321 4.1.4).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "postrider/protocol/error.h"
#include "postrider/protocol/grammar/command.h"

namespace postrider::protocol {

// Where a ServerSession stands.
enum class State : std::uint8_t {
  banner,        // before greet()
  turned_away,   // after a 554 greeting: waits for QUIT, RFC 5321 3.1
  greeted,       // after the greeting, before EHLO
  ready,         // after EHLO, no transaction
  mail,          // MAIL accepted, no recipient yet
  rcpt,          // at least one recipient accepted
  chunking,      // between the chunks of a message
  chunk_failed,  // between chunks, after one was refused: only RSET, EHLO, QUIT and more chunks to refuse,
                 // RFC 3030 2
  data,          // inside DATA
  chunk,         // inside a chunk
  auth,          // inside an AUTH exchange
  tls,           // between the 220 to STARTTLS and the end of the handshake
  closed,
};
inline constexpr std::size_t kStateCount = static_cast<std::size_t>(State::closed) + 1;
std::string_view to_string(State state) noexcept;

class StateSet {
 public:
  template <class... S>
  constexpr explicit StateSet(S... states) noexcept : bits_((0u | ... | bit(states))) {}
  [[nodiscard]] constexpr bool has(State state) const noexcept { return (bits_ & bit(state)) != 0; }

 private:
  static constexpr unsigned bit(State state) noexcept { return 1u << static_cast<unsigned>(state); }
  unsigned bits_;
};

struct CommandRule {
  Verb verb;
  StateSet allowed;              // elsewhere: 503 5.5.1
  bool last_in_group;            // RFC 2920 3.1: nothing may be pipelined behind it
  bool closes_on_octets_behind;  // and what is behind it would be taken for something else, so the session
                                 // ends
  bool counts_as_idle;           // one of those that can be repeated for ever without mail:
                                 // Limits::commands_without_mail
};

extern const std::array<CommandRule, kVerbCount> kCommandRules;

const CommandRule& command_rule(Verb verb) noexcept;

// nullopt: allowed. Else hello_required or verb_not_allowed_now.
std::optional<Errc> refusal(Verb verb, State state) noexcept;
std::optional<Errc> refusal(VerbExtension::Moment moment, State state) noexcept;

}  // namespace postrider::protocol
