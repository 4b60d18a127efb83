#include "postrider/agent/load/load_job.h"

#include <algorithm>
#include <utility>

namespace postrider::agent {
namespace {

constexpr std::size_t kLine = 78;  // RFC 5322 2.1.1

// `octets` of body in lines, ended by CRLF (an end of two octets at least, if there is a body at all).
std::string make_content(std::string_view from, std::string_view to, std::uint64_t octets) {
  std::string content;
  content.append("From: <").append(from).append(">\r\nTo: <").append(to).append(">\r\n");
  content.append("Date: Sat, 21 Nov 2026 10:00:00 +0000\r\nMessage-Id: <load@postrider.example>\r\n");
  content.append("Subject: postrider load\r\n\r\n");
  const std::size_t end = content.size() + static_cast<std::size_t>(octets);
  content.reserve(end + 2);
  while (content.size() < end) {
    const std::size_t left = end - content.size();
    std::size_t line = std::clamp<std::size_t>(left, 2, kLine + 2);
    if (left == line + 1) --line;  // no line has one octet
    content.append(line - 2, 'X').append("\r\n");
  }
  return content;
}

}  // namespace

std::expected<LoadJob, std::string> LoadJob::make(const LoadOptions& options, transport::Endpoint server,
                                                  LoadTls tls) {
  const auto fault = [](std::string_view option, std::string_view value, const protocol::Error& why) {
    return std::unexpected(std::string(option) + " '" + std::string(value) +
                           "': " + std::string(to_string(why.code)));
  };
  protocol::Mail mail;
  if (!options.from.empty() && options.from != "<>") {
    const auto mailbox = protocol::Mailbox::parse(options.from);
    if (!mailbox) return fault("--from", options.from, mailbox.error());
    mail.from = {.mailbox = *mailbox, .null = false};
  }
  protocol::Rcpt rcpt;
  const auto mailbox = protocol::Mailbox::parse(options.to);
  if (!mailbox) return fault("--to", options.to, mailbox.error());
  rcpt.to.mailbox = *mailbox;
  auto owned_mail = OwnedMail::copy(mail);
  if (!owned_mail) return fault("--from", options.from, owned_mail.error());
  auto owned_rcpt = OwnedRcpt::copy(rcpt);
  if (!owned_rcpt) return fault("--to", options.to, owned_rcpt.error());
  return LoadJob(options, std::move(server), std::move(tls), std::move(*owned_mail), std::move(*owned_rcpt));
}

LoadJob::LoadJob(const LoadOptions& options, transport::Endpoint server, LoadTls tls, OwnedMail mail,
                 OwnedRcpt rcpt)
    : options_(options),
      server_(std::move(server)),
      tls_(std::move(tls)),
      mail_(std::move(mail)),
      rcpt_(std::move(rcpt)),
      mail_command_(*mail_),
      rcpt_command_(*rcpt_),
      content_(make_content(mail_->from.mailbox.text(), rcpt_->to.mailbox.text(), options.size)),
      left_(static_cast<std::int64_t>(std::min<std::uint64_t>(options.messages, INT64_MAX))) {}

LoadJob::LoadJob(LoadJob&& other) noexcept
    : options_(std::move(other.options_)),
      server_(std::move(other.server_)),
      tls_(std::move(other.tls_)),
      mail_(std::move(other.mail_)),
      rcpt_(std::move(other.rcpt_)),
      mail_command_(*mail_),
      rcpt_command_(*rcpt_),
      content_(std::move(other.content_)),
      left_(other.left_.load(std::memory_order_relaxed)) {}

}  // namespace postrider::agent
