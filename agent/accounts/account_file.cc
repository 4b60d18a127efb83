#include "postrider/agent/accounts/account_file.h"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <optional>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "postrider/agent/accounts/user_name.h"
#include "postrider/agent/config/table_reader.h"
#include "postrider/protocol/grammar/base64.h"
#include "postrider/protocol/sasl/bounds.h"

namespace postrider::agent {
namespace {

namespace fs = std::filesystem;
namespace sasl = protocol::sasl;

constexpr std::size_t kLargestFile = std::size_t{64} << 20;
constexpr std::size_t kMostDecoyKey = 64;
constexpr std::string_view kHeader =
    "# Written by `postrider user`. SCRAM-SHA-256 verifiers, never passwords; keep it to yourself all the "
    "same.\n";

std::vector<ConfigProblem> one_problem(const std::string& file, std::uint32_t line, std::string text) {
  std::vector<ConfigProblem> problems;
  problems.push_back(ConfigProblem{file, line, {}, std::move(text)});
  return problems;
}

std::string base64(std::string_view octets) {
  std::string text;
  protocol::base64_encode(octets, text);
  return text;
}

// The octets of a key in base64, of `least` to `most` octets; a problem otherwise.
std::optional<std::string> read_octets(TableReader& reader, std::string_view key, std::size_t least,
                                       std::size_t most) {
  const std::optional<std::string> text = reader.text(key);
  if (!text) {
    if (!reader.has(key)) reader.problem(key, "is missing");
    return std::nullopt;
  }
  std::string room(protocol::base64_decoded_bound(text->size()), '\0');
  const auto octets = protocol::base64_decode(*text, room);
  if (!octets || octets->size() < least || octets->size() > most) {
    reader.problem(key, "is not base64 of " + std::to_string(least) +
                            (least == most ? "" : " to " + std::to_string(most)) + " octets");
    return std::nullopt;
  }
  return std::string(*octets);
}

bool read_key(TableReader& reader, std::string_view key, sasl::Sha256& out) {
  const std::optional<std::string> octets = read_octets(reader, key, out.size(), out.size());
  if (octets) std::ranges::copy(*octets, out.begin());
  return octets.has_value();
}

void read_account(const toml::table& table, std::string path, ReadContext& context, Accounts& accounts) {
  TableReader reader(table, std::move(path), context);
  const std::optional<std::string> written = reader.text("name");
  sasl::ScramVerifier verifier;
  const std::optional<std::string> salt = read_octets(reader, "salt", 1, sasl::kMaxSalt);
  if (salt) verifier.salt = *salt;
  if (!reader.has("iterations")) reader.problem("iterations", "is missing");
  reader.count("iterations", sasl::kLeastIterations, sasl::kMostIterations, verifier.iterations);
  const bool stored = read_key(reader, "stored_key", verifier.stored_key);
  const bool server = read_key(reader, "server_key", verifier.server_key);
  if (!written) {
    if (!reader.has("name")) reader.problem("name", "is missing");
  } else if (const auto name = canonical_user_name(*written); !name) {
    reader.problem("name", TableReader::quoted(*written) + " " + name.error());
  } else if (accounts.verifiers.contains(*name)) {
    reader.problem("name", TableReader::quoted(*written) + " stands here twice");
  } else if (stored && server) {
    accounts.verifiers.emplace(*name, std::move(verifier));
  }
  reader.finish();
}

std::error_code last_error() { return {errno, std::generic_category()}; }

// A descriptor that is closed when it goes.
class Descriptor {
 public:
  explicit Descriptor(int number) noexcept : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int operator*() const noexcept { return number_; }
  bool good() const noexcept { return number_ >= 0; }

