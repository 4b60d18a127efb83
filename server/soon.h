// A value at once, or a task that gives it.
//
// What a handler says to a command is mostly known at once, and a coroutine for each command would cost more
// than the command. So every question is answered by a Soon: return the value, or return the Task of a named
// coroutine.
//
//   Soon<Verdict> look(std::string_view name) {
//     if (known(name)) return Verdict::yes;
//     return look_up(std::string(name));      // Task<Verdict>
//   }
#pragma once

#include <optional>
#include <utility>
#include <variant>

#include "postrider/transport/task.h"

namespace postrider::server {

template <class T>
class Soon {
 public:
  Soon(T value) : state_(std::move(value)) {}                 // NOLINT(google-explicit-constructor)
  Soon(transport::Task<T> task) : state_(std::move(task)) {}  // NOLINT(google-explicit-constructor)

  bool is_ready() const noexcept { return std::holds_alternative<T>(state_); }
  T& value() { return std::get<T>(state_); }                               // when is_ready()
  transport::Task<T> task() && { return std::move(std::get<1>(state_)); }  // otherwise

 private:
  std::variant<T, transport::Task<T>> state_;
};

template <>
class Soon<void> {
 public:
  Soon() = default;
  Soon(transport::Task<void> task) : task_(std::move(task)) {}  // NOLINT(google-explicit-constructor)

  bool is_ready() const noexcept { return !task_.has_value(); }
  transport::Task<void> task() && { return std::move(*task_); }

 private:
  std::optional<transport::Task<void>> task_;
};

}  // namespace postrider::server
