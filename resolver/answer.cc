#include "postrider/resolver/answer.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace postrider::resolver {
namespace {

// Where the CNAMEs of a message lead.
struct Chain {
  DomainName end;
  std::size_t aliases = 0;
  std::chrono::seconds ttl = std::chrono::seconds::max();
};

const Record* alias_of(const DomainName& name, const std::vector<Record>& records) {
  for (const Record& record : records) {
    // There may be only one, RFC 2181 10.1: the first counts.
    if (record.type == RecordType::cname && record.owner == name) return &record;
  }
  return nullptr;
}

bool has_records(const Question& question, const DomainName& name, const std::vector<Record>& records) {
  return std::ranges::any_of(
      records, [&](const Record& each) { return each.type == question.type && each.owner == name; });
}

// Stops at the first name that has records of the type, or no CNAME. nullopt: no end within kMaxAliases.
std::optional<Chain> follow(const Question& question, const std::vector<Record>& records) {
  Chain chain;
  chain.end = question.name;
  while (!has_records(question, chain.end, records)) {
    const Record* const alias = alias_of(chain.end, records);
    if (alias == nullptr) return chain;
    if (chain.aliases == kMaxAliases) return std::nullopt;
    auto next = target(*alias);
    if (!next) return chain;
    chain.end = std::move(*next);
    chain.ttl = std::min(chain.ttl, alias->ttl);
    ++chain.aliases;
  }
  return chain;
}

// RFC 2308 5: the SOA that says how long "no" holds. One of another zone than the name's says nothing.
const Record* soa_for(const DomainName& name, const Message& response) {
  for (const Record& record : response.authorities) {
    if (record.type == RecordType::soa && name.is_within(record.owner)) return &record;
  }
  return nullptr;
}

// RFC 2308 2.2: NS records without a SOA make a referral of what looks like an answer without data.
bool is_referral(const DomainName& name, const Message& response) {
  return soa_for(name, response) == nullptr &&
         std::ranges::any_of(response.authorities, [&](const Record& each) {
           return each.type == RecordType::ns && name.is_within(each.owner);
         });
}

Answer failure(const Question& question, Security security, LookupFault fault, std::string_view words) {
  Answer answer = Answer::failed(fault, to_string(question) + ": " + std::string(words));
  answer.security = security;
  answer.canonical = question.name;
  return answer;
}

Answer negative(Chain chain, const Message& response, Security security) {
  Answer answer;
  const bool unknown = response.code == ResponseCode::no_such_name;
  answer.outcome = unknown ? Answer::Outcome::no_name : Answer::Outcome::no_data;
  answer.security = security;
  const Record* const soa = soa_for(chain.end, response);
  const auto negative = soa == nullptr ? std::nullopt : negative_ttl(*soa);
  if (negative) {
    answer.ttl = std::min(chain.ttl, *negative);
  } else if (!unknown && chain.aliases != 0) {
    answer.ttl = chain.ttl;
  }
  answer.canonical = std::move(chain.end);
  return answer;
}

Answer positive(const Question& question, Chain chain, const Message& response, Security security) {
  Answer answer;
  answer.outcome = Answer::Outcome::found;
  answer.security = security;
  answer.ttl = chain.ttl;
  for (const Record& record : response.answers) {
    if (record.type != question.type || record.owner != chain.end) continue;
    answer.ttl = std::min(answer.ttl, record.ttl);
    answer.records.push_back(record);
  }
  answer.canonical = std::move(chain.end);
  return answer;
}

}  // namespace

std::string_view to_string(Security security) noexcept {
  switch (security) {
    case Security::secure: return "secure";
    case Security::insecure: return "insecure";
    case Security::bogus: return "bogus";
    case Security::indeterminate: return "indeterminate";
  }
  return "unknown";
}

std::string_view to_string(LookupFault fault) noexcept {
  switch (fault) {
    case LookupFault::none: return "none";
    case LookupFault::timed_out: return "timed out";
    case LookupFault::unreachable: return "unreachable";
    case LookupFault::server_failure: return "server failure";
    case LookupFault::bogus: return "bogus";
    case LookupFault::malformed: return "malformed";
    case LookupFault::too_many: return "too many";
    case LookupFault::cancelled: return "cancelled";
  }
  return "unknown";
}

Answer Answer::failed(LookupFault fault, std::string text) {
  Answer answer;
  answer.fault = fault;
  answer.failure = std::move(text);
  return answer;
}

Answer interpret(const Question& question, const Message& response, Security security) {
  const auto fail = [&](LookupFault fault, std::string_view words) {
    return failure(question, security, fault, words);
  };
  // Before anything else: what is forged may say what it likes.
  if (security == Security::bogus) return fail(LookupFault::bogus, "DNSSEC says that the answer is bogus");
  if (!answers(response, question)) return fail(LookupFault::malformed, "the answer is to something else");
  if (response.truncated) return fail(LookupFault::malformed, "the answer was cut off");
  const bool unknown = response.code == ResponseCode::no_such_name;
  if (response.code != ResponseCode::no_error && !unknown) {
    return fail(LookupFault::server_failure, to_string(response.code));
  }
  auto chain = follow(question, response.answers);
  if (!chain) return fail(LookupFault::too_many, "more aliases than anybody follows");
  if (has_records(question, chain->end, response.answers)) {
    // The code speaks of the end of the chain, RFC 2308 2.1.
    if (unknown) return fail(LookupFault::malformed, "NXDOMAIN with records");
    return positive(question, std::move(*chain), response, security);
  }
  if (!unknown && chain->aliases == 0 && is_referral(chain->end, response)) {
    return fail(LookupFault::server_failure, "a referral instead of an answer");
  }
  return negative(std::move(*chain), response, security);
}

}  // namespace postrider::resolver
