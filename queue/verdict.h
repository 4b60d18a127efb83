// What one attempt has come to for one recipient.
#pragma once

#include <cstdint>
#include <string>

#include "postrider/protocol/grammar/reply.h"

namespace postrider::queue {

struct Verdict {
  enum class Kind : std::uint8_t {
    delivered,  // somebody else is responsible now, or it is in its mailbox
    failed,     // for good
    deferred,   // a later attempt may do better
  };
  Kind kind = Kind::deferred;
  protocol::Reply reply;  // the peer's last word, or ours
  bool local = true;      // the reply is ours
  std::string host;       // whose word it is, "mx.example.org[192.0.2.1]:25"; empty: ours
  // Who has it now reports success by itself, RFC 3461 5.2.2; otherwise that is left to us.
  bool reports_success = false;
  // Who has it now keeps no deadline: RFC 2852 4, mode N.
  bool deadline_lost = false;
  // It left the realm of SMTP: to a mailbox. Success is "delivered" then, else "relayed".
  bool final_delivery = false;
  // An alias that the message has been passed on for, to several; RFC 3461 5.2.7.3.
  bool expanded = false;
};

}  // namespace postrider::queue
