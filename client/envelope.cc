#include "postrider/client/envelope.h"

namespace postrider::client {

using protocol::Mailbox;
using protocol::Result;
using protocol::Utf8;

Result<Envelope> Envelope::from(std::string_view sender) {
  protocol::Mail mail;
  if (!sender.empty() && sender != "<>") {
    const Result<Mailbox> mailbox = Mailbox::parse(sender, Utf8::yes);
    if (!mailbox) return std::unexpected(mailbox.error());
    mail.from = {.mailbox = *mailbox, .null = false};
  }
  Result<Sender> owned = Sender::copy(mail);
  if (!owned) return std::unexpected(owned.error());
  return Envelope(std::move(*owned));
}

Result<void> Envelope::add(std::string_view recipient) {
  protocol::Rcpt rcpt;
  if (protocol::equal_ignoring_case(recipient, "postmaster")) {
    rcpt.to.postmaster = true;
  } else {
    const Result<Mailbox> mailbox = Mailbox::parse(recipient, Utf8::yes);
    if (!mailbox) return std::unexpected(mailbox.error());
    rcpt.to.mailbox = *mailbox;
  }
  Result<Recipient> owned = Recipient::copy(rcpt);
  if (!owned) return std::unexpected(owned.error());
  recipients_.push_back(std::move(*owned));
  return {};
}

}  // namespace postrider::client
