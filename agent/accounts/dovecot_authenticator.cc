#include "postrider/agent/accounts/dovecot_authenticator.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <utility>
#include <variant>

#include "postrider/agent/accounts/dovecot_protocol.h"
#include "postrider/protocol/grammar/base64.h"
#include "postrider/protocol/grammar/octets.h"
#include "postrider/transport/socket_network.h"

namespace postrider::agent {

namespace sasl = protocol::sasl;
using server::AuthStep;
using server::Soon;
using transport::Loop;
using transport::Task;

namespace {

// Dovecot answers within milliseconds, but a failure after seconds on purpose.
constexpr transport::Duration kPatience = std::chrono::seconds(30);
constexpr std::size_t kMostLines = 200;  // of its introduction

bool may_be_offered(const dovecot::Mechanism& mechanism) {
  return !mechanism.anonymous && !mechanism.hidden && mechanism.name != "EXTERNAL" &&
         !mechanism.name.ends_with("-PLUS");
}

}  // namespace

// A connection with its introduction behind it, and the lines that come.
class DovecotAuthenticator::Connection {
 public:
  Connection(DovecotAuthenticator& owner, Loop& loop, transport::Duration patience = kPatience)
      : owner_(owner), loop_(loop), patience_(patience) {}

  bool is_open() const noexcept { return stream_ != nullptr; }
  void close() noexcept { stream_.reset(); }
  // Why open() failed.
  const std::string& failure() const noexcept { return failure_; }

  // Connects and introduces both sides; the owner learns the mechanisms.
  Task<bool> open() {
    transport::ConnectOptions options;
    options.deadline = transport::later(loop_.now(), patience_);
    transport::StreamResult connected = co_await owner_.connect_(loop_, owner_.socket_, options);
    if (!connected) {
      failure_ = connected.error().message();
      co_return false;
    }
    failure_ = "what listens there does not introduce itself as a Dovecot";
    stream_ = *std::move(connected);
    std::string hello = "VERSION\t1\t1\nCPID\t" + std::to_string(owner_.next_id()) + "\n";
    const bool sent = co_await send(std::move(hello));
    if (!sent) co_return false;
    const bool introduced = co_await read_introduction();
    if (!introduced) close();
    co_return introduced;
  }

  Task<bool> send(std::string line) {
    stream_->expires_at(transport::later(loop_.now(), patience_));
    const transport::error_code failure = co_await stream_->write_all(line);
    if (failure) close();
    co_return !failure;
  }

  // The next line; its views are good until the next call. nullopt: closed, too slow, or no sense in it.
  Task<std::optional<dovecot::Line>> receive() {
    buffer_.erase(0, taken_);
    taken_ = 0;
    std::size_t end = buffer_.find('\n');
    while (end == std::string::npos) {
      if (buffer_.size() > dovecot::kMaxLine) co_return std::nullopt;
      std::array<char, 4096> room;
      const std::span<char> into(room);
      const transport::IoResult in = co_await stream_->read_some(into);
      if (!in.done()) co_return std::nullopt;
      buffer_.append(room.data(), in.octets);
      end = buffer_.find('\n');
    }
    taken_ = end + 1;
    auto line = dovecot::parse_line(std::string_view(buffer_).substr(0, end));
    if (!line) co_return std::nullopt;
    co_return *std::move(line);
  }

 private:
  Task<bool> read_introduction() {
    std::vector<std::string> mechanisms;
    bool versioned = false;
    for (std::size_t i = 0; i < kMostLines; ++i) {
      const std::optional<dovecot::Line> line = co_await receive();
      if (!line) co_return false;
      if (const auto* version = std::get_if<dovecot::Version>(&*line)) {
        if (version->major != 1) co_return false;
        versioned = true;
      } else if (const auto* mechanism = std::get_if<dovecot::Mechanism>(&*line)) {
        if (may_be_offered(*mechanism)) mechanisms.push_back(mechanism->name);
      } else if (std::holds_alternative<dovecot::Done>(*line)) {
        if (versioned) owner_.learn(std::move(mechanisms));
        co_return versioned;
      }
    }
    co_return false;
  }

  DovecotAuthenticator& owner_;
  Loop& loop_;
  transport::Duration patience_;
  std::string failure_;
  std::unique_ptr<transport::Stream> stream_;
  std::string buffer_;
  std::size_t taken_ = 0;
};

class DovecotAuthenticator::Exchange final : public server::Authentication {
 public:
  Exchange(DovecotAuthenticator& owner, std::string mechanism, server::AuthPeer peer)
      : mechanism_(std::move(mechanism)), peer_(std::move(peer)), connection_(owner, *peer_.loop) {}

