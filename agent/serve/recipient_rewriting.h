// What aliases make of one RCPT: the recipients that it stands for.
//
// The DSN parameters go with it as RFC 3461 asks. One target gets them as they are (5.2.7.2). Of several each
// gets them without SUCCESS, and if that was asked for the sender is told once that the address was expanded
// (5.2.7.3 (c)): the last recipient is then one that waits in kExpandedLine. A RCPT without ORCPT gets one
// that names the address that came (5.2.1).
#pragma once

#include <cstddef>
#include <string>
#include <variant>
#include <vector>

#include "postrider/agent/serve/mail_policy.h"
#include "postrider/agent/serve/mail_transaction.h"
#include "postrider/protocol/grammar/command.h"
#include "postrider/protocol/grammar/reply.h"

namespace postrider::agent {

struct Rewritten {
  struct Refusal {
    std::string address;
    protocol::Reply reply;
  };
  std::vector<MailTransaction::Recipient> recipients;  // never empty
  std::size_t targets = 0;                             // of them: all, or all but the last
  std::vector<Refusal> refused;  // targets that no route takes; the others get their mail
};

// monostate: nothing is said of the address, and it stays as it is. A reply: the recipient is refused, since
// its aliases lead in a circle or to too many (then RFC 5321 3.9 leaves nothing between all and none), or
// since no target is left.
using Rewriting = std::variant<std::monostate, Rewritten, protocol::Reply>;

// `policy` has aliases.
Rewriting rewrite_recipient(const MailPolicy& policy, const protocol::Rcpt& rcpt);

}  // namespace postrider::agent
