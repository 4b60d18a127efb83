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
  explicit Archive(MailNetwork& world)
      : world_(world), server_(world.loop_, world.network_, config(), *this, admission_) {
    const auto at = server_.listen(*Endpoint::parse_address(kArchive, 25));
    if (!at) throw std::runtime_error("the archive cannot listen");
  }

  std::unique_ptr<server::Handler> make(const server::ConnectionInfo&) override {
    return std::make_unique<ArchiveHandler>(world_);
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
    Sink(MailNetwork& world, std::vector<std::string> recipients,
         std::optional<transport::SystemTime> deadline)
        : world_(world), recipients_(std::move(recipients)), deadline_(deadline) {}
    server::Soon<void> write(std::string_view octets) override {
      content_ += octets;
      return {};
    }
    server::Answer finish(const protocol::ev::BodyEnd&, std::size_t) override {
      for (std::string& each : recipients_) {
        world_.note("archived for " + each);
        world_.archive_->copies.push_back({std::move(each), content_, world_.clock_.system_now(), deadline_});
      }
      return server::kOk;
    }

   private:
    MailNetwork& world_;
    std::vector<std::string> recipients_;
    std::optional<transport::SystemTime> deadline_;
    std::string content_;
  };

  class ArchiveHandler final : public server::Handler {
   public:
    explicit ArchiveHandler(MailNetwork& world) : world_(world) {}
    server::Answer on_mail(const protocol::ev::Mail& mail) override {
      recipients_.clear();
      deadline_.reset();
      if (const auto by = mail.parameters.deliver_by) {
        deadline_ = world_.clock_.system_now() + std::chrono::seconds(by->seconds);
      }
      return server::kOk;
    }
    server::Answer on_rcpt(const protocol::ev::Rcpt& rcpt) override {
      const std::string to(rcpt.to.mailbox.text());
      if (to.starts_with("nobody")) {
        return server::Reply(protocol::code::mailbox_unavailable, protocol::status::bad_mailbox,
                             "No such user");
      }
      if (world_.happens(world_.weather_.patience)) {
        return server::Reply(protocol::code::mailbox_busy, protocol::status::not_authorized,
                             "Come back later");
      }
      recipients_.push_back(to);
      return server::kOk;
    }
    server::Soon<server::Opened> on_data() override {
      return server::Opened(std::make_unique<Sink>(world_, recipients_, deadline_));
    }

   private:
    MailNetwork& world_;
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

  MailNetwork& world_;
  server::Admission admission_{{}};
  server::Server server_;
};

// ---- An agent ----

