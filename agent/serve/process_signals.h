// SIGTERM, SIGINT and SIGHUP, waited for on a thread of their own.
//
//   block_process_signals();          // before any other thread is made, so that none of them is interrupted
//   …
//   const SignalWatch watch(end, reload);
//
// The functions are called on the watch's thread, one at a time. Its destructor waits for the one under way;
// the signals stay blocked after it, so that a late one does not kill a process that is winding up.
#pragma once

#include <functional>
#include <thread>

namespace postrider::agent {

// Also makes a write to a closed pipe an error instead of the end of the process.
void block_process_signals();

class SignalWatch {
 public:
  // `end` for SIGTERM and SIGINT, with the number of times that one came before; `reload` for SIGHUP.
  SignalWatch(std::function<void(int times)> end, std::function<void()> reload);
  ~SignalWatch();
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

 private:
  std::thread thread_;
};

}  // namespace postrider::agent
