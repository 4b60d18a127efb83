#include "postrider/resolver/resolver.h"

#include <algorithm>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <absl/cleanup/cleanup.h>
#include <absl/container/flat_hash_map.h>

#include "postrider/resolver/answer_cache.h"
#include "postrider/resolver/weaker_security.h"
#include "postrider/transport/signal.h"

namespace postrider::resolver {
namespace {

using transport::SteadyTime;

Answer failed(const Question& question, LookupFault fault, std::string_view why) {
  return Answer::failed(fault, to_string(question) + ": " + std::string(why));
}

Answer read(const Question& question, AskResult result) {
  if (!result) return failed(question, result.error().fault, result.error().text);
  if (result->security == Security::bogus) {
    Answer answer = failed(question, LookupFault::bogus,
                           result->why_bogus.empty() ? "DNSSEC validation failed" : result->why_bogus);
    answer.security = Security::bogus;
    return answer;
  }
  const auto message = read_message(result->message);
  if (!message) return failed(question, LookupFault::malformed, to_string(message.error()));
  if (!answers(*message, question)) {
    return failed(question, LookupFault::malformed, "the response is to another question");
  }
  return interpret(question, *message, result->security);
}

}  // namespace

class Resolver::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(transport::Loop& loop, std::unique_ptr<Backend> backend, const ResolverLimits& limits)
      : loop_(loop), backend_(std::move(backend)), limits_(limits), cache_(limits.entries, limits.octets) {}

  // One question, without following aliases out of its answer.
  Task<Answer> lookup_one(Question question, SteadyTime deadline);

  transport::Loop& loop_;
  std::unique_ptr<Backend> backend_;
  ResolverLimits limits_;
  AnswerCache cache_;
  ResolverCounters counters_;

 private:
  // A question that somebody waits for, at the backend or in line for it.
  struct Pending {
    explicit Pending(Question asked) : question(std::move(asked)) {}

    Question question;
    std::optional<Answer> answer;
    std::vector<transport::Signal*> waiters;
  };
  using PendingPointer = std::shared_ptr<Pending>;

  PendingPointer pending_for(const Question& question);
  void start(const PendingPointer& pending);
  static Task<void> ask(std::shared_ptr<Impl> self, PendingPointer pending);
  void finish(Pending& pending, Answer answer);
  void start_next();
  std::chrono::seconds kept_for(const Answer& answer) const noexcept;

  absl::flat_hash_map<Question, PendingPointer> pending_;
  std::deque<PendingPointer> line_;
  std::size_t asking_ = 0;
};

Task<Answer> Resolver::Impl::lookup_one(Question question, SteadyTime deadline) {
  ++counters_.lookups;
  if (auto known = cache_.find(question, loop_.now())) {
    ++counters_.from_cache;
    co_return *std::move(known);
  }
  const PendingPointer pending = pending_for(question);
  if (!pending) co_return failed(question, LookupFault::too_many, "too many questions are waiting");
  transport::Signal signal(loop_);
  if (!pending->answer) {
    pending->waiters.push_back(&signal);
    const absl::Cleanup leave = [&] { std::erase(pending->waiters, &signal); };
    const transport::error_code ended = co_await signal.wait(deadline);
    if (!pending->answer) {
      const bool late = ended == transport::error::timed_out;
      co_return failed(question, late ? LookupFault::timed_out : LookupFault::cancelled,
                       late ? "no answer in time" : "cancelled");
    }
  }
  co_return *pending->answer;
}

Resolver::Impl::PendingPointer Resolver::Impl::pending_for(const Question& question) {
  if (const auto found = pending_.find(question); found != pending_.end()) {
    ++counters_.joined;
    return found->second;
  }
  if (asking_ >= limits_.in_flight && line_.size() >= limits_.waiting) return nullptr;
  auto pending = std::make_shared<Pending>(question);
  pending_.emplace(question, pending);
  if (asking_ < limits_.in_flight) {
    start(pending);
  } else {
    line_.push_back(pending);
  }
  return pending;
}

void Resolver::Impl::start(const PendingPointer& pending) {
  ++asking_;
  ++counters_.asked;
  loop_.spawn(ask(shared_from_this(), pending));
}

Task<void> Resolver::Impl::ask(std::shared_ptr<Impl> self, PendingPointer pending) {
  const SteadyTime deadline = transport::later(self->loop_.now(), self->limits_.patience);
  AskResult result = co_await self->backend_->ask(pending->question, deadline);
  self->finish(*pending, read(pending->question, std::move(result)));
}

void Resolver::Impl::finish(Pending& pending, Answer answer) {
  --asking_;
  if (answer.outcome == Answer::Outcome::failed) ++counters_.failed;
  answer.ttl = kept_for(answer);
  cache_.keep(pending.question, answer, loop_.now());
  pending_.erase(pending.question);
  pending.answer = std::move(answer);
  for (transport::Signal* waiter : pending.waiters) waiter->notify();
  start_next();
}

// Whoever has given up meanwhile is passed over.
void Resolver::Impl::start_next() {
  while (!line_.empty() && asking_ < limits_.in_flight) {
    const PendingPointer next = std::move(line_.front());
    line_.pop_front();
    if (next->waiters.empty()) {
      pending_.erase(next->question);
      continue;
    }
    start(next);
  }
}

std::chrono::seconds Resolver::Impl::kept_for(const Answer& answer) const noexcept {
  switch (answer.outcome) {
    case Answer::Outcome::found: return std::min(answer.ttl, limits_.longest_ttl);
    case Answer::Outcome::no_data:
    case Answer::Outcome::no_name: return std::min(answer.ttl, limits_.longest_negative_ttl);
    case Answer::Outcome::failed: break;
  }
  const bool ours = answer.fault == LookupFault::too_many || answer.fault == LookupFault::cancelled;
  return ours ? std::chrono::seconds::zero() : limits_.failure_ttl;
}

Resolver::Resolver(transport::Loop& loop, std::unique_ptr<Backend> backend, const ResolverLimits& limits)
    : impl_(std::make_shared<Impl>(loop, std::move(backend), limits)) {}

Resolver::~Resolver() = default;

Task<Answer> Resolver::lookup(Question question, SteadyTime deadline) {
  Answer whole = co_await impl_->lookup_one(question, deadline);
  // An alias that leads out of its message leads to the next question.
  Question next = question;
  for (std::size_t hops = 0; whole.outcome == Answer::Outcome::no_data && whole.canonical != next.name;
       ++hops) {
    if (hops == kMaxAliases)
      co_return failed(question, LookupFault::too_many, "the chain of aliases is too long");
    next.name = whole.canonical;
    Answer part = co_await impl_->lookup_one(next, deadline);
    part.security = weaker(part.security, whole.security);
    part.ttl = std::min(part.ttl, whole.ttl);
    whole = std::move(part);
  }
  co_return whole;
}

const Backend& Resolver::backend() const noexcept { return *impl_->backend_; }
const ResolverCounters& Resolver::counters() const noexcept { return impl_->counters_; }
std::size_t Resolver::cached() const noexcept { return impl_->cache_.size(); }
void Resolver::clear() noexcept { impl_->cache_.clear(); }

}  // namespace postrider::resolver
