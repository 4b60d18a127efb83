// dovecot_login SOCKET MECHANISM USER PASSWORD: logs in as a client of ours would, through our authenticator,
// at a real Dovecot. Prints what is offered, and the last reply or the client's fault.
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "postrider/agent/accounts/dovecot_authenticator.h"
#include "postrider/agent/accounts/sasl_primitives.h"
#include "postrider/protocol/sasl/client.h"
#include "postrider/tests/support/run_task.h"

namespace {

using namespace postrider;
namespace sasl = protocol::sasl;

server::AuthStep wait(transport::Loop& loop, server::Soon<server::AuthStep> soon) {
  if (soon.is_ready()) return soon.value();
  return tests::run_task(loop, std::move(soon).task());
}

std::string log_in(transport::Loop& loop, agent::DovecotAuthenticator& authenticator,
                   protocol::Mechanism which, std::string user, std::string_view password) {
  server::AuthPeer peer;
  peer.loop = &loop;
  peer.peer = *transport::Endpoint::parse("192.0.2.1:1000");
  peer.local = *transport::Endpoint::parse("192.0.2.2:587");
  peer.connection.encrypted = true;
  protocol::Capabilities offered;
  authenticator.offer(peer, offered);
  std::string text;
  write_ehlo_text("offered", offered, text);
  std::cout << text << '\n';

  const agent::SaslPrimitives primitives;
  sasl::Credentials credentials;
  credentials.user = std::move(user);
  credentials.password = sasl::Secret(password);
  sasl::ClientConditions conditions;
  conditions.encrypted = true;
  conditions.only = which;
  auto client = sasl::ClientExchange::begin(offered.mechanisms(), credentials, conditions, primitives);
  if (!client) return std::string(to_string(client.error()));
  auto started = authenticator.start(to_string(which), peer);
  if (!started) return protocol::to_log_line(started.error().view());
  const std::optional<sasl::Secret> initial = (*client)->initial();
  server::AuthStep step = wait(
      loop, (*started)->begin(initial ? std::optional<std::string_view>(initial->view()) : std::nullopt));
  while (const auto* challenge = std::get_if<server::Challenge>(&step)) {
    const auto line = (*client)->respond(challenge->base64);
    if (!line) return std::string(to_string(line.error()));
    step = wait(loop, (*started)->respond(line->view()));
  }
  const std::string reply = protocol::to_log_line(std::get<server::Reply>(step).view());
  if ((*started)->user().empty()) return reply;
  if (!(*client)->finish()) return "server not proven";
  return reply + " as " + (*started)->user();
}

}  // namespace

int main(int argc, char** argv) {
  const auto which = argc == 5 ? protocol::parse_mechanism(argv[2]) : std::nullopt;
  if (!which) return 64;
  transport::Loop loop;
  agent::DovecotAuthenticator authenticator(transport::Endpoint::local(argv[1]), 1);
  if (!tests::run_task(loop, authenticator.refresh(loop))) {
    std::cerr << "no Dovecot there\n";
    return 69;
  }
  std::cout << log_in(loop, authenticator, *which, argv[3], argv[4]) << '\n';
  return 0;
}
