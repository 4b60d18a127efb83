#include "postrider/resolver/backend/static_backend.h"

#include <algorithm>
#include <string>
#include <utility>

#include "postrider/transport/signal.h"

namespace postrider::resolver {
namespace {

constexpr std::uint32_t kAnyType = 0x10000;

std::uint32_t type_key(std::optional<RecordType> type) {
  return type ? static_cast<std::uint32_t>(*type) : kAnyType;
}

// For negative answers where no zone says how long they hold.
Record root_soa() {
  Record soa;
  soa.type = RecordType::soa;
  soa.ttl = StaticBackend::kNegativeTtl;
  soa.data.assign(2 + 20, '\0');  // both names are the root; five numbers, the last one MINIMUM
  soa.data.back() = static_cast<char>(StaticBackend::kNegativeTtl.count());
  return soa;
}

AskResult failed(LookupFault fault, std::string text) {
  return std::unexpected(LookupFailure{fault, std::move(text)});
}

AskResult responded(const Message& message, Security security) {
  Response response(write_message(message), security);
  if (security == Security::bogus) response.why_bogus = "the static backend was told so";
  return response;
}

// The records of the type, owned by `name`: those of a wildcard change their owner, RFC 4592.
void append(std::vector<Record>& to, const std::vector<Record>& from, RecordType type,
            const DomainName& name) {
  for (Record record : from) {
    if (record.type != type) continue;
    record.owner = name;
    to.push_back(std::move(record));
  }
}

}  // namespace

StaticBackend::StaticBackend(transport::Loop& loop, const std::vector<Record>& records, Security security)
    : loop_(loop), security_(security) {
  set_records(records);
}

void StaticBackend::set_records(const std::vector<Record>& records) {
  nodes_.clear();
  nodes_.try_emplace(DomainName());
  for (const Record& record : records) {
    nodes_[record.owner].push_back(record);
    // Names above it exist with it, RFC 4592 2.2.2.
    DomainName above = record.owner;
    while (!above.is_root()) {
      above = above.parent();
      if (!nodes_.try_emplace(above).second) break;
    }
  }
}

void StaticBackend::set_fault(const DomainName& name, LookupFault fault, std::optional<RecordType> type) {
  FaultKey key{name, type_key(type)};
  if (fault == LookupFault::none) {
    faults_.erase(key);
  } else {
    faults_.insert_or_assign(std::move(key), fault);
  }
}

void StaticBackend::set_security(const DomainName& name, Security security) {
  securities_.insert_or_assign(name, security);
}

Task<AskResult> StaticBackend::ask(Question question, transport::SteadyTime deadline) {
  ++asked_;
  const LookupFault fault = fault_of(question);
  const transport::SteadyTime ready =
      fault == LookupFault::timed_out ? deadline : transport::later(loop_.now(), delay_);
  if (ready > loop_.now()) {
    const transport::SteadyTime until = std::min(ready, deadline);
    co_await transport::sleep_until(loop_, until);
  }
  if (fault == LookupFault::timed_out || ready > deadline) {
    co_return failed(LookupFault::timed_out, "no answer in time");
  }
  co_return answer_with(question, fault);
}

AskResult StaticBackend::answer_with(const Question& question, LookupFault fault) const {
  switch (fault) {
    case LookupFault::none: return responded(answer(question), security_of(question.name));
    case LookupFault::bogus: return responded(answer(question), Security::bogus);
    case LookupFault::malformed: return Response("no message", security_of(question.name));
    case LookupFault::server_failure: {
      Message refusal;
      refusal.response = true;
      refusal.code = ResponseCode::server_failure;
      refusal.questions.push_back(question);
      return responded(refusal, Security::indeterminate);
    }
    default: return failed(fault, std::string(to_string(fault)));
  }
}

Message StaticBackend::answer(const Question& question) const {
  Message message;
  message.response = true;
  message.authoritative = true;
  message.recursion_desired = true;
  message.recursion_available = true;
  message.questions.push_back(question);
  const Record* const zone = zone_of(question.name);
  DomainName name = question.name;
  // One alias more than anybody follows shows that there are too many; a circle ends so, too.
  for (std::size_t aliases = 0; aliases <= kMaxAliases; ++aliases) {
    const Node* const node = find(name);
    if (node == nullptr) {
      message.code = ResponseCode::no_such_name;  // of the end of the chain, RFC 2308 2.1
      break;
    }
    append(message.answers, *node, question.type, name);
    if (!message.answers.empty() && message.answers.back().type == question.type) return message;
    const std::size_t before = message.answers.size();
    append(message.answers, *node, RecordType::cname, name);
    if (message.answers.size() == before) break;
    auto next = target(message.answers[before]);
    if (!next) break;
    name = std::move(*next);
    if (zone_of(name) != zone) return message;  // whoever asks goes on from there
  }
  const Record* const soa = zone_of(name);
  message.authorities.push_back(soa == nullptr ? root_soa() : *soa);
  return message;
}

const StaticBackend::Node* StaticBackend::find(const DomainName& name) const {
  if (const auto found = nodes_.find(name); found != nodes_.end()) return &found->second;
  // The closest name above that exists decides: a wildcard right below it stands for what does not,
  // RFC 4592 3.3.1.
  DomainName encloser = name.parent();
  while (!nodes_.contains(encloser)) encloser = encloser.parent();
  const auto wildcard = encloser.below("*");
  const auto found = wildcard ? nodes_.find(*wildcard) : nodes_.end();
  return found == nodes_.end() ? nullptr : &found->second;
}

const Record* StaticBackend::zone_of(const DomainName& name) const {
  for (DomainName apex = name;; apex = apex.parent()) {
    if (const auto found = nodes_.find(apex); found != nodes_.end()) {
      const auto soa = std::ranges::find(found->second, RecordType::soa, &Record::type);
      if (soa != found->second.end()) return &*soa;
    }
    if (apex.is_root()) return nullptr;
  }
}

LookupFault StaticBackend::fault_of(const Question& question) const {
  for (const std::uint32_t type : {type_key(question.type), kAnyType}) {
    const auto found = faults_.find(FaultKey{question.name, type});
    if (found != faults_.end()) return found->second;
  }
  return LookupFault::none;
}

Security StaticBackend::security_of(const DomainName& name) const {
  for (DomainName above = name;; above = above.parent()) {
    if (const auto found = securities_.find(above); found != securities_.end()) return found->second;
    if (above.is_root()) return security_;
  }
}

}  // namespace postrider::resolver
