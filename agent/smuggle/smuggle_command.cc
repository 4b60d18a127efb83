#include "postrider/agent/smuggle/smuggle_command.h"

#include <algorithm>
#include <expected>
#include <iostream>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "postrider/agent/config/config_reader.h"
#include "postrider/agent/send/host_lookup.h"
#include "postrider/agent/smuggle/smuggle_report.h"
#include "postrider/fuzz/smuggling/smuggling.h"
#include "postrider/transport/loop.h"
#include "postrider/transport/socket_network.h"

namespace postrider::agent {
namespace {

ExitCode fail(ExitCode code, std::string_view what) {
  std::cerr << "postrider smuggle: " << what << '\n';
  return code;
}

// Marks of one run are found in no other.
std::string random_id() {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz234567";
  std::random_device source;
  std::string out;
  for (int left = 10; left != 0; --left) out += kLetters[source() % kLetters.size()];
  return out;
}

struct Problem {
  ExitCode code;
  std::string text;
};

std::expected<fuzz::SmugglingOptions, Problem> options_for(const SmuggleOptions& options) {
  const auto relay = look_up(options.inbound, embedded_config().config);
  if (!relay) return std::unexpected(Problem{ExitCode::unavailable, relay.error().text});
  const bool loopback = std::ranges::all_of(*relay, &transport::Endpoint::is_loopback);
  if (!loopback && !options.owned) {
    return std::unexpected(Problem{
        ExitCode::usage,
        to_text(options.inbound) +
            " is not on loopback. Each variant is an attack where it works, and leaves messages behind: say "
            "--yes-i-own-it if the relay and what is behind it are yours"});
  }
  fuzz::SmugglingOptions out;
  out.inbound.relay = relay->front();
  out.inbound.lmtp = options.lmtp;
  out.inbound.wait = options.wait;
  out.outbound = *transport::Endpoint::parse_address(options.outbound.host, options.outbound.port);
  out.sender = options.sender;
  out.recipient = options.recipient;
  out.run_id = random_id();
  out.only = options.only;
  return out;
}

transport::Task<void> play(fuzz::SmugglingRun& run, transport::Loop& loop) {
  co_await run.play();
  loop.halt();  // the relay may keep its connections to us
}

ExitCode judge(const fuzz::SmugglingSums& sums) {
  if (!sums.reached) return fail(ExitCode::unavailable, "the relay could not be reached");
  if (sums.disagreement()) return ExitCode::bad_input;
  if (!sums.accepted) return fail(ExitCode::unavailable, "the relay took no message, not even a plain one");
  if (!sums.arrived) {
    return fail(
        ExitCode::unavailable,
        "nothing that the relay took came out: what is known is what it does as a receiver. It has to hand "
        "mail for --recipient on to --outbound");
  }
  return ExitCode::done;
}

}  // namespace

ExitCode smuggle(const SmuggleOptions& options) {
  if (options.list) {
    std::cout << (options.json ? variants_json() : variants_text()) << std::flush;
    return ExitCode::done;
  }
  for (const std::string& name : options.only) {
    if (fuzz::find_variant(name) == nullptr) {
      return fail(ExitCode::usage, "there is no variant '" + name + "'; --list shows them");
    }
  }
  auto made = options_for(options);
  if (!made) return fail(made.error().code, made.error().text);
  transport::Loop loop;
  transport::SocketNetwork network(loop);
  fuzz::SmugglingRun run(loop, network, *std::move(made));
  const auto listening = run.listen();
  if (!listening) {
    return fail(ExitCode::unavailable,
                "--outbound " + to_text(options.outbound) + ": " + listening.error().message());
  }
  std::cerr << "listening on " << listening->to_string() << '\n';
  loop.spawn(play(run, loop));
  loop.run();
  const fuzz::SmugglingSums sums = run.sums();
  std::cout << (options.json ? smuggle_json(options, run.cases(), sums)
                             : smuggle_text(options, run.cases(), sums))
            << std::flush;
  return judge(sums);
}

}  // namespace postrider::agent
