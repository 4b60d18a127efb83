#include "postrider/queue/settlement.h"

#include <algorithm>
#include <utility>

#include "postrider/protocol/grammar/owned.h"
#include "postrider/queue/content_scan.h"

namespace postrider::queue {
namespace {

using protocol::Owned;

// RFC 3463 3.5: delivery time expired.
constexpr protocol::EnhancedDetail kExpired{4, 7};

protocol::DsnNotify notify_of(const QueuedRecipient& recipient) {
  const auto rcpt = Owned<protocol::Rcpt>::parse(recipient.rcpt);
  return rcpt ? (*rcpt)->parameters.notify : protocol::DsnNotify();
}

class Settler {
 public:
  Settler(QueuedMessage& message, const RetrySchedule& schedule, Time now)
      : message_(message), schedule_(schedule), now_(now), null_sender_(address_of(message.mail).empty()) {}

  // Whether the recipient stays.
  bool settle(QueuedRecipient& recipient, const Verdict& verdict) {
    note(recipient, verdict);
    switch (verdict.kind) {
      case Verdict::Kind::delivered: return deliver(recipient, verdict);
      case Verdict::Kind::failed: return fail(recipient, verdict);
      case Verdict::Kind::deferred: break;
    }
    return defer(recipient, verdict);
  }

  Settlement outcome;

 private:
  void note(QueuedRecipient& recipient, const Verdict& verdict) {
    ++recipient.attempts;
    recipient.last_reply = protocol::to_log_line(verdict.reply.view());
    recipient.last_host = verdict.local ? std::string() : verdict.host;
  }

  bool deliver(const QueuedRecipient& recipient, const Verdict& verdict) {
    if (verdict.expanded) {
      tell(recipient, ReportAction::expanded, verdict);
      return false;
    }
    ++outcome.delivered;
    // RFC 3461 5.2.2: whoever passed the request on leaves the report to the next host.
    const ReportAction action = verdict.final_delivery ? ReportAction::delivered : ReportAction::relayed;
    if (!verdict.final_delivery && relay_is_news(recipient, verdict)) {
      outcome.notices.emplace_back(recipient, action, verdict);
    } else if (verdict.final_delivery || !verdict.reports_success) {
      tell(recipient, action, verdict);
    }
    return false;
  }

  // RFC 2852 4: a trace is of every relay; who wants to hear of delays hears that nobody will tell of them.
  bool relay_is_news(const QueuedRecipient& recipient, const Verdict& verdict) const {
    if (!message_.deliver_by || null_sender_) return false;
    const protocol::DsnNotify notify = notify_of(recipient);
    if (message_.deliver_by->trace) return !notify.never;
    return verdict.deadline_lost && !message_.deliver_by->returns &&
           wants_report(notify, ReportAction::delayed, null_sender_);
  }

  bool fail(const QueuedRecipient& recipient, const Verdict& verdict) {
    ++outcome.failed;
    tell(recipient, ReportAction::failed, verdict);
    return false;
  }

  bool defer(QueuedRecipient& recipient, const Verdict& verdict) {
    if (now_ >= message_.expires) return fail(recipient, expired(verdict));
    ++outcome.deferred;
    // One last attempt when the time is over.
    recipient.next_attempt = schedule_.next_attempt(message_.id, recipient.attempts, now_, message_.expires);
    // In mode N of RFC 2852 the delay is told at the deadline.
    const bool told_otherwise = has_deadline_ahead(message_) && !message_.deliver_by->returns;
    if (!recipient.delay_reported && !told_otherwise && now_ >= schedule_.warns(message_.arrived)) {
      recipient.delay_reported = true;
      tell(recipient, ReportAction::delayed, verdict);
    }
    return true;
  }

  // The peer's last word is kept: it says why the time was not enough.
  static Verdict expired(const Verdict& last) {
    Verdict out = last;
    out.kind = Verdict::Kind::failed;
    if (last.local) {
      out.reply = protocol::Reply(protocol::code::local_error, kExpired,
                                  "Delivery time expired; last: " + protocol::to_log_line(last.reply.view()));
    }
    return out;
  }

  void tell(const QueuedRecipient& recipient, ReportAction action, const Verdict& verdict) {
    if (wants_report(notify_of(recipient), action, null_sender_)) {
      outcome.notices.emplace_back(recipient, action, verdict);
    }
  }

