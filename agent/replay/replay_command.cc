#include "postrider/agent/replay/replay_command.h"

#include <chrono>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "postrider/agent/config/config_reader.h"
#include "postrider/agent/log/json_object.h"
#include "postrider/agent/replay/session_replay.h"
#include "postrider/agent/send/host_lookup.h"
#include "postrider/fuzz/wire/unverified_tls.h"
#include "postrider/transport/loop.h"
#include "postrider/transport/socket_network.h"

namespace postrider::agent {
namespace {

ExitCode fail(ExitCode code, std::string_view what) {
  std::cerr << "postrider replay: " << what << '\n';
  return code;
}

transport::Task<void> run(transport::Loop& loop, const transport::Endpoint& address,
                          const fuzz::Transcript& transcript, const fuzz::ReplayOptions& options,
                          fuzz::ReplayReport& report) {
  transport::SocketNetwork network(loop);
  report = co_await fuzz::replay(loop, network, address, transcript, options);
  loop.stop();
}

fuzz::ReplayReport replay_live(const ReplayOptions& options, const transport::Endpoint& address,
                               const fuzz::Transcript& transcript) {
  fuzz::ReplayOptions how;
  how.timing = options.timing;
  how.exact = options.exact;
  how.patience = std::chrono::seconds(options.patience);
  if (auto tls = fuzz::unverified_tls()) how.tls = *std::move(tls);
  transport::Loop loop;
  fuzz::ReplayReport report;
  loop.spawn(run(loop, address, transcript, how, report));
  loop.run();
  return report;
}

std::string to_text(const fuzz::ReplayReport& report) {
  if (!report.unreachable.empty()) return "the server " + report.unreachable + "\n";
  std::string out;
  for (const fuzz::ReplayDifference& each : report.differences) {
    out += "connection " + std::to_string(each.connection + 1) + ", reply " + std::to_string(each.reply + 1) +
           ", after " + each.after + "\n  recorded  " + each.recorded + "\n  now       " + each.now + "\n";
  }
  return out + std::to_string(report.replies) + " replies, " + std::to_string(report.differences.size()) +
         " differences\n";
}

std::string to_json(const fuzz::ReplayReport& report) {
  std::vector<std::string> differences;
  for (const fuzz::ReplayDifference& each : report.differences) {
    JsonObject one;
    one.number("connection", each.connection).number("reply", each.reply).text("after", each.after);
    differences.push_back(one.text("recorded", each.recorded).text("now", each.now).str());
  }
  JsonObject out;
  out.text_or_null("unreachable", report.unreachable).number("replies", report.replies);
  out.raw_list("differences", differences);
  if (!report.transcript.events.empty()) out.text("transcript", fuzz::write_transcript(report.transcript));
  return out.str() + "\n";
}

}  // namespace

ExitCode replay(const ReplayOptions& options) {
  std::ifstream in(options.file, std::ios::binary);
  if (!in) return fail(ExitCode::bad_input, options.file.native() + " cannot be opened");
  const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  const fuzz::TranscriptResult transcript = fuzz::parse_transcript(text);
  if (!transcript) {
    return fail(ExitCode::bad_input, options.file.native() + ":" + std::to_string(transcript.error().line) +
                                         ": " + transcript.error().text);
  }
  fuzz::ReplayReport report;
  if (options.into == ReplayInto::server_session) {
    report = replay_into_server(*transcript, options.exact);
  } else if (options.into == ReplayInto::client_session) {
    report = replay_into_client(*transcript);
  } else {
    const auto addresses = look_up(options.server, embedded_config().config);
    if (!addresses) return fail(ExitCode::unavailable, addresses.error().text);
    const transport::Endpoint& address = addresses->front();
    if (!address.is_loopback() && !options.owner) {
      return fail(ExitCode::usage,
                  address.to_string() + " is not this machine: with --yes-i-own-it it is played to");
    }
    report = replay_live(options, address, *transcript);
  }
  std::cout << (options.json ? to_json(report) : to_text(report)) << std::flush;
  if (!report.unreachable.empty()) return ExitCode::unavailable;
  return report.differences.empty() ? ExitCode::done : ExitCode::bad_input;
}

}  // namespace postrider::agent
