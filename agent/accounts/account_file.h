// The file of accounts: who may submit mail, with SCRAM verifiers and never a password.
//
//   decoy_key = "…"                 # makes answers for users that do not exist
//   [[account]]
//   name = "fred"
//   salt = "…"                      # base64, as the two below
//   iterations = 50000
//   stored_key = "…"
//   server_key = "…"
//
// Read with every fault by file, line and key. Written whole: into a new file beside it, synced, renamed over
// the old one, mode 0600, so that there is always one good file. Writers wait for each other by a lock on
// "FILE.lock"; readers need none. Comments are not kept. At most 64 MiB.
#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <system_error>
#include <variant>
#include <vector>

#include "postrider/agent/config/config_report.h"
#include "postrider/protocol/sasl/scram.h"

namespace postrider::agent {

// RFC 7677 4 asks for 4096 and more. A guess at a stolen verifier costs this many HMACs, and so does a login:
// for SCRAM to the client, for PLAIN to us, 25 to 50 ms. Telephones of ten years ago still log in within half
// a second.
inline constexpr std::uint32_t kDefaultIterations = 50'000;
inline constexpr std::size_t kSaltOctets = 16;

struct Accounts {
  std::string decoy_key;  // octets; empty: the file had none
  std::map<std::string, protocol::sasl::ScramVerifier, std::less<>> verifiers;  // by canonical name
};

using AccountsResult = std::expected<Accounts, std::vector<ConfigProblem>>;

// `file` is the name for messages.
AccountsResult parse_accounts(std::string_view toml, const std::string& file);
std::string to_toml(const Accounts& accounts);

// A file that is not there has no accounts.
AccountsResult read_account_file(const std::filesystem::path& file);

// Reads, lets `change` have the accounts, and writes them if it says true; nobody else writes meanwhile. Made
// with mode 0600 and missing folders are made too. The errors are problems of the file, or what the system
// said.
using UpdateError = std::variant<std::vector<ConfigProblem>, std::error_code>;
std::expected<bool, UpdateError> update_account_file(const std::filesystem::path& file,
                                                     const std::function<bool(Accounts&)>& change);

}  // namespace postrider::agent