class MailNetwork::Agent final : public server::HandlerFactory {
 public:
  Agent(MailNetwork& world, std::size_t index)
      : world_(world),
        config_(read(kNames[index])),
        spool_(held()),
        log_(
            agent::LogConfig{agent::LogFormat::text, agent::LogLevel::info},
            [this, index](std::string_view line) {
              // Without its time, which a history has anyhow.
              world_.note(std::string(kNames[index]) +
                          std::string(line.substr(std::min(line.find(" "), line.size()))));
            },
            world.clock_),
        resolver_(world.loop_, backend(world.loop_)),
        routes_(*agent::DeliveryRoutes::make(config_, primitives())),
        runner_(parts(world, index)),
        services_{no_mailboxes(), log_, nullptr, &runner_},
        policy_(agent::mail_policy(config_, config_.listeners[0], shared())),
        server_(world.loop_, world.network_, agent::server_config(config_, config_.listeners[0], nullptr),
                *this, admission_) {
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
  agent::RunnerParts parts(MailNetwork& world, std::size_t index) {
    agent::DelivererParts out{.loop = world.loop_,
                              .network = world.network_,
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

  MailNetwork& world_;
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
    : random_(seed), weather_(weather), begin_(clock_.system_now()), loop_(clock_), network_(loop_) {
  network_.on_dial([this](const Endpoint&) {
    transport::MemoryDial dial;
    dial.takes = std::chrono::milliseconds(1 + roll(200));
    if (happens(weather_.refused)) dial.failure = transport::error::connection_refused;
    if (happens(weather_.silent)) dial.takes = transport::Duration::max();
    return dial;
  });
  network_.on_connect([this](transport::MemoryStream& client, transport::MemoryStream& server) {
    for (transport::MemoryStream* const end : {&client, &server}) {
      if (!happens(weather_.cut + weather_.short_io)) continue;
      transport::MemoryScript& script = scripts_.emplace_back();
      if (happens(500)) script.most_read = script.most_written = 1 + roll(7);
      if (happens(800)) script.fail_at = 1 + roll(60);
      end->follow(script);
    }
  });
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
  for (const auto& each : agents_) loop_.spawn(Stopper::stop(each->runner(), loop_.now(), running));
  while (running != 0 && step()) {
  }
  while (loop_.poll()) {
  }
}

void MailNetwork::note(std::string what) {
  const auto since = std::chrono::duration_cast<std::chrono::milliseconds>(clock_.system_now() - begin_);
  history_.push_back(std::to_string(since.count()) + " " + std::move(what));
}

void MailNetwork::make_mail() {
  const std::vector<std::string> domains = {"a.test", "b.test", "c.test", "x.test", "none.test"};
  const unsigned count = 3 + roll(6);
  for (unsigned i = 0; i < count; ++i) {
    Mail& mail = mails_.emplace_back();
    mail.name = "mail-" + std::to_string(i);
    mail.through = roll(3);
    mail.sender = "user" + std::to_string(i) + "@" + std::string(kNames[mail.through]) + ".test";
    mail.at = std::chrono::milliseconds(roll(120'000));
    const unsigned recipients = 1 + roll(4);
    for (unsigned r = 0; r < recipients; ++r) {
      const bool nobody = roll(8) == 0;
      mail.recipients.push_back((nobody ? "nobody" : "r") + std::to_string(r) + "@" +
                                domains[roll(20) == 0 ? 4 : roll(4)]);
    }
    mail.content = "Subject: " + mail.name + "\r\n\r\n";
    for (unsigned line = roll(40); line != 0; --line) mail.content += ".a line of it\r\n";
    if (roll(3) != 0) continue;
    protocol::DeliverBy& by = mail.by.emplace();
    by.seconds = static_cast<std::int32_t>(1 + roll(600));
    by.mode = roll(2) == 0 ? protocol::DeliverBy::Mode::return_mail : protocol::DeliverBy::Mode::notify;
    by.trace = roll(4) == 0;
  }
  for (Mail& each : mails_) {
    ++submitting_;
    loop_.spawn(submit(each));
  }
}

Task<void> MailNetwork::submit(Mail& mail) {
  co_await transport::sleep_until(loop_, transport::later(loop_.now(), mail.at));
  client::ClientConfig config;
  config.hello_name = "user.test";
  client::Client client(loop_, config);
  const Endpoint to = *Endpoint::parse_address(simulation::address_of(mail.through), 25);
  const client::Outcome<void> started = co_await client.connect(network_, to);
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
    mail.answered = clock_.system_now();
    for (std::size_t i = 0; i < mail.recipients.size(); ++i) {
      const client::RecipientResult& result = report.recipients[i];
      if (result.delivered()) mail.acknowledged.push_back(mail.recipients[i]);
      if (result.may_have_been_delivered) mail.uncertain.push_back(mail.recipients[i]);
    }
    note(mail.name + " was submitted, acknowledged for " + std::to_string(mail.acknowledged.size()));
    co_await client.quit();
  }
  --submitting_;
}

// One thing after the other: what is ready, then what the stores have to write, then the next moment at which
// anything is due.
bool MailNetwork::step() {
  if (loop_.poll()) return true;
  bool wrote = false;
  for (const auto& each : agents_) {
    if (each->spool().waiting() == 0) continue;
    clock_.advance(std::chrono::milliseconds(1 + roll(20)));
    if (happens(weather_.store)) {
      each->spool().fail_next(1, queue::SpoolFailure{queue::SpoolFailure::Kind::io, "simulated"});
    }
    each->spool().sync();
    wrote = true;
  }
  if (wrote) return true;
  const transport::SteadyTime next = loop_.deadlines().next();
  if (next == transport::kNever) return false;
  const transport::Duration wait = next - clock_.steady_now();
  clock_.advance(wait > transport::Duration::zero() ? wait : transport::Deadlines::kTick);
  loop_.expire();
  return true;
}

bool MailNetwork::over() const {
  return submitting_ == 0 && std::ranges::all_of(agents_, [](const auto& each) {
           return each->spool().size() == 0 && each->spool().waiting() == 0 && each->runner().idle();
         });
}

std::chrono::seconds MailNetwork::took() const {
  return std::chrono::duration_cast<std::chrono::seconds>(clock_.system_now() - begin_);
}

Findings MailNetwork::run() {
  while (!over()) {
    if (!step()) return {"nothing more happens, and the queues are not empty"};
    if (clock_.system_now() - begin_ > kEnd) return {"the queues are not empty after hours"};
  }
  return judge();
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
      const bool calm = weather_.cut + weather_.refused + weather_.silent == 0;
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
