#include "postrider/agent/fuzz/listen_command.h"

#include <algorithm>
#include <fstream>
#include <iostream>
#include <memory>
#include <string_view>
#include <system_error>
#include <utility>

#include "postrider/agent/log/json_object.h"
#include "postrider/agent/serve/file_limit.h"
#include "postrider/agent/serve/process_signals.h"
#include "postrider/fuzz/hostile/hostile_server.h"
#include "postrider/transport/loop.h"
#include "postrider/transport/socket_network.h"
#include "postrider/transport/tls/backends/backends.h"

namespace postrider::agent {
namespace {

using fuzz::Behaviour;
using fuzz::HostileOutcome;

ExitCode fail(ExitCode code, std::string_view what) {
  std::cerr << "postrider fuzz: " << what << '\n';
  return code;
}

void print_catalogue(bool json) {
  std::size_t width = 0;
  for (const Behaviour& each : fuzz::behaviours()) width = std::max(width, each.name.size());
  std::string out = json ? "[" : "";
  for (const Behaviour& each : fuzz::behaviours()) {
    if (json) {
      JsonObject object;
      object.text("name", each.name)
          .text("what", each.what)
          .text("clause", each.clause == "-" ? "" : each.clause);
      object.truth("tls", each.needs_tls).truth("chunking", each.needs_chunking);
      out.append(out.size() == 1 ? "\n" : ",\n").append(object.str());
    } else {
      out.append(each.name).append(width - each.name.size() + 2, ' ').append(each.what);
      out.append(each.clause == "-" ? " (no clause: a client has to stand it)" : " (" + each.clause + ")")
          .append("\n");
    }
  }
  std::cout << out << (json ? "\n]\n" : "") << std::flush;
}

// The behaviours that were asked for; an error names the one that there is not.
std::expected<std::vector<const Behaviour*>, std::string> plan_of(const std::vector<std::string>& names) {
  std::vector<const Behaviour*> out;
  for (const std::string& name : names) {
    if (name == "all") {
      for (const Behaviour& each : fuzz::behaviours()) out.push_back(&each);
    } else if (const Behaviour* found = fuzz::find_behaviour(name)) {
      out.push_back(found);
    } else {
      return std::unexpected(name);
    }
  }
  return out;
}

// A certificate that nobody vouches for; nullptr: this program was built without TLS.
std::shared_ptr<const transport::TlsServerContext> certificate(transport::SystemTime now) {
  for (const transport::TlsProvider* provider : transport::tls_providers()) {
    const auto made = provider->self_signed(transport::SelfSignedOptions("localhost", now));
    if (!made) continue;
    transport::TlsServerConfig config;
    config.certificates = {transport::TlsCertificate(transport::PemSource::text(made->certificate_pem),
                                                     transport::PemSource::text(made->key_pem))};
    if (auto context = provider->server(config)) return *std::move(context);
  }
  return nullptr;
}

void print_begin(bool json, std::size_t number, const transport::Endpoint& peer, const Behaviour* behaviour) {
  const std::string name = behaviour != nullptr ? behaviour->name : "by address";
  if (json) {
    JsonObject out;
    out.text("event", "begin")
        .number("connection", number)
        .text("peer", peer.to_string())
        .text("behaviour", name);
    std::cout << out.str() << std::endl;
  } else {
    std::cout << number << " " << peer.to_string() << " " << name << std::endl;
  }
}

// Its path; empty: it did not come whole, nobody wants it, or it is too long or cannot be written, which is
// said.
std::string keep(const FuzzListenOptions& options, const HostileOutcome& outcome,
                 const fuzz::HostileMessage& message) {
  if (!options.keep || !message.complete) return "";
  const auto number = &message - outcome.messages.data();
  const std::filesystem::path path =
      *options.keep / (std::to_string(outcome.connection) + "-" + std::to_string(number) + ".eml");
  if (!message.kept_whole()) {
    std::cerr << "postrider fuzz: " << path.string() << " is not written: of " << message.octets
              << " octets only " << message.content.size() << " were kept; send shorter messages\n";
    return "";
  }
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << message.content;
  file.close();
  if (file) return path.string();
  std::cerr << "postrider fuzz: " << path.string()
            << " cannot be written; is there room, and may this user write there?\n";
  return "";
}

void print_end(const FuzzListenOptions& options, const HostileOutcome& outcome) {
  const bool json = options.json;
  std::size_t taken = 0;
  std::vector<std::string> messages;
  for (const fuzz::HostileMessage& each : outcome.messages) {
    if (each.taken()) ++taken;
    const std::string file = keep(options, outcome, each);
    JsonObject message;
    message.text("sender", each.sender).list("recipients", each.recipients).number("octets", each.octets);
    message.truth("complete", each.complete).number("positive_replies", each.positive_replies);
    messages.push_back(message.truth("taken", each.taken()).text_or_null("file", file).str());
  }
  if (json) {
    JsonObject out;
    out.text("event", "end").number("connection", outcome.connection).text("behaviour", outcome.behaviour);
    out.text("end", outcome.end).truth("encrypted", outcome.encrypted).list("commands", outcome.commands);
    std::cout << out.raw_list("messages", messages).str() << std::endl;
  } else {
    std::cout << outcome.connection << " ended (" << outcome.behaviour << "): " << outcome.end << "; "
              << outcome.commands.size() << " commands, " << taken << " of " << messages.size()
              << " messages taken" << std::endl;
  }
}

transport::Task<void> end_after(transport::Loop& loop, std::chrono::seconds time) {
  co_await transport::sleep_until(loop, transport::later(loop.now(), time));
  loop.halt();
}

}  // namespace

ExitCode fuzz_listen(const FuzzListenOptions& options) {
  if (options.list) {
    print_catalogue(options.json);
    return ExitCode::done;
  }
  auto plan = plan_of(options.behaviours);
  if (!plan) return fail(ExitCode::usage, "there is no behaviour '" + plan.error() + "'; --list shows them");
  if (options.keep) {
    std::error_code failure;
    std::filesystem::create_directories(*options.keep, failure);
    if (failure)
      return fail(ExitCode::usage, "--keep " + options.keep->string() + " cannot be made (" +
                                       failure.message() + "); name another folder");
  }
  block_process_signals();
  raise_file_limit();
  transport::Loop loop;
  transport::SocketNetwork network(loop);
  fuzz::HostileOptions hostile;
  hostile.seed = options.seed;
  hostile.tls = certificate(loop.clock().system_now());
  fuzz::HostileServer server(loop, network, std::move(hostile));
  server.plan(*std::move(plan));
  const bool json = options.json;
  server.on_begin([json](std::size_t number, const transport::Endpoint& peer, const Behaviour* behaviour) {
    print_begin(json, number, peer, behaviour);
  });
  server.on_end([&options](const HostileOutcome& outcome) { print_end(options, outcome); });
  const auto at = transport::Endpoint::parse_address(options.listen.host, options.listen.port);
  const auto listening = server.listen(*at);
  if (!listening)
    return fail(ExitCode::unavailable, to_text(options.listen) + ": " + listening.error().message());
  std::cerr << "listening on " << listening->to_string() << '\n';
  if (options.time != std::chrono::seconds(0)) loop.spawn(end_after(loop, options.time));
  const SignalWatch watch([&loop](int) { loop.halt(); }, [] {});
  loop.run();
  return ExitCode::done;
}

}  // namespace postrider::agent
