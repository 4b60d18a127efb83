// The deadlines of one loop: a wheel of coarse ticks that is swept by one timer.
//
// Setting a deadline costs a store and a comparison as long as it moves later, which is what a connection
// does at every turn; the entry is looked at again only when its old slot comes round. So ten thousand idle
// connections cost next to nothing, where a re-armed timer each costs 0.3 microseconds a turn. A deadline
// fires at most two ticks late and never early. One thread only: that of the loop.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "postrider/transport/clock.h"

namespace postrider::transport {

class Deadlines {
  struct Link {
    Link* previous = nullptr;
    Link* next = nullptr;
  };

 public:
  static constexpr Duration kTick = std::chrono::milliseconds(125);
  static constexpr std::size_t kSlots =
      512;  // a horizon of 64 s; later deadlines are looked at once in that time

  // Something with a deadline. Derive from it; destruction takes it out of the wheel.
  class Entry : private Link {
   public:
    explicit Entry(Deadlines& deadlines) noexcept : deadlines_(deadlines) {}
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;

    SteadyTime deadline() const noexcept { return at_; }

   protected:
    virtual ~Entry() { deadlines_.unlink(*this); }

    // Replaces the deadline; kNever takes it away.
    void set_deadline(SteadyTime at) noexcept {
      at_ = at;
      if (at == kNever || (next != nullptr && at >= looked_at_)) return;
      deadlines_.link(*this);
    }

    // Called by sweep() once the deadline has passed; it is kNever again by then. May set a new one, and may
    // destroy this or any other entry.
    virtual void on_deadline() noexcept = 0;

   private:
    friend class Deadlines;

    Deadlines& deadlines_;
    SteadyTime at_ = kNever;
    SteadyTime looked_at_ =
        kNever;  // when linked: the start of the tick at which sweep() will look at this entry
  };

  explicit Deadlines(SteadyTime now) noexcept;
  ~Deadlines();
  Deadlines(const Deadlines&) = delete;
  Deadlines& operator=(const Deadlines&) = delete;

  // Fires every deadline that lies at or before `now`.
  void sweep(SteadyTime now) noexcept;

  // The earliest deadline, kNever without one. Looks at every entry: for simulations that jump to the next
  // event.
  SteadyTime next() const noexcept;

  std::size_t size() const noexcept { return size_; }

  // `wake` is called when the first entry arrives: the owner then starts its timer.
  void on_first(void (*wake)(void*) noexcept, void* context) noexcept {
    wake_ = wake;
    context_ = context;
  }

 private:
  void link(Entry& entry) noexcept;
  void unlink(Entry& entry) noexcept;
  void fire(Link& due, SteadyTime now) noexcept;
  std::int64_t tick_at_or_after(SteadyTime at) const noexcept;

  std::array<Link, kSlots> slots_;
  SteadyTime start_;
  std::int64_t swept_ = 0;  // ticks up to and including this one are done
  std::size_t size_ = 0;
  void (*wake_)(void*) noexcept = nullptr;
  void* context_ = nullptr;
};

}  // namespace postrider::transport
