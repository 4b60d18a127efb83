// One mail transaction of a session: envelope, identity, and its one line in the log.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <absl/container/flat_hash_map.h>

#include "postrider/agent/log/log.h"
#include "postrider/agent/maildir/maildir_store.h"
#include "postrider/agent/serve/delivery_wishes.h"
#include "postrider/agent/serve/mail_policy.h"
#include "postrider/agent/serve/trace_header.h"
#include "postrider/server/authenticator.h"
#include "postrider/server/handler.h"

namespace postrider::agent {

class QueueIntake;

// What all sessions of an agent share; outlives them.
struct AgentServices {
  MaildirStore& store;
  Log& log;
  server::Authenticator* authenticator = nullptr;  // for listeners that take submissions
  QueueIntake* queue = nullptr;                    // for what is not delivered at once
};

// Recipients of one message, once aliases are expanded: what one session may make us keep in memory. A client
// sends the others in another transaction.
inline constexpr std::size_t kMostExpandedRecipients = 10'000;

struct MailTransaction {
  struct Recipient {
    std::string address;   // without brackets
    std::string original;  // as the client gave it, where aliases say another; else empty
    std::optional<std::filesystem::path> mailbox;  // where it is delivered to at once, if it is
    std::string rcpt;                              // the command, as the queue keeps it
    std::string line;                              // where it waits in the queue; empty: it is discarded
    protocol::DsnNotify notify;                    // what of it the sender is to hear, RFC 3461 4.1
  };

  std::shared_ptr<const MailPolicy> policy;
  std::string id;  // session "-" number
  std::string hello;
  bool extended_hello = true;  // EHLO or LHLO, not HELO
  std::string peer_name;       // of the client's address, when a gateway told it
  std::string sender;          // without brackets; empty for <>
  std::string mail;            // the command, as the queue keeps it
  std::string user;            // the account; empty: nobody's
  bool smtputf8 = false;
  bool binary = false;       // BODY=BINARYMIME
  bool require_tls = false;  // REQUIRETLS
  DeliveryWishes wishes;
  std::vector<Recipient> recipients;
  // With aliases, where an RCPT can stand for several recipients, and several for one: those of each RCPT
  // that was accepted, by index. Without aliases there are none, and RCPT i is recipients[i].
  std::vector<std::vector<std::size_t>> rcpts;
  absl::flat_hash_map<std::string, std::size_t>
      known;  // with aliases: recipients, whatever way they are written
  transport::SteadyTime started;
  bool in_content = false;  // DATA or BDAT was accepted, and its end has not come
};

// Takes down where the copy goes; the verdict is no reply.
void place(MailTransaction::Recipient& recipient, RecipientVerdict verdict);

// How many RCPTs were accepted.
std::size_t accepted_rcpts(const MailTransaction& transaction) noexcept;

// What one RCPT stands for. Where aliases are in use, whoever is a recipient already stays one, once, and the
// sender hears of it as either RCPT wants it.
void add_recipient(MailTransaction& transaction, MailTransaction::Recipient recipient);
void add_expanded(MailTransaction& transaction, std::vector<MailTransaction::Recipient> recipients);

// Whether the queue has to take the message: somebody's copy goes to another server, its delivery has to be
// reported, or an RCPT of LMTP stands for several mailboxes, each of which is to get it once.
bool needs_queue(const MailTransaction& transaction) noexcept;

// What our Received line says of it.
TraceInfo trace_info(const server::ConnectionInfo& info, const MailTransaction& transaction);

// The line: session, id, peer, from, recipients, size, result, and how long it took since MAIL. `failed`
// recipients of an LMTP message got another reply than `result` says.
void log_message(Log& log, const server::ConnectionInfo& info, const MailTransaction& transaction,
                 std::string_view result, std::optional<std::uint64_t> size, std::size_t failed = 0);

}  // namespace postrider::agent