 private:
  int number_;
};

std::error_code write_whole(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(file, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return last_error();
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

std::error_code write_new(const fs::path& file, std::string_view text) {
  ::unlink(file.c_str());  // left by somebody who was killed; we hold the lock
  const Descriptor out(::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!out.good()) return last_error();
  if (const std::error_code error = write_whole(*out, text)) return error;
  return ::fsync(*out) == 0 ? std::error_code() : last_error();
}

std::error_code replace_file(const fs::path& file, std::string_view text) {
  fs::path fresh = file;
  fresh += ".new";
  std::error_code error = write_new(fresh, text);
  if (!error && ::rename(fresh.c_str(), file.c_str()) != 0) error = last_error();
  if (error) {
    ::unlink(fresh.c_str());
    return error;
  }
  const Descriptor folder(::open(file.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.good() || ::fsync(*folder) != 0) return last_error();
  return {};
}

}  // namespace

AccountsResult parse_accounts(std::string_view toml, const std::string& file) {
  ReadContext context{file, {}};
  Accounts accounts;
  try {
    const toml::table root = toml::parse(toml);
    TableReader reader(root, "", context);
    if (reader.has("decoy_key")) {
      if (auto key = read_octets(reader, "decoy_key", 16, kMostDecoyKey))
        accounts.decoy_key = *std::move(key);
    }
    if (const auto tables = reader.tables("account")) {
      for (std::size_t i = 0; i < tables->size(); ++i) {
        read_account(*(*tables)[i], "account[" + std::to_string(i) + "]", context, accounts);
      }
    }
    reader.finish();
  } catch (const toml::parse_error& error) {
    return std::unexpected(one_problem(file, error.source().begin.line, std::string(error.description())));
  }
  if (!context.problems.empty()) {
    sort_by_line(context.problems);
    return std::unexpected(std::move(context.problems));
  }
  return accounts;
}

std::string to_toml(const Accounts& accounts) {
  std::string text(kHeader);
  if (!accounts.decoy_key.empty()) text += "decoy_key = \"" + base64(accounts.decoy_key) + "\"\n";
  for (const auto& [name, verifier] : accounts.verifiers) {
    text += "\n[[account]]\nname = \"" + name + "\"\n";  // a name has nothing that TOML would have escaped
    text += "salt = \"" + base64(verifier.salt) + "\"\n";
    text += "iterations = " + std::to_string(verifier.iterations) + "\n";
    text += "stored_key = \"" + base64(sasl::view(verifier.stored_key)) + "\"\n";
    text += "server_key = \"" + base64(sasl::view(verifier.server_key)) + "\"\n";
  }
  return text;
}

AccountsResult read_account_file(const fs::path& file) {
  std::error_code error;
  if (!fs::exists(file, error) && !error) return Accounts();
  if (fs::is_directory(file, error)) {
    return std::unexpected(one_problem(file.native(), 0, "is a folder, not a file of accounts"));
  }
  std::ifstream in(file, std::ios::binary);
  if (!in) return std::unexpected(one_problem(file.native(), 0, "cannot be opened"));
  std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (in.bad()) return std::unexpected(one_problem(file.native(), 0, "cannot be read"));
  if (text.size() > kLargestFile)
    return std::unexpected(one_problem(file.native(), 0, "is larger than 64 MiB"));
  return parse_accounts(text, file.native());
}

std::expected<bool, UpdateError> update_account_file(const fs::path& file,
                                                     const std::function<bool(Accounts&)>& change) {
  std::error_code error;
  const fs::path target = fs::weakly_canonical(fs::absolute(file), error);  // through a link, not over it
  if (error) return std::unexpected(error);
  fs::create_directories(target.parent_path(), error);
  if (error) return std::unexpected(error);
  fs::path lock_name = target;
  lock_name += ".lock";
  const Descriptor lock(::open(lock_name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock.good()) return std::unexpected(last_error());
  // Held for as long as it takes to write a file; the system releases it when its holder dies.
  while (::flock(*lock, LOCK_EX) != 0) {
    if (errno != EINTR) return std::unexpected(last_error());
  }
  AccountsResult accounts = read_account_file(target);
  if (!accounts) return std::unexpected(std::move(accounts).error());
  if (!change(*accounts)) return false;
  error = replace_file(target, to_toml(*accounts));
  if (error) return std::unexpected(error);
  return true;
}

}  // namespace postrider::agent
