#include "postrider/agent/serve/mail_policy.h"

#include <algorithm>
#include <array>
#include <cerrno>

namespace postrider::agent {
namespace {

namespace code = protocol::code;
namespace status = protocol::status;
using protocol::Reply;

Reply relaying_denied() {
  return Reply(code::mailbox_unavailable, status::not_authorized, "We do not relay mail to this domain");
}

RecipientVerdict into(const Destination& destination, std::string_view local, std::string_view domain) {
  if (const auto* maildir = std::get_if<ToMaildir>(&destination)) {
    auto mailbox = maildir->path.expand(local, domain);
    if (!mailbox) {
      return Reply(code::mailbox_unavailable, status::bad_mailbox_syntax,
                   "This address can have no mailbox here");
    }
    return IntoMaildir{*std::move(mailbox)};
  }
  if (std::holds_alternative<Discard>(destination)) return IntoNothing{};
  if (const auto* reject = std::get_if<Reject>(&destination)) {
    return Reply(code::mailbox_unavailable, status::not_authorized, reject->reason);
  }
  return IntoQueue{line_of(destination, domain)};
}

// The account's own address: its name, or where that has no domain the local part.
bool is_own_address(std::string_view user, const protocol::Mailbox& mailbox) {
  if (user.find('@') != std::string_view::npos) return protocol::equal_ignoring_case(user, mailbox.text());
  std::array<char, protocol::kMaxLocalPart> buffer{};
  return protocol::equal_ignoring_case(user, protocol::unquote_local_part(mailbox.local_part(), buffer));
}

}  // namespace

std::optional<Reply> judge_sender(const MailPolicy& policy, const protocol::ReversePath& from,
                                  std::string_view user) {
  if (policy.role != Role::submission) return std::nullopt;
  if (user.empty()) return Reply(code::auth_required, status::security, "Authentication required");
  // A message program may send reports with <>, RFC 8098 3.
  if (policy.sender_check == SenderCheck::none || from.null || is_own_address(user, from.mailbox)) {
    return std::nullopt;
  }
  return Reply(code::bad_mailbox_name, status::not_authorized, "This is not an address of your account");
}

RecipientVerdict judge_address(const MailPolicy& policy, std::string_view local, std::string_view domain) {
  const auto match = policy.routes->find(domain);
  if (!match) return relaying_denied();
  return into(*match->destination, local, domain);
}

RecipientVerdict judge_recipient(const MailPolicy& policy, const protocol::ForwardPath& to,
                                 const Origin& origin) {
  if (to.postmaster) {
    const auto domain = policy.routes->postmaster_domain(policy.hostname);
    const auto match = domain ? policy.routes->find(*domain) : std::nullopt;
    if (!match) return Reply(code::mailbox_unavailable, status::bad_mailbox, "There is no postmaster here");
    return into(*match->destination, "postmaster", *domain);
  }
  const std::string_view domain = to.mailbox.host().text();
  const auto match = policy.routes->find(domain);
  if (!match || (!match->ours && !may_relay(policy, origin))) return relaying_denied();
  std::array<char, protocol::kMaxLocalPart> buffer{};
  const std::string_view local = protocol::unquote_local_part(to.mailbox.local_part(), buffer);
  return into(*match->destination, local, domain);
}

bool may_relay(const MailPolicy& policy, const Origin& origin) {
  if (!origin.user.empty()) return true;
  return origin.peer.is_ip() && contains(policy.relay_from, octets_of(origin.peer));
}

protocol::Reply reply_to_failed_delivery(int error) {
  if (error == ENOSPC || error == EDQUOT) {
    return Reply(code::insufficient_storage, status::system_full, "Disk full, try again later");
  }
  return Reply(code::local_error, status::mail_system, "Delivery failed here, try again later");
}

}  // namespace postrider::agent
