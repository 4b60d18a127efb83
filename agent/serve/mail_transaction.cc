#include "postrider/agent/serve/mail_transaction.h"

#include <algorithm>

#include "postrider/transport/loop.h"
#include "postrider/transport/tls/info.h"

namespace postrider::agent {

bool needs_queue(const MailTransaction& transaction) noexcept {
  return std::ranges::any_of(transaction.recipients, [](const MailTransaction::Recipient& each) {
    return !each.line.empty() && (!each.mailbox || each.report_success);
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
  if (transaction.recipients.size() == 1) trace.recipient = transaction.recipients.front().address;
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
  line.add("from", "<" + transaction.sender + ">").add("recipients", transaction.recipients.size());
  if (transaction.recipients.size() == 1) line.add("to", "<" + transaction.recipients.front().address + ">");
  if (size) line.add("size", *size);
  line.add("result", result);
  if (failed != 0) line.add("failed", failed);
  line.add("took", std::chrono::nanoseconds(info.loop().now() - transaction.started));
  log.write(line);
}

}  // namespace postrider::agent
