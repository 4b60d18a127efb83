#include "postrider/agent/accounts/user_command.h"

#include <functional>
#include <iostream>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "postrider/agent/accounts/account_file.h"
#include "postrider/agent/accounts/password_input.h"
#include "postrider/agent/accounts/sasl_primitives.h"
#include "postrider/agent/accounts/user_name.h"
#include "postrider/agent/command_line/print_problems.h"
#include "postrider/agent/config/config_reader.h"
#include "postrider/agent/log/escape.h"

namespace postrider::agent {
namespace {

namespace sasl = protocol::sasl;

ExitCode bad(UserOutput output, ExitCode code, std::string_view what) {
  output.errors << "postrider user: " << what << '\n';
  return code;
}

std::string shown(std::string_view name) {
  std::string text;
  append_text_value(name, text);
  return text;
}

ExitCode say(const std::vector<ConfigProblem>& problems, UserOutput output) {
  for (const ConfigProblem& problem : problems) output.errors << problem.to_text() << '\n';
  return ExitCode::configuration;
}

// nullopt: it went well.
std::optional<ExitCode> update(const std::filesystem::path& file,
                               const std::function<bool(Accounts&)>& change, UserOutput output) {
  const auto updated = update_account_file(file, change);
  if (updated) return std::nullopt;
  if (const auto* problems = std::get_if<std::vector<ConfigProblem>>(&updated.error())) {
    return say(*problems, output);
  }
  const std::error_code error = std::get<std::error_code>(updated.error());
  const bool forbidden = error == std::errc::permission_denied || error == std::errc::read_only_file_system ||
                         error == std::errc::operation_not_permitted;
  return bad(output, forbidden ? ExitCode::permission : ExitCode::temporary,
             file.native() + ": " + error.message());
}

}  // namespace

ExitCode add_user(const std::filesystem::path& file, std::string_view name, std::string_view password,
                  bool replace, const sasl::Primitives& primitives, UserOutput output) {
  const auto canonical = canonical_user_name(name);
  if (!canonical) return bad(output, ExitCode::bad_input, shown(name) + " " + canonical.error());
  if (const auto good = check_password(password); !good)
    return bad(output, ExitCode::bad_input, good.error());
  std::string salt(kSaltOctets, '\0');
  primitives.random(salt);
  // Before the file is locked: this takes a while.
  const sasl::ScramVerifier verifier = sasl::make_verifier(primitives, password, salt, kDefaultIterations);
  bool existed = false;
  const auto failed = update(
      file,
      [&](Accounts& accounts) {
        existed = accounts.verifiers.contains(*canonical);
        if (existed && !replace) return false;
        if (accounts.decoy_key.empty()) {
          accounts.decoy_key.resize(32);
          primitives.random(accounts.decoy_key);
        }
        accounts.verifiers.insert_or_assign(*canonical, verifier);
        return true;
      },
      output);
  if (failed) return *failed;
  if (existed && !replace) {
    return bad(output, ExitCode::bad_input,
               shown(*canonical) + " is there already; --replace sets a new password");
  }
  output.out << (existed ? "replaced " : "added ") << *canonical << '\n';
  return ExitCode::done;
}

ExitCode remove_user(const std::filesystem::path& file, std::string_view name, UserOutput output) {
  const auto canonical = canonical_user_name(name);
  if (!canonical) return bad(output, ExitCode::bad_input, shown(name) + " " + canonical.error());
  bool existed = false;
  const auto failed = update(
      file, [&](Accounts& accounts) { return existed = accounts.verifiers.erase(*canonical) != 0; }, output);
  if (failed) return *failed;
  if (!existed) return bad(output, ExitCode::bad_input, "there is no account " + shown(*canonical));
  output.out << "removed " << *canonical << '\n';
  return ExitCode::done;
}

ExitCode list_users(const std::filesystem::path& file, bool json, UserOutput output) {
  const AccountsResult accounts = read_account_file(file);
  if (!accounts) return say(accounts.error(), output);
  if (!json) {
    for (const auto& [name, verifier] : accounts->verifiers) output.out << name << '\n';
    return ExitCode::done;
  }
  // A name has nothing that JSON would have escaped.
  std::string_view separator = "[";
  for (const auto& [name, verifier] : accounts->verifiers) {
    output.out << separator << "\n  {\"name\": \"" << name << "\", \"iterations\": " << verifier.iterations
               << "}";
    separator = ",";
  }
  output.out << (accounts->verifiers.empty() ? "[]\n" : "\n]\n");
  return ExitCode::done;
}

ExitCode user(const UserOptions& options) {
  const ConfigResult loaded = load_config(options.config);
  if (!loaded) return print_problems(loaded.error());
  const std::filesystem::path& file = loaded->config.accounts_file;
  const UserOutput output{std::cout, std::cerr};
  if (loaded->config.dovecot) {
    return bad(output, ExitCode::configuration, "accounts.dovecot is set: Dovecot keeps the accounts");
  }
  switch (options.action) {
    case UserOptions::Action::list: return list_users(file, options.json, output);
    case UserOptions::Action::remove: return remove_user(file, options.name, output);
    case UserOptions::Action::add: break;
  }
  // Before anybody types a password for nothing.
  if (const auto name = canonical_user_name(options.name); !name) {
    return bad(output, ExitCode::bad_input, shown(options.name) + " " + name.error());
  }
  const PasswordResult password = ask_for_password();
  if (!password) return bad(output, ExitCode::bad_input, password.error());
  const SaslPrimitives primitives;
  return add_user(file, options.name, password->view(), options.replace, primitives, output);
}

}  // namespace postrider::agent
