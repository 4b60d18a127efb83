#include "postrider/protocol/grammar/delivery_decision.h"

#include <array>
#include <cstddef>
#include <initializer_list>
#include <utility>

namespace postrider::protocol {
namespace {

using enum Decision;

// What the first digit says, RFC 5321 4.2.1. A 3xx where none belongs, or a 2xx to DATA, is from a host that
// is out of step.
struct ByClass {
  Decision positive;      // 2xx
  Decision intermediate;  // 3xx
  Decision transient;     // 4xx
  Decision permanent;     // 5xx
};
constexpr std::array<ByClass, kStageCount> kByClass = {{
    /* greeting     */ {proceed, try_next_host, try_next_host, try_next_host},
    /* hello        */ {proceed, try_next_host, try_next_host, try_next_host},
    /* start_tls    */ {proceed, retry_same_host, retry_same_host, retry_same_host},
    /* authenticate */ {proceed, proceed, try_next_host, retry_later},
    /* mail         */ {proceed, try_next_host, retry_later, fail_message},
    /* rcpt         */ {proceed, try_next_host, retry_later, fail_recipient},
    /* data         */ {try_next_host, proceed, retry_later, fail_message},
    /* content      */ {delivered, retry_later, retry_later, fail_message},
    /* reset        */ {proceed, retry_same_host, retry_same_host, retry_same_host},
    /* quit         */ {proceed, proceed, proceed, proceed},
}};

class Stages {
 public:
  constexpr Stages(std::initializer_list<Stage> stages) noexcept {
    for (Stage stage : stages) bits_ |= 1u << static_cast<unsigned>(stage);
  }
  [[nodiscard]] constexpr bool has(Stage stage) const noexcept {
    return (bits_ >> static_cast<unsigned>(stage) & 1u) != 0;
  }

 private:
  unsigned bits_ = 0;
};

// Which enhanced status a rule is for.
class Status {
 public:
  static constexpr std::uint16_t kAny = 0xffff;
  static constexpr Status any() noexcept { return Status(true, kAny, kAny); }
  static constexpr Status none() noexcept { return Status(false, kAny, kAny); }
  static constexpr Status subject(std::uint16_t s) noexcept { return Status(false, s, kAny); }
  static constexpr Status exactly(EnhancedDetail d) noexcept { return Status(false, d.subject, d.detail); }

  [[nodiscard]] constexpr bool matches(const std::optional<EnhancedDetail>& status) const noexcept {
    if (any_) return true;
    if (subject_ == kAny) return !status;
    return status && status->subject == subject_ && (detail_ == kAny || status->detail == detail_);
  }

 private:
  constexpr Status(bool any, std::uint16_t s, std::uint16_t d) noexcept
      : any_(any), subject_(s), detail_(d) {}

  bool any_;
  std::uint16_t subject_;
  std::uint16_t detail_;
};

struct Rule {
  Stages stages;
  std::uint16_t from;  // codes, both ends included
  std::uint16_t to;
  Status status;
  std::string_view text;  // to be found in the reply's text, in any case; empty: any text
  Decision decision;
};

constexpr Stages kConversation = {Stage::greeting, Stage::hello, Stage::mail,
                                  Stage::rcpt,     Stage::data,  Stage::content};

// What refines the first digit. The first rule that fits decides.
constexpr Rule kRules[] = {
    {kConversation, 421, 421, Status::any(), "too many", try_next_host},
};

bool contains_ignoring_case(std::string_view text, std::string_view upper_case) noexcept {
  for (std::size_t at = 0; at + upper_case.size() <= text.size(); ++at) {
    std::size_t n = 0;
    while (n < upper_case.size() && to_upper(text[at + n] == '\n' ? ' ' : text[at + n]) == upper_case[n]) ++n;
    if (n == upper_case.size()) return true;
  }
  return false;
}

bool matches(const Rule& rule, Stage stage, const ReplyView& reply) noexcept {
  return rule.stages.has(stage) && rule.from <= reply.code.value() && reply.code.value() <= rule.to &&
         rule.status.matches(reply.status) && contains_ignoring_case(reply.text, rule.text);
}

}  // namespace

Decision decide(Stage stage, const ReplyView& reply) noexcept {
  for (const Rule& rule : kRules) {
    if (matches(rule, stage, reply)) return rule.decision;
  }
  const ByClass& by_class = kByClass[static_cast<std::size_t>(stage)];
  switch (reply.code.severity()) {
    case Severity::positive_completion: return by_class.positive;
    case Severity::positive_intermediate: return by_class.intermediate;
    case Severity::transient_negative: return by_class.transient;
    case Severity::permanent_negative: return by_class.permanent;
  }
  std::unreachable();
}

std::string_view to_string(Stage stage) noexcept {
  switch (stage) {
    case Stage::greeting: return "greeting";
    case Stage::hello: return "hello";
    case Stage::start_tls: return "start_tls";
    case Stage::authenticate: return "authenticate";
    case Stage::mail: return "mail";
    case Stage::rcpt: return "rcpt";
    case Stage::data: return "data";
    case Stage::content: return "content";
    case Stage::reset: return "reset";
    case Stage::quit: return "quit";
  }
  std::unreachable();
}

std::string_view to_string(Decision decision) noexcept {
  switch (decision) {
    case proceed: return "proceed";
    case delivered: return "delivered";
    case retry_same_host: return "retry_same_host";
    case try_next_host: return "try_next_host";
    case retry_later: return "retry_later";
    case fail_recipient: return "fail_recipient";
    case fail_message: return "fail_message";
  }
  std::unreachable();
}

}  // namespace postrider::protocol
