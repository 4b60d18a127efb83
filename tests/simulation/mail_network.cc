#include "postrider/tests/simulation/mail_network.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "postrider/agent/accounts/sasl_primitives.h"
#include "postrider/agent/config/config_reader.h"
#include "postrider/agent/queue/queue_runner.h"
#include "postrider/agent/serve/listener_setup.h"
#include "postrider/agent/serve/mail_handler.h"
#include "postrider/queue/spool/memory_spool.h"
#include "postrider/resolver/backend/master_file.h"
#include "postrider/resolver/backend/static_backend.h"
#include "postrider/resolver/resolver.h"
#include "postrider/server/server.h"
#include "postrider/transport/signal.h"

namespace postrider::simulation {
namespace {

using namespace std::chrono_literals;
using transport::Endpoint;
using transport::Task;

constexpr std::string_view kNames[] = {"a", "b", "c"};
constexpr std::string_view kArchive = "10.0.0.9";
// The last attempt, what its own time-outs are, and the report's way: everything is over by then.
constexpr std::chrono::hours kEnd{3};

// Mail for x.test goes to b, and in its absence to c; the others have one exchanger each.
constexpr std::string_view kZone = R"($ORIGIN test.
$TTL 1h
a  MX 10 mx.a
b  MX 10 mx.b
c  MX 10 mx.c
x  MX 10 mx.b
   MX 20 mx.c
none MX 0 .
mx.a A 10.0.0.1
mx.b A 10.0.0.2
mx.c A 10.0.0.3
)";

std::string config_of(std::string_view name) {
  std::string own = "\"" + std::string(name) + ".test\"";
  if (name != "a") own += ", \"x.test\"";
  return "hostname = \"mx." + std::string(name) + R"(.test"
[[listen]]
address = "127.0.0.1:0"
role = "mx"
tls = "none"
relay_from = ["127.0.0.0/8"]
[console]
address = ""
[queue]
store = "memory"
retry = ["10s", "30s", "1m", "2m"]
expire = "20m"
warn = "5m"
[[route]]
domains = [)" +
         own + R"(]
deliver = "smtp://10.0.0.9:25"
tls = "none"
[[route]]
domains = ["*"]
deliver = "mx"
tls = "none"
)";
}

std::string address_of(std::size_t index) { return "10.0.0." + std::to_string(index + 1); }

// Shared by all runs: nothing is delivered into Maildirs here.
agent::MaildirStore& no_mailboxes() {
  static agent::MaildirStore store{agent::MaildirOptions{.threads = 1}};
  return store;
}

const agent::SaslPrimitives& primitives() {
  static const agent::SaslPrimitives made;
  return made;
}

}  // namespace

// What a user sends, and what becomes of it.
struct MailNetwork::Mail {
  std::string name;  // in its Subject: tells it from all others
  std::string sender;
  std::vector<std::string> recipients;
  std::size_t through = 0;  // the agent it is submitted to
  transport::Duration at{};
  std::vector<std::string> acknowledged;  // of the recipients
  std::vector<std::string> uncertain;     // no answer came: they may have it
  std::string content;
  std::optional<protocol::DeliverBy> by;  // RFC 2852
  transport::SystemTime answered;         // when the agent had it at the latest
};

// ---- The archive ----

class MailNetwork::Archive final : public server::HandlerFactory {
 public:
  explicit Archive(MailNetwork& network)
      : network_(network),
        server_(network.world_.loop(), network.world_.network(), config(), *this, admission_) {
    const auto at = server_.listen(*Endpoint::parse_address(kArchive, 25));
    if (!at) throw std::runtime_error("the archive cannot listen");
  }

  std::unique_ptr<server::Handler> make(const server::ConnectionInfo&) override {
    return std::make_unique<ArchiveHandler>(network_);
  }
  void stop() { server_.stop(transport::Duration::zero()); }

  struct Copy {
    std::string recipient;
    std::string content;
    transport::SystemTime at;
    std::optional<transport::SystemTime> deadline;  // as BY= said
  };
  std::vector<Copy> copies;

 private:
  class Sink final : public server::MessageSink {
   public:
    Sink(MailNetwork& network, std::vector<std::string> recipients,
         std::optional<transport::SystemTime> deadline)
        : network_(network), recipients_(std::move(recipients)), deadline_(deadline) {}
    server::Soon<void> write(std::string_view octets) override {
      content_ += octets;
      return {};
    }
    server::Answer finish(const protocol::ev::BodyEnd&, std::size_t) override {
      for (std::string& each : recipients_) {
        network_.world_.note("archived for " + each);
        network_.archive_->copies.push_back(
            {std::move(each), content_, network_.world_.clock().system_now(), deadline_});
      }
      return server::kOk;
    }

