// Prints docs/command-table.md from the table that decides, so that the page cannot say something else than
// the code: the test docs.command_table compares the two.
#include <cstdio>
#include <string>
#include <string_view>

#include "postrider/protocol/session/command_rules.h"

namespace smtp = postrider::protocol;

namespace {

constexpr std::string_view kIntroduction =
    "# Which command is legal when\n"
    "\n"
    "Printed from `protocol/session/command_rules.cc` by the program `print_command_table`. A dot: allowed. "
    "`hello`: 503,\n"
    "EHLO is missing. `no`: 503, not now. The states are explained in `protocol/session/command_rules.h`; "
    "commands are\n"
    "not read at all inside content, inside AUTH, during a TLS handshake and after the end.\n"
    "\n";

bool reads_commands(smtp::State state) {
  using S = smtp::State;
  return state != S::banner && state != S::data && state != S::chunk && state != S::auth && state != S::tls &&
         state != S::closed;
}

std::string cell(smtp::Verb verb, smtp::State state) {
  const auto refusal = smtp::refusal(verb, state);
  if (!refusal) return " · |";
  return *refusal == smtp::Errc::hello_required ? " hello |" : " no |";
}

std::string row(const smtp::CommandRule& rule) {
  std::string text = "| " + std::string(smtp::to_string(rule.verb)) + " |";
  for (std::size_t i = 0; i < smtp::kStateCount; ++i) {
    const auto state = static_cast<smtp::State>(i);
    if (reads_commands(state)) text += cell(rule.verb, state);
  }
  text += rule.last_in_group ? " yes |" : " |";
  text += rule.closes_on_octets_behind ? " closes |" : " |";
  return text + "\n";
}

}  // namespace

int main() {
  std::string head = "| command |";
  std::string line = "|---|";
  for (std::size_t i = 0; i < smtp::kStateCount; ++i) {
    const auto state = static_cast<smtp::State>(i);
    if (!reads_commands(state)) continue;
    head += " " + std::string(smtp::to_string(state)) + " |";
    line += "---|";
  }
  std::string page(kIntroduction);
  page += head + " last of its group (RFC 2920 3.1) | octets behind it |\n" + line + "---|---|\n";
  for (const smtp::CommandRule& rule : smtp::kCommandRules) {
    if (rule.verb != smtp::Verb::unknown) page += row(rule);
  }
  std::fwrite(page.data(), 1, page.size(), stdout);
  return 0;
}
