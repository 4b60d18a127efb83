// What of an envelope and a message one server can take, and how: the decisions of a transaction, made before
// it begins, without I/O.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "postrider/client/config.h"
#include "postrider/client/envelope.h"
#include "postrider/client/message_source.h"
#include "postrider/protocol/grammar/capabilities.h"
#include "postrider/protocol/grammar/command.h"
#include "postrider/protocol/grammar/delivery_decision.h"
#include "postrider/protocol/grammar/reply.h"

namespace postrider::client {

enum class Transfer : std::uint8_t {
  data,            // DATA, pipelined behind the RCPTs
  chunk_at_once,   // one BDAT with the whole message, in one write with the envelope
  one_chunk,       // the same once a recipient has been accepted
  several_chunks,  // the length is not known beforehand: a chunk for each slice
};

struct TransferPlan {
  protocol::Mail mail;  // with SIZE, BODY and SMTPUTF8 as they will be said; views into the envelope
  Transfer transfer = Transfer::data;
  bool binary = false;
  bool add_line_end = false;               // chunks: the message does not end its last line
  std::uint64_t octets = 0;                // chunk_at_once, one_chunk: in all, with that line end
  protocol::ExtensionSet left_out;         // see DeliveryReport
  std::optional<protocol::Reply> refusal;  // ours: the server cannot take this message, and is not asked
  protocol::Decision decision = protocol::Decision::proceed;  // what the refusal means
};

// `now` tells what is left until Envelope::deadline().
TransferPlan plan_transfer(const Envelope& envelope, const MessageFacts& facts,
                           const protocol::Capabilities& offered, const ClientConfig& config,
                           transport::SteadyTime now);

// Whether nobody may get the message but under TLS with everything that RFC 8689 4.2.1 asks for. A report,
// which comes from <>, says REQUIRETLS where it can and is sent in any case (RFC 8689 5): better told in a
// lesser way than not at all.
bool demands_tls(const Envelope& envelope) noexcept;

// The parameters of one RCPT as they will be said: without those of DSN where that is not offered.
protocol::Rcpt fit_recipient(const protocol::Rcpt& rcpt, const protocol::Capabilities& offered,
                             protocol::ExtensionSet& left_out);

// Our refusal of one recipient whom the server cannot take, RFC 6531 3.2: an address with UTF-8 without
// SMTPUTF8. Permanent, since the server will not learn it by waiting.
std::optional<protocol::Reply> refuse_recipient(const protocol::Rcpt& rcpt,
                                                const protocol::Capabilities& offered);

}  // namespace postrider::client
