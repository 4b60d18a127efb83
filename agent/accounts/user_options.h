// What `postrider user` was asked for.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace postrider::agent {

struct UserOptions {
  enum class Action : std::uint8_t { add, remove, list };

  Action action = Action::list;
  std::optional<std::filesystem::path> config;
  std::string name;      // add, remove
  bool replace = false;  // add: an account of that name gets the new password
  bool json = false;     // list
};

}  // namespace postrider::agent
