// Things one behind the other, linked through themselves: nothing is allocated, and one leaves from the
// middle as cheaply as from an end.
//
//   Chain<DestinationLine, &DestinationLine::turn> due;
//   due.push_back(line);
//   for (DestinationLine* each = due.front(); each != nullptr; each = due.after(*each)) …
//
// A thing has a Link for every chain that it may be in at the same time. It belongs to somebody else, who
// takes it out before it goes.
#pragma once

#include <cstddef>

namespace postrider::queue {

template <class T>
struct Link {
  T* previous = nullptr;
  T* next = nullptr;
};

template <class T, Link<T> T::* kLink>
class Chain {
 public:
  T* front() const noexcept { return first_; }
  static T* after(const T& one) noexcept { return (one.*kLink).next; }
  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }

  void push_back(T& one) noexcept {
    (one.*kLink).previous = last_;
    (one.*kLink).next = nullptr;
    (last_ != nullptr ? (last_->*kLink).next : first_) = &one;
    last_ = &one;
    ++size_;
  }
  void remove(T& one) noexcept {
    const Link<T> was = one.*kLink;
    (was.previous != nullptr ? (was.previous->*kLink).next : first_) = was.next;
    (was.next != nullptr ? (was.next->*kLink).previous : last_) = was.previous;
    one.*kLink = {};
    --size_;
  }

 private:
  T* first_ = nullptr;
  T* last_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace postrider::queue
