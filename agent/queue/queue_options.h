// What `postrider queue` is told.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "postrider/queue/message_id.h"

namespace postrider::agent {

struct QueueOptions {
  enum class Action : std::uint8_t { list, show, retry, hold, release, drop };

  std::optional<std::filesystem::path> config;
  Action action = Action::list;
  std::optional<queue::MessageId> id;  // all but list; without it retry means every message
  std::string domain;                  // retry: recipients there; empty: all
  bool json = false;
  bool content = false;  // show
};

}  // namespace postrider::agent
