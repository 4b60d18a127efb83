#include "postrider/fuzz/simulation/server_trial.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "postrider/client/client.h"
#include "postrider/server/server.h"
#include "postrider/transport/signal.h"

namespace postrider::fuzz {
namespace {

using transport::Endpoint;
using transport::Task;

const Endpoint kServer = Endpoint::ipv4({10, 0, 0, 1}, 25);
constexpr unsigned kMostTries = 20;  // of a client, with one mail

std::size_t count(const std::vector<std::string>& list, const std::string& one) {
  return static_cast<std::size_t>(std::ranges::count(list, one));
}

Findings judge(const std::deque<TrialMail>& mails, const ServerTrial::Delivered& delivered) {
  Findings out;
  for (const TrialMail& mail : mails) {
    const std::string name = mail.content.substr(9, mail.content.find("\r\n") - 9);
    for (const std::string& recipient : mail.recipients) {
      const std::size_t copies = delivered(mail.content, recipient);
      const std::string what = name + " for " + recipient;
      const std::size_t acknowledged = count(mail.acknowledged, recipient);
      if (copies < acknowledged) out.push_back(what + " was acknowledged and is lost: RFC 5321 6.1");
      if (copies > acknowledged + mail.unanswered) {
        out.push_back(what + " is there " + std::to_string(copies) + " times, acknowledged " +
                      std::to_string(acknowledged) + " times, unanswered " + std::to_string(mail.unanswered));
      }
    }
  }
  return out;
}

}  // namespace

struct ServerTrial::Served {
  Served(Simulator& world, const server::ServerConfig& config, server::HandlerFactory& handlers)
      : server(world.loop(), world.network(), config, handlers, admission) {
    if (!server.listen(kServer)) throw std::runtime_error("the server cannot listen");
  }

  server::Admission admission{{}};
  server::Server server;
};

ServerTrial::ServerTrial(std::uint64_t seed, TrialOptions options, const MakeHandlers& make)
    : world_(seed, options.faults),
      options_(std::move(options)),
      handlers_(make(world_)),
      served_(std::make_unique<Served>(world_, options_.server, *handlers_)) {
  for (unsigned number = 0; number < options_.clients; ++number) {
    ++running_;
    world_.loop().spawn(client(number));
  }
}

// Nothing of the server may be left on the loop.
ServerTrial::~ServerTrial() {
  served_->server.stop(transport::Duration::zero());
  while (served_->server.sessions() != 0 && world_.step()) {
  }
  while (world_.loop().poll()) {
  }
}

TrialMail& ServerTrial::make_mail(unsigned client, unsigned number) {
  TrialMail& mail = mails_.emplace_back();
  mail.sender = "client" + std::to_string(client) + "@example.com";
  mail.content = "Subject: mail " + std::to_string(client) + "-" + std::to_string(number) + "\r\n\r\n";
  for (std::uint32_t line = world_.roll(60); line != 0; --line) mail.content += ".a line of it\r\n";
  const std::uint32_t wanted = 1 + world_.roll(options_.recipients);
  for (std::uint32_t each = 0; each < wanted; ++each) {
    const auto size = static_cast<std::uint32_t>(options_.addresses.size());
    const std::string& address = options_.addresses[world_.roll(size)];
    if (count(mail.recipients, address) == 0) mail.recipients.push_back(address);
  }
  return mail;
}

Task<void> ServerTrial::client(unsigned number) {
  const std::uint32_t mails = 1 + world_.roll(options_.mails);
  for (std::uint32_t each = 0; each < mails; ++each) {
    TrialMail& mail = make_mail(number, each);
    for (unsigned tries = 0; tries < kMostTries; ++tries) {
      const auto pause = std::chrono::milliseconds(world_.roll(60'000));
      co_await transport::sleep_until(world_.loop(), transport::later(world_.loop().now(), pause));
      const bool answered = co_await send(mail);
      if (answered) break;
    }
  }
  --running_;
}

// Whether it is settled; else it goes again.
Task<bool> ServerTrial::send(TrialMail& mail) {
  client::ClientConfig config;
  config.hello_name = "client.example";
  client::Client client(world_.loop(), config);
  const client::Outcome<void> started = co_await client.connect(world_.network(), kServer);
  if (!started) co_return false;
  auto envelope = client::Envelope::from(mail.sender);
  for (const std::string& each : mail.recipients) {
    if (!envelope->add(each)) throw std::runtime_error(each + " is no address");
  }
  client::MemoryMessage message(mail.content);
  const client::DeliveryReport report = co_await client.send(*envelope, message);
  bool again = false;
  bool unanswered = false;
  for (std::size_t each = 0; each < mail.recipients.size(); ++each) {
    const client::RecipientResult& result = report.recipients[each];
    const std::string& address = mail.recipients[each];
    if (result.delivered()) {
      mail.acknowledged.push_back(address);
    } else if (result.decision == protocol::Decision::fail_recipient ||
               result.decision == protocol::Decision::fail_message) {
      mail.refused.push_back(address);
    } else {
      again = true;
    }
    unanswered |= result.may_have_been_delivered;
  }
  mail.unanswered += unanswered ? 1 : 0;
  world_.note(mail.content.substr(9, mail.content.find("\r\n") - 9) + ": acknowledged " +
              std::to_string(mail.acknowledged.size()) + ", refused " + std::to_string(mail.refused.size()) +
              (unanswered ? ", unanswered" : ""));
  if (client.usable()) co_await client.quit();
  // Once somebody has it the others do without, as a submission client would ask its user.
  co_return !again || !mail.acknowledged.empty();
}

Findings ServerTrial::run() {
  const auto over = [this] { return running_ == 0 && served_->server.sessions() == 0; };
  switch (world_.run(over, options_.longest)) {
    case Simulator::End::done: return {};
    case Simulator::End::stuck: return {"a session waits for nothing: no deadline ends it"};
    case Simulator::End::too_long: break;
  }
  return {"a session goes on without an end"};
}

Findings ServerTrial::run(const Delivered& delivered) {
  Findings out = run();
  std::ranges::move(judge(mails_, delivered), std::back_inserter(out));
  return out;
}

}  // namespace postrider::fuzz
