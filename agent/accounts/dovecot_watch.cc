#include "postrider/agent/accounts/dovecot_watch.h"

#include <chrono>
#include <expected>
#include <utility>

namespace postrider::agent {
namespace {

using transport::Loop;
using transport::Task;

// A Dovecot that is there introduces itself at once; the start and the end of the program wait for it.
constexpr std::chrono::seconds kPatience{5};
constexpr std::chrono::seconds kWhileGone{2};
constexpr std::chrono::seconds kWhileThere{30};

}  // namespace

DovecotWatch::DovecotWatch(DovecotAuthenticator& authenticator, std::filesystem::path socket, Loop& loop,
                           Log& log, std::function<void()> changed)
    : authenticator_(authenticator),
      socket_(std::move(socket)),
      loop_(loop),
      log_(log),
      changed_(std::move(changed)),
      wanted_(loop) {}

void DovecotWatch::ask_first() {
  Loop first;
  first.spawn(ask_and_end(*this, first));
  first.run();
}

void DovecotWatch::start() { loop_.spawn(run()); }

void DovecotWatch::ask_again() {
  loop_.post([this] { wanted_.notify(); });
}

void DovecotWatch::stop() {
  loop_.post([this] {
    stopping_ = true;
    wanted_.notify();
  });
}

Task<void> DovecotWatch::run() {
  while (!stopping_) {
    const transport::Duration pause = reached_.value_or(false) ? kWhileThere : kWhileGone;
    const transport::SteadyTime until = transport::later(loop_.now(), pause);
    [[maybe_unused]] const transport::error_code woken = co_await wanted_.wait(until);
    if (!stopping_) co_await ask(loop_);
  }
}

Task<void> DovecotWatch::ask(Loop& loop) {
  const std::expected<void, std::string> answer = co_await authenticator_.refresh(loop, kPatience);
  note(answer);
}

Task<void> DovecotWatch::ask_and_end(DovecotWatch& watch, Loop& loop) {
  co_await watch.ask(loop);
  loop.stop();
}

void DovecotWatch::note(const std::expected<void, std::string>& answer) {
  const bool first = !reached_;
  const bool before = reached_.value_or(false);
  reached_ = answer.has_value();
  if (!answer) {
    if (!first && !before) return;
    LogLine line(LogLevel::warning, known_.empty()
                                        ? "Dovecot cannot be reached: no AUTH is offered until it is"
                                        : "Dovecot cannot be reached: AUTH is answered 454 until it is");
    line.add("accounts.dovecot", socket_.native()).add("reason", answer.error());
    log_.write(
        line.add("advice", "let Dovecot run with a unix_listener of service auth there that we may use"));
    return;
  }
  std::vector<std::string> mechanisms = authenticator_.mechanisms();
  const bool same = mechanisms == known_;
  if (before && same) return;
  known_ = std::move(mechanisms);
  std::string list;
  for (const std::string& each : known_) list.append(list.empty() ? "" : " ").append(each);
  LogLine line(known_.empty() ? LogLevel::warning : LogLevel::info, "Dovecot knows the accounts");
  log_.write(line.add("accounts.dovecot", socket_.native()).add("mechanisms", list));
  if (!same) changed_();
}

}  // namespace postrider::agent
