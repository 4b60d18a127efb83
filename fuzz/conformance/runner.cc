#include "postrider/fuzz/conformance/runner.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "postrider/fuzz/conformance/check_run.h"
#include "postrider/fuzz/conformance/reply_properties.h"
#include "postrider/transport/signal.h"

namespace postrider::fuzz {

using namespace transport;

namespace {

// "AUTH:PLAIN" wants the argument too, "SIZE" the keyword alone.
bool has(const std::vector<std::string>& keywords, std::string_view need) {
  WireReply hello;
  hello.lines.emplace_back();
  hello.lines.insert(hello.lines.end(), keywords.begin(), keywords.end());
  const std::size_t colon = need.find(':');
  const auto value = offered(hello, need.substr(0, colon));
  if (!value || colon == need.npos) return value.has_value();
  return (" " + *value + " ").find(" " + std::string(need.substr(colon + 1)) + " ") != std::string::npos;
}

bool is_option(std::string_view need) { return !need.empty() && need.front() >= 'a' && need.front() <= 'z'; }

bool is_given(std::string_view need, const RunnerOptions& options) {
  if (need == "recipient") return !options.recipient.empty();
  if (need == "refused") return !options.refused.empty();
  return !options.user.empty();
}

// What the checks share; the workers take one after the other.
struct Shared {
  Shared(Loop& on, Network& by, const std::vector<const Check*>& which, const RunnerOptions& how,
         ConformanceReport& into)
      : loop(on), network(by), checks(which), options(how), report(into), done(on) {}

  Loop& loop;
  Network& network;
  const std::vector<const Check*>& checks;
  const RunnerOptions& options;
  ConformanceReport& report;
  std::size_t next = 0;
  std::size_t workers = 0;
  Signal done;
};

struct Need {
  Verdict verdict = Verdict::passed;  // it can be tried
  std::string reason = {};
  bool under_tls = false;
};

Need look_at_needs(const Check& check, const Offers& offers, const RunnerOptions& options) {
  Need out;
  out.under_tls = options.tls_only;
  std::string_view rest = check.needs;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(' '), rest.size());
    const std::string_view need = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (is_option(need)) {
      if (is_given(need, options)) continue;
      out.verdict = Verdict::needs_option;
      out.reason = "without --" + std::string(need == "login" ? "user" : need) + " it cannot be tried";
      return out;
    }
    const bool inside = offers.encrypted && has(*offers.encrypted, need);
    const bool outside = has(offers.in_clear, need);
    if (!inside && !outside) {
      out.verdict = Verdict::not_offered;
      out.reason = std::string(need) + " is not offered";
      return out;
    }
    if (need == "STARTTLS") {
      out.under_tls = false;  // it is about what is before
      return out;
    }
    if (!outside) out.under_tls = true;
  }
  return out;
}

Task<void> work(Shared& shared) {
  while (shared.next < shared.checks.size()) {
    const std::size_t at = shared.next++;
    const Check& check = *shared.checks[at];
    const Need need = look_at_needs(check, shared.report.offers, shared.options);
    CheckResult& result = shared.report.results[at];
    if (need.verdict != Verdict::passed) {
      result.check = &check;
      result.verdict = need.verdict;
      result.reason = need.reason;
      continue;
    }
    CheckRun run(shared.loop, shared.network, check, shared.options, need.under_tls);
    result = co_await run.run();
  }
  --shared.workers;
  shared.done.notify();
}

std::vector<std::string> keywords_of(const WireReply& hello) {
  return hello.lines.empty() ? std::vector<std::string>()
                             : std::vector<std::string>(hello.lines.begin() + 1, hello.lines.end());
}

// The first connection: what there is. An error is why there is nothing.
Task<std::string> look(Loop& loop, Network& network, const RunnerOptions& options, Offers& offers) {
  WireOptions wire_options;
  wire_options.tls = options.tls;
  Wire wire(loop, network, wire_options);
  const WireResult connected = co_await wire.connect(options.address, wire.in(options.patience));
  if (!connected.ok()) co_return std::string(to_string(connected.outcome)) + ": " + connected.detail;
  const WireReply greeting = co_await wire.read_reply(wire.in(options.patience));
  if (greeting.outcome != WireOutcome::done) co_return greeting.text();
  offers.greeting = greeting.text();
  (void)co_await wire.send("EHLO client.example\r\n", wire.in(options.patience));
  const WireReply hello = co_await wire.read_reply(wire.in(options.patience));
  offers.in_clear = keywords_of(hello);
  if (has(offers.in_clear, "STARTTLS") && options.tls) {
    (void)co_await wire.send("STARTTLS\r\n", wire.in(options.patience));
    const WireReply go = co_await wire.read_reply(wire.in(options.patience));
    if (go.code == 220) {
      const WireResult started = co_await wire.start_tls(wire.in(options.patience));
      if (started.ok()) {
        (void)co_await wire.send("EHLO client.example\r\n", wire.in(options.patience));
        const WireReply inside = co_await wire.read_reply(wire.in(options.patience));
        offers.encrypted = keywords_of(inside);
      }
    }
  }
  (void)co_await wire.send("QUIT\r\n", wire.in(options.patience));
  (void)co_await wire.read_reply(wire.in(options.patience));
  co_return std::string();
}

}  // namespace

Task<ConformanceReport> run_checks(Loop& loop, Network& network, std::vector<const Check*> checks,
                                   RunnerOptions options) {
  ConformanceReport report;
  report.unreachable = co_await look(loop, network, options, report.offers);
  if (!report.unreachable.empty()) co_return report;
  report.results.resize(checks.size());
  Shared shared(loop, network, checks, options, report);
  shared.workers = std::clamp<std::size_t>(options.connections, 1, 64);
  const std::size_t workers = shared.workers;
  for (std::size_t at = 0; at < workers; ++at) loop.spawn(work(shared));
  while (shared.workers != 0) (void)co_await shared.done.wait();
  co_return report;
}

}  // namespace postrider::fuzz
