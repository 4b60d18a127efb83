// Asks a server what the catalogue asks, several connections at once, and says what came of each check.
//
//   RunnerOptions options(*Endpoint::parse("127.0.0.1:2525"));
//   options.recipient = "bob@example.net";
//   const ConformanceReport report = co_await run_checks(loop, network, checks, options);
//   for (const CheckResult& result : report.results) ...
//
// Every check has a connection of its own (or several, one after the other), so that none depends on another.
// Messages that are accepted are for `recipient` alone. The first connection only looks what the server
// offers; when it fails there is nothing else. Memory: the transcript of each check, at most kMostTranscript
// octets.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "postrider/fuzz/conformance/check.h"
#include "postrider/fuzz/wire/wire.h"

namespace postrider::fuzz {

struct RunnerOptions {
  explicit RunnerOptions(transport::Endpoint server) : address(std::move(server)) {}

  transport::Endpoint address;
  std::string sender = "conformance@example.org";
  std::string recipient = {};  // empty: checks that need one are not tried
  std::string refused = {};    // an address that the server refuses for good
  std::string user = {};       // empty: no login
  std::string password = {};
  bool login_always = false;  // before every mail, not only in the checks about AUTH
  bool tls_only = false;      // every check under STARTTLS, but those that are about what is before it
  std::shared_ptr<const transport::TlsClientContext> tls = nullptr;
  std::size_t connections = 8;
  // For one reply; and for the silence that shows that no more comes.
  transport::Duration patience = std::chrono::seconds(10);
  transport::Duration silence = std::chrono::milliseconds(300);
};

inline constexpr std::size_t kMostTranscript = std::size_t{256} << 10;

// What the server offers, as keywords with their arguments.
struct Offers {
  std::string greeting = {};
  std::vector<std::string> in_clear = {};
  std::optional<std::vector<std::string>> encrypted =
      std::nullopt;  // nullopt: no STARTTLS, or it does not come about
};

struct ConformanceReport {
  std::string unreachable = {};  // why there are no results; empty: there are
  Offers offers = {};
  std::vector<CheckResult> results = {};  // in the order of the checks
};

// `loop` and `network` outlive it, and so do the checks.
transport::Task<ConformanceReport> run_checks(transport::Loop& loop, transport::Network& network,
                                              std::vector<const Check*> checks, RunnerOptions options);

}  // namespace postrider::fuzz
