// A message in the queue: its envelope, and how far each recipient's delivery has come.
//
// What is here is written into the spool (record.h) and shown by `postrider queue`. The content stands beside
// it in the spool and is never part of this. Recipients whose fate is decided (delivered, reported, or
// dropped) are not listed any more; a message without recipients is done and removed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "postrider/queue/message_id.h"
#include "postrider/queue/time.h"

namespace postrider::queue {

struct QueuedRecipient {
  std::string rcpt;         // the command without CRLF, "RCPT TO:<bob@example.org> NOTIFY=NEVER"
  std::string original;     // the address as the client gave it, where it was rewritten; else empty
  std::string destination;  // who waits in line together: "mx:example.org", "smtp://relay.example.com:25"
  std::uint32_t attempts = 0;
  Time next_attempt;
  bool delay_reported = false;
  std::string last_reply;  // of the last attempt: the peer's reply or ours, as one line; empty: none yet
  std::string last_host;   // whose reply that is, "mx.example.org[192.0.2.1]"; empty: ours

  friend bool operator==(const QueuedRecipient&, const QueuedRecipient&) = default;
};

// What the next hop has to be able to do, and what looking through the content again would tell.
struct ContentFacts {
  std::uint64_t octets = 0;
  bool eight_bit = false;  // octets above 127
  bool binary = false;     // came as BODY=BINARYMIME, RFC 3030 3: line ends mean nothing in it
  bool bare_cr = false;
  bool bare_lf = false;
  bool nul = false;
  bool long_line = false;         // a line above 998 octets and CRLF, RFC 5322 2.1.1
  bool ends_with_line = true;     // in CRLF, or there is nothing
  std::uint16_t hops = 0;         // Received fields in its header, RFC 5321 6.3
  bool eight_bit_header = false;  // UTF-8 in header fields: RFC 6532
  bool tls_optional = false;      // "TLS-Required: No" in its header, RFC 8689 3

  friend bool operator==(const ContentFacts&, const ContentFacts&) = default;
};

// By when a message is to be delivered, RFC 2852.
struct DeliverBy {
  Time at;
  bool returns =
      false;           // mode R: not later than that, and then it has failed; else mode N: its sender is told
  bool trace = false;  // its sender hears of every relay

  friend bool operator==(const DeliverBy&, const DeliverBy&) = default;
};

struct QueuedMessage {
  MessageId id;
  // The command without CRLF, "MAIL FROM:<alice@example.com> BODY=8BITMIME"; BY= stands in `deliver_by`.
  std::string mail;
  Time arrived;
  Time expires;  // then whoever is still waiting is reported as failed
  std::optional<DeliverBy> deliver_by;
  std::int8_t priority = 0;  // RFC 6710 3: -9 to 9
  bool held = false;         // nothing is tried until it is released
  bool report = false;       // made by us, about another message
  std::string user;          // the account that submitted it; empty: nobody's
  ContentFacts content;
  std::vector<QueuedRecipient> recipients;

  friend bool operator==(const QueuedMessage&, const QueuedMessage&) = default;
};

// The line in which a message waits for its deadline, beside those of its recipients.
inline constexpr std::string_view kDeadlineLine = "deadline";
// Whether something is to be done when the deadline comes: in mode R for as long as there are recipients, in
// mode N until the sender has been told about all of them. One of mode N that was over when the message came
// was told of by the server before us.
bool has_deadline_ahead(const QueuedMessage& message) noexcept;
// In mode R, from its deadline on: nobody may get the message any more.
bool is_too_late(const QueuedMessage& message, Time now) noexcept;

// The address of a MAIL or RCPT command without brackets, as `mail` and `rcpt` hold it; empty for <>.
std::string_view address_of(std::string_view command) noexcept;

}  // namespace postrider::queue
