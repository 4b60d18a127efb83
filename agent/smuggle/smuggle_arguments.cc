#include "postrider/agent/smuggle/smuggle_arguments.h"

#include <utility>

#include <CLI/CLI.hpp>

#include "postrider/protocol/grammar/address.h"

namespace postrider::agent {
namespace {

constexpr std::uint16_t kPort = 25;

bool is_mailbox(const std::string& text) { return protocol::Mailbox::parse(text).has_value(); }

}  // namespace

void SmuggleArguments::add_to(CLI::App& app) {
  app.add_option("--inbound", inbound_, "the relay to be tried; port 25 if none is given")
      ->type_name("HOST[:PORT]");
  app.add_option("--outbound", outbound_, "where the relay hands on mail for --recipient: we listen there")
      ->type_name("ADDR:PORT");
  app.add_option("--recipient", options_.recipient,
                 "whom the relay takes mail for, and hands on to --outbound")
      ->type_name("B");
  app.add_option("--sender", options_.sender, "default smuggle@sender.example; '<>' for none")
      ->type_name("A");
  app.add_option("--variant", options_.only, "this one alone; may be given several times; default: all")
      ->type_name("NAME")
      ->allow_extra_args(false);
  app.add_option(
         "--wait", wait_,
         "how long to wait for each reply, and at the end for the next message to come out; default 10")
      ->type_name("SECONDS")
      ->check(CLI::Range(1L, 3600L));
  app.add_flag("--lmtp", options_.lmtp, "speak LMTP with the relay");
  app.add_flag("--list", options_.list, "print the variants, and do nothing");
  app.add_flag("--json", options_.json, "print the result as JSON");
  app.add_flag("--yes-i-own-it", options_.owned,
               "the relay is not on loopback, and it and what is behind it are mine");
}

std::expected<SmuggleOptions, std::string> SmuggleArguments::options() const {
  SmuggleOptions out = options_;
  out.wait = std::chrono::seconds(wait_);
  if (out.list) return out;
  if (inbound_.empty() || outbound_.empty() || out.recipient.empty()) {
    return std::unexpected("--inbound, --outbound and --recipient are needed");
  }
  auto inbound = parse_host_port(inbound_, kPort);
  if (!inbound) return std::unexpected("--inbound: '" + inbound_ + "' " + inbound.error());
  auto outbound = parse_listen_address(outbound_);
  if (!outbound) return std::unexpected("--outbound: '" + outbound_ + "' " + outbound.error());
  if (out.sender == "<>") out.sender.clear();
  if (!out.sender.empty() && !is_mailbox(out.sender)) {
    return std::unexpected("--sender: '" + out.sender + "' is no mail address");
  }
  if (!is_mailbox(out.recipient))
    return std::unexpected("--recipient: '" + out.recipient + "' is no mail address");
  out.inbound = *std::move(inbound);
  out.outbound = *std::move(outbound);
  return out;
}

}  // namespace postrider::agent
