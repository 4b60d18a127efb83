#include "postrider/fuzz/simulation/client_trial.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "postrider/server/server.h"

namespace postrider::fuzz {

using server::Answer;
using server::Reply;

const transport::Endpoint ClientTrial::kServer = transport::Endpoint::ipv4({10, 0, 0, 1}, 25);

class ClientTrial::Sink final : public server::MessageSink {
 public:
  Sink(ClientTrial& trial, TakenMail mail) : trial_(trial), mail_(std::move(mail)) {}

  server::Soon<void> write(std::string_view octets) override {
    mail_.content += octets;
    return {};
  }
  Answer finish(const protocol::ev::BodyEnd&, std::size_t) override {
    if (trial_.world_.happens(trial_.habits_.patience)) {
      return Reply(protocol::code::local_error, protocol::status::other, "Come back later");
    }
    if (trial_.world_.happens(trial_.habits_.refusal)) {
      return Reply(protocol::code::transaction_failed, protocol::status::other, "Not this one");
    }
    trial_.taken_.push_back(std::move(mail_));
    return server::kOk;
  }

 private:
  ClientTrial& trial_;
  TakenMail mail_;
};

class ClientTrial::Handler final : public server::Handler {
 public:
  explicit Handler(ClientTrial& trial) : trial_(trial) {}

  Answer on_connect(const protocol::ReplyView& greeting) override {
    if (!trial_.world_.happens(trial_.habits_.busy)) return greeting;
    return Reply(protocol::code::service_not_available, "Too busy");
  }
  Answer on_mail(const protocol::ev::Mail& mail) override {
    mail_ = {};
    if (!mail.from.null) mail_.sender = mail.from.mailbox.text();
    return server::kOk;
  }
  Answer on_rcpt(const protocol::ev::Rcpt& rcpt) override {
    if (trial_.world_.happens(trial_.habits_.patience)) {
      return Reply(protocol::code::mailbox_busy, protocol::status::other, "Come back later");
    }
    if (trial_.world_.happens(trial_.habits_.refusal)) {
      return Reply(protocol::code::mailbox_unavailable, protocol::status::bad_mailbox, "No such user");
    }
    mail_.recipients.emplace_back(rcpt.to.mailbox.text());
    return server::kOk;
  }
  server::Soon<server::Opened> on_data() override {
    return server::Opened(std::make_unique<Sink>(trial_, mail_));
  }

 private:
  ClientTrial& trial_;
  TakenMail mail_;
};

struct ClientTrial::Served final : public server::HandlerFactory {
  explicit Served(ClientTrial& of)
      : trial(of), server(of.world_.loop(), of.world_.network(), config(of.habits_), *this, admission) {
    if (!server.listen(kServer)) throw std::runtime_error("the server cannot listen");
  }

  std::unique_ptr<server::Handler> make(const server::ConnectionInfo&) override {
    return std::make_unique<Handler>(trial);
  }

  static server::ServerConfig config(const ServerHabits& habits) {
    server::ServerConfig out;
    out.protocol.hostname = "server.example";
    auto& offered = out.protocol.capabilities;
    if (habits.pipelining) offered.offer(protocol::Extension::pipelining);
    if (habits.chunking) offered.offer(protocol::Extension::chunking);
    offered.offer(protocol::Extension::eight_bit_mime);
    return out;
  }

  ClientTrial& trial;
  server::Admission admission{{}};
  server::Server server;
};

ClientTrial::ClientTrial(std::uint64_t seed, const ServerHabits& habits)
    : world_(seed, habits.faults), habits_(habits), served_(std::make_unique<Served>(*this)) {}

ClientTrial::~ClientTrial() {
  served_->server.stop(transport::Duration::zero());
  while (served_->server.sessions() != 0 && world_.step()) {
  }
  while (world_.loop().poll()) {
  }
}

std::size_t ClientTrial::copies(const std::string& content, const std::string& recipient) const {
  return static_cast<std::size_t>(std::ranges::count_if(taken_, [&](const TakenMail& each) {
    return each.content == content && std::ranges::find(each.recipients, recipient) != each.recipients.end();
  }));
}

}  // namespace postrider::fuzz
