#include "postrider/agent/serve/mail_handler.h"

#include <utility>

#include "postrider/agent/serve/encryption.h"
#include "postrider/agent/serve/mail_sink.h"
#include "postrider/agent/serve/queue_sink.h"
#include "postrider/agent/serve/queued_command.h"
#include "postrider/transport/loop.h"

namespace postrider::agent {
namespace {

namespace code = protocol::code;
namespace status = protocol::status;

constexpr server::ReplyView kSenderOk{code::ok, status::sender_ok, "Sender ok"};
constexpr server::ReplyView kNoGateway{code::mailbox_unavailable, status::security,
                                       "Insufficient authorization"};
// RFC 5321 4.5.3.1.10: the client sends the rest in another transaction.
constexpr server::ReplyView kTooManyRecipients{code::insufficient_storage, status::too_many_recipients,
                                               "Too many recipients, send the others later"};
constexpr server::ReplyView kRecipientOk{code::ok, status::address_valid, "Recipient ok"};

std::string_view name_of(const protocol::ForwardPath& to) {
  return to.postmaster ? std::string_view("postmaster") : to.mailbox.text();
}

server::Reply no_queue() {
  return server::Reply(code::local_error, status::mail_system, "There is no queue here, try again later");
}

}  // namespace

server::Answer MailHandler::on_connect(const server::ReplyView& greeting) {
  greeting_ = greeting;
  return greeting;
}

server::Answer MailHandler::on_hello(const protocol::ev::Hello& hello) {
  // What is no host name (a tolerated fault) is not repeated in a header.
  hello_ = hello.name.kind() == protocol::Host::Kind::junk ? std::string_view() : hello.name.text();
  return Handler::on_hello(hello);
}

// ---- TLS and AUTH ----

server::Answer MailHandler::on_start_tls() { return kReadyForTls; }

server::Task<transport::StreamResult> MailHandler::upgrade(std::unique_ptr<transport::Stream> plain) {
  told_.forget_at_tls();
  return encrypt(std::move(plain), policy_, info_, services_.log);
}

server::Soon<server::AuthStep> MailHandler::on_auth(const protocol::ev::Auth& auth) {
  mechanism_ = auth.mechanism;
  authentication_.reset();
  if (services_.authenticator == nullptr) return Handler::on_auth(auth);
  server::AuthStart started = services_.authenticator->start(mechanism_, auth_peer(info_));
  if (!started) return server::AuthStep(started.error());
  authentication_ = std::move(*started);
  std::optional<std::string_view> initial;
  if (auth.initial) initial = *auth.initial;
  return note(authentication_->begin(initial));
}

server::Soon<server::AuthStep> MailHandler::on_auth_line(const protocol::ev::AuthLine& line) {
  return note(authentication_->respond(line.base64));
}

void MailHandler::on_auth_cancelled() noexcept { authentication_.reset(); }

server::Soon<server::AuthStep> MailHandler::note(server::Soon<server::AuthStep> step) {
  if (!step.is_ready()) return note_later(std::move(step).task());
  note_login(step.value());
  return step;
}

server::Task<server::AuthStep> MailHandler::note_later(server::Task<server::AuthStep> task) {
  server::AuthStep step = co_await std::move(task);
  note_login(step);
  co_return step;
}

void MailHandler::note_login(const server::AuthStep& step) {
  const auto* reply = std::get_if<server::Reply>(&step);
  if (reply == nullptr) return;
  const bool good = reply->code().positive();
  LogLine line(good ? LogLevel::info : LogLevel::warning, good ? "logged in" : "login failed");
  line.add("session", info_.id().to_string()).add("peer", info_.peer().to_string());
  line.add("mechanism", mechanism_);
  if (good) line.add("user", user());
  line.add("result", protocol::to_log_line(reply->view()));
  services_.log.write(line);
}

std::string_view MailHandler::user() const noexcept {
  if (authentication_ && !authentication_->user().empty()) return authentication_->user();
  return told_.login ? std::string_view(*told_.login) : std::string_view();
}

// ---- XCLIENT ----

// The one verb that is registered. The session forgets EHLO and AUTH with the 220, and so do we.
server::Answer MailHandler::on_extended(const protocol::ev::Extended& command) {
  if (!info_.is_gateway()) return kNoGateway;
  auto said = parse_xclient(command.argument);
  if (!said) return said.error();
  told_.update(*std::move(said));
  if (const auto refusal = info_.stand_for(told_.peer(info_.real_peer()), told_.local(info_.real_local()))) {
    return server::Reply(code::service_not_available, status::security,
                         policy_.current()->hostname + " " + std::string(to_string(*refusal)));
  }
  hello_.clear();
  authentication_.reset();
  log_xclient();
  return greeting_;
}

void MailHandler::log_xclient() const {
  LogLine line(LogLevel::info, "client of a gateway");
  line.add("session", info_.id().to_string()).add("gateway", info_.real_peer().to_string());
  line.add("peer", info_.peer().to_string());
  const auto add = [&line](std::string_view key, const std::optional<std::string>& value) {
    if (value && !value->empty()) line.add(key, *value);
  };
  add("name", told_.name);
  add("reverse_name", told_.reverse_name);
  add("hello", told_.hello);
  add("user", told_.login);
  services_.log.write(line);
}

// ---- Mail ----

server::Answer MailHandler::on_mail(const protocol::ev::Mail& mail) {
  std::shared_ptr<const MailPolicy> policy = policy_.current();
  if (auto refusal = judge_sender(*policy, mail.from, user())) return *std::move(refusal);
  const auto wishes = delivery_wishes(mail.parameters, info_.loop().clock().system_now());
  if (!wishes) return wishes.error();
  transaction_ = std::make_unique<MailTransaction>();
  transaction_->policy = std::move(policy);
  transaction_->user = user();
  transaction_->id = info_.id().to_string() + "-" + std::to_string(++transactions_);
  transaction_->hello = told_.hello.value_or(hello_);
  transaction_->extended_hello = told_.extended.value_or(info_.session().extended_hello());
  transaction_->peer_name = told_.name.value_or("");
  transaction_->sender = mail.from.mailbox.text();
  transaction_->mail = as_queued(protocol::Mail{mail.from, mail.parameters});
  transaction_->smtputf8 = mail.parameters.smtputf8;
  transaction_->binary = mail.parameters.body == protocol::BodyType::binary_mime;
  transaction_->require_tls = mail.parameters.require_tls;
  transaction_->wishes = *wishes;
  transaction_->started = info_.loop().now();
  return kSenderOk;
}

server::Answer MailHandler::on_rcpt(const protocol::ev::Rcpt& rcpt) {
  if (transaction_->policy->aliases != nullptr) {
    Rewriting rewriting = rewrite_recipient(*transaction_->policy, protocol::Rcpt{rcpt.to, rcpt.parameters});
    if (auto* refusal = std::get_if<protocol::Reply>(&rewriting)) {
      log_refusal(name_of(rcpt.to), refusal->view());
      return std::move(*refusal);
    }
    if (auto* rewritten = std::get_if<Rewritten>(&rewriting)) return take(*std::move(rewritten));
  }
  const Origin origin(info_.peer(), transaction_->user);
  RecipientVerdict verdict = judge_recipient(*transaction_->policy, rcpt.to, origin);
  if (auto* refusal = std::get_if<protocol::Reply>(&verdict)) {
    log_refusal(name_of(rcpt.to), refusal->view());
    return std::move(*refusal);
  }
  MailTransaction::Recipient recipient;
  recipient.address = name_of(rcpt.to);
  recipient.rcpt = as_queued(protocol::Rcpt{rcpt.to, rcpt.parameters});
  recipient.notify = rcpt.parameters.notify;
  place(recipient, std::move(verdict));
  add_recipient(*transaction_, std::move(recipient));
  return kRecipientOk;
}

server::Answer MailHandler::take(Rewritten rewritten) {
  const std::string from = rewritten.recipients.front().original;
  if (transaction_->recipients.size() + rewritten.recipients.size() > kMostExpandedRecipients) {
    log_refusal(from, kTooManyRecipients);
    return kTooManyRecipients;
  }
  for (const Rewritten::Refusal& each : rewritten.refused) log_refusal(each.address, each.reply.view(), from);
  LogLine line(LogLevel::info, "recipient rewritten");
  line.add("session", info_.id().to_string()).add("to", "<" + from + ">");
  line.add("targets", rewritten.targets);
  line.add("first", "<" + rewritten.recipients.front().address + ">");
  services_.log.write(line);
  add_expanded(*transaction_, std::move(rewritten.recipients));
  return kRecipientOk;
}

server::Soon<server::Opened> MailHandler::on_data() {
  if (needs_queue(*transaction_)) {
    if (services_.queue == nullptr) return server::Opened(std::unexpected(no_queue()));
    transaction_->in_content = true;
    return server::Opened(std::make_unique<QueueSink>(services_, info_, *transaction_));
  }
  transaction_->in_content = true;
  return server::Opened(std::make_unique<MailSink>(services_, info_, *transaction_));
}

void MailHandler::on_reset(const protocol::ev::Reset&) noexcept { abandon(); }

void MailHandler::on_refused(const protocol::ev::Refused& refused) noexcept {
  if (!services_.log.enabled(LogLevel::debug)) return;
  LogLine line(LogLevel::debug, "command refused");
  line.add("session", info_.id().to_string()).add("verb", protocol::to_string(refused.verb));
  line.add("reply", refused.code.value()).add("reason", protocol::to_string(refused.why));
  services_.log.write(line);
}

void MailHandler::on_body_refused(const protocol::ev::BodyRefused& refused) noexcept {
  if (!transaction_) return;
  transaction_->in_content = false;
  const std::string result = "refused: " + std::string(protocol::to_string(refused.why));
  log_message(services_.log, info_, *transaction_, result, std::nullopt);
  transaction_.reset();
}

void MailHandler::on_end(const server::SessionEnd& end) noexcept {
  abandon();
  const bool ordinary = end.cause == server::SessionEnd::Cause::stopped ||
                        (end.cause == server::SessionEnd::Cause::protocol &&
                         (end.closed == protocol::ev::Closed::Cause::quit ||
                          end.closed == protocol::ev::Closed::Cause::end_of_input));
  const bool broken = end.cause == server::SessionEnd::Cause::failed;
  const LogLevel level = broken ? LogLevel::error : ordinary ? LogLevel::debug : LogLevel::info;
  if (!services_.log.enabled(level)) return;
  LogLine line(level, "session ended");
  line.add("session", info_.id().to_string()).add("peer", info_.peer().to_string());
  line.add("messages", transactions_).add("reason", server::to_string(end));
  if (end.error) line.add("error", end.error.message());
  services_.log.write(line);
}

// A message whose content had begun and did not come to its end: its line in the log.
void MailHandler::abandon() noexcept {
  if (transaction_ && transaction_->in_content) {
    log_message(services_.log, info_, *transaction_, "abandoned by the client", std::nullopt);
  }
  transaction_.reset();
}

void MailHandler::log_refusal(std::string_view recipient, const server::ReplyView& reply,
                              std::string_view alias) {
  LogLine line(LogLevel::info, "recipient refused");
  line.add("session", info_.id().to_string()).add("peer", info_.peer().to_string());
  line.add("from", "<" + transaction_->sender + ">").add("to", "<" + std::string(recipient) + ">");
  if (!alias.empty()) line.add("alias", "<" + std::string(alias) + ">");
  line.add("result", protocol::to_log_line(reply));
  services_.log.write(line);
}

}  // namespace postrider::agent
