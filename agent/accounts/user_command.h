// `postrider user`: adds, removes and lists submission accounts.
#pragma once

#include <expected>
#include <filesystem>
#include <iosfwd>
#include <string>
#include <string_view>

#include "postrider/agent/accounts/user_options.h"
#include "postrider/agent/command_line/exit_code.h"
#include "postrider/protocol/sasl/primitives.h"

namespace postrider::agent {

// Reads the configuration for the file of accounts; asks for the password where one is needed.
ExitCode user(const UserOptions& options);

// The parts, on a file that is named. Each says on `out` what it did, on `errors` why not.
struct UserOutput {
  std::ostream& out;
  std::ostream& errors;
};
ExitCode add_user(const std::filesystem::path& file, std::string_view name, std::string_view password,
                  bool replace, const protocol::sasl::Primitives& primitives, UserOutput output);
ExitCode remove_user(const std::filesystem::path& file, std::string_view name, UserOutput output);
ExitCode list_users(const std::filesystem::path& file, bool json, UserOutput output);

}  // namespace postrider::agent
