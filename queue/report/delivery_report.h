// Writes delivery reports (delivery status notifications): what tells a sender what became of a message, as
// RFC 3464 in the multipart/report of RFC 6522, with the UTF-8 forms of RFC 6533.
//
//   if (wants_report(rcpt.parameters.notify, ReportAction::failed, sender.empty())) {
//     ReportRequest request;
//     request.hostname = "mail.example.com";
//     request.id = id.to_string();                    // … sender, recipients, content
//     DeliveryReport report = make_report(request);   // goes to `sender` from <>, RFC 3461 6.1
//   }
//
// Whatever octets the peer's replies and the addresses have, the report is a well-formed message: no field is
// added by them, no line has more than 998 octets, and no part ends early.
//
// There are three forms. Where nothing but ASCII is to be told, the plain one. Where there is UTF-8 in
// addresses or in the header of the message, and the sender takes SMTPUTF8: message/global-delivery-status
// and its like, in 8 bits. Where the sender's address is ASCII and nothing is known of the way to it: ASCII
// alone, with addresses as utf-8-addr-xtext (RFC 6533 3) and UTF-8 encoded. The content of a returned message
// may still have 8 bits; see `needs_eight_bit`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "postrider/protocol/grammar/enhanced_status.h"
#include "postrider/protocol/grammar/parameters.h"
#include "postrider/queue/time.h"

namespace postrider::queue {

// RFC 3464 2.3.3
enum class ReportAction : std::uint8_t {
  failed,
  delayed,
  delivered,
  relayed,   // to a host that sends no such reports, RFC 3461 5.2.2
  expanded,  // to several addresses, RFC 3461 5.2.7.3
};
std::string_view to_string(ReportAction action) noexcept;

struct ReportRecipient {
  std::string address;        // to which it was to be delivered: Final-Recipient
  std::string original_type;  // ORCPT: its address type, "rfc822"; empty: no ORCPT
  // With a type, the address of ORCPT as received, in xtext or a form of RFC 6533 3. Without: the address as
  // the sender wrote it, before it was rewritten; empty: the same.
  std::string original;
  ReportAction action = ReportAction::failed;
  protocol::EnhancedStatus status;
  // Who gave the reply: "mx.example.org[192.0.2.1]", or "unix:/run/lmtp", which is told to nobody outside.
  // Empty: we ourselves.
  std::string remote_mta;
  std::string diagnostic;                // the peer's whole reply, "550 5.1.1 No such user", or our reason
  std::optional<Time> last_attempt;      // none yet
  std::optional<Time> will_retry_until;  // of a delayed one alone: RFC 3464 2.3.9

  bool is_of_a_socket_here() const noexcept { return remote_mta.starts_with("unix:"); }
};

struct ReportRequest {
  std::string hostname;  // ours, in ASCII
  std::string id;        // unique, of 0-9 a-z: in Message-ID and boundary
  Time now;
  std::string sender;       // of the message, to whom the report goes; never empty
  std::string envelope_id;  // ENVID as received, in xtext; empty: none
  Time arrived;
  std::optional<Time> deliver_by;           // when it was to be delivered, RFC 2852
  std::vector<ReportRecipient> recipients;  // at least one
  // Of the message: its beginning, at least kReturnedHeader octets of it or all, and all of it when
  // `content_octets` is kReturnedContent or less. Outlives the call.
  std::string_view content;
  std::uint64_t content_octets = 0;        // of the whole
  std::optional<protocol::DsnReturn> ret;  // RET as received; none: the header is enough
  // The sender is known to take SMTPUTF8. It is, whatever this says, when its own address has UTF-8.
  bool sender_takes_smtputf8 = false;
};

// RET=FULL is honoured up to this size; of a larger message the header is returned. The sender has it anyhow,
// reports stay in memory until they are durable, and whoever forges a sender must not have us send the
// mailbox of a stranger 50 MiB. Other servers draw the line at the same place.
inline constexpr std::size_t kReturnedContent = std::size_t{50} << 10;
// Of a longer header the beginning: whole fields.
inline constexpr std::size_t kReturnedHeader = std::size_t{32} << 10;

struct DeliveryReport {
  std::string content;           // with CRLF
  bool needs_eight_bit = false;  // goes as BODY=8BITMIME (RFC 6152)
  bool needs_smtputf8 = false;   // goes with SMTPUTF8 (RFC 6531): it or its recipient has UTF-8
};

DeliveryReport make_report(const ReportRequest& request);

// Whether the sender is to hear that a recipient's delivery came to `action`. RFC 3461 4.1: as NOTIFY says;
// without it about failures and delays. Never about a message that came from <>, RFC 5321 4.5.5.
bool wants_report(const protocol::DsnNotify& notify, ReportAction action, bool sender_is_null) noexcept;

}  // namespace postrider::queue
