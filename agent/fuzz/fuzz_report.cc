#include "postrider/agent/fuzz/fuzz_report.h"

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <system_error>
#include <utility>

#include "postrider/agent/log/json_object.h"
#include "postrider/agent/report/junit.h"

namespace postrider::agent {
namespace {

using fuzz::Disagreement;
using fuzz::FoundFault;

std::string seconds(std::chrono::nanoseconds time) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.3f", std::chrono::duration<double>(time).count());
  return text.data();
}

std::string replay(const FuzzOptions& options, std::uint64_t session) {
  std::string command = "postrider fuzz " + to_text(options.servers.front()) + " --seed " +
                        std::to_string(options.seed) + " --session " + std::to_string(session);
  if (options.corpus) command += " --corpus " + options.corpus->string();
  return command;
}

// The dialogue as people read it: what each side said, without times.
std::string dialogue(const fuzz::Transcript& transcript) {
  std::string out;
  for (const fuzz::TranscriptEvent& event : transcript.events) {
    std::string line;
    fuzz::append_event(line, event);
    const std::size_t space = line.find(' ');
    out += "    " + (space == std::string::npos ? line : line.substr(space + 1));
    if (out.back() != '\n') out += '\n';
  }
  return out;
}

std::string answers(const FuzzOptions& options, const std::vector<std::string>& each) {
  std::string out;
  for (std::size_t at = 0; at < each.size(); ++at) {
    if (!out.empty()) out += ", ";
    out += to_text(options.servers[at]) + " " + each[at];
  }
  return out;
}

}  // namespace

// ---- One server ----

std::string FuzzReport::to_text(const FuzzOptions& options) const {
  std::string out;
  for (std::size_t at = 0; at < found.size(); ++at) {
    const FoundFault& each = found[at];
    out += std::string(to_string(each.finding.fault)) + "  " + std::string(each.finding.clause) + "  " +
           each.finding.what + "\n";
    out += "  in " + std::to_string(each.count) + (each.count == 1 ? " session" : " sessions") +
           ", first in number " + std::to_string(each.session);
    out += each.shortened ? "; made short:\n" : ":\n";
    out += dialogue(each.transcript);
    if (!files[at].empty())
      out += "  postrider replay " + files[at] + " " + agent::to_text(options.servers.front()) + "\n";
    out += "  " + replay(options, each.session) + "\n\n";
  }
  return out + std::to_string(progress.sessions) + " sessions on " + std::to_string(progress.connections) +
         " connections, " + std::to_string(progress.replies) + " replies, " + seconds(time) + " s, seed " +
         std::to_string(options.seed) + ": " + (found.empty() ? "no" : std::to_string(found.size())) +
         (found.size() == 1 ? " finding\n" : " findings\n");
}

std::string FuzzReport::to_json(const FuzzOptions& options) const {
  std::vector<std::string> list;
  for (std::size_t at = 0; at < found.size(); ++at) {
    const FoundFault& each = found[at];
    list.push_back(JsonObject()
                       .text("fault", to_string(each.finding.fault))
                       .text("clause", each.finding.clause)
                       .text("what", each.finding.what)
                       .number("sessions", each.count)
                       .number("session", each.session)
                       .truth("shortened", each.shortened)
                       .text_or_null("file", files[at])
                       .text("replay", replay(options, each.session))
                       .text("transcript", fuzz::write_transcript(each.transcript))
                       .str());
  }
  return JsonObject()
             .text("server", agent::to_text(options.servers.front()))
             .number("seed", options.seed)
             .number("sessions", progress.sessions)
             .number("connections", progress.connections)
             .number("replies", progress.replies)
             .raw("seconds", seconds(time))
             .raw_list("findings", list)
             .str() +
         "\n";
}

