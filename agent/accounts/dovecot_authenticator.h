// Asks a Dovecot authentication server, over the Unix socket that its `service auth` has for clients such as
// Postfix; who the users are and how they are stored is its business.
//
//   DovecotAuthenticator authenticator(Endpoint::local("/run/dovecot/auth-client"), first_id);
//   co_await authenticator.refresh(loop);        // once, and when the socket has come back
//
// Offers what Dovecot offers, under encryption alone; not ANONYMOUS, nor what needs TLS's own knowledge
// (EXTERNAL, channel binding). Each AUTH has a connection of its own, so that loops share nothing; a loss of
// it is 454. Dovecot itself delays and counts failures, by the address that it is told.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "postrider/server/authenticator.h"
#include "postrider/transport/network.h"

namespace postrider::agent {

class DovecotAuthenticator final : public server::Authenticator {
 public:
  using Connect = std::function<transport::Task<transport::StreamResult>(
      transport::Loop&, transport::Endpoint, transport::ConnectOptions)>;
  // A plain socket.
  static transport::Task<transport::StreamResult> connect_socket(transport::Loop& loop,
                                                                 transport::Endpoint to,
                                                                 transport::ConnectOptions options);

  // Dovecot knows each connection by a number that nobody else may use: they count from `first_id`, which is
  // random.
  DovecotAuthenticator(transport::Endpoint socket, std::uint32_t first_id, Connect connect = connect_socket);

  // Learns which mechanisms there are. An error says why not: the server cannot be reached, or is none; what
  // was known stays.
  transport::Task<std::expected<void, std::string>> refresh(
      transport::Loop& loop, transport::Duration patience = std::chrono::seconds(30));
  // Those that are offered; none until refresh() has succeeded.
  std::vector<std::string> mechanisms() const;

  void offer(const server::AuthPeer& peer, protocol::Capabilities& capabilities) const override;
  server::AuthStart start(std::string_view mechanism, const server::AuthPeer& peer) override;

 private:
  class Exchange;
  class Connection;

  void learn(std::vector<std::string> mechanisms);
  std::uint32_t next_id() noexcept;

  transport::Endpoint socket_;
  Connect connect_;
  std::atomic<std::uint32_t> id_;
  mutable std::mutex mutex_;
  std::vector<std::string> mechanisms_;
};

}  // namespace postrider::agent
