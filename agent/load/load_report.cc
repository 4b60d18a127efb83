#include "postrider/agent/load/load_report.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <string_view>
#include <utility>

#include "postrider/agent/log/escape.h"

namespace postrider::agent {
namespace {

double seconds(std::chrono::nanoseconds time) noexcept { return std::chrono::duration<double>(time).count(); }
double milliseconds(std::chrono::nanoseconds time) noexcept { return seconds(time) * 1e3; }

std::string number(double value, int digits) {
  std::array<char, 64> text{};
  const int length = std::snprintf(text.data(), text.size(), "%.*f", digits, value);
  return {text.data(), static_cast<std::size_t>(std::clamp(length, 0, static_cast<int>(text.size()) - 1))};
}

constexpr std::array<std::pair<std::string_view, double>, 3> kQuantiles{
    {{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}}};

constexpr std::string_view kLatencyInTurns =
    "from writing MAIL to reading the reply to the end of the message";
// What makes the figure larger than a message sent alone would have it.
constexpr std::string_view kLatencyPipelined =
    "from writing MAIL, which with PIPELINING leaves with the end of the message before, to reading the "
    "reply to "
    "the end of the message";

std::string_view latency_note(const LoadOptions& options) noexcept {
  return options.pipelining ? kLatencyPipelined : kLatencyInTurns;
}

std::string_view name_of(client::TlsUse tls) noexcept {
  switch (tls) {
    case client::TlsUse::none: break;
    case client::TlsUse::opportunistic: return "opportunistic";
    case client::TlsUse::required: return "starttls";
    case client::TlsUse::implicit: return "implicit";
  }
  return "none";
}

// "p50 0.201 ms, p90 0.400 ms, p99 0.400 ms, max 0.400 ms"
std::string times(const LatencyHistogram& of) {
  std::string text;
  for (const auto& [name, fraction] : kQuantiles) {
    text.append(name).append(" ").append(number(milliseconds(of.quantile(fraction)), 3)).append(" ms, ");
  }
  return text.append("max ").append(number(milliseconds(of.max()), 3)).append(" ms");
}

double per_second(double amount, std::chrono::nanoseconds time) noexcept {
  return time.count() > 0 ? amount / seconds(time) : 0;
}

double processor_per_message(const LoadReport& report) noexcept {
  return report.delivered == 0 ? 0 : seconds(report.processor) * 1e6 / static_cast<double>(report.delivered);
}

}  // namespace

void LoadReport::add(const LoadCounts& counts) {
  delivered += counts.delivered.value();
  failed += counts.failed.value();
  connections += counts.connections.value();
  latency.merge(counts.latency);
  handshakes.merge(counts.handshakes);
  resumptions += counts.resumptions;
  for (const auto& [what, count] : counts.errors) errors[what] += count;
}

std::string LoadReport::to_text(const LoadOptions& options) const {
  const double messages = static_cast<double>(delivered);
  std::string text;
  text.append("messages     ").append(std::to_string(delivered)).append(" accepted, ");
  text.append(std::to_string(failed))
      .append(" not, of ")
      .append(std::to_string(options.messages))
      .append("\n");
  text.append("rate         ").append(number(per_second(messages, time), 0)).append(" messages/s, ");
  text.append(number(per_second(messages * static_cast<double>(octets), time) / 1e6, 1)).append(" MB/s, ");
  text.append(number(seconds(time), 3)).append(" s\n");
  text.append("connections  ").append(std::to_string(connections)).append(", ");
  text.append(std::to_string(options.sessions)).append(" at a time");
  text.append(options.pipelining ? "\n" : ", one command a turn\n");
  if (options.tls != client::TlsUse::none) {
    text.append("handshakes   ").append(std::to_string(handshakes.count())).append(", ");
    text.append(std::to_string(resumptions)).append(" resumed; ").append(times(handshakes)).append("\n");
  }
  text.append("latency      ").append(times(latency)).append("\n");
  text.append("             (").append(latency_note(options)).append(")\n");
  text.append("processor    ").append(number(processor_per_message(*this), 1));
  text.append(" us of this program's time a message\n");
  for (const auto& [what, count] : errors) {
    text.append("error        ").append(std::to_string(count)).append(" x ").append(what).append("\n");
  }
  return text;
}

std::string LoadReport::to_json(const LoadOptions& options) const {
  const double messages = static_cast<double>(delivered);
  std::string json = "{";
  const auto put = [&json](std::string_view key, std::string_view value) {
    if (json.back() != '{') json.push_back(',');
    append_json_string(key, json);
    json.append(":").append(value);
  };
  put("messages", std::to_string(options.messages));
  put("accepted", std::to_string(delivered));
  put("failed", std::to_string(failed));
  put("seconds", number(seconds(time), 6));
  put("rate", number(per_second(messages, time), 1));
  put("octets_per_second", number(per_second(messages * static_cast<double>(octets), time), 0));
  put("size", std::to_string(options.size));
  put("octets_per_message", std::to_string(octets));
  put("sessions", std::to_string(options.sessions));
  put("connections", std::to_string(connections));
  put("pipelining", options.pipelining ? "true" : "false");
  std::string tls;
  append_json_string(name_of(options.tls), tls);
  put("tls", tls);
  const auto put_times = [&](const LatencyHistogram& of) {
    for (const auto& [name, fraction] : kQuantiles) put(name, number(milliseconds(of.quantile(fraction)), 4));
    put("max", number(milliseconds(of.max()), 4));
  };
  if (options.tls != client::TlsUse::none) {
    put("handshakes", std::to_string(handshakes.count()));
    put("resumptions", std::to_string(resumptions));
    put("handshake_ms", "{");
    put_times(handshakes);
    json.push_back('}');
  }
  put("processor_us_per_message", number(processor_per_message(*this), 2));
  put("latency_ms", "{");
  put_times(latency);
  std::string note;
  append_json_string(latency_note(options), note);
  put("measured", note);
  json.push_back('}');
  put("errors", "{");
  for (const auto& [what, count] : errors) put(what, std::to_string(count));
  return json.append("}}\n");
}

}  // namespace postrider::agent
