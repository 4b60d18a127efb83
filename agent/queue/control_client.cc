#include "postrider/agent/queue/control_client.h"

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <utility>

namespace postrider::agent {

using transport::Task;
using Kind = QueueFailure::Kind;
using What = ControlRequest::What;

namespace {

constexpr transport::Duration kConnecting = std::chrono::seconds(5);
// Of one page. Stops what poses as an agent and never ends.
constexpr std::size_t kMostRecipients = 1'000'000;

QueueFailure not_reached(const std::filesystem::path& socket, const transport::error_code& why) {
  QueueFailure failure(Kind::agent, "cannot reach the agent by " + socket.native() + ": " + why.message());
  if (why == transport::system_error(ENOENT) || why == transport::system_error(ENOTDIR) ||
      why == transport::error_code(transport::error::connection_refused)) {
    failure.kind = Kind::nobody;
  } else if (why == transport::system_error(EACCES) || why == transport::system_error(EPERM)) {
    failure.kind = Kind::forbidden;
  }
  return failure;
}

}  // namespace

Task<QueueResult<void>> ControlClient::reach() {
  if (socket_.native().size() > transport::Endpoint::kMaxPath) {
    // No agent could listen there.
    co_return std::unexpected(QueueFailure(Kind::nobody, "the path of the agent's socket is too long"));
  }
  transport::ConnectOptions options;
  options.deadline = transport::later(loop_.now(), kConnecting);
  transport::StreamResult connected =
      co_await network_.connect(transport::Endpoint::local(socket_.native()), options);
  if (!connected) co_return std::unexpected(not_reached(socket_, connected.error()));
  channel_ = std::make_unique<ControlChannel>(loop_, *std::move(connected), kMaxControlAnswer);
  co_return QueueResult<void>();
}

QueueFailure ControlClient::nonsense() {
  channel_.reset();
  return QueueFailure(Kind::agent, "what answers at " + socket_.native() + " is no agent of this version");
}

Task<QueueResult<ControlAnswer>> ControlClient::next() {
  const std::optional<std::string_view> line = co_await channel_->read_line(kPatience);
  if (!line) {
    if (channel_->too_long()) co_return std::unexpected(nonsense());
    channel_.reset();
    co_return std::unexpected(QueueFailure(Kind::agent, "the agent closed the connection, or is too slow"));
  }
  std::optional<ControlAnswer> answer = parse_answer(*line);
  if (!answer) co_return std::unexpected(nonsense());
  if (auto* failure = std::get_if<QueueFailure>(&*answer)) co_return std::unexpected(std::move(*failure));
  co_return *std::move(answer);
}

Task<QueueResult<ControlAnswer>> ControlClient::ask(ControlRequest request) {
  if (channel_) {
    const bool sent = co_await channel_->write(to_line(request), kPatience);
    if (sent) {
      QueueResult<ControlAnswer> answer = co_await next();
      // An agent that went away, or closed a connection that had been idle for long, has not begun.
      if (answer || answer.error().kind != Kind::agent) co_return answer;
      if (request.what == What::act) co_return answer;  // it may have
    }
    channel_.reset();
  }
  QueueResult<void> reached = co_await reach();
  if (!reached) co_return std::unexpected(std::move(reached).error());
  const bool sent = co_await channel_->write(to_line(request), kPatience);
  if (!sent) {
    channel_.reset();
    co_return std::unexpected(QueueFailure(Kind::agent, "the agent closed the connection"));
  }
  QueueResult<ControlAnswer> answer = co_await next();
  co_return answer;
}

Task<QueueResult<std::vector<QueueEntry>>> ControlClient::entries(ControlRequest request) {
  std::vector<QueueEntry> found;
  std::size_t recipients = 0;
  QueueResult<ControlAnswer> answer = co_await ask(std::move(request));
  for (;;) {
    if (!answer) co_return std::unexpected(std::move(answer).error());
    if (std::holds_alternative<ControlDone>(*answer)) co_return found;
    if (auto* entry = std::get_if<QueueEntry>(&*answer)) {
      if (found.size() >= QueueOperations::kListPage) co_return std::unexpected(nonsense());
      found.push_back(std::move(*entry));
    } else if (auto* more = std::get_if<MoreRecipients>(&*answer); more != nullptr && !found.empty()) {
      recipients += more->recipients.size();
      if (recipients > kMostRecipients) co_return std::unexpected(nonsense());
      std::ranges::move(more->recipients, std::back_inserter(found.back().recipients));
    } else {
      co_return std::unexpected(nonsense());
    }
    answer = co_await next();
  }
}

Task<QueueResult<ControlDone>> ControlClient::done(ControlRequest request) {
  const QueueResult<ControlAnswer> answer = co_await ask(std::move(request));
  if (!answer) co_return std::unexpected(answer.error());
  const auto* end = std::get_if<ControlDone>(&*answer);
  if (end == nullptr) co_return std::unexpected(nonsense());
  co_return *end;
}

Task<QueueResult<std::vector<QueueEntry>>> ControlClient::list(queue::MessageId after) {
  ControlRequest request(What::list);
  request.after = after;
  return entries(std::move(request));
}

Task<QueueResult<QueueEntry>> ControlClient::show(queue::MessageId id) {
  ControlRequest request(What::show);
  request.id = id;
  QueueResult<std::vector<QueueEntry>> found = co_await entries(std::move(request));
  if (!found) co_return std::unexpected(std::move(found).error());
  if (found->size() != 1) co_return std::unexpected(nonsense());
  co_return std::move(found->front());
}

Task<QueueResult<void>> ControlClient::content(queue::MessageId id, std::uint64_t limit, ContentSink& sink) {
  ControlRequest request(What::content);
  request.id = id;
  request.limit = limit;
  QueueResult<ControlAnswer> answer = co_await ask(std::move(request));
  for (;;) {
    if (!answer) co_return std::unexpected(std::move(answer).error());
    if (std::holds_alternative<ControlDone>(*answer)) co_return QueueResult<void>();
    const auto* part = std::get_if<ContentPart>(&*answer);
    if (part == nullptr) co_return std::unexpected(nonsense());
    const bool wanted = co_await sink.take(part->octets);
    if (!wanted) break;
    answer = co_await next();
  }
  channel_.reset();  // the rest of the answer is still on its way
  co_return QueueResult<void>();
}

Task<QueueResult<bool>> ControlClient::act(QueueAction action, queue::MessageId id) {
  ControlRequest request(What::act);
  request.action = action;
  request.id = id;
  const QueueResult<ControlDone> end = co_await done(std::move(request));
  if (!end) co_return std::unexpected(end.error());
  co_return end->changed;
}

Task<QueueResult<RetryProgress>> ControlClient::retry(RetryScope scope) {
  ControlRequest request(What::retry_all);
  request.scope = std::move(scope);
  const QueueResult<ControlDone> end = co_await done(std::move(request));
  if (!end) co_return std::unexpected(end.error());
  co_return end->progress;
}

}  // namespace postrider::agent
