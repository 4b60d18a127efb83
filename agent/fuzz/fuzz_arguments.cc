#include "postrider/agent/fuzz/fuzz_arguments.h"

#include <utility>

#include <CLI/CLI.hpp>

#include "postrider/protocol/grammar/address.h"

namespace postrider::agent {
namespace {

constexpr std::uint16_t kPort = 25;

bool is_mailbox(const std::string& text) { return protocol::Mailbox::parse(text).has_value(); }

}  // namespace

void FuzzArguments::add_to(CLI::App& app) {
  app.add_option("SERVER", servers_, "server to play hostile clients against; port 25 if none is given")
      ->type_name("HOST[:PORT]");
  app.add_flag("--compare", options_.compare,
               "play the same sessions to several servers, and show where they disagree");
  app.add_option("--sessions", options_.sessions, "how many; default 1000, or as many as --seconds allows")
      ->type_name("N")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 40));
  app.add_option("--seconds", time_, "no new session after this time")
      ->type_name("S")
      ->check(CLI::Range(1L, 31'536'000L));
  app.add_option("--seed", options_.seed,
                 "which sessions; the same seed gives the same ones everywhere; default 1")
      ->type_name("S");
  app.add_option("--session", only_, "the session with this number alone, as a finding names it")
      ->type_name("N");
  app.add_option("--connections", options_.connections, "sessions at a time; default 8")
      ->type_name("N")
      ->check(CLI::Range(1, 1000));
  app.add_option("--timeout", timeout_, "a reply that takes longer is a hang; default 10")
      ->type_name("S")
      ->check(CLI::Range(1L, 3600L));
  app.add_option("--sender", options_.sender,
                 "a sender that the server takes mail from; default a@example.org")
      ->type_name("A");
  app.add_option("--recipient", options_.recipient,
                 "and a recipient, or sessions go no deeper; default b@example.net")
      ->type_name("B");
  app.add_flag("--no-tls", no_tls_, "no STARTTLS");
  app.add_option("--corpus", corpus_, "sessions to begin with: transcripts, or inputs of a fuzzer")
      ->type_name("DIR");
  app.add_option("--findings", findings_, "write a transcript of each finding here")->type_name("DIR");
  app.add_option("--junit", junit_, "write the result as JUnit XML")->type_name("FILE");
  app.add_flag("--json", options_.json, "print the result as JSON");
  app.add_flag("--yes-i-own-it", options_.owned, "the server is not on loopback, and it is mine");
}

std::expected<FuzzOptions, std::string> FuzzArguments::options(const CLI::App& app) const {
  FuzzOptions out = options_;
  if (servers_.empty()) return std::unexpected("SERVER is needed, or --listen");
  if (!out.compare && servers_.size() > 1) return std::unexpected("several servers need --compare");
  if (out.compare && servers_.size() < 2) return std::unexpected("--compare needs two servers or more");
  for (const std::string& text : servers_) {
    auto server = parse_host_port(text, kPort);
    if (!server) return std::unexpected("'" + text + "' " + server.error());
    out.servers.push_back(*std::move(server));
  }
  if (!is_mailbox(out.sender)) return std::unexpected("--sender: '" + out.sender + "' is no mail address");
  if (!is_mailbox(out.recipient))
    return std::unexpected("--recipient: '" + out.recipient + "' is no mail address");
  out.time = std::chrono::seconds(time_);
  out.timeout = std::chrono::seconds(timeout_);
  if (time_ != 0 && app.count("--sessions") == 0) out.sessions = 0;
  if (out.compare && time_ != 0) return std::unexpected("--compare plays --sessions, and knows no --seconds");
  if (app.count("--session") != 0) out.only = only_;
  out.tls = !no_tls_;
  if (!corpus_.empty()) out.corpus = corpus_;
  if (!findings_.empty()) out.findings = findings_;
  if (!junit_.empty()) out.junit = junit_;
  return out;
}

}  // namespace postrider::agent