// A test for each kind of fault, passed or not.
std::string FuzzReport::to_junit(const FuzzOptions& options) const {
  constexpr std::string_view kGroup = "postrider.fuzz";
  JunitReport report("postrider fuzz");
  report.suite("postrider fuzz", seconds(time));
  for (std::size_t kind = 0; kind < fuzz::kFaultCount; ++kind) {
    const auto fault = static_cast<fuzz::Fault>(kind);
    bool any = false;
    for (const FoundFault& each : found) {
      if (each.finding.fault != fault) continue;
      any = true;
      const std::string name = std::string(to_string(fault)) + " " + std::string(each.finding.clause);
      report.failed({.group = kGroup, .name = name}, each.finding.what,
                    dialogue(each.transcript) + replay(options, each.session));
    }
    if (!any) report.passed({.group = kGroup, .name = to_string(fault)});
  }
  return report.str();
}

std::string file_name(const fuzz::Finding& finding) {
  std::string name = std::string(to_string(finding.fault)) + "-" + std::string(finding.clause);
  for (char& c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 0x20);
    if (c == ' ' || c == '.') c = '-';
  }
  return name + ".transcript";
}

std::expected<void, std::string> write_findings(const FuzzOptions& options, FuzzReport& report) {
  report.files.assign(report.found.size(), "");
  if (!options.findings || report.found.empty()) return {};
  std::error_code failure;
  std::filesystem::create_directories(*options.findings, failure);
  if (failure) return std::unexpected(options.findings->string() + ": " + failure.message());
  for (std::size_t at = 0; at < report.found.size(); ++at) {
    const std::filesystem::path path = *options.findings / file_name(report.found[at].finding);
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file << fuzz::write_transcript(report.found[at].transcript);
    file.close();
    if (!file) return std::unexpected(path.string() + " cannot be written");
    report.files[at] = path.string();
  }
  return {};
}

// ---- Several servers ----

std::string ComparisonReport::to_text(const FuzzOptions& options) const {
  std::string out;
  for (const Disagreement& each : disagreements) {
    out += each.owner + " in state " + each.state + "  " + std::string(each.clause) + "  " +
           std::to_string(each.count) + (each.count == 1 ? " session\n" : " sessions\n");
    out += "  " + answers(options, each.answers) + "\n";
    out += "  session " + std::to_string(each.session) + ": " + each.line + "\n    " +
           answers(options, each.codes) + "\n";
  }
  return out + std::to_string(sessions) + " sessions, " + seconds(time) + " s, seed " +
         std::to_string(options.seed) + ": " +
         (disagreements.empty() ? "no" : std::to_string(disagreements.size())) +
         (disagreements.size() == 1 ? " disagreement\n" : " disagreements\n");
}

std::string ComparisonReport::to_json(const FuzzOptions& options) const {
  std::vector<std::string> servers;
  for (const HostPort& server : options.servers) servers.push_back(agent::to_text(server));
  std::vector<std::string> list;
  for (const Disagreement& each : disagreements) {
    list.push_back(JsonObject()
                       .text("command", each.owner)
                       .text("state", each.state)
                       .text("clause", each.clause)
                       .list("answers", each.answers)
                       .number("sessions", each.count)
                       .number("session", each.session)
                       .text("line", each.line)
                       .list("codes", each.codes)
                       .str());
  }
  return JsonObject()
             .list("servers", servers)
             .number("seed", options.seed)
             .number("sessions", sessions)
             .raw("seconds", seconds(time))
             .raw_list("disagreements", list)
             .str() +
         "\n";
}

std::string ComparisonReport::to_junit(const FuzzOptions& options) const {
  constexpr std::string_view kGroup = "postrider.fuzz.compare";
  JunitReport report("postrider fuzz --compare");
  report.suite("postrider fuzz --compare", seconds(time));
  for (const Disagreement& each : disagreements) {
    const std::string name = each.owner + " in state " + each.state;
    report.failed({.group = kGroup, .name = name}, answers(options, each.answers),
                  each.line + "\n" + answers(options, each.codes));
  }
  if (disagreements.empty()) report.passed({.group = kGroup, .name = "agreement"});
  return report.str();
}

}  // namespace postrider::agent
