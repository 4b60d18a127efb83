#include "postrider/agent/serve/mail_transaction.h"

#include "postrider/transport/loop.h"
#include "postrider/transport/tls/info.h"

namespace postrider::agent {

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