   private:
    MailNetwork& network_;
    std::vector<std::string> recipients_;
    std::optional<transport::SystemTime> deadline_;
    std::string content_;
  };

  class ArchiveHandler final : public server::Handler {
   public:
    explicit ArchiveHandler(MailNetwork& network) : network_(network) {}
    server::Answer on_mail(const protocol::ev::Mail& mail) override {
      recipients_.clear();
      deadline_.reset();
      if (const auto by = mail.parameters.deliver_by) {
        deadline_ = network_.world_.clock().system_now() + std::chrono::seconds(by->seconds);
      }
      return server::kOk;
    }
    server::Answer on_rcpt(const protocol::ev::Rcpt& rcpt) override {
      const std::string to(rcpt.to.mailbox.text());
      if (to.starts_with("nobody")) {
        return server::Reply(protocol::code::mailbox_unavailable, protocol::status::bad_mailbox,
                             "No such user");
      }
      if (network_.world_.happens(network_.weather_.patience)) {
        return server::Reply(protocol::code::mailbox_busy, protocol::status::not_authorized,
                             "Come back later");
      }
      recipients_.push_back(to);
      return server::kOk;
    }
    server::Soon<server::Opened> on_data() override {
      return server::Opened(std::make_unique<Sink>(network_, recipients_, deadline_));
    }

   private:
    MailNetwork& network_;
    std::vector<std::string> recipients_;
    std::optional<transport::SystemTime> deadline_;
  };

  static server::ServerConfig config() {
    server::ServerConfig out;
    out.protocol.hostname = "archive.test";
    out.protocol.capabilities.offer(protocol::Extension::pipelining)
        .offer(protocol::Extension::eight_bit_mime)
        .offer(protocol::Extension::chunking)
        .offer(protocol::Extension::deliver_by);
    return out;
  }

  MailNetwork& network_;
  server::Admission admission_{{}};
  server::Server server_;
};

// ---- An agent ----

class MailNetwork::Agent final : public server::HandlerFactory {
 public:
  Agent(MailNetwork& network, std::size_t index)
      : network_(network),
        config_(read(kNames[index])),
        spool_(held()),
        log_(
            agent::LogConfig{agent::LogFormat::text, agent::LogLevel::info},
            [this, index](std::string_view line) {
              // Without its time, which a history has anyhow.
              network_.world_.note(std::string(kNames[index]) +
                                   std::string(line.substr(std::min(line.find(" "), line.size()))));
            },
            network.world_.clock()),
        resolver_(network.world_.loop(), backend(network.world_.loop())),
        routes_(*agent::DeliveryRoutes::make(config_, primitives())),
        runner_(parts(network, index)),
        services_{no_mailboxes(), log_, nullptr, &runner_},
        policy_(agent::mail_policy(config_, config_.listeners[0], shared())),
        server_(network.world_.loop(), network.world_.network(),
                agent::server_config(config_, config_.listeners[0], nullptr), *this, admission_) {
    const auto at = server_.listen(*Endpoint::parse_address(simulation::address_of(index), 25));
    if (!at) throw std::runtime_error("an agent cannot listen");
    runner_.start();
  }

  std::unique_ptr<server::Handler> make(const server::ConnectionInfo& info) override {
    return std::make_unique<agent::MailHandler>(info, services_, policy_);
  }

  queue::MemorySpool& spool() { return spool_; }
  const queue::MemorySpool& spool() const { return spool_; }
  agent::QueueRunner& runner() { return runner_; }
  void stop() { server_.stop(transport::Duration::zero()); }

 private:
  static agent::Config read(std::string_view name) {
    const agent::ConfigResult loaded = agent::read_config(config_of(name), "simulated", ".");
    if (!loaded) throw std::runtime_error(loaded.error().front().to_text());
    return loaded->config;
  }
  static queue::MemorySpoolOptions held() {
    queue::MemorySpoolOptions out;
    out.hold_syncs = true;
    return out;
  }
  static std::unique_ptr<resolver::Backend> backend(transport::Loop& loop) {
    auto records = resolver::read_master_file(kZone);
    if (!records) throw std::runtime_error(to_string(records.error()));
    return std::make_unique<resolver::StaticBackend>(loop, *records);
  }
  agent::RunnerParts parts(MailNetwork& network, std::size_t index) {
    agent::DelivererParts out{.loop = network.world_.loop(),
                              .network = network.world_.network(),
                              .resolver = resolver_,
                              .sts = nullptr,
                              .spool = spool_,
                              .mailboxes = no_mailboxes(),
                              .tls = nullptr,
                              .routes = routes_,
                              .pool = {},
                              .seed = 0};
    agent::RunnerParts parts(std::move(out), config_.queue, log_);
    parts.seed = index + 1;
    return parts;
  }
  agent::Shared shared() const {
    agent::Shared out;
    out.routes = std::make_shared<const agent::RouteTable>(agent::route_table(config_));
    return out;
  }

