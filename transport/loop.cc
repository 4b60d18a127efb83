#include "postrider/transport/loop.h"

#include <algorithm>
#include <cassert>
#include <exception>
#include <thread>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/post.hpp>

namespace postrider::transport {
namespace {

// Descriptors and timers of a loop are used on its own thread, so Asio need not lock them; posting from other
// threads and opening descriptors there stay safe.
constexpr int kOneThread = BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO;

}  // namespace

// Called when a spawned task is over.
struct Loop::TaskEnded {
  Loop* loop;
  void operator()(const std::exception_ptr& failure) const {
    --loop->tasks_;
    if (loop->winding_down()) loop->tick_.cancel();
    if (failure) std::rethrow_exception(failure);
  }
};

Loop::Loop(Clock& clock)
    : clock_(clock),
      deadlines_(clock.steady_now()),
      context_(kOneThread),
      tick_(context_),
      work_(boost::asio::make_work_guard(context_)) {
  deadlines_.on_first([](void* loop) noexcept { static_cast<Loop*>(loop)->start_sweeping(); }, this);
}

Loop::~Loop() = default;

void Loop::spawn(Task<void> task) {
  ++tasks_;
  if (deadlines_.size() != 0) start_sweeping();
  boost::asio::co_spawn(context_, std::move(task), TaskEnded{this});
}

void Loop::post(std::move_only_function<void()> work) { boost::asio::post(context_, std::move(work)); }

Task<void> Loop::yield() { co_await boost::asio::post(context_, boost::asio::deferred); }

void Loop::run() { context_.run(); }

void Loop::stop() {
  boost::asio::post(context_, [this] {
    stopping_ = true;
    work_.reset();
    if (winding_down()) tick_.cancel();
  });
}

void Loop::halt() { context_.stop(); }

bool Loop::poll() {
  context_.restart();
  return context_.poll() != 0;
}

void Loop::expire() { deadlines_.sweep(clock_.steady_now()); }

void Loop::start_sweeping() noexcept {
  if (sweeping_ || winding_down() || !clock_.runs_by_itself()) return;
  sweeping_ = true;
  tick_.expires_after(Deadlines::kTick);
  tick_.async_wait([this](const boost::system::error_code& failure) {
    sweeping_ = false;
    if (!failure) on_tick();
  });
}

// The timer rests while nothing has a deadline.
void Loop::on_tick() {
  expire();
  if (deadlines_.size() != 0) start_sweeping();
}

Loops::Loops(std::size_t count, Clock& clock) {
  if (count == 0) count = std::max(1U, std::thread::hardware_concurrency());
  loops_.reserve(count);
  for (std::size_t index = 0; index < count; ++index) loops_.push_back(std::make_unique<Loop>(clock));
}

void Loops::run() {
  std::vector<std::jthread> threads;
  for (std::size_t index = 1; index < loops_.size(); ++index) {
    threads.emplace_back([loop = loops_[index].get()] { loop->run(); });
  }
  loops_.front()->run();
}

void Loops::stop() {
  for (auto& loop : loops_) loop->stop();
}

void Loops::halt() {
  for (auto& loop : loops_) loop->halt();
}

}  // namespace postrider::transport
