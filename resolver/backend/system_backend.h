// The name servers of the system, or ones that are given, asked by c-ares: a stub, which validates nothing.
//
//   auto backend = SystemBackend::make(loop, SystemBackendOptions());
//   if (!backend) …                                             // words
//   Resolver resolver(loop, std::move(*backend));
//
// Questions leave by UDP with EDNS and come again by TCP when the answer was cut off. Each has a socket of
// its own and so a source port that nobody can guess, RFC 5452 9.2; one question takes 75 KiB of memory
// besides. A server that does not answer, or answers SERVFAIL, REFUSED or NOTIMP, gives way to the next.
//
// AD says that the server has validated the answer. It is worth something only over a path that nobody else
// can write to, RFC 4035 4.9.3: then it makes an answer secure. Everything else is indeterminate.
#pragma once

#include <chrono>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "postrider/resolver/backend.h"
#include "postrider/transport/endpoint.h"
#include "postrider/transport/loop.h"

namespace postrider::resolver {

struct SystemBackendOptions {
  // Empty: those of /etc/resolv.conf, which is read once; without it 127.0.0.1.
  std::vector<transport::Endpoint> servers;
  // Whether AD of these servers is believed. Not given: if all of them are on this machine.
  std::optional<bool> trust_ad;
  // A server that says nothing for so long is passed over for the next; twice as long in the next round.
  std::chrono::milliseconds patience = std::chrono::milliseconds(1500);
  int rounds = 3;  // over all servers; then the question has timed out
};

class SystemBackend final : public Backend {
 public:
  // `loop` outlives the backend. A Task that is destroyed without having ended may outlive it, but not the
  // loop.
  static std::expected<std::unique_ptr<SystemBackend>, std::string> make(transport::Loop& loop,
                                                                         SystemBackendOptions options);
  ~SystemBackend() override;

  Task<AskResult> ask(Question question, transport::SteadyTime deadline) override;
  std::string_view name() const noexcept override { return "system"; }

  const std::vector<transport::Endpoint>& servers() const noexcept;
  bool trusts_ad() const noexcept;

 private:
  class Channels;

  explicit SystemBackend(std::shared_ptr<Channels> channels);

  std::shared_ptr<Channels> channels_;
};

}  // namespace postrider::resolver
