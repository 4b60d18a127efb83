#include "postrider/fuzz/oracle/judge.h"

#include <algorithm>
#include <numeric>
#include <string>
#include <utility>

#include "postrider/fuzz/generator/mutation.h"

namespace postrider::fuzz {
namespace {

// How many faults of the server a reading supposes, and what they are.
std::vector<Finding> supposed(const Reading& reading, bool chunk_read_wrongly) {
  std::vector<Finding> found;
  const auto add = [&](Fault fault, std::string_view clause, std::string what) {
    found.push_back({.fault = fault, .clause = clause, .what = std::move(what)});
  };
  if (reading.end_of_data != 0) {
    add(Fault::early_end_of_data, "RFC 5321 4.1.1.4",
        "content ends at " + escaped(kEndsOfData[reading.end_of_data]));
  }
  if (reading.plaintext_survives) {
    add(Fault::injected_plaintext, "RFC 3207 4.2",
        "commands behind STARTTLS, sent in clear, are answered inside TLS");
  }
  if (chunk_read_wrongly)
    add(Fault::chunk_as_commands, "RFC 3030 2", "the octets of a chunk are read as commands");
  if (reading.lf_ends_commands) add(Fault::bare_line_end, "RFC 5321 2.3.8", "a bare LF ends a command");
  if (reading.cr_ends_commands) add(Fault::bare_line_end, "RFC 5321 2.3.8", "a bare CR ends a command");
  return found;
}

std::size_t faults_of(const Reading& reading) {
  return static_cast<std::size_t>(reading.lf_ends_commands) +
         static_cast<std::size_t>(reading.cr_ends_commands) +
         static_cast<std::size_t>(reading.end_of_data != 0) + static_cast<std::size_t>(reading.other_chunks) +
         static_cast<std::size_t>(reading.plaintext_survives);
}

// The true end first, and then the longest: "\r\n.\r\r\n" is found wherever "\r\n.\r" is, and says more.
std::vector<std::size_t> ends_of_data() {
  std::vector<std::size_t> order(kEndsOfData.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order.begin() + 1, order.end(), [](std::size_t a, std::size_t b) {
    return std::pair(kEndsOfData[b].size(), a) < std::pair(kEndsOfData[a].size(), b);
  });
  return order;
}

// All of them, the plain one first, then by the number of faults.
const std::vector<Reading>& readings() {
  static const std::vector<Reading> all = [] {
    std::vector<Reading> list;
    const std::vector<std::size_t> ends = ends_of_data();
    for (unsigned bits = 0; bits < 16; ++bits) {
      for (const std::size_t end : ends) {
        list.push_back({.lf_ends_commands = (bits & 1) != 0,
                        .cr_ends_commands = (bits & 2) != 0,
                        .end_of_data = end,
                        .other_chunks = (bits & 4) != 0,
                        .plaintext_survives = (bits & 8) != 0});
      }
    }
    // Not by std::stable_sort: the library of g++ 12 calls something there that C++23 deprecates.
    std::vector<Reading> sorted;
    for (std::size_t faults = 0; sorted.size() < list.size(); ++faults) {
      for (const Reading& each : list) {
        if (faults_of(each) == faults) sorted.push_back(each);
      }
    }
    return sorted;
  }();
  return all;
}

// More or fewer replies than there are commands: perhaps the commands are others. (A reply behind the last
// one is one too many under any reading.)
bool miscounts(const Finding& finding) noexcept {
  return (finding.fault == Fault::unasked_reply && finding.clause == "RFC 5321 4.2") ||
         finding.fault == Fault::hang || finding.fault == Fault::closed_early;
}

// A command without its reply, where all before it have theirs.
bool lacks_a_reply(const Finding& finding) noexcept {
  return finding.fault == Fault::hang || finding.fault == Fault::closed_early;
}

bool same_class(unsigned a, unsigned b) noexcept { return a / 100 == b / 100; }

}  // namespace

Verdict judge(const Dialogue& dialogue) {
  Verdict verdict;
  const Account plain = read_session(dialogue, {});
  verdict.exchanges = plain.exchanges;
  verdict.rude = plain.rude;
  if (dialogue.malformed) {
    verdict.findings.push_back(*dialogue.malformed);
    return verdict;
  }
  if (!plain.finding) return verdict;
  // Of chunks that nobody offered both readings are right, so that this one supposes no fault.
  Reading chunks_otherwise;
  chunks_otherwise.other_chunks = true;
  const Account otherwise = read_session(dialogue, chunks_otherwise);
  if (!otherwise.finding && !otherwise.chunk_read_wrongly) {
    verdict.exchanges = otherwise.exchanges;
    return verdict;
  }
  const Reading* best = nullptr;  // whose replies have their owners, though one of them is wrong
  for (const Reading& reading : readings()) {
    const Account account = read_session(dialogue, reading);
    if (!account.finding) {
      verdict.exchanges = account.exchanges;
      verdict.findings = supposed(reading, account.chunk_read_wrongly);
      return verdict;
    }
    if (miscounts(*account.finding) || faults_of(reading) > 1) continue;
    // One that finds a wrong reply before all have their owners has explained less than that.
    if (lacks_a_reply(*plain.finding) && account.exchanges.size() + 1 < plain.exchanges.size()) continue;
    // The one that explains more is better.
    const bool also_right = reading.other_chunks && !account.chunk_read_wrongly;
    if (best == nullptr || (also_right && account.exchanges.size() > plain.exchanges.size())) best = &reading;
  }
  if (best == nullptr) {
    verdict.findings.push_back(*plain.finding);
    return verdict;
  }
  const Account account = read_session(dialogue, *best);
  verdict.exchanges = account.exchanges;
  verdict.findings = supposed(*best, account.chunk_read_wrongly);
  verdict.findings.push_back(*account.finding);
  return verdict;
}

std::optional<Finding> compare_cuts(const Verdict& whole, const Verdict& cut) {
  if (whole.rude || cut.rude) return std::nullopt;
  const std::size_t common = std::min(whole.exchanges.size(), cut.exchanges.size());
  for (std::size_t at = 0; at < common; ++at) {
    const SessionExchange& one = whole.exchanges[at];
    const SessionExchange& other = cut.exchanges[at];
    constexpr unsigned kClosing = 421;
    if (one.code == 0 || other.code == 0 || one.code == kClosing || other.code == kClosing)
      return std::nullopt;
    if (one.owner == other.owner && same_class(one.code, other.code)) continue;
    return Finding{.fault = Fault::cut_matters,
                   .clause = "RFC 5321 4.2",
                   .what = "whole, " + one.owner + " is answered " + std::to_string(one.code) +
                           "; in pieces, " + other.owner + " is answered " + std::to_string(other.code)};
  }
  return std::nullopt;
}

}  // namespace postrider::fuzz
