#include "postrider/client/client.h"

#include <algorithm>
#include <numeric>
#include <stdexcept>
#include <utility>

#include <boost/asio/experimental/awaitable_operators.hpp>

#include "postrider/client/channel.h"
#include "postrider/client/transaction.h"
#include "postrider/client/transfer.h"
#include "postrider/transport/tls/channel_bindings.h"

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

std::string_view in_words(sasl::Fault fault) noexcept {
  using sasl::Fault;
  switch (fault) {
    case Fault::no_common_mechanism: return "the server offers no mechanism that can be used";
    case Fault::encryption_required: return "the server's mechanisms would show the password in clear";
    case Fault::no_credentials: return "there is no password or token for any mechanism";
    case Fault::server_not_proven: return "the server could not prove that it knows the password";
    default: return sasl::to_string(fault);
  }
}

// Decides what needs no server; who is left to be tried.
std::vector<std::size_t> refuse_unfit(const Envelope& envelope, const std::vector<std::size_t>& recipients,
                                      const TransferPlan& plan, const Capabilities& offered,
                                      DeliveryReport& report) {
  std::vector<std::size_t> waiting;
  for (const std::size_t index : recipients) {
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
  options.deadline = std::min(transport::later(loop_.now(), config_.timeouts.connect), expires_at_);
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
  channel_->set_deadline(expires_at_);
  greeting_.reset();
  domains_.clear();
  transactions_ = 0;
  ready_ = reset_first_ = false;
  Outcome<void> done;
  if (config_.tls.use == TlsUse::implicit) done = co_await encrypt();
  if (done) done = co_await greet();
  if (done) done = co_await say_hello();
  if (done) done = co_await start_tls();
  if (done) done = co_await authenticate();
  channel_->rest();
  ready_ = done.has_value();
  co_return done;
}

Task<Outcome<void>> Client::greet() {
  while (!greeting_) {
    if (const std::optional<Channel::Answer> answer = channel_->next_answer()) {
      greeting_.emplace(answer->reply);
    } else if (channel_->lost()) {
      co_return std::unexpected(channel_->failure());
    } else {
      co_await channel_->turn(Phase::greeting, Channel::Until::input);
    }
  }
  if (greeting_->code().positive()) co_return Outcome<void>();
  Failure failure = channel_->failure();
  failure.reply = greeting_;
  co_return std::unexpected(std::move(failure));
}

Task<Outcome<Reply>> Client::ask(Phase phase, Command command) {
  return answer_to(phase, channel_->send(command));
}

Task<Outcome<Reply>> Client::answer_to(Phase phase, Result<CommandId> sent) {
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
  const bool ready = reply->code().positive() && channel_->session().may_send(Verb::mail);
  if (ready) co_return Outcome<void>();
  Failure failure = channel_->failure();
  failure.reply = std::move(*reply);
  co_return std::unexpected(std::move(failure));
}

// ---- TLS ----

Task<Outcome<void>> Client::encrypt() {
  transport::TlsResult<std::unique_ptr<transport::TlsEngine>> engine =
      config_.tls.context->engine(config_.tls.target);
  if (engine) co_return co_await channel_->encrypt(std::move(*engine));
  Failure failure = channel_->failure();
  failure.phase = Phase::start_tls;
  failure.detail = std::move(engine.error());
  channel_->abandon();
  co_return std::unexpected(std::move(failure));
}

Task<Outcome<void>> Client::start_tls() {
  const TlsUse use = config_.tls.use;
  if (use == TlsUse::none || use == TlsUse::implicit) co_return Outcome<void>();
  const bool offered = capabilities().has(Extension::starttls);
  if (!offered && use == TlsUse::opportunistic) co_return Outcome<void>();
  if (!offered) {
    Failure failure = channel_->failure();
    failure.phase = Phase::start_tls;
    failure.detail = "the server does not offer STARTTLS";
    co_return std::unexpected(std::move(failure));
  }
  Plain command;
  command.verb = Verb::starttls;
  Outcome<Reply> reply = co_await ask(Phase::start_tls, command);
  if (!reply) co_return std::unexpected(std::move(reply.error()));
  if (!reply->code().positive()) {
    const bool goes_on = use == TlsUse::opportunistic && reply->code() != code::service_not_available;
    if (goes_on) co_return Outcome<void>();
    Failure failure = channel_->failure();
    failure.reply = std::move(*reply);
    co_return std::unexpected(std::move(failure));
  }
  Outcome<void> encrypted = co_await encrypt();
  if (!encrypted) co_return encrypted;
  // RFC 3207 4.2: what was offered in clear is forgotten.
  co_return co_await say_hello();
}

// ---- AUTH, RFC 4954 ----

Failure Client::failed_login(std::string_view why, std::optional<Reply> reply) const {
  Failure failure = channel_->failure();
  failure.phase = Phase::authentication;
  failure.detail = why;
  if (reply) failure.reply = std::move(reply);
  return failure;
}

Task<Outcome<void>> Client::authenticate() {
  if (!config_.login) co_return Outcome<void>();
  const ClientLogin& login = *config_.login;
  sasl::ClientConditions conditions;
  conditions.encrypted = channel_->session().encrypted();
  conditions.allow_clear = login.allow_clear;
  conditions.only = login.only;
  conditions.bindings = transport::channel_bindings(channel_->tls());
  auto begun = sasl::ClientExchange::begin(capabilities().mechanisms(), login.credentials, conditions,
                                           *login.primitives);
  if (!begun) co_return std::unexpected(failed_login(in_words(begun.error()), std::nullopt));
  const std::unique_ptr<sasl::ClientExchange> exchange = std::move(*begun);

  Auth command{*LineText::from(to_string(exchange->mechanism())), std::nullopt};
  const std::optional<sasl::Secret> initial = exchange->initial();
  if (initial) command.initial = LineText::from(initial->view());
  Outcome<Reply> reply = co_await ask(Phase::authentication, command);
  std::optional<sasl::Fault> fault;
  while (reply && reply->code() == code::auth_continue) {
    if (fault) {  // RFC 4954 4: "*" is answered 501. Who asks on instead might do so for ever.
      channel_->abandon();
      co_return std::unexpected(failed_login(in_words(*fault), std::move(*reply)));
    }
    std::optional<sasl::Secret> line;
    auto answer = exchange->respond(reply->text());
    if (answer) {
      line = std::move(*answer);
    } else {
      fault = answer.error();
    }
    std::optional<std::string_view> said;
    if (line) said = line->view();
    const Result<CommandId> sent = channel_->send_auth_line(said);
    reply = co_await answer_to(Phase::authentication, sent);
  }
  if (!reply) co_return std::unexpected(std::move(reply.error()));
  if (!reply->code().positive()) {
    co_return std::unexpected(failed_login(fault ? in_words(*fault) : std::string_view(), std::move(*reply)));
  }
  if (const auto finished = exchange->finish(); !finished) {
    channel_->abandon();
    co_return std::unexpected(failed_login(in_words(finished.error()), std::nullopt));
  }
  co_return Outcome<void>();
}

// ---- Messages ----

Task<DeliveryReport> Client::send(const Envelope& envelope, MessageSource& message) {
  std::vector<std::size_t> all(envelope.recipients().size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  return send_to(envelope, std::move(all), message);
}

Task<DeliveryReport> Client::send_to(const Envelope& envelope, std::vector<std::size_t> recipients,
                                     MessageSource& message) {
  DeliveryReport report;
  report.recipients.resize(envelope.recipients().size());
  if (!usable()) {
    report.failure = not_connected(Phase::mail);
    co_return report;
  }
  const TransferPlan plan = plan_transfer(envelope, message.facts(), capabilities(), config_, loop_.now());
  report.left_out = plan.left_out;
  std::vector<std::size_t> waiting = refuse_unfit(envelope, recipients, plan, capabilities(), report);
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
    channel_->set_deadline(
        std::min(transport::later(loop_.now(), config_.timeouts.transaction), expires_at_));
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
  channel_->set_deadline(expires_at_);
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

const transport::TlsInfo* Client::tls() const noexcept {
  return channel_ == nullptr ? nullptr : channel_->tls();
}

bool Client::authenticated() const noexcept {
  return channel_ != nullptr && channel_->session().authenticated();
}

const Capabilities& Client::capabilities() const noexcept {
  static constexpr Capabilities kNone;
  return channel_ == nullptr ? kNone : channel_->session().capabilities();
}

}  // namespace postrider::client
