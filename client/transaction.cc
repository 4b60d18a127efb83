#include "postrider/client/transaction.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "postrider/protocol/grammar/reply_hint.h"

namespace postrider::client {

using namespace protocol;
using transport::error_code;

namespace {

constexpr std::size_t kBlock = std::size_t{256} * 1024;
constexpr std::size_t kMostInChunk = std::size_t{1} << 20;
constexpr std::string_view kLineEnd = "\r\n";

// Why we do not send a command at all.
Reply local_refusal(const Error& why) {
  if (why.code == Errc::extension_not_offered) {
    return Reply(code::parameters_not_recognized, status::invalid_arguments,
                 "A parameter is needed that the server does not offer");
  }
  return Reply(reply_hint(why.code));
}

// A source that gives more or fewer octets than it said.
error_code changed_meanwhile() noexcept { return transport::system_error(EIO); }

}  // namespace

Transaction::Transaction(Channel& channel, const Envelope& envelope, std::span<const std::size_t> group,
                         const TransferPlan& plan, MessageSource& message, DeliveryReport& report)
    : channel_(channel),
      envelope_(envelope),
      group_(group),
      plan_(plan),
      message_(message),
      report_(report),
      decided_(group.size()),
      octets_left_(plan.octets - (plan.add_line_end ? kLineEnd.size() : 0)) {
  asked_.reserve(group.size());
  accepted_.reserve(group.size());
}

Task<void> Transaction::run() {
  if (plan_.transfer == Transfer::chunk_at_once) {
    const bool gathered = co_await gather();
    if (!gathered) {
      must_close_ = false;  // nothing was said yet
      co_return;
    }
  }
  for (;;) {
    take_answers();
    if (over_) co_return;
    if (channel_.lost()) break;
    queue_commands();
    if (content_is_due()) {
      content_begun_ = true;
      co_await send_content();
      continue;
    }
    // Nothing is left to say or to hear.
    if (channel_.session().in_flight() == 0 && channel_.all_written()) break;
    co_await channel_.turn(waiting_for(), Channel::Until::input);
  }
  if (!undecided() && !channel_.lost()) co_return;
  Failure failure = connection_failure(waiting_for());
  if (!channel_.lost()) failure.protocol = Error{.code = Errc::misuse};
  fail(std::move(failure));
}

// ---- Saying ----

void Transaction::queue_commands() {
  if (reset_ == Reset::wanted) {
    if (!channel_.session().may_send(Verb::rset)) return;
    const Result<CommandId> sent = channel_.send(Plain{.verb = Verb::rset, .argument = {}});
    reset_ = sent ? Reset::sent : Reset::answered;
  }
  if (step_ == Step::mail) queue_mail();
  while (step_ == Step::recipients && channel_.session().may_send(Verb::rcpt)) queue_recipient();
  if (step_ == Step::content) queue_content_command();
}

void Transaction::queue_mail() {
  if (!channel_.session().may_send(Verb::mail)) return;
  ++report_.transactions;
  step_ = Step::recipients;
  const Result<CommandId> sent = channel_.send(plan_.mail);
  if (sent) return;
  step_ = Step::nothing;
  const Reply refusal = local_refusal(sent.error());
  for (std::size_t place = 0; place < group_.size(); ++place) {
    decide_one(place, Stage::mail, refusal, true);
  }
}

void Transaction::queue_recipient() {
  const std::size_t place = next_place_++;
  const Rcpt& rcpt = *envelope_.recipients()[group_[place]];
  const Result<CommandId> sent =
      channel_.send(fit_recipient(rcpt, channel_.session().capabilities(), report_.left_out));
  if (sent) {
    asked_.push_back(place);
  } else {
    decide_one(place, Stage::rcpt, local_refusal(sent.error()), true);
  }
  if (next_place_ == group_.size()) step_ = asked_.empty() ? Step::nothing : Step::content;
}

void Transaction::queue_content_command() {
  if (plan_.transfer == Transfer::data) {
    if (!channel_.session().may_send(Verb::data)) return;
    const Result<CommandId> sent = channel_.send(Plain{.verb = Verb::data, .argument = {}});
    data_pending_ = sent.has_value();
    step_ = Step::nothing;
  } else if (plan_.transfer == Transfer::chunk_at_once) {
    if (!channel_.session().may_send(Verb::bdat)) return;
    const Result<CommandId> sent = channel_.send_chunk(plan_.octets, true);
    step_ = Step::nothing;
    if (!sent) return;
    channel_.queue_octets(at_once_);
    if (plan_.add_line_end) channel_.queue_octets(kLineEnd);
    content_begun_ = content_ended_ = true;
  }
}

bool Transaction::content_is_due() const noexcept {
  if (content_begun_) return false;
  if (plan_.transfer == Transfer::data) return channel_.session().in_content();
  // RFC 3030 2: out of sequence without a recipient; a large message is not sent on the chance.
  return step_ == Step::content && answered_ == asked_.size() && !accepted_.empty();
}

Phase Transaction::waiting_for() const noexcept {
  if (reset_ == Reset::sent) return Phase::reset;
  if (!mail_answered_) return Phase::mail;
  if (answered_ < asked_.size()) return Phase::rcpt;
  if (data_pending_) return Phase::data;
  return content_ended_ && channel_.all_written() ? Phase::end_of_content : Phase::content;
}

// ---- Hearing ----

void Transaction::take_answers() {
  while (!over_) {
    const std::optional<Channel::Answer> answer = channel_.next_answer();
    if (!answer) return;
    on_answer(*answer);
  }
}

void Transaction::on_answer(const Channel::Answer& answer) {
  using Kind = ClientSession::Kind;
  const Phase phase = waiting_for();
  switch (answer.kind) {
    case Kind::content: on_content(answer); return;
    case Kind::chunk:
      if (answer.reply.code.positive() || content_refused_) return;
      content_refused_ = true;
      decide_all(Stage::content, answer.reply);
      return;
    case Kind::command: on_command_answer(answer); break;
    case Kind::greeting:
    case Kind::auth_line:
    case Kind::shutting_down: break;
  }
  if (over_ || answer.reply.code != code::service_not_available) return;
  // RFC 5321 3.8: the server closes; what else is unanswered will stay so.
  fail(connection_failure(phase));
}

void Transaction::on_command_answer(const Channel::Answer& answer) {
  const bool positive = answer.reply.code.positive();
  switch (answer.verb) {
    case Verb::rset: {
      reset_ = Reset::answered;
      if (positive) return;
      Failure failure = connection_failure(Phase::reset);
      failure.reply.emplace(answer.reply);
      fail(std::move(failure));
      return;
    }
    case Verb::mail:
      mail_answered_ = true;
      mail_accepted_ = positive;
      if (positive) return;
      step_ = Step::nothing;
      decide_all(Stage::mail, answer.reply);
      return;
    case Verb::rcpt: on_recipient(answer.reply); return;
    case Verb::data:
      data_pending_ = false;
      if (!answer.reply.code.intermediate()) decide_all(Stage::data, answer.reply);
      return;
    default: return;
  }
}

void Transaction::on_recipient(const ReplyView& reply) {
  const std::size_t place = asked_[answered_++];
  if (!mail_accepted_) return;  // MAIL's reply is the one that counts
  if (reply.code.positive()) {
    accepted_.push_back(place);
  } else {
    decide_one(place, Stage::rcpt, reply);
  }
}

void Transaction::on_content(const Channel::Answer& answer) {
  // The verdict came before the content had left. Sending the rest would bring a second verdict, and ending
  // the content here would deliver half a message to a server that did not mean it.
  if (answer.early || !channel_.all_written()) {
    must_close_ = over_ = true;
    if (!answer.reply.code.positive()) {
      decide_all(Stage::content, answer.reply);
    } else {
      Failure failure = connection_failure(Phase::content);
      failure.protocol = Error{.code = Errc::unsolicited_reply};
      fail(std::move(failure));
    }
    return;
  }
  // RFC 5321 4.1.1.4: the end of data ends the transaction, whatever the verdict. RFC 3030 2: a chunk that
  // failed leaves it undefined, until RSET.
  concluded_ = plan_.transfer == Transfer::data || answer.reply.code.positive();
  if (answer.reply.code == code::service_not_available) must_close_ = true;
  const bool by_recipient = channel_.lmtp() && !accepted_.empty();
  if (!by_recipient) {
    decide_all(Stage::content, answer.reply);
  } else if (answer.recipient < accepted_.size()) {
    decide_one(accepted_[answer.recipient], Stage::content, answer.reply);
  }
}

// ---- The content ----

Task<bool> Transaction::gather() {
  for (;;) {
    const MessageSource::SliceResult slice = co_await message_.next();
    if (!slice) co_return message_failed(slice.error());
    if (slice->octets.size() > octets_left_) co_return message_failed(changed_meanwhile());
    octets_left_ -= slice->octets.size();
    if (slice->last && gathered_.empty()) {
      at_once_ = slice->octets;
    } else {
      gathered_.append(slice->octets);
      at_once_ = gathered_;
    }
    if (slice->last) break;
  }
  if (octets_left_ != 0) co_return message_failed(changed_meanwhile());
  co_return true;
}

Task<void> Transaction::send_content() {
  if (plan_.transfer == Transfer::data && accepted_.empty()) {
    // RFC 2920 3.1: DATA went out with the RCPTs, all of them were refused, and still 354 came: end it at
    // once.
    const Result<void> ended = channel_.end_text();
    content_ended_ = ended.has_value();
    co_return;
  }
  if (plan_.transfer == Transfer::one_chunk) {
    const Result<CommandId> sent = channel_.send_chunk(plan_.octets, true);
    if (!sent) {
      message_failed(sent.error());
      co_return;
    }
  }
  for (bool going_on = true; going_on;) {
    const MessageSource::SliceResult slice = co_await message_.next();
    if (!slice) {
      message_failed(slice.error());
      co_return;
    }
    if (plan_.transfer == Transfer::data) {
      going_on = co_await send_as_text(*slice);
    } else if (plan_.transfer == Transfer::one_chunk) {
      going_on = co_await send_as_part(*slice);
    } else {
      going_on = co_await send_as_chunks(*slice);
    }
  }
}

// These three send a slice, the end behind the last one, and say whether more is wanted.

Task<bool> Transaction::send_as_text(MessageSource::Slice slice) {
  do {
    const Result<std::size_t> taken = channel_.queue_text(slice.octets);
    if (!taken) co_return message_failed(taken.error());
    slice.octets.remove_prefix(*taken);
    const bool at_end = slice.last && slice.octets.empty();
    if (at_end) {
      const Result<void> ended = channel_.end_text();
      if (!ended) co_return message_failed(ended.error());
      content_ended_ = true;
    }
    const bool written = co_await write_out(!at_end);
    if (!written) co_return false;
  } while (!slice.octets.empty());
  co_return !slice.last;
}

Task<bool> Transaction::send_as_part(MessageSource::Slice slice) {
  const bool too_few = slice.last && slice.octets.size() < octets_left_;
  if (too_few || slice.octets.size() > octets_left_) co_return message_failed(changed_meanwhile());
  octets_left_ -= slice.octets.size();
  do {
    const std::string_view block = slice.octets.substr(0, kBlock);
    slice.octets.remove_prefix(block.size());
    channel_.queue_octets(block);
    const bool at_end = slice.last && slice.octets.empty();
    if (at_end && plan_.add_line_end) channel_.queue_octets(kLineEnd);
    content_ended_ = at_end;
    const bool written = co_await write_out(!at_end);
    if (!written) co_return false;
  } while (!slice.octets.empty());
  co_return !slice.last;
}

Task<bool> Transaction::send_as_chunks(MessageSource::Slice slice) {
  const bool fit = look_through(slice);
  if (!fit) co_return false;
  do {
    while (!channel_.session().may_send(Verb::bdat)) {
      co_await channel_.turn(Phase::content, Channel::Until::input);
      take_answers();
      if (over_ || content_refused_ || channel_.lost()) co_return false;
    }
    const std::string_view block = slice.octets.substr(0, kMostInChunk);
    slice.octets.remove_prefix(block.size());
    const bool at_end = slice.last && slice.octets.empty();
    const bool add_line_end = at_end && !plan_.binary && !inspector_.finish().ends_with_line;
    const Result<CommandId> sent =
        channel_.send_chunk(block.size() + (add_line_end ? kLineEnd.size() : 0), at_end);
    if (!sent) co_return message_failed(sent.error());
    channel_.queue_octets(block);
    if (add_line_end) channel_.queue_octets(kLineEnd);
    content_ended_ = at_end;
    const bool written = co_await write_out(!at_end);
    if (!written) co_return false;
  } while (!slice.octets.empty());
  co_return !slice.last && !content_refused_;
}

// Writes what is queued. False: there is no point in going on.
Task<bool> Transaction::write_out(bool more_to_come) {
  for (;;) {
    co_await channel_.turn(Phase::content, Channel::Until::written);
    if (more_to_come && channel_.all_written()) channel_.look();
    take_answers();
    if (over_ || channel_.lost()) co_return false;
    if (channel_.all_written()) co_return true;
  }
}

// A message in chunks that nobody has looked at: what is no text must not go as text.
bool Transaction::look_through(const MessageSource::Slice& slice) {
  if (plan_.binary) return true;
  inspector_.look(slice.octets);
  const Flaws flaws = slice.last ? MessageInspector(inspector_).finish().flaws : inspector_.flaws();
  if (flaws.bare_cr) return message_failed(Error{.code = Errc::bare_carriage_return});
  if (flaws.bare_lf) return message_failed(Error{.code = Errc::bare_line_feed});
  if (flaws.nul) return message_failed(Error{.code = Errc::nul_in_data});
  return true;
}

// ---- Results ----

void Transaction::decide_all(Stage stage, const ReplyView& reply) {
  for (std::size_t place = 0; place < group_.size(); ++place) {
    if (!decided_[place]) decide_one(place, stage, reply);
  }
}

void Transaction::decide_one(std::size_t place, Stage stage, const ReplyView& reply, bool local) {
  RecipientResult& result = report_.recipients[group_[place]];
  result = RecipientResult();
  result.decision = decide(stage, reply);
  result.stage = stage;
  result.reply.emplace(reply);
  result.local = local;
  decided_[place] = true;
}

bool Transaction::message_failed(const error_code& why) {
  Failure failure = connection_failure(Phase::content);
  failure.error = why;
  failure.message_fault = true;
  fail(std::move(failure));
  return false;
}

bool Transaction::message_failed(const Error& why) {
  Failure failure = connection_failure(Phase::content);
  failure.protocol = why;
  failure.message_fault = true;
  fail(std::move(failure));
  return false;
}

Failure Transaction::connection_failure(Phase phase) const {
  Failure failure = channel_.failure();
  failure.phase = phase;
  return failure;
}

bool Transaction::undecided() const noexcept { return std::ranges::find(decided_, false) != decided_.end(); }

void Transaction::fail(Failure failure) {
  failure.may_have_been_delivered =
      content_ended_ && channel_.all_written() && !failure.message_fault && undecided();
  for (std::size_t place = 0; place < group_.size(); ++place) {
    if (decided_[place]) continue;
    RecipientResult& result = report_.recipients[group_[place]];
    result = RecipientResult();
    result.decision = failure.decision();
    result.stage = stage_of(failure.phase);
    result.reply = failure.reply;
    result.may_have_been_delivered = failure.may_have_been_delivered;
    decided_[place] = true;
  }
  report_.failure = std::move(failure);
  over_ = must_close_ = true;
}

}  // namespace postrider::client
