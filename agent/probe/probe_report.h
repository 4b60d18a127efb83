// What `probe` found out about a server, for people and for scripts.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "postrider/protocol/grammar/capabilities.h"
#include "postrider/transport/tls/info.h"

namespace postrider::agent {

struct ProbeReport {
  std::string server;                                 // as the user named it
  std::string address;                                // where it answered; empty: nowhere
  std::string greeting;                               // the whole reply
  std::optional<std::vector<std::string>> in_clear;   // offered before TLS; none: implicit TLS
  std::optional<std::vector<std::string>> encrypted;  // offered under TLS
  std::optional<transport::TlsInfo> tls;
  std::string tls_failure;  // why there is no TLS; empty: there is
  std::string failure;      // why there is nothing at all

  std::string to_text() const;
  std::string to_json() const;  // one line
};

// "PIPELINING", "SIZE 52428800", "AUTH PLAIN LOGIN": a keyword each, as in a reply to EHLO.
std::vector<std::string> keywords_of(const protocol::Capabilities& capabilities);

}  // namespace postrider::agent
