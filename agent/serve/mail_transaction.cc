#include "postrider/agent/serve/mail_transaction.h"

#include <algorithm>
#include <array>
#include <utility>

#include "postrider/agent/serve/queued_command.h"
#include "postrider/protocol/grammar/owned.h"
#include "postrider/transport/loop.h"
#include "postrider/transport/tls/info.h"

namespace postrider::agent {
namespace {

using Recipient = MailTransaction::Recipient;

// The same for all ways to write an address; the alias of kExpandedLine is nobody else's.
std::string recipient_key(const Recipient& recipient) {
  std::string key(1, recipient.line == kExpandedLine ? 'x' : ' ');
  const auto mailbox = protocol::Mailbox::parse(recipient.address, protocol::Utf8::yes);
  if (!mailbox) return key + recipient.address;  // <Postmaster>
  std::array<char, protocol::kMaxLocalPart> buffer{};
  key.append(protocol::unquote_local_part(mailbox->local_part(), buffer)).push_back('\0');
  return key + folded(mailbox->host().text());
}

// Everything that either wants. Without NOTIFY the sender hears of failures and, from us, of delays.
protocol::DsnNotify both(const protocol::DsnNotify& a, const protocol::DsnNotify& b) {
  if (a.never || a == b) return b;
  if (b.never) return a;
  protocol::DsnNotify out;
  out.given = true;
  out.success = a.success || b.success;
  out.failure = !a.given || !b.given || a.failure || b.failure;
  out.delay = !a.given || !b.given || a.delay || b.delay;
  return out;
}

void merge(Recipient& into, const Recipient& again) {
  const protocol::DsnNotify notify = both(into.notify, again.notify);
  if (notify == into.notify) return;
  const auto rcpt = protocol::Owned<protocol::Rcpt>::parse(into.rcpt);
  if (!rcpt) return;  // it was written by us
  protocol::Rcpt changed = **rcpt;
  changed.parameters.notify = notify;
  into.rcpt = as_queued(changed);
  into.notify = notify;
}

// The RCPT that was the only one, as the client gave it.
const std::string& only_rcpt(const MailTransaction& transaction) {
  const Recipient& recipient = transaction.recipients.front();
  return recipient.original.empty() ? recipient.address : recipient.original;
}

}  // namespace

void place(Recipient& recipient, RecipientVerdict verdict) {
  if (auto* maildir = std::get_if<IntoMaildir>(&verdict)) {
    recipient.mailbox = std::move(maildir->mailbox);
    recipient.line = kMaildirLine;
  } else if (auto* queue = std::get_if<IntoQueue>(&verdict)) {
    recipient.line = std::move(queue->line);
  }
}

std::size_t accepted_rcpts(const MailTransaction& transaction) noexcept {
  return transaction.rcpts.empty() ? transaction.recipients.size() : transaction.rcpts.size();
}

void add_recipient(MailTransaction& transaction, Recipient recipient) {
  if (transaction.policy->aliases == nullptr) {
    transaction.recipients.push_back(std::move(recipient));
    return;
  }
  std::vector<Recipient> one;
  one.push_back(std::move(recipient));
  add_expanded(transaction, std::move(one));
}

void add_expanded(MailTransaction& transaction, std::vector<Recipient> recipients) {
  std::vector<std::size_t>& rcpt = transaction.rcpts.emplace_back();
  for (Recipient& each : recipients) {
    const auto [known, fresh] =
        transaction.known.try_emplace(recipient_key(each), transaction.recipients.size());
    rcpt.push_back(known->second);
    if (fresh) {
      transaction.recipients.push_back(std::move(each));
    } else {
      merge(transaction.recipients[known->second], each);
    }
  }
}

namespace {

// In LMTP each RCPT has a reply of its own, and one that stands for several mailboxes could be answered
// neither with 250 nor with 451 when it is in some of them alone. SMTP's one reply is for all of them or for
// none.
bool is_split(const MailTransaction& transaction) noexcept {
  if (transaction.policy->role != Role::lmtp) return false;
  const auto has_mailbox = [&](std::size_t recipient) {
    return transaction.recipients[recipient].mailbox.has_value();
  };
  return std::ranges::any_of(transaction.rcpts, [&](const std::vector<std::size_t>& rcpt) {
    return std::ranges::count_if(rcpt, has_mailbox) > 1;
  });
}

}  // namespace

bool needs_queue(const MailTransaction& transaction) noexcept {
  if (is_split(transaction)) return true;
  const bool held = transaction.wishes.hold_until.has_value();
  return std::ranges::any_of(transaction.recipients, [held](const MailTransaction::Recipient& each) {
    return !each.line.empty() && (held || !each.mailbox || each.notify.success);
  });
}

TraceInfo trace_info(const server::ConnectionInfo& info, const MailTransaction& transaction) {
  TraceInfo trace;
  trace.sender = transaction.sender;
  trace.hello = transaction.hello;
  trace.peer = info.peer();
  trace.hostname = transaction.policy->hostname;
  trace.flavor = transaction.policy->role == Role::lmtp ? protocol::Flavor::lmtp : protocol::Flavor::smtp;
  trace.peer_name = transaction.peer_name;
  trace.extended_hello = transaction.extended_hello;
  trace.smtputf8 = transaction.smtputf8;
  trace.authenticated = !transaction.user.empty();
  if (const transport::TlsInfo* tls = info.tls()) {
    trace.tls_version = to_string(tls->version);
    trace.tls_cipher = tls->cipher;
    trace.client_verified = tls->trust == transport::TlsTrust::trusted;
  }
  trace.id = transaction.id;
  if (accepted_rcpts(transaction) == 1) trace.recipient = only_rcpt(transaction);
  trace.time = info.loop().clock().system_now();
  return trace;
}

void log_message(Log& log, const server::ConnectionInfo& info, const MailTransaction& transaction,
                 std::string_view result, std::optional<std::uint64_t> size, std::size_t failed) {
  if (!log.enabled(LogLevel::info)) return;
  LogLine line(LogLevel::info, "message");
  line.add("session", info.id().to_string()).add("id", transaction.id);
  line.add("peer", info.peer().to_string()).add("hello", transaction.hello);
  if (!transaction.user.empty()) line.add("user", transaction.user);
  if (const transport::TlsInfo* tls = info.tls()) {
    line.add("tls", std::string(to_string(tls->version)) + " " + tls->cipher);
    if (tls->trust == transport::TlsTrust::trusted) line.add("certificate", tls->peer_subject);
  }
  line.add("from", "<" + transaction.sender + ">").add("recipients", accepted_rcpts(transaction));
  if (accepted_rcpts(transaction) == 1) line.add("to", "<" + only_rcpt(transaction) + ">");
  if (size) line.add("size", *size);
  line.add("result", result);
  if (failed != 0) line.add("failed", failed);
  line.add("took", std::chrono::nanoseconds(info.loop().now() - transaction.started));
  log.write(line);
}

}  // namespace postrider::agent
