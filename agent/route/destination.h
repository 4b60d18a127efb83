// Where a route delivers: the value of `deliver` in a [[route]], parsed once.
//
//   maildir:PATH   discard   reject:REASON   mx   mx:PORT   smtp://HOST:PORT   smtps://HOST:PORT
//   lmtp://HOST:PORT   lmtp+unix:/PATH
#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <string>
#include <string_view>
#include <variant>

#include "postrider/agent/config/host_port.h"
#include "postrider/agent/route/maildir_path.h"

namespace postrider::agent {

struct ToMaildir {
  MaildirPath path;
  friend bool operator==(const ToMaildir&, const ToMaildir&) = default;
};

// Accepted and thrown away.
struct Discard {
  friend bool operator==(const Discard&, const Discard&) = default;
};

// 550 5.7.1 with `reason`, which is printable ASCII.
struct Reject {
  std::string reason;
  friend bool operator==(const Reject&, const Reject&) = default;
};

// The hosts that the domain's MX records name.
struct ToMx {
  std::uint16_t port = 25;
  friend bool operator==(const ToMx&, const ToMx&) = default;
};

struct ToSmartHost {
  HostPort server;
  bool implicit_tls = false;  // smtps://
  friend bool operator==(const ToSmartHost&, const ToSmartHost&) = default;
};

struct ToLmtp {
  HostPort server;
  friend bool operator==(const ToLmtp&, const ToLmtp&) = default;
};

struct ToLmtpSocket {
  std::filesystem::path socket;
  friend bool operator==(const ToLmtpSocket&, const ToLmtpSocket&) = default;
};

using Destination = std::variant<ToMaildir, Discard, Reject, ToMx, ToSmartHost, ToLmtp, ToLmtpSocket>;

std::expected<Destination, std::string> parse_destination(std::string_view text);

// Whether mail for `destination` leaves for another server.
bool is_relay(const Destination& destination) noexcept;

// Who waits in line together: "mx:example.org", "mx:example.org:2525", "smtp://relay.example.com:25",
// "lmtp+unix:/run/lmtp", "maildir", … `domain` is the recipient's.
inline constexpr std::string_view kMaildirLine = "maildir";
// An alias of several targets, whose sender wants to hear that it was expanded: nothing is delivered.
inline constexpr std::string_view kExpandedLine = "expanded";
std::string line_of(const Destination& destination, std::string_view domain);

}  // namespace postrider::agent
