#include "postrider/agent/serve/recipient_rewriting.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "postrider/agent/serve/queued_command.h"
#include "postrider/protocol/grammar/xtext.h"

namespace postrider::agent {
namespace {

namespace code = protocol::code;
namespace status = protocol::status;
using protocol::LineText;
using protocol::Reply;

constexpr protocol::EnhancedDetail kRoutingLoop{4, 6};    // RFC 3463 3.5
constexpr protocol::EnhancedDetail kMisconfigured{3, 5};  // RFC 3463 3.4
constexpr std::size_t kMaxOrcptAddress = 500 - 7;         // RFC 3461 5.4, less the type and ';'

// For good: what is wrong stands in our configuration, and trying again would not change it.
Reply refusal_for(AliasFault fault) {
  if (fault == AliasFault::too_many) {
    return Reply(code::mailbox_unavailable, kMisconfigured, "The aliases here lead to too many addresses");
  }
  return Reply(code::mailbox_unavailable, kRoutingLoop, "The aliases here lead in a circle");
}

// The parameters for a target, with the text that they refer to.
class TargetParameters {
 public:
  TargetParameters(const protocol::Rcpt& rcpt, std::string_view original, bool alone)
      : parameters_(rcpt.parameters) {
    protocol::DsnNotify& notify = parameters_.notify;
    if (!alone && notify.success) {
      notify.success = false;
      // Who asked for nothing else wants to hear nothing else.
      notify.never = !notify.failure && !notify.delay;
    }
    if (parameters_.orcpt_type.empty() && !rcpt.to.postmaster) add_original(original);
  }
  TargetParameters(const TargetParameters&) = delete;
  TargetParameters& operator=(const TargetParameters&) = delete;

  const protocol::RcptParameters& get() const noexcept { return parameters_; }

 private:
  void add_original(std::string_view address) {
    const bool ascii =
        std::ranges::all_of(address, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
    if (ascii) {
      protocol::xtext_encode(address, text_);
    } else if (!protocol::utf8_address_encode(address, text_)) {  // RFC 6533 3
      return;
    }
    const auto line = LineText::from(text_);
    if (!line || text_.size() > kMaxOrcptAddress) return;
    parameters_.orcpt_type = ascii ? LineText("rfc822") : LineText("utf-8");
    parameters_.orcpt_address = *line;
  }

  protocol::RcptParameters parameters_;
  std::string text_;
};

// False: no command can name the address.
bool name_target(MailTransaction::Recipient& recipient, const TargetParameters& parameters) {
  const auto mailbox = protocol::Mailbox::parse(recipient.address, protocol::Utf8::yes);
  if (!mailbox) return false;
  recipient.rcpt = as_queued(protocol::Rcpt{protocol::ForwardPath{*mailbox, false}, parameters.get()});
  recipient.notify = parameters.get().notify;
  return true;
}

// The alias itself, whose sender wants to hear of it.
MailTransaction::Recipient expanded_alias(const protocol::Rcpt& rcpt, std::string_view original) {
  MailTransaction::Recipient recipient;
  recipient.address = original;
  protocol::Rcpt told = rcpt;
  told.parameters.notify = {};
  told.parameters.notify.given = true;
  told.parameters.notify.success = true;
  recipient.rcpt = as_queued(told);
  recipient.line = kExpandedLine;
  recipient.notify = told.parameters.notify;
  return recipient;
}

}  // namespace

Rewriting rewrite_recipient(const MailPolicy& policy, const protocol::Rcpt& rcpt) {
  std::array<char, protocol::kMaxLocalPart> buffer{};
  std::string_view local = "postmaster";
  std::string domain;
  if (rcpt.to.postmaster) {
    domain = policy.routes->postmaster_domain(policy.hostname).value_or("");
  } else {
    local = protocol::unquote_local_part(rcpt.to.mailbox.local_part(), buffer);
    domain = rcpt.to.mailbox.host().text();
  }
  const auto targets = policy.aliases->expand(local, domain, *policy.routes);
  if (!targets) return refusal_for(targets.error());
  if (targets->empty()) return std::monostate();
  const std::string original(rcpt.to.postmaster ? "postmaster" : rcpt.to.mailbox.text());
  Rewritten out;
  for (const AliasAddress& target : *targets) {
    MailTransaction::Recipient recipient;
    recipient.address = target.text();
    recipient.original = original;
    RecipientVerdict verdict = judge_address(policy, target.local, target.domain);
    if (auto* refusal = std::get_if<Reply>(&verdict)) {
      out.refused.emplace_back(std::move(recipient.address), std::move(*refusal));
      continue;
    }
    place(recipient, std::move(verdict));
    out.recipients.push_back(std::move(recipient));
  }
  const TargetParameters parameters(rcpt, original, out.recipients.size() == 1);
  std::erase_if(out.recipients, [&](MailTransaction::Recipient& each) {
    if (name_target(each, parameters)) return false;
    out.refused.emplace_back(each.address, Reply(code::mailbox_unavailable, status::bad_mailbox_syntax,
                                                 "No command can carry this address"));
    return true;
  });
  if (out.recipients.empty()) return std::move(out.refused.front().reply);
  out.targets = out.recipients.size();
  if (out.targets > 1 && rcpt.parameters.notify.success) {
    out.recipients.push_back(expanded_alias(rcpt, original));
  }
  return out;
}

}  // namespace postrider::agent
