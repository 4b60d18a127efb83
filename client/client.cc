#include "postrider/client/client.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include <boost/asio/experimental/awaitable_operators.hpp>

#include "postrider/client/channel.h"
#include "postrider/client/transaction.h"
#include "postrider/client/transfer.h"

namespace postrider::client {

using namespace protocol;
using transport::error_code;
namespace error = transport::error;

namespace {

Failure not_connected(Phase phase) {
  Failure failure;
  failure.phase = phase;
  failure.error = error::not_connected;
  return failure;
}

// Decides what needs no server; who is left to be tried.
std::vector<std::size_t> refuse_unfit(const Envelope& envelope, const TransferPlan& plan,
                                      const Capabilities& offered, DeliveryReport& report) {
  std::vector<std::size_t> waiting;
  for (std::size_t index = 0; index < report.recipients.size(); ++index) {
    RecipientResult& result = report.recipients[index];
    result.reply = plan.refusal ? plan.refusal : refuse_recipient(*envelope.recipients()[index], offered);
    if (!result.reply) {
      waiting.push_back(index);
      continue;
    }
    result.local = true;
    result.stage = plan.refusal ? Stage::mail : Stage::rcpt;
    result.decision = plan.refusal ? plan.decision : Decision::fail_recipient;
  }
  return waiting;
}

// Recipients for whom there was no room in a transaction that had room for others come again.
void put_back(const std::vector<std::size_t>& group, const DeliveryReport& report,
              std::vector<std::size_t>& waiting) {
  for (const std::size_t index : group) {
    const RecipientResult& result = report.recipients[index];
    if (result.decision == Decision::retry_same_host && result.stage == Stage::rcpt) waiting.push_back(index);
  }
}

// Who is still waiting when nothing more can be done here.
void leave_untried(const std::vector<std::size_t>& waiting, bool usable, DeliveryReport& report) {
  for (const std::size_t index : waiting) {
    RecipientResult& result = report.recipients[index];
    if (result.reply) continue;  // tried once, and put back
    if (report.failure) {
      Failure failure = *report.failure;
      failure.may_have_been_delivered = false;  // it was not sent to this one
      result.decision = failure.decision();
      result.reply = failure.reply;
      continue;
    }
    result.decision = Decision::retry_same_host;
    if (!usable) continue;
    result.local = true;
    result.reply.emplace(code::insufficient_storage, status::too_many_recipients,
                         "The server's LIMITS allow no more in this session");
  }
}

std::optional<Failure> rewind(MessageSource& message) {
  const error_code failed = message.rewind();
  if (!failed) return std::nullopt;
  Failure failure;
  failure.phase = Phase::content;
  failure.error = failed;
  failure.message_fault = true;
  return failure;
}

}  // namespace

Client::Client(transport::Loop& loop, ClientConfig config) : loop_(loop), config_(std::move(config)) {
  if (!Host::parse(config_.hello_name)) {
    throw std::invalid_argument("postrider::client::Client: hello_name is no domain and no address literal");
  }
}

Client::~Client() = default;

Task<Outcome<void>> Client::connect(transport::Network& network, transport::Endpoint to) {
  transport::ConnectOptions options;
  options.deadline = transport::later(loop_.now(), config_.timeouts.connect);
  options.source = config_.source;
  transport::StreamResult stream = std::unexpected(error_code(error::operation_aborted));
  {
    using namespace boost::asio::experimental::awaitable_operators;
    auto either = network.connect(std::move(to), options) || connecting_.emplace(loop_).wait();
    auto first = co_await std::move(either);
    connecting_.reset();
    if (first.index() == 0) stream = std::get<0>(std::move(first));
  }
  if (!stream) {
    Failure failure;
    failure.phase = Phase::connect;
    failure.error = stream.error();
    co_return std::unexpected(std::move(failure));
  }
  co_return co_await start(std::move(*stream));
}

Task<Outcome<void>> Client::start(std::unique_ptr<transport::Stream> stream) {
  channel_ = std::make_unique<Channel>(loop_, config_, std::move(stream));
  greeting_.reset();
  domains_.clear();
  transactions_ = 0;
  ready_ = reset_first_ = false;
  while (!greeting_) {
    if (const std::optional<Channel::Answer> answer = channel_->next_answer()) {
      greeting_.emplace(answer->reply);
    } else if (channel_->lost()) {
      co_return std::unexpected(channel_->failure());
    } else {
      co_await channel_->turn(Phase::greeting, Channel::Until::input);
    }
  }
  if (!greeting_->code().positive()) {
    Failure failure = channel_->failure();
    failure.reply = greeting_;
    co_return std::unexpected(std::move(failure));
  }
  co_return co_await say_hello();
}

Task<Outcome<Reply>> Client::ask(Phase phase, Command command) {
  const Result<CommandId> sent = channel_->send(command);
  if (!sent) {
    Failure failure = channel_->failure();
    failure.phase = phase;
    failure.protocol = sent.error();
    co_return std::unexpected(std::move(failure));
  }
  for (;;) {
    const std::optional<Channel::Answer> answer = channel_->next_answer();
    // A 421 that nobody asked for answers this, too.
    if (answer) co_return Reply(answer->reply);
    if (channel_->lost()) co_return std::unexpected(channel_->failure());
    co_await channel_->turn(phase, Channel::Until::input);
  }
}

Task<Outcome<void>> Client::say_hello() {
  const bool lmtp = config_.flavor == Flavor::lmtp;
  Hello hello;
  hello.verb = lmtp ? Verb::lhlo : Verb::ehlo;
  hello.name = *Host::parse(config_.hello_name);
  Outcome<Reply> reply = co_await ask(Phase::hello, hello);
  // RFC 5321 3.2 and 4.2.4: a server that does not know EHLO may know HELO.
  if (!lmtp && reply && decide(Stage::hello, *reply) == Decision::retry_same_host) {
    hello.verb = Verb::helo;
    reply = co_await ask(Phase::hello, hello);
  }
  if (!reply) co_return std::unexpected(std::move(reply.error()));
  // The session does not go on after a 2xx that is no 250 either.
  ready_ = reply->code().positive() && channel_->session().may_send(Verb::mail);
  channel_->rest();
  if (ready_) co_return Outcome<void>();
  Failure failure = channel_->failure();
  failure.reply = std::move(*reply);
  co_return std::unexpected(std::move(failure));
}

// ---- Messages ----

Task<DeliveryReport> Client::send(const Envelope& envelope, MessageSource& message) {
  DeliveryReport report;
  report.recipients.resize(envelope.recipients().size());
  if (!usable()) {
    report.failure = not_connected(Phase::mail);
    co_return report;
  }
  const TransferPlan plan = plan_transfer(envelope, message.facts(), capabilities(), config_);
  report.left_out = plan.left_out;
  std::vector<std::size_t> waiting = refuse_unfit(envelope, plan, capabilities(), report);
  while (!waiting.empty() && usable()) {
    const std::vector<std::size_t> group = take_group(envelope, waiting);
    if (group.empty()) break;
    if (report.transactions != 0) {
      report.failure = rewind(message);
      if (report.failure) {
        waiting.insert(waiting.end(), group.begin(), group.end());
        break;
      }
    }
    Transaction transaction(*channel_, envelope, group, plan, message, report);
    if (reset_first_) transaction.reset_first();
    channel_->set_deadline(transport::later(loop_.now(), config_.timeouts.transaction));
    const std::uint32_t before = report.transactions;
    co_await transaction.run();
    transactions_ += report.transactions - before;
    reset_first_ = transaction.left_open();
    if (transaction.must_close()) channel_->abandon();
    if (transaction.accepted_any()) put_back(group, report, waiting);
  }
  leave_untried(waiting, usable(), report);
  channel_->rest();
  co_return report;
}

std::vector<std::size_t> Client::take_group(const Envelope& envelope, std::vector<std::size_t>& waiting) {
  std::vector<std::size_t> group;
  if (transactions_left() == 0) return group;
  const SessionLimits& limits = capabilities().limits();
  std::vector<std::size_t> rest;
  for (const std::size_t index : waiting) {
    const bool room = limits.rcpt_max == 0 || group.size() < limits.rcpt_max;
    if (room && take_domain(*envelope.recipients()[index], limits.rcpt_domain_max)) {
      group.push_back(index);
    } else {
      rest.push_back(index);
    }
  }
  waiting = std::move(rest);
  return group;
}

// RCPTDOMAINMAX, RFC 9422 4.3.
bool Client::take_domain(const Rcpt& rcpt, std::uint32_t most) {
  if (most == 0 || rcpt.to.postmaster) return true;
  const std::string_view domain = rcpt.to.mailbox.host().text();
  const auto same = [domain](const std::string& other) { return equal_ignoring_case(domain, other); };
  if (std::ranges::any_of(domains_, same)) return true;
  if (domains_.size() >= most) return false;
  domains_.emplace_back(domain);
  return true;
}

// ---- The rest of the connection ----

Task<Outcome<void>> Client::reset() {
  if (!usable()) co_return std::unexpected(not_connected(Phase::reset));
  Plain command;
  command.verb = Verb::rset;
  Outcome<Reply> reply = co_await ask(Phase::reset, command);
  if (reply && reply->code().positive()) {
    reset_first_ = false;
    channel_->rest();
    co_return Outcome<void>();
  }
  Failure failure = reply ? channel_->failure() : std::move(reply.error());
  if (reply) failure.reply = std::move(*reply);
  channel_->abandon();
  co_return std::unexpected(std::move(failure));
}

Task<void> Client::quit() {
  ready_ = false;
  if (channel_ == nullptr || channel_->lost()) co_return;
  channel_->set_deadline(transport::kNever);
  Plain command;
  command.verb = Verb::quit;
  const Outcome<Reply> reply = co_await ask(Phase::quit, command);
  if (channel_->lost()) co_return;
  co_await channel_->close();
}

void Client::cancel() noexcept {
  if (connecting_) connecting_->notify();
  if (channel_ != nullptr) channel_->cancel();
}

bool Client::usable() const noexcept { return ready_ && !channel_->lost(); }

std::optional<std::uint32_t> Client::transactions_left() const noexcept {
  const std::uint32_t most = capabilities().limits().mail_max;
  if (most == 0) return std::nullopt;
  return most - std::min(most, transactions_);
}

const Capabilities& Client::capabilities() const noexcept {
  static constexpr Capabilities kNone;
  return channel_ == nullptr ? kNone : channel_->session().capabilities();
}

}  // namespace postrider::client
