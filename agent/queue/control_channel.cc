#include "postrider/agent/queue/control_channel.h"

#include <array>
#include <span>
#include <utility>

namespace postrider::agent {

using transport::Task;

namespace {

constexpr std::size_t kReadAtOnce = std::size_t{16} << 10;
constexpr transport::Duration kFarewell = std::chrono::seconds(1);

}  // namespace

Task<std::optional<std::string_view>> ControlChannel::read_line(transport::Duration patience) {
  stream_->expires_at(transport::later(loop_.now(), patience));
  buffer_.erase(0, std::exchange(taken_, 0));
  searched_ = 0;
  for (;;) {
    const std::size_t end = buffer_.find('\n', searched_);
    // The part of a line that is there already may be as long as a whole one.
    if ((end == std::string::npos ? buffer_.size() : end) > most_) {
      too_long_ = true;
      co_return std::nullopt;
    }
    if (end != std::string::npos) {
      taken_ = end + 1;
      co_return std::string_view(buffer_).substr(0, end);
    }
    searched_ = buffer_.size();
    std::array<char, kReadAtOnce> room;
    const std::span<char> into(room);
    const transport::IoResult in = co_await stream_->read_some(into);
    if (!in.done()) co_return std::nullopt;
    buffer_.append(room.data(), in.octets);
  }
}

Task<bool> ControlChannel::write(std::string line, transport::Duration patience) {
  stream_->expires_at(transport::later(loop_.now(), patience));
  const transport::error_code failure = co_await stream_->write_all(line);
  co_return !failure;
}

Task<void> ControlChannel::close() {
  stream_->expires_at(transport::later(loop_.now(), kFarewell));
  co_await stream_->close(transport::Closing::at_once);
}

}  // namespace postrider::agent
