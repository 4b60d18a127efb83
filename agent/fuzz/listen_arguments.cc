#include <CLI/CLI.hpp>

#include "postrider/agent/fuzz/listen_command.h"

namespace postrider::agent {
namespace {

constexpr const char* kExamples = R"(
A server that misbehaves, for tests of clients:
  postrider fuzz --list                                                   what it can do wrong
  postrider fuzz --listen 127.0.0.1:2600 --behaviour closes-final         the same on every connection
  postrider fuzz --listen 127.0.0.1:2600 --behaviour all                  each connection the next one
  postrider fuzz --listen 127.0.0.1:2600 --behaviour generated --seed 7   anything, from a seed
  postrider fuzz --listen 127.0.0.1:2600                                  what the address says: mail for
                                                                          silent-rcpt@example.org gets that
stdout says which connection had which behaviour, and what was taken: a client may call a message delivered only
where it stands as taken.)";

std::string number_of(const CLI::App& app, const std::string& option) {
  const CLI::Option* given = app.get_option_no_throw(option);
  return given == nullptr || given->count() == 0 ? std::string() : given->results().back();
}

}  // namespace

void FuzzListenArguments::add_to(CLI::App& app) {
  app.add_option("--listen", listen_, "be a server that misbehaves, here; port 0: any")
      ->type_name("ADDR:PORT");
  app.add_option(
         "--behaviour", behaviours_,
         "with --listen: what to do wrong; several: one after the other; all: every one; default: what\n"
         "the local-part of an address names")
      ->type_name("NAME")
      ->allow_extra_args(false);
  app.add_option("--keep", keep_, "with --listen: write each message that came whole into this folder")
      ->type_name("FOLDER");
  app.add_flag("--list", list_, "print the behaviours of --listen, and do nothing");
  if (app.get_option_no_throw("--seconds") == nullptr) {
    app.add_option("--seconds", "end after this time")->type_name("S")->check(CLI::Range(1L, 31'536'000L));
  }
  if (app.get_option_no_throw("--seed") == nullptr) {
    app.add_option("--seed", "of what is generated; default 1")
        ->type_name("S")
        ->check(CLI::NonNegativeNumber);
  }
  if (app.get_option_no_throw("--json") == nullptr) app.add_flag("--json", json_, "print the result as JSON");
  const std::string before = app.get_footer();
  app.footer(before + (before.empty() ? "" : "\n") + kExamples);
}

bool FuzzListenArguments::chosen(const CLI::App& app) {
  return app.count("--listen") != 0 || app.count("--list") != 0;
}

std::expected<FuzzListenOptions, std::string> FuzzListenArguments::options(const CLI::App& app) const {
  FuzzListenOptions out;
  out.behaviours = behaviours_;
  if (!keep_.empty()) out.keep = keep_;
  out.list = app.count("--list") != 0;
  out.json = app.count("--json") != 0;
  try {
    if (const std::string seconds = number_of(app, "--seconds"); !seconds.empty()) {
      out.time = std::chrono::seconds(std::stol(seconds));
    }
    if (const std::string seed = number_of(app, "--seed"); !seed.empty()) out.seed = std::stoull(seed);
  } catch (const std::exception&) {
    return std::unexpected("--seconds and --seed are numbers");
  }
  if (out.list) return out;
  auto listen = parse_listen_address(listen_);
  if (!listen) return std::unexpected("--listen: '" + listen_ + "' " + listen.error());
  out.listen = *std::move(listen);
  return out;
}

}  // namespace postrider::agent
