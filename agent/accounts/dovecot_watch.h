// Knows whether a Dovecot is there and which mechanisms it has: asks at the start, when it is told to, and
// from time to time, more often as long as it gets no answer.
//
//   DovecotWatch watch(authenticator, socket, loop, log, [&agent] { agent.offer_again(); });
//   watch.ask_first();   // before loop.run(): waits for the answer, or seconds
//   watch.start();       // before loop.run() as well: goes on from then on
//   watch.ask_again();   // from any thread
//   watch.stop();        // from any thread: the loop may end
//
// That Dovecot goes and comes is a line in the log each. While it is gone nothing is withdrawn: AUTH is
// answered 454, which clients try again, and with a Dovecot that was never there it is not offered.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "postrider/agent/accounts/dovecot_authenticator.h"
#include "postrider/agent/log/log.h"
#include "postrider/transport/loop.h"
#include "postrider/transport/signal.h"

namespace postrider::agent {

class DovecotWatch {
 public:
  // `changed` hears, on the loop's thread or that of ask_first(), that there are other mechanisms than
  // before. The references outlive the watch, and the watch the loop's run().
  DovecotWatch(DovecotAuthenticator& authenticator, std::filesystem::path socket, transport::Loop& loop,
               Log& log, std::function<void()> changed);

  void ask_first();
  void start();
  void ask_again();
  void stop();

 private:
  transport::Task<void> run();
  transport::Task<void> ask(transport::Loop& loop);
  static transport::Task<void> ask_and_end(DovecotWatch& watch, transport::Loop& loop);
  void note(const std::expected<void, std::string>& answer);

  DovecotAuthenticator& authenticator_;
  std::filesystem::path socket_;
  transport::Loop& loop_;
  Log& log_;
  std::function<void()> changed_;
  transport::Signal wanted_;
  std::optional<bool> reached_;  // the last time; nullopt: it was not tried
  std::vector<std::string> known_;
  bool stopping_ = false;
};

}  // namespace postrider::agent
