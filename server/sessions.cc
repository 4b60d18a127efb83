#include "postrider/server/sessions.h"

#include <utility>

#include "postrider/server/connection.h"

namespace postrider::server {
namespace {

using Need = Connection::Need;

// An exception out of a handler ends its session, not the server.
template <class Step>
Need attempt(Connection& connection, Step step) noexcept {
  try {
    return step();
  } catch (...) {
    return connection.failed();
  }
}

}  // namespace

Sessions::Sessions(transport::Loop& loop, std::shared_ptr<const Service> service, HandlerFactory& factory,
                   std::uint64_t first_id, std::uint64_t id_step)
    : loop_(loop),
      service_(std::move(service)),
      factory_(factory),
      next_id_(first_id),
      id_step_(id_step),
      empty_(loop) {}

Sessions::~Sessions() {
  for (Connection* connection = first_; connection != nullptr; connection = connection->next_) {
    connection->orphaned_ = true;
  }
}

SessionId Sessions::next_id() noexcept {
  const SessionId id{next_id_};
  next_id_ += id_step_;
  return id;
}

void Sessions::enter(Connection& connection) noexcept {
  connection.next_ = first_;
  if (first_ != nullptr) first_->previous_ = &connection;
  first_ = &connection;
  ++size_;
}

void Sessions::leave(Connection& connection) noexcept {
  if (connection.previous_ != nullptr) connection.previous_->next_ = connection.next_;
  if (connection.next_ != nullptr) connection.next_->previous_ = connection.previous_;
  if (first_ == &connection) first_ = connection.next_;
  if (--size_ == 0) empty_.notify();
}

void Sessions::stop() noexcept {
  stopping_ = true;
  for (Connection* connection = first_; connection != nullptr; connection = connection->next_)
    connection->nudge();
}

void Sessions::stop_now() noexcept {
  stopping_now_ = true;
  stop();
}

Task<void> Sessions::serve(std::unique_ptr<transport::Stream> stream, Admission::Ticket ticket) {
  Connection connection(*this, std::move(stream), std::move(ticket));
  Need need = attempt(connection, [&] { return connection.begin(); });
  while (need != Need::over) {
    switch (need) {
      case Need::input: {
        const transport::error_code waited = co_await connection.stream().wait_readable();
        need = attempt(connection, [&] { return connection.input_ready(waited); });
        break;
      }
      case Need::output: {
        const transport::error_code waited = co_await connection.stream().wait_writable();
        need = attempt(connection, [&] { return connection.output_ready(waited); });
        break;
      }
      case Need::handler: {
        co_await connection.await_handler();
        need = attempt(connection, [&] { return connection.answered(); });
        break;
      }
      case Need::upgrade: {
        co_await connection.await_upgrade();
        need = attempt(connection, [&] { return connection.upgraded(); });
        break;
      }
      case Need::closing:
      case Need::nothing:
      case Need::over: {
        co_await connection.stream().close(connection.closing());
        need = Need::over;
        break;
      }
    }
  }
}

Task<transport::error_code> Sessions::wait_empty(transport::SteadyTime until) {
  while (size_ != 0) {
    const transport::error_code failure = co_await empty_.wait(until);
    if (failure) co_return failure;
  }
  co_return transport::error_code();
}

}  // namespace postrider::server