  MailNetwork& network_;
  agent::Config config_;
  queue::MemorySpool spool_;
  agent::Log log_;
  resolver::Resolver resolver_;
  std::shared_ptr<const agent::DeliveryRoutes> routes_;
  agent::QueueRunner runner_;
  agent::AgentServices services_;
  agent::ListenerPolicy policy_;
  server::Admission admission_{{}};
  server::Server server_;
};

// ---- The network ----

MailNetwork::MailNetwork(std::uint64_t seed, Weather weather)
    : weather_(weather), world_(seed, weather.network) {
  world_.when_idle([this] { return sync(); });
  archive_ = std::make_unique<Archive>(*this);
  for (std::size_t i = 0; i < std::size(kNames); ++i) agents_.push_back(std::make_unique<Agent>(*this, i));
  make_mail();
}

MailNetwork::~MailNetwork() {
  archive_->stop();
  for (const auto& each : agents_) each->stop();
  std::size_t running = agents_.size();
  struct Stopper {
    static Task<void> stop(agent::QueueRunner& runner, transport::SteadyTime until, std::size_t& left) {
      co_await runner.stop(until);
      --left;
    }
  };
  for (const auto& each : agents_) {
    world_.loop().spawn(Stopper::stop(each->runner(), world_.loop().now(), running));
  }
  while (running != 0 && world_.step()) {
  }
  while (world_.loop().poll()) {
  }
}

