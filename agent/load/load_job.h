// What all sessions of a load run have in common: the prepared commands and message, and how many messages
// are left.
#pragma once

#include <atomic>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>

#include "postrider/agent/load/load_options.h"
#include "postrider/protocol/grammar/owned.h"
#include "postrider/transport/endpoint.h"
#include "postrider/transport/tls/provider.h"

namespace postrider::agent {

// With what connections are encrypted, unless LoadOptions::tls is none.
struct LoadTls {
  std::shared_ptr<const transport::TlsClientContext> context;
  transport::TlsTarget target;
};

class LoadJob {
 public:
  // The failure is a sentence: an address is none.
  static std::expected<LoadJob, std::string> make(const LoadOptions& options, transport::Endpoint server,
                                                  LoadTls tls = {});
  LoadJob(LoadJob&& other) noexcept;

  // One message less; false when none is left.
  bool take() noexcept { return left_.fetch_sub(1, std::memory_order_relaxed) > 0; }

  const LoadOptions& options() const noexcept { return options_; }
  const transport::Endpoint& server() const noexcept { return server_; }
  const LoadTls& tls() const noexcept { return tls_; }
  const protocol::Command& mail() const noexcept { return mail_command_; }
  const protocol::Command& rcpt() const noexcept { return rcpt_command_; }
  // As it goes over the wire, but for the end of data: no line of it begins with a dot, and the last one is
  // ended.
  std::string_view content() const noexcept { return content_; }

 private:
  using OwnedMail = protocol::Owned<protocol::Mail>;
  using OwnedRcpt = protocol::Owned<protocol::Rcpt>;

  LoadJob(const LoadOptions& options, transport::Endpoint server, LoadTls tls, OwnedMail mail,
          OwnedRcpt rcpt);

  LoadOptions options_;
  transport::Endpoint server_;
  LoadTls tls_;
  OwnedMail mail_;
  OwnedRcpt rcpt_;
  protocol::Command mail_command_;
  protocol::Command rcpt_command_;
  std::string content_;
  std::atomic<std::int64_t> left_;
};

}  // namespace postrider::agent
