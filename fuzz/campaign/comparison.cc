#include "postrider/fuzz/campaign/comparison.h"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

namespace postrider::fuzz {

using transport::Task;

namespace {

struct Clause {
  std::string_view owner;
  std::string_view clause;
};
constexpr std::array<Clause, 18> kClauses{{
    {"greeting", "RFC 5321 3.1"},
    {"EHLO", "RFC 5321 4.1.1.1"},
    {"HELO", "RFC 5321 4.1.1.1"},
    {"MAIL", "RFC 5321 4.1.1.2"},
    {"RCPT", "RFC 5321 4.1.1.3"},
    {"DATA", "RFC 5321 4.1.1.4"},
    {"content", "RFC 5321 4.1.1.4"},
    {"RSET", "RFC 5321 4.1.1.5"},
    {"VRFY", "RFC 5321 4.1.1.6"},
    {"EXPN", "RFC 5321 4.1.1.7"},
    {"HELP", "RFC 5321 4.1.1.8"},
    {"NOOP", "RFC 5321 4.1.1.9"},
    {"QUIT", "RFC 5321 4.1.1.10"},
    {"BDAT", "RFC 3030 2"},
    {"STARTTLS", "RFC 3207 4"},
    {"AUTH", "RFC 4954 4"},
    {"AUTH line", "RFC 4954 4"},
    {"LHLO", "RFC 2033 4.1"},
}};

constexpr unsigned kClosing = 421;

std::string class_of(unsigned code) {
  if (code == 0) return "none";
  return std::to_string(code / 100) + "xx";
}

}  // namespace

std::string_view clause_of(std::string_view owner) noexcept {
  const auto at = std::ranges::find(kClauses, owner, &Clause::owner);
  return at == kClauses.end() ? std::string_view("RFC 5321 4.2.4") : at->clause;
}

std::vector<Disagreement> first_disagreement(const std::vector<Verdict>& verdicts) {
  std::size_t longest = 0;
  for (const Verdict& verdict : verdicts) longest = std::max(longest, verdict.exchanges.size());
  for (std::size_t at = 0; at < longest; ++at) {
    Disagreement here;
    bool agree = true;
    const SessionExchange* first = nullptr;
    for (const Verdict& verdict : verdicts) {
      const SessionExchange* one = at < verdict.exchanges.size() ? &verdict.exchanges[at] : nullptr;
      const unsigned code = one == nullptr ? 0 : one->code;
      if (code == kClosing) return {};  // a server that has had enough says nothing about this command
      if (first == nullptr) first = one;
      // Other units behind the same answers: one of them has read the octets in another way.
      if (one != nullptr && first != nullptr && one->owner != first->owner) agree = false;
      here.answers.push_back(class_of(code));
      here.codes.push_back(code == 0 ? "none" : std::to_string(code));
      agree = agree && here.answers.back() == here.answers.front();
    }
    if (agree) continue;
    here.owner = first->owner;
    here.state = first->state;
    here.line = first->line;
    here.clause = clause_of(here.owner);
    return {std::move(here)};
  }
  return {};
}

Comparison::Comparison(transport::Loop& loop, transport::Network& network, ComparisonOptions options)
    : loop_(loop), network_(network), options_(std::move(options)), ended_(loop), next_(options_.first) {}

Task<void> Comparison::run() {
  for (const transport::Endpoint& address : options_.addresses) {
    transport::ConnectOptions connect;
    connect.deadline = transport::later(loop_.now(), options_.play.timeout);
    const transport::StreamResult stream = co_await network_.connect(address, connect);
    if (!stream) unreachable_.push_back(address);
  }
  if (unreachable_.empty()) {
    working_ = std::max(1U, options_.connections);
    for (std::uint32_t left = working_; left != 0; --left) loop_.spawn(work());
    while (working_ != 0) {
      [[maybe_unused]] const transport::error_code woken = co_await ended_.wait();
    }
  }
  over_ = true;
}

Task<void> Comparison::work() {
  while (!stopping_ && next_ - options_.first < options_.sessions) {
    const std::uint64_t number = next_++;
    co_await compare(number);
    ++done_;
  }
  --working_;
  ended_.notify();
}

Task<void> Comparison::compare(std::uint64_t number) {
  const SessionPlan plan = options_.sources.plan(number);
  std::vector<Verdict> verdicts;
  for (const transport::Endpoint& address : options_.addresses) {
    const Transcript transcript = co_await play_session(loop_, network_, address, plan, options_.play);
    if (!connected(transcript)) co_return;
    verdicts.push_back(judge(read_dialogue(transcript)));
  }
  book(number, first_disagreement(verdicts));
}

void Comparison::book(std::uint64_t number, std::vector<Disagreement> found) {
  for (Disagreement& each : found) {
    const auto before = std::ranges::find_if(found_, [&](const Disagreement& other) {
      return other.owner == each.owner && other.state == each.state && other.answers == each.answers;
    });
    if (before == found_.end()) {
      each.session = number;
      each.count = 1;
      found_.push_back(std::move(each));
      continue;
    }
    ++before->count;
    if (number < before->session) {  // the same example, whoever was quicker
      before->session = number;
      before->line = std::move(each.line);
      before->codes = std::move(each.codes);
    }
  }
}

std::vector<Disagreement> Comparison::disagreements() const {
  std::vector<Disagreement> sorted = found_;
  std::ranges::sort(sorted, [](const Disagreement& a, const Disagreement& b) {
    if (a.count != b.count) return a.count > b.count;
    return std::tie(a.session, a.owner, a.state, a.answers) <
           std::tie(b.session, b.owner, b.state, b.answers);
  });
  return sorted;
}

}  // namespace postrider::fuzz
