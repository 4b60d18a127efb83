// The sessions of one loop: starts them, counts them, ends them.
//
// Also the way to serve a single stream without a listener, as tests and inetd-like programs do:
//
//   Sessions sessions(loop, Service::make(config), factory);
//   loop.spawn(sessions.serve(std::move(stream)));
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "postrider/server/admission.h"
#include "postrider/server/config.h"
#include "postrider/server/counters.h"
#include "postrider/server/handler.h"
#include "postrider/transport/loop.h"
#include "postrider/transport/signal.h"
#include "postrider/transport/stream.h"

namespace postrider::server {

class Connection;

class Sessions {
 public:
  // `loop` and `factory` outlive every session. So does this object as long as the loop runs: sessions that a
  // halted loop still holds may be destroyed with the loop later. `first_id` and `id_step` let several loops
  // draw from one series of ids.
  Sessions(transport::Loop& loop, std::shared_ptr<const Service> service, HandlerFactory& factory,
           std::uint64_t first_id = 1, std::uint64_t id_step = 1);
  ~Sessions();
  Sessions(const Sessions&) = delete;
  Sessions& operator=(const Sessions&) = delete;

  // One whole session, from the greeting to the close.
  Task<void> serve(std::unique_ptr<transport::Stream> stream, Admission::Ticket ticket = {});

  // Sessions that begin from now on behave like this.
  void reconfigure(std::shared_ptr<const Service> service) noexcept { service_ = std::move(service); }

  // 421 to everyone who is not in the middle of a transaction, at once, and to the others when theirs is
  // over.
  void stop() noexcept;
  // 421 to the others as well, now. A handler that is at work is let finish.
  void stop_now() noexcept;
  bool stopping() const noexcept { return stopping_; }
  bool stopping_now() const noexcept { return stopping_now_; }
  // Until no session is left or the time has come.
  Task<transport::error_code> wait_empty(transport::SteadyTime until);

  std::size_t size() const noexcept { return size_; }
  LoopCounters& counters() noexcept { return counters_; }
  const LoopCounters& counters() const noexcept { return counters_; }
  transport::Loop& loop() noexcept { return loop_; }
  HandlerFactory& factory() noexcept { return factory_; }
  const std::shared_ptr<const Service>& service() const noexcept { return service_; }

 private:
  friend class Connection;

  void enter(Connection& connection) noexcept;
  void leave(Connection& connection) noexcept;
  SessionId next_id() noexcept;

  transport::Loop& loop_;
  std::shared_ptr<const Service> service_;
  HandlerFactory& factory_;
  std::uint64_t next_id_;
  std::uint64_t id_step_;
  LoopCounters counters_;
  transport::Signal empty_;
  Connection* first_ = nullptr;
  std::size_t size_ = 0;
  bool stopping_ = false;
  bool stopping_now_ = false;
};

}  // namespace postrider::server
