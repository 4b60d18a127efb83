#include "postrider/tests/interop/resolver_conformance/run.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "postrider/tests/support/run_task.h"

namespace postrider::tests {

using resolver::Answer;
using resolver::LookupFault;
using resolver::Security;
using Outcome = resolver::Answer::Outcome;

namespace {

constexpr std::chrono::seconds kPatience(15);
constexpr std::chrono::seconds kLongestTtl(3600);  // of the zones

std::string_view to_string(Outcome outcome) noexcept {
  switch (outcome) {
    case Outcome::found: return "found";
    case Outcome::no_data: return "no_data";
    case Outcome::no_name: return "no_name";
    case Outcome::failed: return "failed";
  }
  return "?";
}

// What is wanted of one set-up.
struct Wanted {
  Outcome outcome = Outcome::failed;
  Security security = Security::indeterminate;
  LookupFault fault = LookupFault::none;
  std::vector<std::string> records;
};

Wanted wanted_of(const Case& wanted, const Setup& setup) {
  Wanted result;
  result.outcome = wanted.outcome;
  result.records = wanted.records;
  if (wanted.leaves_server && !setup.recursive) {
    result.outcome = Outcome::no_data;
    return result;
  }
  if (wanted.outcome == Outcome::failed) {
    result.fault = LookupFault::server_failure;
    return result;
  }
  if (wanted.truth == Truth::bogus && setup.sight != Sight::blind) {
    const bool validates = setup.sight == Sight::validates;
    result.outcome = Outcome::failed;
    result.fault = validates ? LookupFault::bogus : LookupFault::server_failure;
    result.security = validates ? Security::bogus : Security::indeterminate;
    result.records.clear();
    return result;
  }
  if (setup.sight != Sight::blind && wanted.truth == Truth::secure) result.security = Security::secure;
  if (setup.sight == Sight::validates && wanted.truth == Truth::insecure)
    result.security = Security::insecure;
  return result;
}

std::string listed(const std::vector<std::string>& records) {
  if (records.size() > 5) return std::to_string(records.size()) + " records";
  std::string text;
  for (const std::string& each : records) text.append("[").append(each).append("]");
  return text;
}

template <class Value>
void compare(std::vector<std::string>& wrong, std::string_view what, const Value& got, const Value& wanted) {
  if (got == wanted) return;
  wrong.push_back(std::string(what) + " is " + std::string(got) + ", not " + std::string(wanted));
}

}  // namespace

resolver::Question question(std::string_view name, resolver::RecordType type) {
  const auto parsed = resolver::DomainName::parse(name);
  if (!parsed) throw std::invalid_argument("no domain name: " + std::string(name));
  return resolver::Question(*parsed, type);
}

Answer to_answer(const resolver::Question& question, const resolver::AskResult& result) {
  if (!result) return Answer::failed(result.error().fault, result.error().text);
  const auto message = resolver::read_message(result->message);
  if (!message) return Answer::failed(LookupFault::malformed, to_string(message.error()));
  if (!answers(*message, question))
    return Answer::failed(LookupFault::malformed, "an answer to something else");
  Answer answer = interpret(question, *message, result->security);
  if (!result->why_bogus.empty()) answer.failure.append(": ").append(result->why_bogus);
  return answer;
}

Answer ask(transport::Loop& loop, resolver::Backend& backend, const resolver::Question& question,
           std::chrono::milliseconds patience) {
  const auto result = run_task(loop, backend.ask(question, transport::later(loop.now(), patience)));
  return to_answer(question, result);
}

std::vector<std::string> differences(const Case& wanted_case, const Setup& setup, const Answer& answer) {
  std::vector<std::string> wrong;
  Wanted wanted = wanted_of(wanted_case, setup);
  compare(wrong, "the outcome", to_string(answer.outcome), to_string(wanted.outcome));
  compare(wrong, "the security", to_string(answer.security), to_string(wanted.security));
  compare(wrong, "the fault", to_string(answer.fault), to_string(wanted.fault));
  std::ranges::sort(wanted.records);
  const std::vector<std::string> records = show(answer, wanted_case.type);
  if (records != wanted.records) {
    wrong.push_back("the records are " + listed(records) + ", not " + listed(wanted.records));
  }
  if (wanted.outcome != Outcome::failed) {
    const std::string& name = wanted_case.canonical.empty() ? wanted_case.name : wanted_case.canonical;
    compare(wrong, "the canonical name", answer.canonical.text(),
            question(name, wanted_case.type).name.text());
    const bool whole = setup.recursive || !wanted_case.leaves_server;
    if (whole && (answer.ttl <= std::chrono::seconds(0) || answer.ttl > kLongestTtl)) {
      wrong.push_back("the TTL is " + std::to_string(answer.ttl.count()) + " s");
    }
  }
  if (!wrong.empty() && !answer.failure.empty()) wrong.push_back("it says: " + answer.failure);
  return wrong;
}

void try_cases(const Setup& setup, Report& report) {
  transport::Loop loop;
  const auto backend = setup.make(loop, setup.servers);
  for (const Case& each : conformance_cases()) {
    const Answer answer = ask(loop, *backend, question(each.name, each.type), kPatience);
    report.add(setup.name, each.what + ", " + each.name, differences(each, setup, answer));
  }
}

}  // namespace postrider::tests
