// How a listener behaves: its name, limits, time-outs. A value; a Service is made of it that all sessions
// share.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "postrider/protocol/session/server_session.h"
#include "postrider/transport/clock.h"
#include "postrider/transport/endpoint.h"
#include "postrider/transport/stream_tap.h"

namespace postrider::server {

// How long a session waits for its peer. Each is an absolute end for the whole thing, not for each octet of
// it.
struct Timeouts {
  // The next command line, from our last reply to its CRLF. RFC 5321 4.5.3.2.7: at least 5 minutes.
  transport::Duration command = std::chrono::minutes(5);
  // Message content: the most that a client may fall behind the minimum rate below, and the longest silence.
  transport::Duration data_block = std::chrono::minutes(5);
  // Content slower than this for long ends the session; as Postfix's smtpd_min_data_rate. Stops: a client
  // that sends an octet a minute and so keeps a session for weeks.
  std::uint64_t data_octets_per_minute = 30'000;
  // Our replies, when the peer does not read them.
  transport::Duration write = std::chrono::minutes(5);
  // After our last reply to a peer that still talks: to let it read that reply.
  transport::Duration linger = std::chrono::seconds(5);
  // The whole session; Duration::max(): no end.
  transport::Duration session = transport::Duration::max();
  // Before the greeting. More than zero: a client that talks meanwhile breaks RFC 5321 4.3.1 and is turned
  // away.
  transport::Duration greeting = transport::Duration::zero();
  // A proxy's header, which comes with the connection.
  transport::Duration proxy_header = std::chrono::seconds(10);
};

struct ServerConfig {
  protocol::ServerOptions protocol;  // name, limits, what is offered, SMTP or LMTP
  std::string greeting;              // the text after 220; empty: "<hostname> ESMTP" or "<hostname> LMTP"
  bool encrypted = false;            // implicit TLS: streams arrive encrypted, RFC 8314 3
  Timeouts timeouts;
  // Is this peer a proxy? Then its connection must begin with a PROXY header (transport/proxy_header.h), and
  // everything from the limits to the log sees the client's address. Empty: there is none. Called on every
  // loop's thread.
  std::function<bool(const transport::Endpoint& peer)> is_proxy;
  // Is this peer a gateway, one that may say for whom it speaks (XCLIENT; ConnectionInfo::stand_for())? Its
  // connections count in the total alone until it has. Asked once, of the peer that a PROXY header names.
  // Empty: there is none. Called on every loop's thread.
  std::function<bool(const transport::Endpoint& peer)> is_gateway;
  // Who watches the session of this peer (transport/stream_tap.h); nullptr: nobody. Empty: no session is
  // watched. Called on every loop's thread.
  std::function<std::shared_ptr<transport::StreamTap>(const transport::Endpoint& peer)> tap;
  // A line that EHLO offers to gateways alone: "XCLIENT", "NAME ADDR".
  std::string gateway_keyword;
  std::string gateway_parameters;
  // Is this peer one whose mail we pass on, itself and not by a gateway? Asked once, of the peer that a PROXY
  // header names. Empty: there is none. Called on every loop's thread.
  std::function<bool(const transport::Endpoint& peer)> is_trusted;
  // Lines that EHLO offers to those as well: "MT-PRIORITY", "".
  std::vector<std::pair<std::string, std::string>> trusted_keywords;
  // Offered under TLS to clients whose certificate is trusted, instead of capabilities_after_tls.
  std::optional<protocol::Capabilities> capabilities_with_certificate;
};

// What a peer is by its address.
enum class Standing : std::uint8_t { any, gateway, trusted };
inline constexpr std::size_t kStandings = 3;

// A configuration made ready. Sessions keep it alive, so a new one can replace it at any time.
class Service {
 public:
  // Throws std::invalid_argument when a line limit is larger than a receive buffer, or a line for gateways or
  // trusted peers cannot stand in a reply to EHLO.
  static std::shared_ptr<const Service> make(ServerConfig config);
  explicit Service(ServerConfig config);

  // By who the client is; they differ in what is offered alone.
  const protocol::ServerProfile& profile(Standing standing = Standing::any,
                                         bool certified = false) const noexcept {
    return profiles_[static_cast<std::size_t>(standing) + (certified ? kStandings : 0)];
  }
  const Timeouts& timeouts() const noexcept { return timeouts_; }
  bool encrypted() const noexcept { return encrypted_; }
  bool is_proxy(const transport::Endpoint& peer) const { return is_proxy_ && is_proxy_(peer); }
  bool is_gateway(const transport::Endpoint& peer) const { return is_gateway_ && is_gateway_(peer); }
  std::shared_ptr<transport::StreamTap> tap(const transport::Endpoint& peer) const {
    return tap_ ? tap_(peer) : nullptr;
  }
  Standing standing_of(const transport::Endpoint& peer) const {
    if (is_gateway(peer)) return Standing::gateway;
    return is_trusted_ && is_trusted_(peer) ? Standing::trusted : Standing::any;
  }
  protocol::ReplyView greeting() const noexcept;
  protocol::ReplyView timed_out() const noexcept;  // 421 4.4.2
  protocol::ReplyView stopping() const noexcept;   // 421 4.3.2
  protocol::ReplyView failed() const noexcept;     // 421 4.3.0

 private:
  std::array<protocol::ServerProfile, 2 * kStandings> profiles_;
  std::string greeting_;
  Timeouts timeouts_;
  bool encrypted_;
  std::function<bool(const transport::Endpoint& peer)> is_proxy_;
  std::function<bool(const transport::Endpoint& peer)> is_gateway_;
  std::function<std::shared_ptr<transport::StreamTap>(const transport::Endpoint& peer)> tap_;
  std::function<bool(const transport::Endpoint& peer)> is_trusted_;
  std::string timed_out_;
  std::string stopping_;
  std::string failed_;
};

}  // namespace postrider::server
