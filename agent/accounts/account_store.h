// The accounts of a running agent: the file as it was read last, read again when it has changed.
//
// Looking for a change costs a stat(2), reading the file milliseconds: for the threads of a HashingPool, not
// for those of loops. A file that has become unreadable or wrong is reported once, and the accounts stay as
// they were. Any thread may call any method.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "postrider/agent/accounts/account_file.h"
#include "postrider/agent/config/config_report.h"
#include "postrider/protocol/sasl/primitives.h"
#include "postrider/protocol/sasl/scram.h"
#include "postrider/protocol/sasl/server.h"

namespace postrider::agent {

class AccountStore {
 public:
  using Report = std::function<void(const std::vector<ConfigProblem>&)>;

  // Reads the file; `report` hears of problems now and later, on whatever thread finds them. `primitives`
  // outlives the store.
  AccountStore(std::filesystem::path file, const protocol::sasl::Primitives& primitives, Report report);

  // What SCRAM is answered for a name as the client wrote it: the account's verifier, or a decoy.
  protocol::sasl::StoredVerifier find(std::string_view user);
  // Is it the password? As costly for an account that does not exist.
  protocol::sasl::Verdict check(std::string_view user, std::string_view password);

 private:
  // What tells one version of a file from the next.
  struct Stamp {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::int64_t size = -1;
    std::int64_t seconds = 0;
    std::int64_t nanoseconds = 0;
    friend bool operator==(const Stamp&, const Stamp&) = default;
  };
  struct Snapshot {
    Accounts accounts;
    std::uint32_t usual_iterations = kDefaultIterations;  // of most accounts, for decoys
  };

  Stamp look() const;
  std::shared_ptr<const Snapshot> current();

  std::filesystem::path file_;
  const protocol::sasl::Primitives& primitives_;
  Report report_;
  std::string own_decoy_key_;  // for a file without one
  std::mutex mutex_;
  Stamp stamp_;
  std::shared_ptr<const Snapshot> snapshot_;
};

}  // namespace postrider::agent
