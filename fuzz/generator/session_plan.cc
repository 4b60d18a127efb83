#include "postrider/fuzz/generator/session_plan.h"

#include <algorithm>
#include <utility>

#include "postrider/fuzz/generator/mutation.h"
#include "postrider/fuzz/generator/weights.h"

namespace postrider::fuzz {
namespace {

using When = PlanStep::When;

constexpr std::size_t kMostCuts = 6;

// "RCPT" of "rcpt to:<...>": the first word, as far as a reader of replies wants to know it.
std::string owner_of(std::string_view line) {
  std::string verb(
      line.substr(0, std::min(line.find_first_of(" :"), std::min<std::size_t>(line.size(), 12))));
  for (char& c : verb) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 0x20);
  }
  return verb;
}

class SessionMaker {
 public:
  SessionMaker(Choices& choices, const SessionSettings& settings) : choices_(choices), settings_(settings) {}

  SessionPlan make() && {
    if (settings_.greeting) plan_.steps.push_back({.octets = "", .owners = {"greeting"}});
    begin();
    for (std::uint32_t left = 1 + choices_.below(3); left != 0 && plan_.steps.size() < kMostSteps / 2;
         --left) {
      digress();
      transaction();
    }
    digress();
    if (settings_.faults) spoil();
    finish();
    for (PlanStep& step : plan_.steps) cut(step);
    return std::move(plan_);
  }

 private:
  void say(std::string line, When when = When::always) {
    std::string owner = owner_of(line);
    plan_.steps.push_back({.octets = std::move(line) + "\r\n", .owners = {std::move(owner)}, .when = when});
  }

  void begin() {
    if (settings_.faults && choices_.once_in(16)) return;  // RFC 5321 4.1.4: without EHLO
    hello();
    if (settings_.tls && choices_.once_in(8)) start_tls();
    if (choices_.once_in(6)) authenticate();
  }

  void hello() {
    say(settings_.faults ? make_hello(choices_, settings_.words) : "EHLO " + settings_.words.client);
  }

  void start_tls() {
    say("STARTTLS");
    if (settings_.faults && choices_.once_in(4)) {  // RFC 3207 5: what stands behind it in clear
      PlanStep& step = plan_.steps.back();
      step.octets += one_of(choices_, {"NOOP\r\n", "RSET\r\n", "EHLO injected.example\r\n",
                                       "MAIL FROM:<injected@example.org>\r\n", "QUIT\r\n", "X"});
    }
    plan_.steps.push_back({.octets = "", .when = When::after_220, .handshake = true});
    if (!settings_.faults || !choices_.once_in(8)) say("EHLO " + settings_.words.client);
    if (choices_.once_in(8)) say("STARTTLS");
  }

  // RFC 4954. Nobody has these passwords.
  void authenticate() {
    const auto answer = [this] {
      plan_.steps.push_back(
          {.octets = make_base64(choices_) + "\r\n", .owners = {"AUTH line"}, .when = When::after_334});
    };
    switch (weighted(choices_, {3, 2, 2, 1})) {
      case 1:
        say("AUTH LOGIN");
        answer();
        answer();
        break;
      case 2:
        say("AUTH " + std::string(one_of(choices_, {"PLAIN", "SCRAM-SHA-256", "CRAM-MD5", "EXTERNAL",
                                                    "X-NONE", "plain", ""})));
        answer();
        break;
      case 3: {
        std::string line = "AUTH PLAIN " + make_base64(choices_);
        line += one_of(choices_, {"", " ", " x"});
        say(std::move(line));
        answer();
        break;
      }
      default: say("AUTH PLAIN " + make_base64(choices_)); break;
    }
  }

  // Something between the things that belong together.
  void digress() {
    while (choices_.once_in(3) && plan_.steps.size() < kMostSteps / 2)
      say(make_other(choices_, settings_.words));
  }

  void transaction() {
    const std::size_t from = plan_.steps.size();
    say(plain(2) ? "MAIL FROM:<" + settings_.words.sender + ">" : make_mail(choices_, settings_.words));
    for (std::uint32_t left = 1 + choices_.below(3); left != 0; --left) {
      say(plain(2) ? "RCPT TO:<" + settings_.words.recipient + ">" : make_rcpt(choices_, settings_.words));
    }
    const std::size_t how = weighted(choices_, {8, 3, 1, 1});
    if (how == 0) say("DATA");
    if (how == 2) say("RSET");
    if (choices_.once_in(4)) join(from);  // RFC 2920
    if (how == 0) content(When::after_354);
    if (how == 1) chunks();
    if (how == 3 && settings_.faults) {  // without DATA
      content(When::always);
      plan_.steps.back().loose = true;
    }
  }
  bool plain(std::uint32_t one_in) { return !settings_.faults || !choices_.once_in(one_in); }