  Soon<AuthStep> begin(std::optional<std::string_view> initial) override {
    if (initial && *initial != "=" && !is_line(*initial)) return refused(sasl::Fault::bad_base64);
    // Where both ends are helps its logs, its limits and its policies; octets that are no base64 stay out.
    std::string line = "AUTH\t1\t" + mechanism_ + "\tservice=smtp\tnologin\tsecured";
    if (peer_.local.is_ip()) line += "\tlip=" + peer_.local.address_to_string();
    if (peer_.peer.is_ip()) line += "\trip=" + peer_.peer.address_to_string();
    if (peer_.local.is_ip()) line += "\tlport=" + std::to_string(peer_.local.port());
    if (peer_.peer.is_ip()) line += "\trport=" + std::to_string(peer_.peer.port());
    if (initial) line.append("\tresp=").append(*initial == "=" ? "" : *initial);  // the last field
    line += "\n";
    return go_on(std::move(line));
  }

  Soon<AuthStep> respond(std::string_view base64) override {
    if (!is_line(base64)) return refused(sasl::Fault::bad_base64);
    if (!connection_.is_open()) return refused(sasl::Fault::unavailable);
    return go_on("CONT\t1\t" + std::string(base64) + "\n");
  }

 private:
  static bool is_line(std::string_view base64) {
    return base64.size() < dovecot::kMaxLine / 2 && protocol::is_base64(base64);
  }
  static AuthStep refused(sasl::Fault fault) { return server::auth_refusal(fault); }

  Task<AuthStep> go_on(std::string line) {
    if (!connection_.is_open()) {
      const bool opened = co_await connection_.open();
      if (!opened) co_return refused(sasl::Fault::unavailable);
    }
    const bool sent = co_await connection_.send(std::move(line));
    if (!sent) co_return refused(sasl::Fault::unavailable);
    for (std::size_t i = 0; i < kMostLines; ++i) {
      const std::optional<dovecot::Line> answer = co_await connection_.receive();
      if (!answer) break;
      std::optional<AuthStep> step = told(*answer);
      if (step) co_return *std::move(step);
    }
    connection_.close();
    co_return refused(sasl::Fault::unavailable);
  }

  // nullopt: the line is about something else.
  std::optional<AuthStep> told(const dovecot::Line& line) {
    if (const auto* challenge = std::get_if<dovecot::Continue>(&line); challenge && challenge->id == 1) {
      return server::Challenge(std::string(challenge->base64));
    }
    if (const auto* accepted = std::get_if<dovecot::Accepted>(&line); accepted && accepted->id == 1) {
      user_ = accepted->user;
      connection_.close();
      return server::auth_success();
    }
    if (const auto* failed = std::get_if<dovecot::Refused>(&line); failed && failed->id == 1) {
      connection_.close();
      return refused(failed->temporary ? sasl::Fault::unavailable : sasl::Fault::refused);
    }
    return std::nullopt;
  }

  std::string mechanism_;
  server::AuthPeer peer_;
  Connection connection_;
};

Task<transport::StreamResult> DovecotAuthenticator::connect_socket(Loop& loop, transport::Endpoint to,
                                                                   transport::ConnectOptions options) {
  transport::SocketNetwork network(loop);
  transport::StreamResult connected = co_await network.connect(std::move(to), options);
  co_return connected;
}

DovecotAuthenticator::DovecotAuthenticator(transport::Endpoint socket, std::uint32_t first_id,
                                           Connect connect)
    : socket_(std::move(socket)), connect_(std::move(connect)), id_(first_id) {}

// Above the numbers of processes, which other clients use.
std::uint32_t DovecotAuthenticator::next_id() noexcept {
  return id_.fetch_add(1, std::memory_order_relaxed) | 0x4000'0000u;
}

void DovecotAuthenticator::learn(std::vector<std::string> mechanisms) {
  const std::lock_guard lock(mutex_);
  mechanisms_ = std::move(mechanisms);
}

Task<std::expected<void, std::string>> DovecotAuthenticator::refresh(Loop& loop,
                                                                     transport::Duration patience) {
  Connection connection(*this, loop, patience);
  const bool opened = co_await connection.open();
  if (!opened) co_return std::unexpected(connection.failure());
  co_return std::expected<void, std::string>();
}

std::vector<std::string> DovecotAuthenticator::mechanisms() const {
  const std::lock_guard lock(mutex_);
  return mechanisms_;
}

void DovecotAuthenticator::offer(const server::AuthPeer& peer, protocol::Capabilities& capabilities) const {
  if (!peer.connection.encrypted) return;
  const std::lock_guard lock(mutex_);
  for (const std::string& each : mechanisms_) capabilities.offer_mechanism(std::string_view(each));
}

server::AuthStart DovecotAuthenticator::start(std::string_view mechanism, const server::AuthPeer& peer) {
  if (!peer.connection.encrypted) {
    return std::unexpected(server::auth_refusal(sasl::Fault::encryption_required));
  }
  const std::lock_guard lock(mutex_);
  const auto found = std::ranges::find_if(
      mechanisms_, [&](const std::string& each) { return protocol::equal_ignoring_case(each, mechanism); });
  if (found == mechanisms_.end()) {
    return std::unexpected(server::auth_refusal(sasl::Fault::unknown_mechanism));
  }
  return std::make_unique<Exchange>(*this, *found, peer);
}

}  // namespace postrider::agent
