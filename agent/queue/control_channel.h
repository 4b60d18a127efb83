// Lines in both directions over a stream: what a control server and its client have in common.
//
//   ControlChannel channel(loop, std::move(stream), kMaxControlRequest);
//   std::optional<std::string_view> line = co_await channel.read_line(std::chrono::minutes(5));
//
// Nothing is kept but one line and what came behind it. Each wait has its patience; whoever is slower is
// gone.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "postrider/transport/loop.h"
#include "postrider/transport/stream.h"

namespace postrider::agent {

class ControlChannel {
 public:
  // A line above `most` octets is not read. `loop` outlives the channel.
  ControlChannel(transport::Loop& loop, std::unique_ptr<transport::Stream> stream, std::size_t most)
      : loop_(loop), stream_(std::move(stream)), most_(most) {}

  // The next line without its end, valid until the next call. nullopt: closed, too slow, or too long.
  transport::Task<std::optional<std::string_view>> read_line(transport::Duration patience);
  bool too_long() const noexcept { return too_long_; }

  // False: closed, or too slow.
  transport::Task<bool> write(std::string line, transport::Duration patience);

  transport::Task<void> close();
  // From the loop's thread; what waits ends.
  void abort() noexcept { stream_->abort(); }

 private:
  transport::Loop& loop_;
  std::unique_ptr<transport::Stream> stream_;
  std::size_t most_;
  std::string buffer_;
  std::size_t taken_ = 0;     // of the buffer, by the line before
  std::size_t searched_ = 0;  // of the buffer, without a line end
  bool too_long_ = false;
};

}  // namespace postrider::agent