  // The steps since `from` in one write.
  void join(std::size_t from) {
    if (plan_.steps.size() <= from) return;
    PlanStep group = std::move(plan_.steps[from]);
    for (std::size_t at = from + 1; at < plan_.steps.size(); ++at) {
      group.octets += plan_.steps[at].octets;
      group.owners.insert(group.owners.end(), plan_.steps[at].owners.begin(), plan_.steps[at].owners.end());
    }
    plan_.steps.resize(from);
    plan_.steps.push_back(std::move(group));
  }

  void content(When when) {
    std::string octets = dot_stuffed(make_body(choices_));
    const bool smuggles = settings_.faults && choices_.once_in(3);
    if (smuggles) {  // another end of data, and what a reader who takes it for the end reads as commands
      octets += "smuggled";
      octets += one_of(choices_, kEndsOfData);
      octets += one_of(choices_, {"NOOP\r\n", "MAIL FROM:<smuggled@example.org>\r\n", "RSET\r\n"});
    }
    octets += ".\r\n";
    plan_.steps.push_back(
        {.octets = std::move(octets), .owners = {"content"}, .when = when, .loose = smuggles});
  }

  void chunks() {
    const std::size_t from = plan_.steps.size();
    for (Chunk& chunk : make_chunks(choices_, make_body(choices_))) {
      say(std::move(chunk.command));
      PlanStep& step = plan_.steps.back();
      step.octets += chunk.octets;
      // Who does not offer CHUNKING reads the octets as lines.
      step.loose = true;
    }
    if (choices_.once_in(3)) {
      join(from);
      plan_.steps.back().loose = true;
    }
  }

  // Faults that know SMTP: steps that are missing, repeated, swapped; octets that are others.
  void spoil() {
    std::vector<PlanStep>& steps = plan_.steps;
    const std::size_t first = settings_.greeting ? 1 : 0;
    if (steps.size() <= first) return;
    const auto any = [&] { return first + choices_.below(static_cast<std::uint32_t>(steps.size() - first)); };
    if (choices_.once_in(8)) {
      const PlanStep again = steps[any()];
      steps.insert(steps.begin() + static_cast<std::ptrdiff_t>(any()), again);
    }
    if (choices_.once_in(8)) std::swap(steps[any()], steps[any()]);
    if (choices_.once_in(8) && steps.size() > first + 1)
      steps.erase(steps.begin() + static_cast<std::ptrdiff_t>(any()));
    for (std::uint32_t left = choices_.once_in(2) ? 1 + choices_.below(2) : 0; left != 0; --left) {
      PlanStep& step = steps[any()];
      if (step.octets.empty()) continue;
      mutate(choices_, step.octets);
      step.loose = true;
    }
  }

  void finish() {
    // Whatever faults have made of the end of content, here it is.
    plan_.steps.push_back(
        {.octets = "\r\n.\r\n", .owners = {"content"}, .when = When::after_354, .loose = true});
    if (choices_.once_in(8)) {
      plan_.steps.push_back({.octets = "", .half_close = true});
    } else {
      say("QUIT");
    }
  }

  void cut(PlanStep& step) {
    if (step.octets.size() < 2 || !choices_.once_in(2)) return;
    for (std::uint32_t left = 1 + choices_.below(kMostCuts); left != 0; --left) {
      const auto size = static_cast<std::uint32_t>(std::min<std::size_t>(step.octets.size() - 1, 65535));
      std::size_t at = 1 + choices_.below(size);
      // Every other one between CR and LF, if there is one behind it.
      const std::size_t end = step.octets.find("\r\n", at);
      if (end != std::string::npos && choices_.once_in(2)) at = end + 1;
      step.cuts.push_back(at);
    }
    std::ranges::sort(step.cuts);
    const auto repeated = std::ranges::unique(step.cuts);
    step.cuts.erase(repeated.begin(), repeated.end());
  }

  Choices& choices_;
  const SessionSettings& settings_;
  SessionPlan plan_;
};

}  // namespace

SessionPlan make_session(Choices& choices, const SessionSettings& settings) {
  return SessionMaker(choices, settings).make();
}

std::string octets_of(const SessionPlan& plan) {
  std::string octets;
  for (const PlanStep& step : plan.steps) octets += step.octets;
  return octets;
}

}  // namespace postrider::fuzz