void MailNetwork::make_mail() {
  const std::vector<std::string> domains = {"a.test", "b.test", "c.test", "x.test", "none.test"};
  const unsigned count = 3 + world_.roll(6);
  for (unsigned i = 0; i < count; ++i) {
    Mail& mail = mails_.emplace_back();
    mail.name = "mail-" + std::to_string(i);
    mail.through = world_.roll(3);
    mail.sender = "user" + std::to_string(i) + "@" + std::string(kNames[mail.through]) + ".test";
    mail.at = std::chrono::milliseconds(world_.roll(120'000));
    const unsigned recipients = 1 + world_.roll(4);
    for (unsigned r = 0; r < recipients; ++r) {
      const bool nobody = world_.roll(8) == 0;
      mail.recipients.push_back((nobody ? "nobody" : "r") + std::to_string(r) + "@" +
                                domains[world_.roll(20) == 0 ? 4 : world_.roll(4)]);
    }
    mail.content = "Subject: " + mail.name + "\r\n\r\n";
    for (unsigned line = world_.roll(40); line != 0; --line) mail.content += ".a line of it\r\n";
    if (world_.roll(3) != 0) continue;
    protocol::DeliverBy& by = mail.by.emplace();
    by.seconds = static_cast<std::int32_t>(1 + world_.roll(600));
    by.mode =
        world_.roll(2) == 0 ? protocol::DeliverBy::Mode::return_mail : protocol::DeliverBy::Mode::notify;
    by.trace = world_.roll(4) == 0;
  }
  for (Mail& each : mails_) {
    ++submitting_;
    world_.loop().spawn(submit(each));
  }
}

Task<void> MailNetwork::submit(Mail& mail) {
  co_await transport::sleep_until(world_.loop(), transport::later(world_.loop().now(), mail.at));
  client::ClientConfig config;
  config.hello_name = "user.test";
  client::Client client(world_.loop(), config);
  const Endpoint to = *Endpoint::parse_address(simulation::address_of(mail.through), 25);
  const client::Outcome<void> started = co_await client.connect(world_.network(), to);
  if (started) {
    auto envelope = client::Envelope::from(mail.sender);
    if (mail.by) {
      protocol::Mail command = envelope->mail();
      command.parameters.deliver_by = mail.by;
      command.parameters.used = extensions_of(command.parameters);
      envelope = client::Envelope(*client::Envelope::Sender::copy(command));
    }
    for (const std::string& each : mail.recipients) {
      [[maybe_unused]] const auto added = envelope->add(each);
    }
    client::MemoryMessage message(mail.content);
    const client::DeliveryReport report = co_await client.send(*envelope, message);
    mail.answered = world_.clock().system_now();
    for (std::size_t i = 0; i < mail.recipients.size(); ++i) {
      const client::RecipientResult& result = report.recipients[i];
      if (result.delivered()) mail.acknowledged.push_back(mail.recipients[i]);
      if (result.may_have_been_delivered) mail.uncertain.push_back(mail.recipients[i]);
    }
    world_.note(mail.name + " was submitted, acknowledged for " + std::to_string(mail.acknowledged.size()));
    co_await client.quit();
  }
  --submitting_;
}

// What the stores have to write.
bool MailNetwork::sync() {
  bool wrote = false;
  for (const auto& each : agents_) {
    if (each->spool().waiting() == 0) continue;
    world_.clock().advance(std::chrono::milliseconds(1 + world_.roll(20)));
    if (world_.happens(weather_.store)) {
      each->spool().fail_next(1, queue::SpoolFailure{queue::SpoolFailure::Kind::io, "simulated"});
    }
    each->spool().sync();
    wrote = true;
  }
  return wrote;
}

bool MailNetwork::over() const {
  return submitting_ == 0 && std::ranges::all_of(agents_, [](const auto& each) {
           return each->spool().size() == 0 && each->spool().waiting() == 0 && each->runner().idle();
         });
}

Findings MailNetwork::run() {
  switch (world_.run([this] { return over(); }, kEnd)) {
    case fuzz::Simulator::End::done: return judge();
    case fuzz::Simulator::End::stuck: return {"nothing more happens, and the queues are not empty"};
    case fuzz::Simulator::End::too_long: break;
  }
  return {"the queues are not empty after hours"};
}

// RFC 2852: in mode R nobody gets it late; in mode N whoever gets it late was told of before.
void MailNetwork::judge_deadline(const Mail& mail, const std::string& recipient, Findings& out) const {
  constexpr std::chrono::seconds kGrain{4};  // BY counts in seconds, at each hop
  const transport::SystemTime deadline = mail.answered + std::chrono::seconds(mail.by->seconds) + kGrain;
  const bool returns = mail.by->mode == protocol::DeliverBy::Mode::return_mail;
  const std::string subject = "Subject: " + mail.name + "\r\n";
  const std::string what = mail.name + " to " + recipient;
  bool late = false;
  bool told = false;
  for (const Archive::Copy& copy : archive_->copies) {
    if (copy.content.find(subject) == std::string::npos) continue;
    if (copy.recipient == recipient) {
      if (!copy.deadline) out.push_back(what + " lost its deadline on the way");
      if (copy.deadline && returns && *copy.deadline > deadline) out.push_back(what + " was given more time");
      late = late || copy.at > deadline;
    } else if (copy.recipient == mail.sender) {
      told = told || copy.content.find("Final-Recipient: rfc822; " + recipient + "\r\nAction: delayed") !=
                         std::string::npos;
    }
  }
  if (late && !returns && !told) out.push_back(what + " came late, and nobody said so");
}

Findings MailNetwork::judge() const {
  Findings out;
  for (const Mail& mail : mails_) {
    const std::string subject = "Subject: " + mail.name + "\r\n";
    const std::set<std::string> acknowledged(mail.acknowledged.begin(), mail.acknowledged.end());
    for (const std::string& recipient : acknowledged) {
      std::size_t delivered = 0;
      std::size_t reported = 0;
      if (mail.by) judge_deadline(mail, recipient, out);
      for (const Archive::Copy& copy : archive_->copies) {
        if (copy.content.find(subject) == std::string::npos) continue;
        const bool report = copy.content.find("multipart/report") != std::string::npos;
        if (!report && copy.recipient == recipient) ++delivered;
        if (report && copy.recipient == mail.sender &&
            copy.content.find("Final-Recipient: rfc822; " + recipient + "\r\nAction: failed") !=
                std::string::npos) {
          ++reported;
        }
      }
      const std::string what = mail.name + " to " + recipient;
      if (delivered == 0 && reported == 0) out.push_back(what + " was acknowledged and is lost");
      const bool calm = weather_.network.cut + weather_.network.refused + weather_.network.silent == 0;
      if (calm && delivered + reported != 1) {
        out.push_back(what + ": " + std::to_string(delivered) + " copies, " + std::to_string(reported) +
                      " reports");
      }
    }
  }
  for (const Archive::Copy& copy : archive_->copies) {
    std::size_t hops = 0;
    for (std::size_t at = copy.content.find("Received: "); at != std::string::npos;
         at = copy.content.find("Received: ", at + 1)) {
      ++hops;
    }
    if (hops > 6) out.push_back("a message to " + copy.recipient + " went in circles");
  }
  return out;
}

}  // namespace postrider::simulation
