#include "postrider/protocol/grammar/delivery_decision.h"

#include <array>
#include <cstddef>
#include <initializer_list>
#include <utility>

namespace postrider::protocol {
namespace {

using enum Decision;

// What the first digit says, RFC 5321 4.2.1. A 3xx where none belongs, or a 2xx to DATA, comes from a host
// that is out of step.
struct ByClass {
  Decision positive;      // 2xx
  Decision intermediate;  // 3xx
  Decision transient;     // 4xx
  Decision permanent;     // 5xx
};
constexpr std::array<ByClass, kStageCount> kByClass = {{
    // A host that turns us away says nothing of its fellows: hosts in front of greylists and block lists
    // greet with 554 what the next one takes. So does Postfix (smtp_skip_4xx_greeting,
    // smtp_skip_5xx_greeting). RFC 5321 3.1 and 5.1.
    /* greeting     */ {proceed, try_next_host, try_next_host, try_next_host},
    /* hello        */ {proceed, try_next_host, try_next_host, try_next_host},
    // RFC 3207 4: go on without TLS, if the sender's policy lets it.
    /* start_tls    */ {proceed, retry_same_host, retry_same_host, retry_same_host},
    // Nothing is wrong with the mail: it waits until somebody has mended the account.
    /* authenticate */ {proceed, proceed, try_next_host, retry_later},
    /* mail         */ {proceed, try_next_host, retry_later, fail_message},
    // RFC 5321 5.1: what one host of a domain says of a recipient the others would say too.
    /* rcpt         */ {proceed, try_next_host, retry_later, fail_recipient},
    /* data         */ {try_next_host, proceed, retry_later, fail_message},
    /* content      */ {delivered, retry_later, retry_later, fail_message},
    // The connection is not worth keeping; the mail is not concerned.
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
  std::string_view text;  // upper-case, to be found in the reply's text in any case; empty: any text
  Decision decision;
};

constexpr Stages kBeforeContent = {Stage::greeting, Stage::hello, Stage::mail, Stage::rcpt, Stage::data};
constexpr Stages kAfterHello = {Stage::authenticate, Stage::mail, Stage::rcpt, Stage::data};
constexpr Stages kTransaction = {Stage::mail, Stage::rcpt, Stage::data};

// What refines the first digit. The first rule that fits decides, so texts come before statuses, and statuses
// before codes.
constexpr Rule kRules[] = {
    // ---- Texts: well-known replies whose code says something else than is meant ----

    // Yahoo: "421 4.7.1 [TS03] All messages from 192.0.2.1 will be permanently deferred; Retrying will NOT
    // succeed."
    {kBeforeContent, 400, 499, Status::any(), "RETRYING WILL NOT SUCCEED", fail_message},
    // Exim and Amazon SES: "421 too many messages in this connection"; Yahoo: "421 Max message per connection
    // reached, closing transmission channel". A new connection will do.
    {kTransaction, 421, 421, Status::any(), "TOO MANY MESSAGES IN THIS CONNECTION", retry_same_host},
    {kTransaction, 421, 421, Status::any(), "MAX MESSAGE PER CONNECTION REACHED", retry_same_host},
    // A host that is full, which Postfix ("421 4.7.0 mx Error: too many connections from 192.0.2.1") and Exim
    // ("421 mx: Too many concurrent SMTP connections; please try again later") say like a policy; Outlook:
    // "421 4.3.2 The maximum number of concurrent connections per resource forest has exceeded a limit".
    {kBeforeContent, 421, 452, Status::any(), "TOO MANY CONNECTIONS", try_next_host},
    {kBeforeContent, 421, 452, Status::any(), "CONCURRENT", try_next_host},
    // Yahoo: "421 [IPTS04] Messages from 192.0.2.1 temporarily deferred due to unexpected volume or user
    // complaints": all its hosts will say so.
    {kBeforeContent, 421, 421, Status::any(), "TEMPORARILY DEFERRED", retry_later},
    // Google: "451 4.3.0 Multiple destination domains per transaction is unsupported.  Please try again."
    {{Stage::rcpt}, 451, 451, Status::any(), "MULTIPLE DESTINATION DOMAINS PER TRANSACTION", retry_same_host},
    // Comcast: "452 4.5.3 rate limit exceeded": another transaction would hit the same limit.
    {{Stage::rcpt}, 400, 499, Status::any(), "RATE LIMIT", retry_later},
    // Exim and others without enhanced statuses: "452 too many recipients". GMX says "552 Requested mail
    // action aborted: exceeded storage allocation Quota exceeded.", Yahoo "552 1 Requested mail action
    // aborted, mailbox not found".
    {{Stage::rcpt}, 450, 452, Status::any(), "TOO MANY RECIPIENTS", retry_same_host},
    {{Stage::rcpt}, 552, 552, Status::any(), "TOO MANY RECIPIENTS", retry_same_host},
    {{Stage::rcpt}, 552, 552, Status::none(), "QUOTA", fail_recipient},
    {{Stage::rcpt}, 552, 552, Status::none(), "MAILBOX", fail_recipient},
    // RFC 3207 4: "530 Must issue a STARTTLS command first", to any command.
    {kAfterHello, 530, 530, Status::any(), "STARTTLS", retry_same_host},

    // ---- Enhanced statuses, RFC 3463 3 and the IANA registry ----

    // X.4.2 bad connection: Postfix and Yandex end an idle connection by "421 4.4.2 mx Error: timeout
    // exceeded".
    {kTransaction, 421, 421, Status::exactly({4, 2}), "", retry_same_host},
    // X.5.3 too many recipients: the others go in a transaction of their own. RFC 5321 4.5.3.1.10 for 552,
    // too.
    {{Stage::rcpt}, 450, 452, Status::exactly(status::too_many_recipients), "", retry_same_host},
    {{Stage::rcpt}, 550, 554, Status::exactly(status::too_many_recipients), "", retry_same_host},
    // X.7.Z policy: it is about us, and the next host has the same. Rate limits and greylists of Google
    // (4.7.28), Outlook (4.7.500), Yahoo (4.7.0 [TSS04]), Apple (4.7.1).
    {kBeforeContent, 400, 499, Status::subject(7), "", retry_later},
    // X.7.10 encryption needed.
    {kTransaction, 500, 599, Status::exactly({7, 10}), "", retry_same_host},
    // X.1.Z and X.2.Z say it of the recipient, even where the connection ends with it.
    {{Stage::rcpt}, 421, 421, Status::subject(1), "", retry_later},
    {{Stage::rcpt}, 421, 421, Status::subject(2), "", retry_later},
    // X.3.Z mail system (full, shutting down) and X.4.Z network (congested): of this host.
    {{Stage::mail, Stage::data}, 400, 499, Status::subject(3), "", try_next_host},
    {{Stage::mail, Stage::data}, 400, 499, Status::subject(4), "", try_next_host},

    // ---- Codes ----

    // RFC 5321 3.8: the host is going down; 4.2.3: "service not available, closing transmission channel".
    {kTransaction, 421, 421, Status::any(), "", try_next_host},
    // RFC 1870 6.1: insufficient system storage.
    {{Stage::mail}, 452, 452, Status::none(), "", try_next_host},
    // RFC 5321 4.5.3.1.10: 552 to RCPT meant too many recipients in RFC 821, and is to be read as 452.
    {{Stage::rcpt}, 552, 552, Status::none(), "", retry_later},
    // No EHLO here: HELO. RFC 5321 3.2 and 4.2.4; 503 of servers that lost their state, 504 by RFC 5321
    // 4.3.2.
    {{Stage::hello}, 500, 500, Status::any(), "", retry_same_host},
    {{Stage::hello}, 502, 504, Status::any(), "", retry_same_host},
    // RFC 4954 4 and 6: another mechanism (504, 534 of a weak one, 432 of one that needs PLAIN once), or TLS
    // first (538).
    {{Stage::authenticate}, 504, 504, Status::any(), "", retry_same_host},
    {{Stage::authenticate}, 534, 534, Status::any(), "TOO WEAK", retry_same_host},
    {{Stage::authenticate}, 538, 538, Status::any(), "", retry_same_host},
    {{Stage::authenticate}, 432, 432, Status::any(), "", retry_same_host},
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
