// What `postrider fuzz` is told.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "postrider/agent/config/host_port.h"

namespace postrider::agent {

struct FuzzOptions {
  std::vector<HostPort> servers;  // one; with `compare` two or more
  bool compare = false;
  std::uint64_t sessions = 1000;  // 0: until `time` is over
  std::chrono::seconds time{};    // 0: until the sessions are done
  std::uint64_t seed = 1;
  std::optional<std::uint64_t> only;  // the session with this number alone
  std::uint32_t connections = 8;
  std::chrono::seconds timeout{10};
  std::string sender = "a@example.org";
  std::string recipient = "b@example.net";
  bool tls = true;
  std::optional<std::filesystem::path> corpus;
  std::optional<std::filesystem::path> findings;  // where transcripts go
  std::optional<std::filesystem::path> junit;
  bool json = false;
  bool owned = false;  // the server is not on loopback, and whoever calls says that it is theirs
};

}  // namespace postrider::agent
