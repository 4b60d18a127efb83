#include "postrider/agent/smuggle/smuggle_report.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "postrider/agent/log/json_object.h"
#include "postrider/fuzz/transcript/transcript.h"

namespace postrider::agent {
namespace {

using fuzz::SmugglingCase;
using fuzz::SmugglingSums;
using fuzz::Variant;
using fuzz::Verdict;

using Row = std::array<std::string, 6>;

// Of a chunk, what makes it special need not be its octets.
std::string sequence_of(const Variant& variant) {
  std::string out;
  for (const std::string& piece : variant.pieces) {
    if (!out.empty()) out += " | ";
    out += fuzz::escaped(piece);
  }
  return out;
}

std::string table(const std::vector<Row>& rows) {
  std::array<std::size_t, 6> widths{};
  for (const Row& row : rows) {
    for (std::size_t at = 0; at < row.size(); ++at) widths[at] = std::max(widths[at], row[at].size());
  }
  std::string out;
  for (const Row& row : rows) {
    std::string line;
    for (std::size_t at = 0; at < row.size(); ++at) {
      line += row[at];
      line.append(widths[at] - row[at].size() + 2, ' ');
    }
    line.resize(line.find_last_not_of(' ') + 1);
    out.append(line).append("\n");
  }
  return out;
}

std::string count_of(std::size_t count, std::string_view what) {
  return std::to_string(count) + " " + std::string(what);
}

std::string summary(const SmugglingSums& sums, std::size_t variants) {
  return count_of(variants, variants == 1 ? "variant" : "variants") + ": " +
         count_of(sums.smuggled, "smuggled") + ", " +
         count_of(sums.leaks, "left as what lenient readers take for an end") + ", " +
         count_of(sums.lost_ends, "with the end lost") + ", " + count_of(sums.unknown, "unknown") + "\n";
}

std::string reasons(const std::vector<SmugglingCase>& cases) {
  std::vector<std::string> seen;
  for (const SmugglingCase& each : cases) {
    const std::string& problem = each.verdict.problem;
    if (!problem.empty() && std::ranges::find(seen, problem) == seen.end()) seen.push_back(problem);
  }
  std::string out;
  for (const std::string& each : seen) out.append("not sent: ").append(each).append("\n");
  return out;
}

std::string clause_list(const std::vector<SmugglingCase>& cases) {
  std::string out;
  for (const SmugglingCase& each : cases) {
    if (!each.verdict.disagreement()) continue;
    out.append(each.variant->name).append(": ").append(each.variant->what).append(" (");
    out.append(each.variant->clause).append("); reply: ");
    out.append(each.verdict.reply.empty() ? "none" : each.verdict.reply);
    for (const std::string& leak : each.verdict.leaks) out.append("; left: ").append(fuzz::escaped(leak));
    out.append("\n");
  }
  return out;
}

std::string case_json(const SmugglingCase& each) {
  const Verdict& verdict = each.verdict;
  std::vector<std::string> leaks;
  for (const std::string& leak : verdict.leaks) leaks.push_back(fuzz::escaped(leak));
  std::vector<std::string> replies;
  for (const fuzz::InboundReply& reply : each.said.replies) replies.push_back(reply.text);
  JsonObject out;
  out.text("name", each.variant->name).text("what", each.variant->what).text("clause", each.variant->clause);
  out.text("id", each.probe.id).text("sequence", sequence_of(*each.variant));
  out.text("by", each.variant->carrier == fuzz::Carrier::bdat ? "BDAT" : "DATA");
  out.truth("is_end", each.variant->expected == fuzz::Expected::end);
  out.text("in", to_string(verdict.received))
      .list("replies", replies)
      .text_or_null("problem", verdict.problem);
  out.text("out", to_string(verdict.sent)).text("left", fuzz::escaped(verdict.left)).list("leaks", leaks);
  out.truth("smuggled", verdict.smuggled).truth("end_lost", verdict.lost_end);
  out.truth("disagreement", verdict.disagreement());
  return out.str();
}

std::string array_of(const std::vector<std::string>& values) {
  std::string out = "[";
  for (const std::string& value : values) out.append(out.size() == 1 ? "\n" : ",\n").append(value);
  return out.append(values.empty() ? "]" : "\n]");
}

}  // namespace

std::string_view word_of(const SmugglingCase& each) noexcept {
  const Verdict& verdict = each.verdict;
  if (verdict.smuggled) return "SMUGGLED";
  if (!verdict.leaks.empty()) return "LEAKS";
  if (verdict.lost_end) return "END LOST";
  const bool known =
      verdict.received != fuzz::Received::unknown && verdict.received != fuzz::Received::not_offered;
  return known ? "ok" : "unknown";
}

std::string smuggle_text(const SmuggleOptions& options, const std::vector<SmugglingCase>& cases,
                         const SmugglingSums& sums) {
  std::vector<Row> rows = {{"variant", "sent", "as receiver", "as sender", "left", "verdict"}};
  for (const SmugglingCase& each : cases) {
    const bool is_end = each.variant->expected == fuzz::Expected::end;
    rows.push_back({each.variant->name + (is_end ? " (an end)" : ""), sequence_of(*each.variant),
                    std::string(to_string(each.verdict.received)), std::string(to_string(each.verdict.sent)),
                    fuzz::escaped(each.verdict.left), std::string(word_of(each))});
  }
  return "relay " + to_text(options.inbound) + ", next server " + to_text(options.outbound) + "\n\n" +
         table(rows) + "\n" + clause_list(cases) + reasons(cases) + summary(sums, cases.size());
}

std::string smuggle_json(const SmuggleOptions& options, const std::vector<SmugglingCase>& cases,
                         const SmugglingSums& sums) {
  std::vector<std::string> each_case;
  for (const SmugglingCase& each : cases) each_case.push_back(case_json(each));
  JsonObject out;
  out.text("relay", to_text(options.inbound)).text("next", to_text(options.outbound));
  out.number("variants", cases.size()).number("smuggled", sums.smuggled).number("leaking", sums.leaks);
  out.number("ends_lost", sums.lost_ends).number("unknown", sums.unknown);
  out.truth("reached", sums.reached).truth("accepted", sums.accepted).truth("arrived", sums.arrived);
  return out.raw("cases", array_of(each_case)).str() + "\n";
}

std::string variants_text() {
  std::vector<Row> rows;
  for (const Variant& each : fuzz::variants()) {
    rows.push_back({each.name, each.expected == fuzz::Expected::end ? "end" : "content",
                    each.carrier == fuzz::Carrier::bdat ? "BDAT" : "DATA", sequence_of(each), each.clause,
                    each.what});
  }
  return table(rows);
}

std::string variants_json() {
  std::vector<std::string> all;
  for (const Variant& each : fuzz::variants()) {
    JsonObject out;
    out.text("name", each.name).text("what", each.what).text("clause", each.clause);
    out.text("sequence", sequence_of(each)).text("by", each.carrier == fuzz::Carrier::bdat ? "BDAT" : "DATA");
    all.push_back(out.truth("is_end", each.expected == fuzz::Expected::end).str());
  }
  return array_of(all) + "\n";
}

}  // namespace postrider::agent
