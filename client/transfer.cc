#include "postrider/client/transfer.h"

#include <algorithm>
#include <charconv>
#include <string>

namespace postrider::client {

using namespace protocol;

namespace {

constexpr EnhancedDetail kRequireTlsNeeded{7, 30};  // RFC 8689
constexpr EnhancedDetail kConversionNeeded{6, 3};   // RFC 3463 3.7: conversion required but not supported
constexpr EnhancedDetail kNotCapable{3, 3};         // RFC 3463 3.4: system not capable of selected features
constexpr EnhancedDetail kExpired{4, 7};            // RFC 3463 3.5: delivery time expired

bool has_non_ascii(const ForwardPath& to) noexcept { return !to.postmaster && to.mailbox.has_non_ascii(); }

// Why a message cannot go to anybody as text: what its line ends are is read differently by different
// servers, and in the difference a second message can hide.
std::string_view text_fault(const MessageFacts& facts) noexcept {
  if (!facts.inspected || facts.binary) return {};
  if (facts.flaws.bare_cr) return "Message has a bare carriage return";
  if (facts.flaws.bare_lf) return "Message has a bare line feed";
  if (facts.flaws.nul) return "Message has a NUL octet";
  return {};
}

// BY with what is left: in mode R not more, in mode N not less, so that the one or the other server is there
// to tell when it is over.
std::optional<DeliverBy> deliver_by(const Envelope& envelope, transport::SteadyTime now) {
  constexpr std::int64_t kMost = 999'999'999;  // RFC 2852 4
  std::optional<DeliverBy> out = envelope.mail().parameters.deliver_by;
  if (!out || !envelope.deadline()) return out;
  const transport::Duration wait = *envelope.deadline() - now;
  const auto left = out->mode == DeliverBy::Mode::return_mail
                        ? std::chrono::floor<std::chrono::seconds>(wait).count()
                        : std::chrono::ceil<std::chrono::seconds>(wait).count();
  out->seconds = static_cast<std::int32_t>(std::clamp<std::int64_t>(left, -kMost, kMost));
  return out;
}

// DELIVERBY's least by-time, RFC 2852 3; 0: there is none.
std::int64_t least_by_time(const Capabilities& offered) noexcept {
  const std::string_view text = offered.keyword_parameters("DELIVERBY").value_or(std::string_view());
  std::int64_t out = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), out);
  return read.ec == std::errc() && out > 0 ? out : 0;
}

// RFC 2852 4: in mode R a message goes only to who promises to keep the time, and to nobody when it is
// over.
std::optional<Reply> refuse_deadline(const std::optional<DeliverBy>& by, const Capabilities& offered) {
  if (!by || by->mode != DeliverBy::Mode::return_mail) return std::nullopt;
  if (by->seconds <= 0) return Reply(code::mailbox_unavailable, kExpired, "Delivery time expired");
  if (!offered.has(Extension::deliver_by)) {
    return Reply(code::mailbox_unavailable, kNotCapable, "DELIVERBY support required");
  }
  if (const std::int64_t least = least_by_time(offered); by->seconds < least) {
    return Reply(code::mailbox_unavailable, kExpired,
                 "The server needs " + std::to_string(least) + " seconds for a delivery, and " +
                     std::to_string(by->seconds) + " are left");
  }
  return std::nullopt;
}

std::optional<Reply> refuse_message(const Envelope& envelope, const MessageFacts& facts,
                                    const Capabilities& offered, const ClientConfig& config) {
  const Mail& mail = envelope.mail();
  const auto lacks = [&offered](Extension extension) { return !offered.has(extension); };
  if (const std::string_view fault = text_fault(facts); !fault.empty()) {
    return Reply(code::transaction_failed, status::other_content, fault);
  }
  if (const std::optional<std::uint64_t> most = offered.max_size(); most && *most != 0) {
    // RFC 1870 6.1: the server would say the same after we had sent it all.
    const std::uint64_t octets = facts.octets.value_or(mail.parameters.size.value_or(0));
    if (octets > *most) {
      return Reply(code::exceeded_storage, status::message_too_big,
                   "Message of " + std::to_string(octets) + " octets is larger than the " +
                       std::to_string(*most) + " that the server takes");
    }
  }
  if (lacks(Extension::smtputf8)) {
    if (mail.from.mailbox.has_non_ascii()) {  // RFC 6531 3.2
      return Reply(code::bad_mailbox_name, status::non_ascii_addresses,
                   "Sender address needs SMTPUTF8, which the server does not offer");
    }
    if (mail.parameters.smtputf8) {
      return Reply(code::transaction_failed, status::non_ascii_addresses,
                   "Message needs SMTPUTF8, which the server does not offer");
    }
  }
  if (facts.binary && (lacks(Extension::binarymime) || lacks(Extension::chunking) ||
                       lacks(Extension::eight_bit_mime))) {  // RFC 3030 3
    return Reply(code::transaction_failed, kConversionNeeded,
                 "Message needs BINARYMIME, which the server does not offer");
  }
  const bool eight_bit = facts.flaws.eight_bit || mail.parameters.body == BodyType::eight_bit_mime;
  if (eight_bit && !facts.binary && lacks(Extension::eight_bit_mime) &&
      config.eight_bit_to_seven == EightBitToSeven::refuse) {  // RFC 6152 3
    return Reply(code::transaction_failed, kConversionNeeded,
                 "Message needs 8BITMIME, which the server does not offer");
  }
  if (demands_tls(envelope) && lacks(Extension::require_tls)) {  // RFC 8689 4.2.1
    return Reply(code::mailbox_unavailable, kRequireTlsNeeded, "REQUIRETLS support required");
  }
  if (mail.parameters.future_release && lacks(Extension::future_release)) {  // it would be released at once
    return Reply(code::mailbox_unavailable, kNotCapable, "FUTURERELEASE support required");
  }
  return std::nullopt;
}

