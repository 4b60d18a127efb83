// How long a client waits, in one table. The values of RFC 5321 4.5.3.2, which says that a client must not
// wait shorter by default, and Postfix's where it says nothing.
//
// Each wait has the time of its phase, counted from when the client begins to wait for that reply (or to
// write that block), and all waits of one transaction together have `transaction`: without it a server that
// answers every command at the last moment holds a message for days. One wait is not cut short by that sum:
// the one for the verdict after the content, because giving up there means delivering twice (RFC
// 5321 4.5.3.2.6).
#pragma once

#include <chrono>

#include "postrider/client/outcome.h"
#include "postrider/transport/clock.h"

namespace postrider::client {

struct Timeouts {
  using Duration = transport::Duration;

  Duration connect = std::chrono::seconds(30);
  Duration greeting = std::chrono::minutes(5);  // RFC 5321 4.5.3.2.1
  Duration hello = std::chrono::minutes(5);
  Duration start_tls = std::chrono::minutes(5);        // the reply, then the handshake
  Duration authentication = std::chrono::minutes(5);   // each reply; a server may delay a failure
  Duration mail = std::chrono::minutes(5);             // RFC 5321 4.5.3.2.2
  Duration rcpt = std::chrono::minutes(5);             // RFC 5321 4.5.3.2.3
  Duration data = std::chrono::minutes(2);             // RFC 5321 4.5.3.2.4
  Duration content = std::chrono::minutes(3);          // RFC 5321 4.5.3.2.5: each block
  Duration end_of_content = std::chrono::minutes(10);  // RFC 5321 4.5.3.2.6
  Duration reset = std::chrono::seconds(20);
  Duration quit = std::chrono::seconds(30);
  Duration transaction = std::chrono::hours(1);

  constexpr Duration of(Phase phase) const noexcept {
    switch (phase) {
      case Phase::connect: return connect;
      case Phase::greeting: return greeting;
      case Phase::hello: return hello;
      case Phase::start_tls: return start_tls;
      case Phase::authentication: return authentication;
      case Phase::mail: return mail;
      case Phase::rcpt: return rcpt;
      case Phase::data: return data;
      case Phase::content: return content;
      case Phase::end_of_content: return end_of_content;
      case Phase::reset: return reset;
      case Phase::quit: return quit;
    }
    return quit;
  }
};

}  // namespace postrider::client
