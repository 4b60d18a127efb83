// Plays a whole input against a ServerSession, cut anywhere, and requires that it was answered as RFC 5321
// has it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "postrider/fuzz/support/choices.h"
#include "postrider/fuzz/support/require.h"
#include "postrider/fuzz/support/server_driver.h"
#include "postrider/fuzz/support/splits.h"
#include "postrider/fuzz/support/transcript.h"

namespace postrider::fuzz {

struct ServerRun {
  std::vector<std::string> events;
  std::string written;
  std::string messages;  // the content of each
  BothSides transcript;  // what it comes to
};

enum class Ending : std::uint8_t { end_of_input, shut_down };

// Who is refused too often, or talks for too long without bringing mail, is sent away.
inline void check_limits(const BothSides& said, const protocol::Limits& limits, const std::string& both) {
  std::uint32_t errors = 0;
  std::uint32_t idle = 0;
  for (const Exchange& exchange : said.exchanges) {
    if (exchange.kind == Exchange::Kind::greeting) continue;
    const bool positive = std::any_of(exchange.replies.begin(), exchange.replies.end(),
                                      [](const protocol::Reply& reply) { return reply.code().positive(); });
    if (exchange.kind == Exchange::Kind::content && positive) {
      errors = idle = 0;
    } else if (!exchange.replies.empty() && exchange.replies.back().code().permanent()) {
      ++errors;  // the last of a message's replies in LMTP counts for it
    }
    const protocol::Verb verb = protocol::parse_verb(exchange.line.substr(0, exchange.line.find(' ')));
    const bool command = exchange.kind == Exchange::Kind::command && positive;
    if (command && protocol::command_rule(verb).counts_as_idle) ++idle;
    require(errors <= limits.errors, "refused commands are counted\n  " + both);
    require(idle <= limits.commands_without_mail, "commands without mail are counted\n  " + both);
  }
}

inline BothSides check_transcript(const ServerDriver& driver, const protocol::ServerOptions& options) {
  const TranscriptOptions reading{
      .flavor = options.flavor,
      .limits = options.limits,
      .bare_line_feed_in_command = options.leniency.allows(protocol::Lenience::bare_line_feed_in_command),
      .convert_bare_endings = options.leniency.allows(protocol::Lenience::convert_bare_endings)};
  BothSides said = read_transcript(driver.consumed(), driver.written(), reading);
  const std::string both =
      "client: " + visible(driver.consumed()) + "\n  server: " + visible(driver.written());
  require(said.fault.empty(), said.fault + "\n  " + both);
  require_same_messages(said.messages, driver.messages());
  check_limits(said, options.limits, both);
  for (const Exchange& exchange : said.exchanges) {
    const bool cut_off = &exchange == &said.exchanges.back() && said.ended;
    require(cut_off || exchange.replies.size() == exchange.expected, "each command has its reply\n  " + both);
    // One that has come whole is unanswered only behind a 421.
    const bool shut =
        !exchange.replies.empty() && exchange.replies.back().code() == protocol::code::service_not_available;
    require(!exchange.whole || exchange.replies.size() == exchange.expected || shut,
            "each command that has come whole has its reply\n  " + both);
  }
  return said;
}

inline ServerRun play(const protocol::ServerOptions& options, std::string_view answers,
                      const protocol::ReplyView& greeting, std::string_view wire, const Cuts& cuts,
                      Ending ending) {
  const protocol::ServerProfile profile(options);
  OctetChoices choices(answers);
  ServerDriver driver(profile, choices);
  driver.greet(greeting);
  driver.receive({});
  std::size_t from = 0;
  for (std::size_t i = 0; i <= cuts.size(); ++i) {
    const std::size_t to = i == cuts.size() ? wire.size() : cuts[i];
    driver.receive(wire.substr(from, to - from));
    from = to;
  }
  if (!driver.closed()) ending == Ending::shut_down ? driver.shut_down() : driver.end_of_input();
  ServerRun session{driver.events(), driver.written(), "", check_transcript(driver, options)};
  for (const ReceivedMessage& message : driver.messages()) session.messages += message.octets + "|";
  return session;
}

// Behind a command that must end its group a strict session closes; what came before must be the same.
inline bool closed_by_pipelining(const ServerRun& session) {
  if (session.events.size() < 2) return false;
  const std::string& last = session.events[session.events.size() - 2];
  return last.starts_with("Refused(plaintext_after_starttls") ||
         last.starts_with("Refused(pipelining_violation");
}

inline std::string joined(const std::vector<std::string>& events) {
  std::string all;
  for (const std::string& event : events) all += event + "; ";
  return all;
}

inline void require_same(const ServerRun& whole, const ServerRun& cut) {
  if (!closed_by_pipelining(whole) && !closed_by_pipelining(cut)) {
    require_equal(joined(cut.events), joined(whole.events), "any cut gives the same events");
    require_equal(cut.written, whole.written, "and the same octets");
    require_equal(cut.messages, whole.messages, "and the same content");
    return;
  }
  // Who is given all at once sees every breach, so it closes first; its refusal and its end are its last
  // events.
  require(closed_by_pipelining(whole), "a breach that is seen in pieces is seen in the whole");
  const auto common =
      std::mismatch(whole.events.begin(), whole.events.end(), cut.events.begin(), cut.events.end());
  require(common.first - whole.events.begin() + 2 >= std::ssize(whole.events),
          "up to the first breach of pipelining any cut gives the same events\n  whole: " +
              joined(whole.events) + "\n  cut:   " + joined(cut.events));
}

}  // namespace postrider::fuzz
