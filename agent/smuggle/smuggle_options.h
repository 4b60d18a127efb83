// What `postrider smuggle` is told.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "postrider/agent/config/host_port.h"

namespace postrider::agent {

struct SmuggleOptions {
  HostPort inbound;   // the relay
  HostPort outbound;  // where it hands its mail on, and we listen
  std::string sender = "smuggle@sender.example";
  std::string recipient;
  std::chrono::seconds wait = std::chrono::seconds(10);
  std::vector<std::string> only;  // names of variants; empty: all
  bool lmtp = false;              // with the relay; what it speaks with us is seen
  bool list = false;              // the catalogue, and nothing else
  bool json = false;
  bool owned = false;  // the relay is not on loopback, and whoever calls says that it is theirs
};

}  // namespace postrider::agent
