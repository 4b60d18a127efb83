// The lines that we put in front of a message: Return-Path and Received, RFC 5321 4.4.
//
//   Return-Path: <alice@example.net>
//   Received: from client.example ([192.0.2.1])
//   <TAB>by mx.example.org with ESMTP id 1k9m2v0c4g001-1
//   <TAB>for <bob@example.org>; Sat, 21 Nov 2026 22:31:04 +0000
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "postrider/protocol/grammar/address.h"
#include "postrider/protocol/session/flavor.h"
#include "postrider/transport/clock.h"
#include "postrider/transport/endpoint.h"

namespace postrider::agent {

struct TraceInfo {
  std::string sender;  // of Return-Path, without brackets; empty for <>
  std::string hello;   // as the client named itself; empty when it gave no usable name
  transport::Endpoint peer;
  std::string peer_name;  // what the DNS calls it, where a gateway told; else empty
  std::string hostname;   // ours
  protocol::Flavor flavor = protocol::Flavor::smtp;
  bool extended_hello = true;  // EHLO or LHLO, not HELO
  bool smtputf8 = false;       // the transaction uses RFC 6531
  bool authenticated = false;
  std::string tls_version;               // "TLSv1.3"; empty in clear
  std::string tls_cipher;                // by its registered name
  bool client_verified = false;          // it showed a certificate that is trusted
  std::string id;                        // an atom
  std::optional<std::string> recipient;  // when there is exactly one, RFC 5321 4.4 and 7.2
  transport::SystemTime time;
};

// Both fields with CRLF ends, ready to stand before the content.
std::string trace_header(const TraceInfo& info);
// Each by itself: a message that goes on to another server gets no Return-Path, RFC 5321 4.4.
std::string return_path_field(std::string_view sender);
std::string received_field(const TraceInfo& info);

// "Sat, 21 Nov 2026 22:31:04 +0000", RFC 5322 3.3.
std::string mail_date(transport::SystemTime time);

// "[192.0.2.1]" or "[IPv6:2001:db8::1]", RFC 5321 4.1.3; empty for a Unix socket.
std::string address_literal(const transport::Endpoint& peer);

}  // namespace postrider::agent
