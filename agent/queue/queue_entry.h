// A message of the queue as it is shown: by `postrider queue`, in text and in JSON.
//
// Values; times are of the system's clock. What is shown is what was true when it was looked at.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "postrider/queue/message.h"
#include "postrider/queue/spool.h"

namespace postrider::agent {

enum class EntryState : std::uint8_t {
  ready,     // due, or waiting for its turn
  active,    // being tried right now
  deferred,  // due later
  held,      // not tried until somebody releases it
  damaged,   // its record cannot be read
};
std::string_view to_string(EntryState state) noexcept;
std::optional<EntryState> parse_entry_state(std::string_view name) noexcept;

struct EntryRecipient {
  std::string address;
  EntryState state = EntryState::ready;
  std::uint32_t attempts = 0;
  std::optional<queue::Time> next_attempt;  // nullopt: none is planned
  std::string last_reply;                   // one line; empty: none yet
  // What `show` tells as well.
  std::string last_host;
  std::string command;   // "RCPT TO:<bob@example.org> NOTIFY=NEVER"
  std::string original;  // empty: the same address
  std::string destination;
  bool delay_reported = false;

  friend bool operator==(const EntryRecipient&, const EntryRecipient&) = default;
};

struct QueueEntry {
  queue::MessageId id;
  EntryState state = EntryState::ready;
  std::string sender;  // empty for <>, and for a damaged one
  std::uint64_t size = 0;
  std::optional<queue::Time> arrived;  // nullopt: damaged
  std::vector<EntryRecipient> recipients;
  // What `show` tells as well.
  std::string why;      // damaged: what is wrong with it
  std::string command;  // "MAIL FROM:<alice@example.com> BODY=8BITMIME"
  std::optional<queue::Time> expires;
  std::optional<queue::Time> deliver_by;  // the sender's own deadline, RFC 2852
  bool returned_then = false;             // mode R: whoever waits then has failed
  int priority = 0;
  bool report = false;
  std::string user;

  friend bool operator==(const QueueEntry&, const QueueEntry&) = default;
};

// `active`: the destinations that are being tried now. The state of a message is the first of held, active,
// ready and deferred that is said of any of its recipients.
QueueEntry entry_of(const queue::QueuedMessage& message, const std::vector<std::string>& active,
                    queue::Time now);
QueueEntry entry_of(const queue::DamagedRecord& record);

}  // namespace postrider::agent
