// libunbound inside the process: resolves from the root or by forwarders, and validates DNSSEC itself.
//
//   UnboundBackendOptions options;
//   options.servers = {*transport::Endpoint::parse("192.0.2.53:53")};     // forwarders; none: from the root
//   auto backend = UnboundBackend::make(loop, options);
//   if (!backend) …                                                       // words
//
// It works on a thread of its own, one for each backend, with caches of its own of some 10 MiB. With a trust
// anchor an answer is secure, insecure or bogus, without one indeterminate. What is bogus never leaves here:
// the message is then a SERVFAIL, with `why_bogus` for people.
//
// A question that was given up at its deadline goes on inside libunbound until that gives up as well.
#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "postrider/resolver/backend.h"
#include "postrider/transport/endpoint.h"
#include "postrider/transport/loop.h"

namespace postrider::resolver {

struct UnboundBackendOptions {
  // Debian's package dns-root-data keeps the keys of the root up to date there.
  static constexpr const char* kSystemAnchorFile = "/usr/share/dns/root.key";

  // Recursive servers, asked in any order. They must pass DNSSEC on. With them the names that RFC 6761 and
  // RFC 6303 keep off the public DNS ("test.", private reverse zones) are asked for like any other.
  std::vector<transport::Endpoint> servers;
  // In the form of a zone file. Not given: kSystemAnchorFile if it is there. Empty: none.
  std::optional<std::string> trust_anchor_file;
  // Further anchors: "example.test. IN DS 44843 13 2 …".
  std::vector<std::string> trust_anchors;
  // Not validated, whatever the zones above say: a private "corp.example" that the forwarders make up. An
  // anchor of the same name goes before.
  std::vector<DomainName> insecure_domains;
};

class UnboundBackend final : public Backend {
 public:
  // `loop` outlives the backend. A Task that is destroyed without having ended may outlive it, but not the
  // loop.
  static std::expected<std::unique_ptr<UnboundBackend>, std::string> make(transport::Loop& loop,
                                                                          UnboundBackendOptions options);
  ~UnboundBackend() override;

  Task<AskResult> ask(Question question, transport::SteadyTime deadline) override;
  std::string_view name() const noexcept override { return "unbound"; }

  // Whether there is a trust anchor.
  bool validates() const noexcept;

 private:
  class Context;

  explicit UnboundBackend(std::shared_ptr<Context> context);

  std::shared_ptr<Context> context_;
};

}  // namespace postrider::resolver
