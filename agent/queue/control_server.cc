#include "postrider/agent/queue/control_server.h"

#include <cerrno>
#include <utility>

namespace postrider::agent {

using transport::Task;

namespace {

constexpr unsigned kOwnerOnly = 0600;
constexpr int kBacklog = 64;
constexpr transport::Duration kShort = std::chrono::seconds(5);  // to take a line while being turned away

// Hands content to a client as it is read.
class ChannelSink final : public ContentSink {
 public:
  explicit ChannelSink(ControlChannel& channel) : channel_(channel) {}

  Task<bool> take(std::string_view octets) override {
    while (!octets.empty()) {
      const std::string_view piece = octets.substr(0, kControlPiece);
      octets.remove_prefix(piece.size());
      broken_ = true;
      const bool written = co_await channel_.write(content_line(piece), ControlServer::kPatience);
      if (!written) co_return false;
      broken_ = false;
    }
    co_return true;
  }
  bool broken() const noexcept { return broken_; }

 private:
  ControlChannel& channel_;
  bool broken_ = false;
};

StartFailure cannot_listen(const std::filesystem::path& socket, std::string_view why) {
  return StartFailure{"cannot listen on " + socket.native() + ": " + std::string(why), ExitCode::unavailable};
}

}  // namespace

ControlServer::ControlServer(transport::Loop& loop, transport::Network& network, std::filesystem::path socket,
                             QueueAccess& access, Log& log)
    : loop_(loop), network_(network), socket_(std::move(socket)), operations_(loop, access), log_(log) {}

std::expected<void, StartFailure> ControlServer::start() {
  if (socket_.native().size() > transport::Endpoint::kMaxPath) {
    return std::unexpected(cannot_listen(socket_, "a socket's path has at most " +
                                                      std::to_string(transport::Endpoint::kMaxPath) +
                                                      " octets; give `state` a shorter one"));
  }
  transport::ListenOptions options;
  options.backlog = kBacklog;
  options.mode = kOwnerOnly;
  auto listening = network_.listen(transport::Endpoint::local(socket_.native()), options);
  if (!listening) {
    const transport::error_code failure = listening.error();
    std::string why = failure.message();
    if (failure == transport::system_error(EADDRINUSE)) {
      why += "; is another agent running with the same state?";
    }
    return std::unexpected(cannot_listen(socket_, why));
  }
  listener_ = *std::move(listening);
  loop_.spawn(accept());
  return {};
}

void ControlServer::stop() {
  loop_.post([this] {
    stopping_ = true;
    if (listener_) listener_->close();
    for (ControlChannel* channel : channels_) channel->abort();
  });
}

Task<void> ControlServer::accept() {
  for (;;) {
    transport::StreamResult accepted = co_await listener_->accept();
    if (!accepted) break;
    if (stopping_) break;
    if (clients_ >= kMaxClients) {
      loop_.spawn(turn_away(*std::move(accepted)));
    } else {
      ++clients_;
      loop_.spawn(talk(*std::move(accepted)));
    }
  }
  if (!stopping_)
    log_.write(LogLine(LogLevel::error, "control").add("failure", "the socket is of no more use"));
}

Task<void> ControlServer::turn_away(std::unique_ptr<transport::Stream> stream) {
  ControlChannel channel(loop_, std::move(stream), kMaxControlRequest);
  QueueFailure failure(QueueFailure::Kind::refused, "the agent is serving enough others, try again");
  [[maybe_unused]] const bool told = co_await channel.write(to_line(failure), kShort);
  co_await channel.close();
}

Task<void> ControlServer::talk(std::unique_ptr<transport::Stream> stream) {
  ControlChannel channel(loop_, std::move(stream), kMaxControlRequest);
  channels_.push_back(&channel);
  bool going_on = true;
  while (going_on && !stopping_) {
    const std::optional<std::string_view> line = co_await channel.read_line(kPatience);
    if (!line) {
      if (!channel.too_long()) break;
      going_on = false;
      QueueFailure failure(QueueFailure::Kind::refused, "a request has at most 4096 octets");
      [[maybe_unused]] const bool told = co_await fail(channel, std::move(failure));
      break;
    }
    std::expected<ControlRequest, std::string> request = parse_request(*line);
    if (request) {
      going_on = co_await answer(channel, *std::move(request));
    } else {
      QueueFailure failure(QueueFailure::Kind::refused, std::move(request).error());
      going_on = co_await fail(channel, std::move(failure));
    }
  }
  co_await channel.close();
  std::erase(channels_, &channel);
  --clients_;
}

Task<bool> ControlServer::fail(ControlChannel& channel, QueueFailure failure) {
  const bool written = co_await channel.write(to_line(failure), kPatience);
  co_return written;
}

Task<bool> ControlServer::answer(ControlChannel& channel, ControlRequest request) {
  ControlDone done;
  switch (request.what) {
    case ControlRequest::What::list: {
      const bool answered = co_await answer_list(channel, request.after);
      co_return answered;
    }
    case ControlRequest::What::content: {
      const bool answered = co_await answer_content(channel, request.id, request.limit);
      co_return answered;
    }
    case ControlRequest::What::show: {
      QueueResult<QueueEntry> entry = co_await operations_.show(request.id);
      if (!entry) {
        const bool told = co_await fail(channel, entry.error());
        co_return told;
      }
      const bool written = co_await answer_entry(channel, *entry);
      if (!written) co_return false;
      break;
    }
    case ControlRequest::What::act: {
      const QueueResult<bool> changed = co_await operations_.act(request.action, request.id);
      if (!changed) {
        const bool told = co_await fail(channel, changed.error());
        co_return told;
      }
      done.changed = *changed;
      log_.write(LogLine(LogLevel::info, "control")
                     .add("action", to_string(request.action))
                     .add("id", request.id.to_string()));
      break;
    }
    case ControlRequest::What::retry_all: {
      if (request.scope.after.value == 0) {
        log_.write(
            LogLine(LogLevel::info, "control").add("action", "retry").add("domain", request.scope.domain));
      }
      const QueueResult<RetryProgress> progress = co_await operations_.retry(request.scope);
      if (!progress) {
        const bool told = co_await fail(channel, progress.error());
        co_return told;
      }
      done.progress = *progress;
      break;
    }
  }
  const bool written = co_await channel.write(to_line(done), kPatience);
  co_return written;
}

Task<bool> ControlServer::answer_entry(ControlChannel& channel, const QueueEntry& entry) {
  const std::vector<std::string> lines = to_lines(entry);
  for (const std::string& line : lines) {
    const bool written = co_await channel.write(line, kPatience);
    if (!written) co_return false;
  }
  co_return true;
}

Task<bool> ControlServer::answer_list(ControlChannel& channel, queue::MessageId after) {
  const QueueResult<std::vector<QueueEntry>> entries = co_await operations_.list(after);
  if (!entries) {
    const bool told = co_await fail(channel, entries.error());
    co_return told;
  }
  for (const QueueEntry& each : *entries) {
    const bool written = co_await answer_entry(channel, each);
    if (!written) co_return false;
  }
  const ControlDone done;
  const bool written = co_await channel.write(to_line(done), kPatience);
  co_return written;
}

Task<bool> ControlServer::answer_content(ControlChannel& channel, queue::MessageId id, std::uint64_t limit) {
  ChannelSink sink(channel);
  const QueueResult<void> read = co_await operations_.content(id, limit, sink);
  if (sink.broken()) co_return false;
  if (!read) {
    const bool told = co_await fail(channel, read.error());
    co_return told;
  }
  const ControlDone done;
  const bool written = co_await channel.write(to_line(done), kPatience);
  co_return written;
}

}  // namespace postrider::agent
