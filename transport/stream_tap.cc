#include "postrider/transport/stream_tap.h"

#include <algorithm>
#include <string>
#include <utility>

#include "postrider/transport/loop.h"

namespace postrider::transport {
namespace {

class TappedStream final : public Stream {
 public:
  TappedStream(Loop& loop, std::unique_ptr<Stream> inner, std::shared_ptr<StreamTap> tap)
      : Stream(loop.deadlines()), inner_(std::move(inner)), tap_(std::move(tap)) {
    inner_->expires_at(kNever);
  }
  ~TappedStream() override { finished(); }

  IoResult try_read(std::span<char> into) override {
    const IoResult result = inner_->try_read(into);
    if (tap_ && result.done()) tap_->on_received(std::string_view(into.data(), result.octets));
    if (result.status == IoStatus::end) ended(error::eof);
    if (result.status == IoStatus::failed) ended(result.error);
    return result;
  }

  IoResult try_write(std::span<const std::string_view> pieces) override {
    const IoResult result = inner_->try_write(pieces);
    if (tap_ && result.done()) tell_sent(*tap_, pieces, result.octets);
    if (result.status == IoStatus::failed) ended(result.error);
    return result;
  }

  Task<error_code> wait_readable() override {
    if (expired()) co_return error::timed_out;
    const error_code failure = co_await inner_->wait_readable();
    co_return failure == error::operation_aborted ? why_ended() : failure;
  }
  Task<error_code> wait_writable() override {
    if (expired()) co_return error::timed_out;
    const error_code failure = co_await inner_->wait_writable();
    co_return failure == error::operation_aborted ? why_ended() : failure;
  }

  void cancel() noexcept override { inner_->cancel(); }
  Task<void> close(Closing how) override {
    finished();
    inner_->expires_at(deadline());
    co_await inner_->close(how);
  }
  void abort() noexcept override {
    finished();
    inner_->abort();
  }
  void finish_writing() noexcept override {
    finished();
    inner_->finish_writing();
  }
  void reset() noexcept override {
    finished();
    inner_->reset();
  }

  const Endpoint& peer() const noexcept override { return inner_->peer(); }
  Endpoint local() const override { return inner_->local(); }
  void stand_for(const Endpoint& peer, const Endpoint& local) override { inner_->stand_for(peer, local); }
  const TlsInfo* tls() const noexcept override { return inner_->tls(); }
  std::shared_ptr<StreamTap> take_tap() noexcept override { return std::move(tap_); }

 private:
  void ended(const error_code& why) {
    if (tap_ && !std::exchange(ended_, true)) tap_->on_end(why);
  }
  void finished() noexcept {
    if (tap_ && !std::exchange(finished_, true)) tap_->on_finished();
  }

  std::unique_ptr<Stream> inner_;
  std::shared_ptr<StreamTap> tap_;  // until TLS takes it
  bool ended_ = false;
  bool finished_ = false;
};

}  // namespace

std::unique_ptr<Stream> tapped(Loop& loop, std::unique_ptr<Stream> stream, std::shared_ptr<StreamTap> tap) {
  if (!tap || !stream) return stream;
  return std::make_unique<TappedStream>(loop, std::move(stream), std::move(tap));
}

Task<StreamResult> TappedNetwork::connect(Endpoint to, ConnectOptions options) {
  StreamResult connected = co_await inner_.connect(to, options);
  if (!connected) co_return connected;
  std::shared_ptr<StreamTap> tap = make_(to);
  co_return tapped(loop_, std::move(*connected), std::move(tap));
}

void tell_sent(StreamTap& tap, std::span<const std::string_view> pieces, std::size_t octets) {
  if (octets == 0) return;
  // What left in one write is told as one.
  if (!pieces.empty() && pieces.front().size() >= octets)
    return tap.on_sent(pieces.front().substr(0, octets));
  std::string whole;
  whole.reserve(octets);
  for (const std::string_view piece : pieces) whole.append(piece.substr(0, octets - whole.size()));
  tap.on_sent(whole);
}

}  // namespace postrider::transport
