#include "postrider/agent/serve/process_signals.h"

#include <csignal>
#include <utility>

namespace postrider::agent {
namespace {

constexpr int kLeave = SIGUSR1;  // ends our own thread

sigset_t watched() {
  sigset_t set;
  sigemptyset(&set);
  for (const int each : {SIGTERM, SIGINT, SIGHUP, kLeave}) sigaddset(&set, each);
  return set;
}

}  // namespace

void block_process_signals() {
  const sigset_t set = watched();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

SignalWatch::SignalWatch(std::function<void(int)> end, std::function<void()> reload) {
  thread_ = std::thread([end = std::move(end), reload = std::move(reload)] {
    const sigset_t set = watched();
    int times = 0;
    while (true) {
      int which = 0;
      if (sigwait(&set, &which) != 0) continue;
      if (which == kLeave) return;
      if (which == SIGHUP) {
        reload();
      } else {
        end(times++);
      }
    }
  });
}

SignalWatch::~SignalWatch() {
  pthread_kill(thread_.native_handle(), kLeave);
  thread_.join();
}

}  // namespace postrider::agent
