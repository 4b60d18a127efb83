// XCLIENT, by which a gateway (a proxy, a filter, a test) says for whom it speaks; Postfix's XCLIENT_README.
//
//   XCLIENT NAME=spike.example.org ADDR=192.0.2.1 LOGIN=fred
//   220 mx.example.org ESMTP
//
// Attributes last until another XCLIENT says something else, so a gateway that serves several clients over
// one connection names them all each time. The core knows nothing of the verb: xclient_extensions()
// registers it.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "postrider/protocol/grammar/extension_table.h"
#include "postrider/protocol/grammar/reply.h"
#include "postrider/transport/endpoint.h"

namespace postrider::agent {

inline constexpr std::string_view kXclient = "XCLIENT";
// In the order in which Postfix offers them.
inline constexpr std::string_view kXclientAttributes =
    "NAME ADDR PROTO HELO REVERSE_NAME PORT LOGIN DESTADDR DESTPORT";

// The verb, for every listener: who is no gateway is told 550. Lives until the program ends.
const protocol::ExtensionTable& xclient_extensions();

// What was said of the client. nullopt: nothing; an empty text, an unspecified address and port 0:
// [UNAVAILABLE].
struct XclientAttributes {
  std::optional<std::string> name;  // of its address in the DNS
  std::optional<std::string> reverse_name;
  std::optional<transport::Endpoint> address;  // with port 0
  std::optional<std::uint16_t> port;
  std::optional<transport::Endpoint> destination;  // where it connected to; with port 0
  std::optional<std::uint16_t> destination_port;
  std::optional<bool> extended;      // PROTO: it said EHLO, not HELO
  std::optional<std::string> hello;  // HELO: what it called itself; empty also when that is no name of a host
  std::optional<std::string> login;  // its account

  // Takes over what `more` says.
  void update(XclientAttributes more);
  // What is learned in clear and of the client itself does not last under TLS, RFC 3207 4.2; where the
  // connection comes from does.
  void forget_at_tls();

  // The client's end, and ours, of a connection whose real ones these are. No `local` was said: nullopt.
  transport::Endpoint peer(const transport::Endpoint& real) const;
  std::optional<transport::Endpoint> local(const transport::Endpoint& real) const;
};

// The attributes of one command; or the 501 5.5.4 for it.
std::expected<XclientAttributes, protocol::Reply> parse_xclient(std::string_view argument);

}  // namespace postrider::agent
