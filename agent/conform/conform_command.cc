#include "postrider/agent/conform/conform_command.h"

#include <algorithm>
#include <cstdlib>
#include <expected>
#include <fstream>
#include <iostream>
#include <string_view>
#include <utility>

#include "postrider/agent/config/config_reader.h"
#include "postrider/agent/conform/conform_report.h"
#include "postrider/agent/send/host_lookup.h"
#include "postrider/fuzz/conformance/catalogue.h"
#include "postrider/fuzz/conformance/runner.h"
#include "postrider/fuzz/wire/unverified_tls.h"
#include "postrider/transport/loop.h"
#include "postrider/transport/socket_network.h"

namespace postrider::agent {
namespace {

ExitCode fail(ExitCode code, std::string_view what) {
  std::cerr << "postrider conform: " << what << '\n';
  return code;
}

using Checks = std::vector<const fuzz::Check*>;

// Those whose ids begin as one of the names does; an error names the one that none begins with.
std::expected<Checks, std::string> chosen(const std::vector<std::string>& names) {
  Checks out;
  for (const fuzz::Check& check : fuzz::catalogue()) {
    const bool wanted =
        std::ranges::any_of(names, [&](const std::string& name) { return check.id.starts_with(name); });
    if (wanted || names.empty()) out.push_back(&check);
  }
  for (const std::string& name : names) {
    const bool known =
        std::ranges::any_of(out, [&](const fuzz::Check* check) { return check->id.starts_with(name); });
    if (!known) return std::unexpected("--check: no id begins with '" + name + "'; --list prints all");
  }
  return out;
}

std::expected<fuzz::RunnerOptions, std::string> runner_options(const ConformOptions& options,
                                                               transport::Endpoint address) {
  fuzz::RunnerOptions out(std::move(address));
  out.sender = options.sender;
  out.recipient = options.recipient;
  out.refused = options.refused;
  out.tls_only = options.tls_only;
  out.connections = options.connections;
  out.patience = std::chrono::seconds(options.patience);
  if (!options.user.empty()) {
    const char* const password = std::getenv(options.password_variable.c_str());
    if (password == nullptr) {
      return std::unexpected("--password-env: there is no variable '" + options.password_variable +
                             "' in the environment");
    }
    out.user = options.user;
    out.password = password;
    out.login_always = options.login_always;
  }
  auto tls = fuzz::unverified_tls();
  if (tls) out.tls = *std::move(tls);
  if (!tls && options.tls_only) return std::unexpected("--tls-only: " + tls.error());
  return out;
}

transport::Task<void> run(transport::Loop& loop, const Checks& checks, const fuzz::RunnerOptions& options,
                          fuzz::ConformanceReport& report) {
  transport::SocketNetwork network(loop);
  report = co_await fuzz::run_checks(loop, network, checks, options);
  loop.stop();
}

bool write_file(const std::optional<std::filesystem::path>& path, const std::string& text) {
  if (!path) return true;
  std::ofstream out(*path, std::ios::binary);
  out << text << std::flush;
  return static_cast<bool>(out);
}

}  // namespace

ExitCode conform(const ConformOptions& options) {
  const auto checks = chosen(options.checks);
  if (!checks) return fail(ExitCode::usage, checks.error());
  if (options.list) {
    std::cout << (options.json ? catalogue_json(*checks) : catalogue_text(*checks)) << std::flush;
    return ExitCode::done;
  }
  const auto addresses = look_up(options.server, embedded_config().config);
  if (!addresses) return fail(ExitCode::unavailable, addresses.error().text);
  const transport::Endpoint& address = addresses->front();
  if (!address.is_loopback() && !options.owner) {
    return fail(ExitCode::usage,
                address.to_string() +
                    " is not this machine, and the checks send it hundreds of wrong commands and some "
                    "messages: with --yes-i-own-it they do");
  }
  const auto how = runner_options(options, address);
  if (!how) return fail(ExitCode::usage, how.error());
  transport::Loop loop;
  fuzz::ConformanceReport report;
  loop.spawn(run(loop, *checks, *how, report));
  loop.run();
  const ConformTexts texts{to_text(options.server), options.verbose};
  std::cout << (options.json ? to_json(report, texts) : to_text(report, texts)) << std::flush;
  if (!write_file(options.html, to_html(report, texts)))
    return fail(ExitCode::bad_input, "--html: cannot be written");
  if (!write_file(options.junit, to_junit(report, texts)))
    return fail(ExitCode::bad_input, "--junit: cannot be written");
  if (!report.unreachable.empty()) return ExitCode::unavailable;
  return conforms(report) ? ExitCode::done : ExitCode::bad_input;
}

}  // namespace postrider::agent
