// One event loop: a thread's worth of connections with their clock, deadlines and receive buffers.
//
// A connection lives and dies on one loop; nothing in it is locked. Only post(), stop() and halt() may be
// called from other threads. Loops runs several, one a thread.
//
//   Loop loop;
//   loop.spawn(session(std::move(stream)));
//   loop.stop();   // run() returns when every spawned task is done
//   loop.run();
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "postrider/transport/buffer_pool.h"
#include "postrider/transport/clock.h"
#include "postrider/transport/deadlines.h"
#include "postrider/transport/task.h"

namespace postrider::transport {

class Loop {
 public:
  // `clock` outlives the loop.
  explicit Loop(Clock& clock = RealClock::instance());
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Starts a task on this loop; it runs until its first wait before the next event is handled. From this
  // loop's thread, or before run(). An exception that leaves the task ends the program: it is a programming
  // error.
  void spawn(Task<void> task);

  // Runs `work` on the loop's thread, soon. From any thread.
  void post(std::move_only_function<void()> work);

  // Lets the events that are ready now go first.
  Task<void> yield();

  // Handles events until stop() was called and every task is done, or until halt().
  void run();
  // Lets run() return once nothing is left to do. From any thread.
  void stop();
  // Makes run() return after the event in hand; tasks are destroyed with the loop. From any thread.
  void halt();

  // Handles what is ready now, waits for nothing. For tests and simulations; says whether anything was done.
  bool poll();
  // Fires deadlines that have passed. A loop with a clock that runs by itself does this on its own.
  void expire();

  std::size_t tasks() const noexcept { return tasks_; }
  Clock& clock() noexcept { return clock_; }
  SteadyTime now() const noexcept { return clock_.steady_now(); }
  Deadlines& deadlines() noexcept { return deadlines_; }
  BufferPool& buffers() noexcept { return buffers_; }
  boost::asio::io_context& context() noexcept { return context_; }

 private:
  using Work = boost::asio::executor_work_guard<boost::asio::io_context::executor_type>;

  struct TaskEnded;

  void start_sweeping() noexcept;
  void on_tick();
  bool winding_down() const noexcept { return stopping_ && tasks_ == 0; }

  // The context is destroyed before what suspended tasks refer to: their frames go with it.
  Clock& clock_;
  Deadlines deadlines_;
  BufferPool buffers_;
  std::size_t tasks_ = 0;
  bool sweeping_ = false;
  bool stopping_ = false;
  boost::asio::io_context context_;
  boost::asio::steady_timer tick_;
  Work work_;
};

// Several loops, one a thread.
class Loops {
 public:
  // 0: one for each processor.
  explicit Loops(std::size_t count, Clock& clock = RealClock::instance());

  std::size_t size() const noexcept { return loops_.size(); }
  Loop& operator[](std::size_t index) noexcept { return *loops_[index]; }

  // Runs the first loop on the calling thread and each other one on a thread of its own; returns when all
  // have ended.
  void run();
  void stop();
  void halt();

 private:
  std::vector<std::unique_ptr<Loop>> loops_;
};

}  // namespace postrider::transport
