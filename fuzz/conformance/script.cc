#include "postrider/fuzz/conformance/script.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "postrider/fuzz/transcript/transcript.h"

namespace postrider::fuzz {
namespace {

using Parsed = std::expected<Step, std::string>;

struct WordStep {
  std::string_view word;
  StepKind kind;
};
constexpr std::array kWords{
    WordStep{"silence-before", StepKind::open},
    WordStep{"connect", StepKind::connect},
    WordStep{"hello", StepKind::hello},
    WordStep{"ehlo", StepKind::ehlo},
    WordStep{"helo", StepKind::helo},
    WordStep{"mail", StepKind::mail},
    WordStep{"rcpt", StepKind::rcpt},
    WordStep{"data", StepKind::data},
    WordStep{"starttls", StepKind::starttls},
    WordStep{"login", StepKind::login},
    WordStep{"tls", StepKind::tls},
    WordStep{"silent", StepKind::silent},
    WordStep{"unended", StepKind::unended},
    WordStep{"closed", StepKind::closed},
    WordStep{"parting", StepKind::parting},
};
constexpr std::size_t kMostRepeats = 1000;
constexpr std::string_view kAnd = " | ";

std::string_view word(std::string_view& line) {
  const std::size_t end = std::min(line.find(' '), line.size());
  const std::string_view out = line.substr(0, end);
  line.remove_prefix(std::min(end + 1, line.size()));
  return out;
}

std::optional<std::size_t> number(std::string_view text) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// The escapes are those of transcripts, so their reader does it.
std::optional<std::string> unescaped(std::string_view text) {
  const TranscriptResult read =
      parse_transcript(std::string(kTranscriptHeader).append("0.000000 C: ").append(text).append("\n"));
  if (!read) return std::nullopt;
  return read->events.front().octets;
}

Parsed send_step(Step step, std::string_view sign, std::string_view text) {
  auto octets = unescaped(text);
  if (!octets) return std::unexpected("an escape that is none in '" + step.line + "'");
  step.kind = StepKind::send;
  step.text = *std::move(octets);
  if (sign.size() == 1) step.text += "\r\n";
  step.waits = sign.front() == '&';
  return step;
}

Parsed expect_step(Step step, std::string_view codes) {
  step.kind = StepKind::expect;
  while (!codes.empty()) {
    std::string_view each = word(codes);
    CodePattern pattern;
    if (each.starts_with('!')) {
      pattern.excluded = true;
      each.remove_prefix(1);
    }
    const bool digits =
        each.size() <= 3 && std::ranges::all_of(each, [](char c) { return c >= '0' && c <= '9'; });
    if (each != "*" && (each.empty() || !digits))
      return std::unexpected("a code that is none in '" + step.line + "'");
    if (each != "*") pattern.digits = each;
    step.codes.push_back(std::move(pattern));
  }
  if (step.codes.empty()) return std::unexpected("'<' without a code");
  return step;
}

Parsed parse_step(std::string_view line) {
  Step step;
  step.line = line;
  if (line.starts_with('?')) {
    step.optional = true;
    line.remove_prefix(1);
  }
  if (line.starts_with('~')) {
    step.enough = true;
    line.remove_prefix(1);
  }
  const std::string_view first = word(line);
  if (first == ">" || first == ">>" || first == "&" || first == "&&")
    return send_step(std::move(step), first, line);
  if (first == "<") return expect_step(std::move(step), line);
  const auto plain = std::ranges::find(kWords, first, &WordStep::word);
  if (plain != kWords.end()) {
    if (!line.empty()) return std::unexpected("too much in '" + step.line + "'");
    step.kind = plain->kind;
    return step;
  }
  if (first == "is" || first == "offers") {
    step.kind = first == "is" ? StepKind::property : StepKind::offers;
    step.text = word(line);
    if (step.kind == StepKind::offers && step.text == "no") {
      step.negative = true;
      step.text = word(line);
    }
    if (step.text.empty() || !line.empty())
      return std::unexpected("one name belongs into '" + step.line + "'");
    return step;
  }
  const auto count = number(line);
  if ((first == "body" || first == "below") && count) {
    step.kind = first == "body" ? StepKind::body : StepKind::below;
    step.count = *count;
    return step;
  }
  return std::unexpected("'" + step.line + "' is no step");
}

}  // namespace

std::expected<std::vector<Step>, std::string> parse_script(std::string_view script) {
  std::vector<Step> steps;
  while (!script.empty()) {
    const std::size_t end = std::min(script.find('\n'), script.size());
    std::string_view line = script.substr(0, end);
    script.remove_prefix(std::min(end + 1, script.size()));
    if (line.empty()) continue;
    std::size_t times = 1;
    if (line.starts_with("repeat ")) {
      (void)word(line);
      const auto count = number(word(line));
      if (!count || *count == 0 || *count > kMostRepeats) return std::unexpected("a repeat without a number");
      times = *count;
    }
    std::vector<Step> group;
    while (!line.empty()) {
      const std::size_t bar = times == 1 ? line.npos : line.find(kAnd);
      Parsed step = parse_step(line.substr(0, bar));
      if (!step) return std::unexpected(step.error());
      group.push_back(*std::move(step));
      line.remove_prefix(bar == line.npos ? line.size() : bar + kAnd.size());
    }
    for (; times != 0; --times) steps.insert(steps.end(), group.begin(), group.end());
  }
  if (steps.empty()) return std::unexpected("the script is empty");
  return steps;
}

bool matches(const std::vector<CodePattern>& codes, unsigned code) {
  const std::string text = std::to_string(code);
  bool any = std::ranges::all_of(codes, &CodePattern::excluded);
  for (const CodePattern& each : codes) {
    if (!text.starts_with(each.digits)) continue;
    if (each.excluded) return false;
    any = true;
  }
  return any;
}

std::string to_string(const std::vector<CodePattern>& codes) {
  std::string wanted;
  std::string excluded;
  for (const CodePattern& each : codes) {
    std::string& out = each.excluded ? excluded : wanted;
    std::string digits = each.digits.empty() ? "any reply" : each.digits;
    if (each.digits.size() == 1) digits += "yz";
    if (each.digits.size() == 2) digits += "z";
    out.append(out.empty() ? "" : " or ").append(digits);
  }
  if (excluded.empty()) return wanted;
  return wanted.empty() ? "anything but " + excluded : wanted + ", but not " + excluded;
}

}  // namespace postrider::fuzz
