#include "postrider/agent/conform/conform_report.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "postrider/agent/log/json_object.h"
#include "postrider/agent/report/junit.h"
#include "postrider/agent/report/markup.h"

namespace postrider::agent {
namespace {

using fuzz::Check;
using fuzz::CheckResult;
using fuzz::ConformanceReport;
using fuzz::Level;
using fuzz::Verdict;

bool is_failure(const CheckResult& result) {
  return result.verdict == Verdict::failed || result.verdict == Verdict::stuck;
}
bool has_transcript(const CheckResult& result, const ConformTexts& texts) {
  return !result.transcript.events.empty() && (texts.transcripts || is_failure(result));
}
bool must(const CheckResult& result) { return result.check->level == Level::must; }

// "RFC 5321" of "RFC 5321 4.1.1.9".
std::string_view rfc_of(const Check& check) { return check.clause.substr(0, check.clause.rfind(' ')); }

std::string padded(std::string_view text, std::size_t width) {
  std::string out(text);
  out.resize(std::max(width, out.size()), ' ');
  return out;
}

std::string sums(const ConformCounts& counts) {
  return std::to_string(counts.passed) + " passed; failed: " + std::to_string(counts.failed_must) +
         " MUST, " + std::to_string(counts.failed_should) + " SHOULD; " + std::to_string(counts.stuck) +
         " stuck; " + std::to_string(counts.not_tried) + " not tried";
}

std::string indented(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    out.append("    ").append(text.substr(0, end)).append("\n");
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::string joined(const std::vector<std::string>& parts) {
  std::string out;
  for (const std::string& part : parts) out.append(out.empty() ? "" : ", ").append(fuzz::escaped(part));
  return out;
}

std::string row_class(const CheckResult& result) {
  if (result.verdict == Verdict::passed) return "passed";
  if (result.verdict == Verdict::failed) return must(result) ? "must" : "should";
  return result.verdict == Verdict::stuck ? "stuck" : "untried";
}

constexpr std::string_view kStyle = R"(
body { font: 15px/1.5 system-ui, sans-serif; max-width: 75em; margin: 2em auto; padding: 0 1em; }
table { border-collapse: collapse; width: 100%; }
td, th { text-align: left; vertical-align: top; padding: .3em .6em; border-bottom: 1px solid #ddd; }
.passed .v { color: #176f2c; } .must .v { color: #b3261e; font-weight: bold; } .should .v { color: #8a5a00; }
.stuck .v { color: #b3261e; } .untried { color: #777; }
code, pre { font: 13px/1.4 ui-monospace, monospace; } pre { overflow-x: auto; background: #f6f6f6; padding: .6em; }
)";

std::string html_row(const CheckResult& result, const ConformTexts& texts) {
  const Check& check = *result.check;
  std::string out =
      "<tr class=\"" + row_class(result) + "\" id=\"" + markup_attribute(check.id) + "\"><td class=\"v\">";
  out.append(to_string(result.verdict))
      .append("</td><td>")
      .append(to_string(check.level))
      .append("</td><td>");
  out.append(markup_text(check.clause)).append("</td><td>").append(markup_text(check.title));
  out.append("<br><code>").append(markup_text(check.id)).append("</code>");
  if (!result.reason.empty()) out.append("<br>").append(markup_text(result.reason));
  if (has_transcript(result, texts)) {
    out.append("<details><summary>transcript</summary><pre>");
    out.append(markup_text(fuzz::write_transcript(result.transcript))).append("</pre></details>");
  }
  return out.append("</td></tr>\n");
}

void add_to(JunitReport& report, const CheckResult& result) {
  const Check& check = *result.check;
  const JunitTest test{.group = rfc_of(check), .name = check.id};
  if (result.verdict == Verdict::passed) {
    report.passed(test);
  } else if (must(result) && is_failure(result)) {
    const std::string what = "[" + std::string(to_string(check.level)) + "] " + std::string(check.clause) +
                             ": " + std::string(check.title);
    report.failed(test, result.reason, what + "\n" + fuzz::write_transcript(result.transcript));
  } else {
    report.skipped(test, std::string(to_string(result.verdict)) + ": " + result.reason);
  }
}

}  // namespace

ConformCounts count(const ConformanceReport& report) {
  ConformCounts out;
  for (const CheckResult& result : report.results) {
    switch (result.verdict) {
      case Verdict::passed: ++out.passed; break;
      case Verdict::failed: ++(must(result) ? out.failed_must : out.failed_should); break;
      case Verdict::stuck: ++out.stuck; break;
      default: ++out.not_tried; break;
    }
  }
  return out;
}

bool conforms(const ConformanceReport& report) {
  return std::ranges::none_of(report.results,
                              [](const CheckResult& result) { return must(result) && is_failure(result); });
}

std::string to_text(const ConformanceReport& report, const ConformTexts& texts) {
  if (!report.unreachable.empty()) return texts.server + ": the server " + report.unreachable + "\n";
  std::string out = "server    " + texts.server + "\ngreeting  " + report.offers.greeting + "\noffers    " +
                    joined(report.offers.in_clear) + "\n";
  if (report.offers.encrypted) out += "with TLS  " + joined(*report.offers.encrypted) + "\n";
  out += '\n';
  constexpr std::size_t kVerdictWidth = 15;
  constexpr std::size_t kLevelWidth = 7;
  for (const CheckResult& result : report.results) {
    const Check& check = *result.check;
    out += padded(to_string(result.verdict), kVerdictWidth) + padded(to_string(check.level), kLevelWidth);
    out.append(check.id).append(": ").append(check.title).append("\n");
    if (!result.reason.empty()) out.append("    ").append(result.reason).append("\n");
    if (has_transcript(result, texts)) out += indented(fuzz::write_transcript(result.transcript));
  }
  return out + "\n" + sums(count(report)) + "\n";
}

std::string to_json(const ConformanceReport& report, const ConformTexts& texts) {
  const ConformCounts counts = count(report);
  JsonObject out;
  out.text("server", texts.server).text_or_null("unreachable", report.unreachable);
  out.text_or_null("greeting", report.offers.greeting).list("offers", report.offers.in_clear);
  report.offers.encrypted ? out.list("offers_under_tls", *report.offers.encrypted)
                          : out.raw("offers_under_tls", "null");
  out.number("passed", counts.passed).number("failed_must", counts.failed_must);
  out.number("failed_should", counts.failed_should).number("stuck", counts.stuck);
  out.number("not_tried", counts.not_tried);
  std::vector<std::string> checks;
  for (const CheckResult& result : report.results) {
    JsonObject each;
    each.text("id", result.check->id).text("clause", result.check->clause);
    each.text("level", to_string(result.check->level)).text("title", result.check->title);
    each.text("verdict", to_string(result.verdict)).text_or_null("reason", result.reason);
    if (has_transcript(result, texts)) each.text("transcript", fuzz::write_transcript(result.transcript));
    checks.push_back(each.str());
  }
  return out.raw_list("checks", checks).str() + "\n";
}

std::string to_html(const ConformanceReport& report, const ConformTexts& texts) {
  const std::string title = "SMTP conformance of " + markup_text(texts.server);
  std::string out = "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>" + title +
                    "</title><style>" + std::string(kStyle) + "</style></head><body>\n<h1>" + title +
                    "</h1>\n<p>" +
                    markup_text(report.unreachable.empty() ? report.offers.greeting : report.unreachable) +
                    "</p>\n<p>Offers: " + markup_text(joined(report.offers.in_clear)) + "</p>\n<p>" +
                    markup_text(sums(count(report))) + "</p>\n";
  std::string_view rfc;
  for (const CheckResult& result : report.results) {
    if (rfc_of(*result.check) != rfc) {
      if (!rfc.empty()) out += "</table>\n";
      rfc = rfc_of(*result.check);
      out += "<h2>" + markup_text(rfc) + "</h2>\n<table><tr><th>Verdict<th>Level<th>Clause<th>Check</tr>\n";
    }
    out += html_row(result, texts);
  }
  return out + (rfc.empty() ? "" : "</table>\n") + "</body></html>\n";
}

std::string to_junit(const ConformanceReport& report, const ConformTexts& texts) {
  JunitReport out("postrider conform " + texts.server);
  if (!report.unreachable.empty()) {
    return out.suite("connection").error({.group = "", .name = "connect"}, report.unreachable).str();
  }
  std::string_view rfc;
  for (const CheckResult& result : report.results) {
    if (rfc_of(*result.check) != rfc) {
      rfc = rfc_of(*result.check);
      out.suite(rfc);
    }
    add_to(out, result);
  }
  return out.str();
}

std::string catalogue_text(const std::vector<const Check*>& checks) {
  std::string out;
  for (const Check* check : checks) {
    out += padded(to_string(check->level), 7) + padded(check->clause, 20);
    out.append(check->id).append(": ").append(check->title).append("\n");
  }
  return out;
}

std::string catalogue_json(const std::vector<const Check*>& checks) {
  std::vector<std::string> out;
  for (const Check* check : checks) {
    JsonObject each;
    each.text("id", check->id).text("clause", check->clause).text("level", to_string(check->level));
    out.push_back(
        each.text("title", check->title).text("needs", check->needs).text("script", check->script).str());
  }
  return JsonObject().raw_list("checks", out).str() + "\n";
}

}  // namespace postrider::agent
