#include "postrider/agent/accounts/account_store.h"

#include <map>
#include <utility>

#include <sys/stat.h>

#include "postrider/agent/accounts/user_name.h"

namespace postrider::agent {
namespace {

namespace sasl = protocol::sasl;

// Decoys look like the accounts that there are.
std::uint32_t usual_iterations(const Accounts& accounts) {
  std::map<std::uint32_t, std::size_t> counts;
  std::uint32_t usual = kDefaultIterations;
  std::size_t most = 0;
  for (const auto& [name, verifier] : accounts.verifiers) {
    const std::size_t count = ++counts[verifier.iterations];
    if (count > most) {
      most = count;
      usual = verifier.iterations;
    }
  }
  return usual;
}

}  // namespace

AccountStore::AccountStore(std::filesystem::path file, const sasl::Primitives& primitives, Report report)
    : file_(std::move(file)),
      primitives_(primitives),
      report_(std::move(report)),
      own_decoy_key_(32, '\0'),
      snapshot_(std::make_shared<Snapshot>()) {
  primitives_.random(own_decoy_key_);
  stamp_.size = -2;  // like no file, and like no file that is missing
  current();
}

AccountStore::Stamp AccountStore::look() const {
  struct stat info{};
  if (::stat(file_.c_str(), &info) != 0) return {};
  return {info.st_dev, info.st_ino, info.st_size, info.st_mtim.tv_sec, info.st_mtim.tv_nsec};
}

std::shared_ptr<const AccountStore::Snapshot> AccountStore::current() {
  const Stamp seen = look();
  const std::lock_guard lock(mutex_);
  if (seen == stamp_) return snapshot_;
  // The stamp is from before the reading: what is written meanwhile is read the next time.
  stamp_ = seen;
  AccountsResult accounts = read_account_file(file_);
  if (!accounts) {
    if (report_) report_(accounts.error());
    return snapshot_;
  }
  auto fresh = std::make_shared<Snapshot>();
  fresh->usual_iterations = usual_iterations(*accounts);
  fresh->accounts = *std::move(accounts);
  snapshot_ = std::move(fresh);
  return snapshot_;
}

sasl::StoredVerifier AccountStore::find(std::string_view user) {
  const std::shared_ptr<const Snapshot> snapshot = current();
  const Accounts& accounts = snapshot->accounts;
  const auto name = canonical_user_name(user);
  const std::string key = name ? *name : std::string(user);
  // Made for everybody, so that it takes the same time.
  sasl::StoredVerifier stored;
  stored.verifier =
      sasl::decoy_verifier(primitives_, accounts.decoy_key.empty() ? own_decoy_key_ : accounts.decoy_key, key,
                           snapshot->usual_iterations);
  stored.user = key;
  if (const auto found = accounts.verifiers.find(key); found != accounts.verifiers.end()) {
    stored.verifier = found->second;
    stored.known = true;
  }
  return stored;
}

sasl::Verdict AccountStore::check(std::string_view user, std::string_view password) {
  const sasl::StoredVerifier stored = find(user);
  const bool matches = sasl::matches_password(primitives_, stored.verifier, password);
  if (!matches || !stored.known) return {};
  return {sasl::Verdict::Kind::accepted, stored.user};
}

}  // namespace postrider::agent
