// A message of the queue in JSON: what `postrider queue list --json` and `show --json` print, and what an
// agent tells over its control socket.
//
// Times are UTC as RFC 3339 5.6 writes them, with milliseconds, or null; addresses are plain text. Reading
// knows what writing made, and takes members that it does not know for those of a later version.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include <boost/json/object.hpp>

#include "postrider/agent/queue/queue_entry.h"

namespace postrider::agent {

// The members that interfaces promise: id, sender, size, arrived, state, recipients (address, state,
// attempts, next_attempt, last_reply). What a damaged one does not tell is null.
std::string list_json(const QueueEntry& entry);
// These, and everything else.
std::string show_json(const QueueEntry& entry);
// The same without any recipients, and one of these, to be sent in pieces.
std::string show_json_without_recipients(const QueueEntry& entry);
std::string show_json(const EntryRecipient& recipient);

// nullopt: it is none.
std::optional<QueueEntry> read_entry(const boost::json::object& object);
std::optional<EntryRecipient> read_recipient(const boost::json::object& object);

// "2026-11-21T22:31:04.120Z", of years 0 to 9999; what lies outside is their first or last moment.
std::string utc_text(queue::Time time);
std::optional<queue::Time> parse_utc(std::string_view text);

}  // namespace postrider::agent