// What may be left out without breaking a promise is left out.
void drop_unoffered(MailParameters& parameters, const Capabilities& offered, ExtensionSet& left_out) {
  const auto drop = [&](bool used, Extension extension) {
    if (!used || offered.has(extension)) return false;
    left_out.add(extension);
    return true;
  };
  if (drop(!parameters.envid.empty() || parameters.ret, Extension::dsn)) {
    parameters.envid = LineText();
    parameters.ret.reset();
  }
  if (drop(!parameters.auth.empty(), Extension::auth)) parameters.auth = LineText();  // RFC 4954 5
  if (drop(parameters.mt_priority.has_value(), Extension::mt_priority)) parameters.mt_priority.reset();
  if (drop(parameters.deliver_by.has_value(), Extension::deliver_by)) parameters.deliver_by.reset();
  if (drop(parameters.require_tls, Extension::require_tls)) parameters.require_tls = false;  // of a report
}

std::optional<BodyType> body_type(const MessageFacts& facts, const MailParameters& asked,
                                  const Capabilities& offered) noexcept {
  if (facts.binary) return BodyType::binary_mime;
  if (!offered.has(Extension::eight_bit_mime)) return std::nullopt;
  // What was not looked at may have anything.
  if (!facts.inspected || facts.flaws.eight_bit) return BodyType::eight_bit_mime;
  return asked.body == BodyType::eight_bit_mime ? asked.body : std::nullopt;
}

Transfer choose_transfer(const MessageFacts& facts, std::uint64_t octets, const Capabilities& offered,
                         const ClientConfig& config) noexcept {
  if (!offered.has(Extension::chunking)) return Transfer::data;
  if (config.chunking == Chunking::when_needed && !facts.binary) return Transfer::data;
  if (!facts.octets || !facts.inspected) return Transfer::several_chunks;
  const bool pipelining = config.pipelining && offered.has(Extension::pipelining);
  const bool at_once = config.chunking == Chunking::at_once && pipelining && octets <= kChunkAtOnce;
  return at_once ? Transfer::chunk_at_once : Transfer::one_chunk;
}

}  // namespace

TransferPlan plan_transfer(const Envelope& envelope, const MessageFacts& facts, const Capabilities& offered,
                           const ClientConfig& config, transport::SteadyTime now) {
  TransferPlan plan;
  const std::optional<DeliverBy> by = deliver_by(envelope, now);
  plan.refusal = refuse_message(envelope, facts, offered, config);
  const bool unfit = plan.refusal.has_value();
  if (!unfit) plan.refusal = refuse_deadline(by, offered);
  if (plan.refusal) {
    // RFC 8689 4.2.1: another host of the destination may do it. So for DELIVERBY.
    const bool may_do = !unfit || plan.refusal->status() == kRequireTlsNeeded;
    plan.decision = may_do ? Decision::try_next_host : decide(Stage::mail, *plan.refusal);
    return plan;
  }
  plan.mail = envelope.mail();
  plan.mail.parameters.deliver_by = by;
  plan.binary = facts.binary;
  plan.add_line_end = !facts.binary && facts.inspected && !facts.ends_with_line;
  plan.octets = facts.octets.value_or(0) + (plan.add_line_end ? 2 : 0);
  plan.transfer = choose_transfer(facts, plan.octets, offered, config);

  MailParameters& parameters = plan.mail.parameters;
  drop_unoffered(parameters, offered, plan.left_out);
  if (!offered.has(Extension::size)) {
    parameters.size.reset();
  } else if (facts.octets) {
    parameters.size = plan.octets;  // RFC 1870 5
  }
  parameters.body = body_type(facts, envelope.mail().parameters, offered);
  const bool utf8_recipient = std::ranges::any_of(
      envelope.recipients(), [](const Envelope::Recipient& rcpt) { return has_non_ascii(rcpt->to); });
  if (offered.has(Extension::smtputf8) && (utf8_recipient || plan.mail.from.mailbox.has_non_ascii())) {
    parameters.smtputf8 = true;  // RFC 6531 3.4
  }
  parameters.used = extensions_of(parameters);
  return plan;
}

bool demands_tls(const Envelope& envelope) noexcept {
  return envelope.mail().parameters.require_tls && !envelope.mail().from.null;
}

Rcpt fit_recipient(const Rcpt& rcpt, const Capabilities& offered, ExtensionSet& left_out) {
  Rcpt fitted = rcpt;
  if (offered.has(Extension::dsn)) return fitted;
  if (!extensions_of(rcpt.parameters).has(Extension::dsn)) return fitted;
  left_out.add(Extension::dsn);
  fitted.parameters.notify = DsnNotify();
  fitted.parameters.orcpt_type = LineText();
  fitted.parameters.orcpt_address = LineText();
  fitted.parameters.used.remove(Extension::dsn);
  return fitted;
}

std::optional<Reply> refuse_recipient(const Rcpt& rcpt, const Capabilities& offered) {
  if (!has_non_ascii(rcpt.to) || offered.has(Extension::smtputf8)) return std::nullopt;
  return Reply(code::bad_mailbox_name, status::non_ascii_addresses,
               "Address needs SMTPUTF8, which the server does not offer");
}

}  // namespace postrider::client
