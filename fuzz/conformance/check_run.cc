#include "postrider/fuzz/conformance/check_run.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <utility>

#include "postrider/fuzz/conformance/reply_properties.h"
#include "postrider/fuzz/transcript/redactor.h"
#include "postrider/protocol/grammar/base64.h"

namespace postrider::fuzz {

using transport::Task;

namespace {

constexpr std::string_view kClient = "client.example";
constexpr std::string_view kHeader = "Subject: conformance\r\n\r\n";
constexpr std::size_t kLineOfBody = 72;
constexpr std::size_t kMostRepeated = 16384;
constexpr std::size_t kLongDomain = 252;  // with "<a@" and ">" a path of 256 octets, RFC 5321 4.5.3.1.3
constexpr std::size_t kLongLabel = 63;
constexpr std::size_t kMostShown = 120;

WireOptions wire_options(const RunnerOptions& options) {
  WireOptions out;
  out.most_recorded = kMostTranscript;
  out.tls = options.tls;
  return out;
}

std::string domain_of(std::string_view address) {
  const std::size_t at = address.rfind('@');
  return at == address.npos ? "example.org" : std::string(address.substr(at + 1));
}

std::string capitals(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return text;
}

std::string plain(const std::string& user, const std::string& password) {
  std::string out;
  protocol::base64_encode(std::string(1, '\0').append(user).append(1, '\0').append(password), out);
  return out;
}

std::string long_domain() {
  std::string out;
  while (out.size() + kLongLabel + 1 < kLongDomain) out.append(kLongLabel, 'd').append(".");
  return out.append(kLongDomain - out.size(), 'd');
}

std::size_t number(std::string_view text) {
  std::size_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

CheckRun::CheckRun(transport::Loop& loop, transport::Network& network, const Check& check,
                   const RunnerOptions& options, bool under_tls)
    : check_(check), options_(options), under_tls_(under_tls), wire_(loop, network, wire_options(options)) {}

Task<CheckResult> CheckRun::run() {
  result_.check = &check_;
  const auto steps = parse_script(check_.script);
  if (!steps) {
    stuck("the script is wrong: " + steps.error());
    co_return std::move(result_);
  }
  for (const Step& step : *steps) {
    co_await take(step);
    if (over_) break;
  }
  if (!over_) finish(Verdict::passed, "");
  wire_.close();
  result_.transcript = redacted(wire_.take_transcript());
  co_return std::move(result_);
}

// What was said last, for messages.
std::string CheckRun::said() const {
  std::string text = "'" + escaped(std::string_view(sent_).substr(0, kMostShown));
  return text.append(sent_.size() > kMostShown ? "…'" : "'");
}

void CheckRun::finish(Verdict verdict, std::string reason) {
  if (over_) return;
  over_ = true;
  result_.verdict = verdict;
  result_.reason = std::move(reason);
}

Task<void> CheckRun::take(const Step& step) {
  switch (step.kind) {
    case StepKind::open: co_await open(false); break;
    case StepKind::connect: co_await open(true); break;
    case StepKind::hello: co_await hello(true); break;
    case StepKind::ehlo: co_await hello(false); break;
    case StepKind::helo: co_await greet("HELO"); break;
    case StepKind::mail: co_await command("MAIL FROM:<{sender}>", "2"); break;
    case StepKind::rcpt: co_await command("RCPT TO:<{recipient}>", "2"); break;
    case StepKind::data: co_await command("DATA", "354"); break;
    case StepKind::starttls: co_await start_tls(step.optional, true); break;
    case StepKind::tls: co_await start_tls(step.optional, false); break;
    case StepKind::login: co_await login(); break;
    case StepKind::send: co_await send(step); break;
    case StepKind::expect: co_await expect(step); break;
    case StepKind::silent: co_await silent(); break;
    case StepKind::unended: co_await unended(); break;
    case StepKind::closed: co_await closed(); break;
    case StepKind::parting: co_await parting(); break;
    case StepKind::body: co_await body(step.count); break;
    case StepKind::property: property(step); break;
    case StepKind::offers: offers(step); break;
    case StepKind::below: below(step); break;
  }
}

// ---- Getting there ----

Task<void> CheckRun::open(bool greeted) {
  const WireResult connected = co_await wire_.connect(options_.address, patience());
  if (!connected.ok()) {
    stuck("the server " + std::string(to_string(connected.outcome)) + ": " + connected.detail);
    co_return;
  }
  if (!greeted) co_return;
  reply_ = co_await wire_.read_reply(patience());
  if (reply_.code != 220) stuck("the greeting is " + reply_.text());
}

Task<void> CheckRun::greet(std::string command_word) {
  co_await open(true);
  if (over_) co_return;
  const std::string line = command_word + " " + std::string(kClient);
  co_await command(line, "250");
  if (command_word == "EHLO") hello_ = reply_;
}

Task<void> CheckRun::hello(bool with_login) {
  co_await greet("EHLO");
  if (over_) co_return;
  if (under_tls_) {
    co_await start_tls(false, true);
    if (over_) co_return;
    const std::string line = "EHLO " + std::string(kClient);
    co_await command(line, "250");
    hello_ = reply_;
  }
  if (!over_ && with_login && options_.login_always) co_await login();
}

// A line that a server has to take so that there is something to check.
Task<void> CheckRun::command(std::string line, std::string codes) {
  sent_ = filled_in(line);
  const WireResult sent = co_await wire_.send(sent_ + "\r\n", patience());
  if (!sent.ok()) {
    stuck(said() + " could not be sent: " + sent.detail);
    co_return;
  }
  reply_ = co_await wire_.read_reply(patience());
  if (!std::to_string(reply_.code).starts_with(codes))
    stuck("the reply to " + said() + " is " + reply_.text());
}

Task<void> CheckRun::start_tls(bool optional, bool with_command) {
  if (with_command) {
    co_await command("STARTTLS", "220");
    if (over_) co_return;
  }
  const WireResult started = co_await wire_.start_tls(patience());
  if (started.ok()) co_return;
  const std::string reason = "TLS does not come about: " + started.detail;
  finish(optional ? Verdict::passed : Verdict::failed, reason);
}

Task<void> CheckRun::login() {
  co_await command("AUTH PLAIN {plain}", "235");
  sent_ = "AUTH PLAIN ****";
  if (over_ && result_.verdict == Verdict::stuck) result_.reason = "the login is refused: " + reply_.text();
}

// ---- Sending ----

std::string CheckRun::variable(std::string_view name) const {
  if (name == "sender") return options_.sender;
  if (name == "recipient") return options_.recipient;
  if (name == "refused") return options_.refused;
  if (name == "sender_domain") return domain_of(options_.sender);
  if (name == "recipient_domain") return domain_of(options_.recipient);
  if (name == "RECIPIENT_DOMAIN") return capitals(domain_of(options_.recipient));
  if (name == "recipient_local") return options_.recipient.substr(0, options_.recipient.rfind('@'));
  if (name == "plain") return plain(options_.user, options_.password);
  if (name == "wrong") return plain("nobody-of-this-name", "wrong");
  if (name == "long_domain") return long_domain();
  if (name == "over_size") return std::to_string(number(offered(hello_, "SIZE").value_or("")) + 1);
  if (name.size() > 2 && name[1] == '*')
    return std::string(std::min(number(name.substr(2)), kMostRepeated), name[0]);
  return std::string("{").append(name).append("}");
}

std::string CheckRun::filled_in(std::string_view text) const {
  std::string out;
  while (!text.empty()) {
    const std::size_t open = text.find('{');
    const std::size_t close = open == text.npos ? open : text.find('}', open);
    out.append(text.substr(0, close == text.npos ? close : open));
    if (close == text.npos) break;
    out += variable(text.substr(open + 1, close - open - 1));
    text.remove_prefix(close + 1);
  }
  return out;
}

Task<void> CheckRun::send(const Step& step) {
  pending_ += filled_in(step.text);
  if (step.waits) co_return;
  sent_ = std::exchange(pending_, {});
  const WireResult sent = co_await wire_.send(sent_, patience());
  while (sent_.ends_with('\n') || sent_.ends_with('\r')) sent_.pop_back();
  if (!sent.ok()) fail(said() + " could not be sent: " + sent.detail);
}

// A message of so many octets with its end of data; as a server counts, without that.
Task<void> CheckRun::body(std::size_t octets) {
  std::string text(kHeader);
  while (text.size() + kLineOfBody <= octets) text.append(kLineOfBody - 2, 'x').append("\r\n");
  if (text.size() + 2 <= octets) text.append(octets - text.size() - 2, 'y').append("\r\n");
  sent_ = "a message of " + std::to_string(text.size()) + " octets";
  text += ".\r\n";
  const WireResult sent = co_await wire_.send(std::move(text), patience());
  if (!sent.ok()) fail(sent_ + " could not be sent: " + sent.detail);
}

// ---- Expecting ----

Task<void> CheckRun::expect(const Step& step) {
  reply_ = co_await wire_.read_reply(patience());
  const std::string wanted = "expected " + to_string(step.codes) + " to " + said();
  if (reply_.outcome != WireOutcome::done) {
    if (step.enough && reply_.outcome != WireOutcome::timeout) co_return finish(Verdict::passed, "");
    fail(wanted + ", and the server " + std::string(to_string(reply_.outcome)));
    co_return;
  }
  if (!reply_.malformed.empty()) {
    fail("the reply to " + said() + " is malformed: " + reply_.malformed);
    co_return;
  }
  if (sent_.starts_with("EHLO") && reply_.code == 250) hello_ = reply_;
  if (matches(step.codes, reply_.code)) co_return;
  const std::string reason = wanted + ", and it was " + reply_.text();
  if (step.enough) co_return finish(Verdict::passed, "");
  finish(step.optional ? Verdict::not_applicable : Verdict::failed, reason);
}

Task<void> CheckRun::silent() {
  const WireOctets more = co_await wire_.quiet(options_.silence);
  if (!more.octets.empty())
    fail("nothing more should come after " + said() + ", and it was '" + escaped(more.octets) + "'");
}

Task<void> CheckRun::unended() {
  const WireOctets more = co_await wire_.quiet(options_.silence);
  const char first = more.octets.empty() ? '\0' : more.octets.front();
  if (first == '2' || first == '3') {
    fail(said() + " should not be taken for something whole, and the reply is '" + escaped(more.octets) +
         "'");
  } else if (first != '\0' || more.outcome != WireOutcome::timeout) {
    finish(Verdict::passed, "");
  }
}

Task<void> CheckRun::closed() {
  const WireOctets rest = co_await wire_.read_to_end(patience());
  if (!rest.octets.empty())
    fail("nothing more should come after " + said() + ", and it was '" + escaped(rest.octets) + "'");
  if (rest.outcome == WireOutcome::timeout) fail("the server does not close the connection after " + said());
}

// However late the replies to what was sent before come, they are in front of the one to QUIT.
Task<void> CheckRun::parting() {
  (void)co_await wire_.send("QUIT\r\n", patience());
  const WireOctets rest = co_await wire_.read_to_end(patience());
  const std::size_t first = reply_length(rest.octets, SIZE_MAX);
  if (first < rest.octets.size()) {
    fail("only QUIT should be answered after " + said() + ", and the replies are '" + escaped(rest.octets) +
         "'");
  }
}

void CheckRun::property(const Step& step) {
  const PropertyContext context{options_.recipient};
  const auto fault = property_fault(step.text, reply_, context);
  if (!fault) return stuck("the script is wrong: there is no property " + step.text);
  if (!fault->empty()) fail("the reply to " + said() + ": " + *fault);
}

void CheckRun::offers(const Step& step) {
  const bool found = offered(hello_, step.text).has_value();
  if (found == step.negative) {
    fail(step.text + (found ? " is offered" : " is not offered") + " in the reply to EHLO");
  }
}

void CheckRun::below(const Step& step) {
  const std::size_t size = number(offered(hello_, "SIZE").value_or(""));
  if (size == 0 || size > step.count) {
    finish(Verdict::not_applicable,
           "the size that is offered is none, or above " + std::to_string(step.count));
  }
}

}  // namespace postrider::fuzz