  QueuedMessage& message_;
  const RetrySchedule& schedule_;
  Time now_;
  bool null_sender_;
};

// Our word on a recipient at the deadline, with the last that was heard.
Verdict out_of_time(const QueuedRecipient& recipient, bool returns) {
  std::string text = returns ? "The time within which it was to be delivered is over"
                             : "Not delivered within the time that was asked for";
  if (!recipient.last_reply.empty()) text += "; last: " + recipient.last_reply;
  Verdict out;
  out.kind = returns ? Verdict::Kind::failed : Verdict::Kind::deferred;
  out.reply = protocol::Reply(protocol::code::local_error, kExpired, text);
  return out;
}

protocol::EnhancedStatus status_of(const Notice& notice, bool expired) {
  protocol::EnhancedStatus out;
  switch (notice.action) {
    case ReportAction::failed: out.klass = 5; break;
    case ReportAction::delayed: out.klass = 4; break;
    default: out.klass = 2; break;
  }
  if (notice.action == ReportAction::failed && expired) {
    out.code = kExpired;
  } else if (const auto detail = notice.verdict.reply.status()) {
    out.code = *detail;
  }
  return out;
}

ReportRecipient report_recipient(const QueuedMessage& message, const Notice& notice, Time now) {
  ReportRecipient out;
  out.address = address_of(notice.recipient.rcpt);
  out.original = notice.recipient.original;
  if (const auto rcpt = Owned<protocol::Rcpt>::parse(notice.recipient.rcpt)) {
    const protocol::RcptParameters& parameters = (*rcpt)->parameters;
    if (!parameters.orcpt_type.empty()) {
      out.original_type = parameters.orcpt_type.view();
      out.original = parameters.orcpt_address.view();
    }
  }
  out.action = notice.action;
  const bool expired = now >= message.expires && notice.verdict.reply.code().transient();
  out.status = status_of(notice, expired);
  if (!notice.verdict.local) {
    out.remote_mta = notice.verdict.host.substr(0, notice.verdict.host.find('['));
  }
  out.diagnostic = protocol::to_log_line(notice.verdict.reply.view());
  out.last_attempt = now;
  if (notice.action == ReportAction::delayed) out.will_retry_until = message.expires;
  return out;
}

}  // namespace

Settlement settle(QueuedMessage& message, std::string_view destination,
                  const std::vector<RecipientVerdict>& verdicts, const RetrySchedule& schedule, Time now) {
  Settler settler(message, schedule, now);
  std::erase_if(message.recipients, [&](QueuedRecipient& recipient) {
    if (recipient.destination != destination) return false;
    const auto found = std::ranges::find(verdicts, recipient.rcpt, &RecipientVerdict::rcpt);
    return found != verdicts.end() && !settler.settle(recipient, found->verdict);
  });
  Settlement outcome = std::move(settler.outcome);
  for (const QueuedRecipient& each : message.recipients) {
    if (each.destination != destination) continue;
    outcome.again = std::min(outcome.again.value_or(kNever), each.next_attempt);
  }
  return outcome;
}

Settlement settle_deadline(QueuedMessage& message, const std::vector<std::string>& tried) {
  Settlement outcome;
  const bool null_sender = address_of(message.mail).empty();
  const bool returns = message.deliver_by->returns;
  const auto tell = [&](QueuedRecipient& recipient) {
    const ReportAction action = returns ? ReportAction::failed : ReportAction::delayed;
    if (wants_report(notify_of(recipient), action, null_sender)) {
      outcome.notices.emplace_back(recipient, action, out_of_time(recipient, returns));
    }
  };
  if (!returns) {
    for (QueuedRecipient& each : message.recipients) {
      if (std::exchange(each.delay_reported, true)) continue;
      ++outcome.deferred;
      tell(each);
    }
    return outcome;
  }
  std::erase_if(message.recipients, [&](QueuedRecipient& recipient) {
    if (std::ranges::find(tried, recipient.rcpt) != tried.end()) return false;
    ++outcome.failed;
    tell(recipient);
    return true;
  });
  return outcome;
}

ReportRequest report_request(const QueuedMessage& message, const std::vector<Notice>& notices,
                             std::string_view hostname, std::string_view id, std::string_view content,
                             Time now) {
  ReportRequest out;
  out.hostname = hostname;
  out.id = id;
  out.now = now;
  out.sender = address_of(message.mail);
  out.arrived = message.arrived;
  if (message.deliver_by) out.deliver_by = message.deliver_by->at;
  out.content = content;
  out.content_octets = message.content.octets;
  if (const auto mail = Owned<protocol::Mail>::parse(message.mail)) {
    out.envelope_id = (*mail)->parameters.envid.view();
    out.ret = (*mail)->parameters.ret;
    // RFC 8689 5: of a message that requires TLS the header alone is returned.
    if ((*mail)->parameters.require_tls) out.ret = protocol::DsnReturn::headers;
    out.sender_takes_smtputf8 = (*mail)->parameters.smtputf8;
  }
  for (const Notice& each : notices) out.recipients.push_back(report_recipient(message, each, now));
  return out;
}

QueuedMessage report_envelope(const QueuedMessage& message, MessageId id, const DeliveryReport& report,
                              Time now, Duration lifetime) {
  QueuedMessage out;
  out.id = id;
  out.mail = "MAIL FROM:<>";  // RFC 3461 6.1
  const auto mail = Owned<protocol::Mail>::parse(message.mail);
  if (mail && (*mail)->parameters.require_tls) out.mail += " REQUIRETLS";  // RFC 8689 5
  if (report.needs_eight_bit) out.mail += " BODY=8BITMIME";
  if (report.needs_smtputf8) out.mail += " SMTPUTF8";
  out.arrived = now;
  out.expires = later(now, lifetime);
  out.report = true;
  ContentScan scan;
  scan.feed(report.content);
  out.content = scan.finish();
  QueuedRecipient& recipient = out.recipients.emplace_back();
  recipient.rcpt = "RCPT TO:<" + std::string(address_of(message.mail)) + ">";
  recipient.next_attempt = now;
  return out;
}

}  // namespace postrider::queue
