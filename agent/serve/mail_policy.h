// What a listener does with mail, and the answer to one recipient. Pure: no state, no I/O.
//
// A listener's policy is made from the configuration and never changes; a new configuration makes a new one,
// which the next transaction takes up.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "postrider/agent/alias/alias_table.h"
#include "postrider/agent/config/config.h"
#include "postrider/agent/config/network.h"
#include "postrider/agent/route/route_table.h"
#include "postrider/protocol/grammar/address.h"
#include "postrider/protocol/grammar/reply.h"
#include "postrider/transport/endpoint.h"
#include "postrider/transport/tls/provider.h"

namespace postrider::agent {

struct MailPolicy {
  std::string hostname;
  Role role = Role::mx;
  std::vector<Network> relay_from;
  std::shared_ptr<const RouteTable> routes;
  std::shared_ptr<const AliasTable> aliases;  // nullptr: there are none
  SenderCheck sender_check = SenderCheck::none;
  std::shared_ptr<const transport::TlsServerContext> tls;  // nullptr: the listener has none
};

// Whom mail comes from.
struct Origin {
  Origin(transport::Endpoint from, std::string account = {})  // NOLINT(google-explicit-constructor)
      : peer(std::move(from)), user(std::move(account)) {}

  transport::Endpoint peer;
  std::string user;  // the account that was logged in to; empty: nobody's
};

struct IntoMaildir {
  std::filesystem::path mailbox;
};
struct IntoNothing {};
// To another server.
struct IntoQueue {
  std::string line;  // see line_of()
};

// Where the recipient's copy goes, or why there is none.
using RecipientVerdict = std::variant<IntoMaildir, IntoNothing, IntoQueue, protocol::Reply>;

// Why this sender may not send: 530 5.7.0 without a login where one is needed, 553 5.7.1 with somebody else's
// address. nullopt: it may.
std::optional<protocol::Reply> judge_sender(const MailPolicy& policy, const protocol::ReversePath& from,
                                            std::string_view user);

// Where mail for an address goes, whoever sends it; `local` is without quotes.
RecipientVerdict judge_address(const MailPolicy& policy, std::string_view local, std::string_view domain);

// A domain that a route before the catch-all names is ours; everything else is relaying, for peers in
// relay_from and for users alone.
RecipientVerdict judge_recipient(const MailPolicy& policy, const protocol::ForwardPath& to,
                                 const Origin& origin);

// Whether mail from there may go to domains that are not ours.
bool may_relay(const MailPolicy& policy, const Origin& origin);

// The reply for an errno of the delivery: 452 4.3.1 when the disk is full, else 451 4.3.0.
protocol::Reply reply_to_failed_delivery(int error);

}  // namespace postrider::agent
