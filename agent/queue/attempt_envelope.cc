#include "postrider/agent/queue/attempt_envelope.h"

#include <utility>

namespace postrider::agent {
namespace {

// The seconds are filled in by the client, when they are said.
protocol::DeliverBy as_parameter(const queue::DeliverBy& deliver_by) {
  protocol::DeliverBy out;
  out.seconds = 1;
  out.mode = deliver_by.returns ? protocol::DeliverBy::Mode::return_mail : protocol::DeliverBy::Mode::notify;
  out.trace = deliver_by.trace;
  return out;
}

}  // namespace

std::optional<client::Envelope> attempt_envelope(const Attempt& attempt,
                                                 const std::vector<std::size_t>& recipients, Hop hop,
                                                 Form form, transport::Loop& loop) {
  const auto kept = client::Envelope::Sender::parse(attempt.mail);
  if (!kept) return std::nullopt;
  protocol::Mail mail = **kept;
  if (form == Form::seven_bit) mail.parameters.body.reset();
  if (hop == Hop::store) mail.parameters.require_tls = false;
  if (hop == Hop::relay && attempt.deliver_by) mail.parameters.deliver_by = as_parameter(*attempt.deliver_by);
  mail.parameters.used = extensions_of(mail.parameters);
  auto sender = client::Envelope::Sender::copy(mail);
  if (!sender) return std::nullopt;
  client::Envelope envelope(*std::move(sender));
  if (mail.parameters.deliver_by) {
    const transport::Duration left = attempt.deliver_by->at - loop.clock().system_now();
    envelope.deliver_until(left > transport::Duration::zero() ? transport::later(loop.now(), left)
                                                              : loop.now() + left);
  }
  for (const std::size_t i : recipients) {
    auto recipient = client::Envelope::Recipient::parse(attempt.recipients[i]);
    if (recipient) envelope.add(*std::move(recipient));  // always: the route was found by it
  }
  return envelope;
}

}  // namespace postrider::agent
