// The PROXY protocol, versions 1 and 2: a few octets in front of everything else, by which a proxy says whose
// connection it hands on. The specification is HAProxy's document "The PROXY protocol".
//
// The header comes in clear even in front of TLS, and what follows it belongs to somebody else. So the reader
// says how many octets may be read next, and never asks for one behind the header's end:
//
//   ProxyHeaderReader reader;
//   while (reader.wanted() != 0) { read at most reader.wanted() octets; reader.take(them); }
//   if (reader.malformed()) close; else use reader.header();
//
// Or, on a stream whose deadline is set: `co_await read_proxy_header(stream)`.
//
// Only peers that are known to be proxies may be listened to: anybody else could claim any address.
#pragma once

#include <array>
#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

#include "postrider/transport/endpoint.h"
#include "postrider/transport/error.h"
#include "postrider/transport/stream.h"
#include "postrider/transport/task.h"

namespace postrider::transport {

struct ProxyHeader {
  // Both unspecified: the proxy speaks for itself (LOCAL, a health check), or does not know (UNKNOWN).
  Endpoint source;
  Endpoint destination;

  friend bool operator==(const ProxyHeader&, const ProxyHeader&) = default;
};

class ProxyHeaderReader {
 public:
  // "The maximum line lengths": 107 octets with CRLF in version 1.
  static constexpr std::size_t kLongestLine = 107;
  // Of version 2, behind its first 16 octets. The addresses take 216 at most; extensions, which are passed
  // over, may carry a client's certificate. Stops: 64 KiB of them.
  static constexpr std::size_t kMostBehindHead = 16 * 1024;

  // How many octets belong to the header for certain; 0: it is complete, or malformed.
  [[nodiscard]] std::size_t wanted() const noexcept { return wanted_; }
  // `octets` has from 1 to wanted() of them.
  void take(std::string_view octets);

  [[nodiscard]] bool malformed() const noexcept { return malformed_; }
  // When wanted() is 0 and nothing is malformed.
  [[nodiscard]] const ProxyHeader& header() const noexcept { return header_; }

 private:
  // As many as the shortest header of version 1, "PROXY UNKNOWN" with CRLF, has; all of version 2 have more.
  static constexpr std::size_t kFirst = 15;

  void read_line();
  void read_head();
  void read_addresses();
  void fail() noexcept;

  std::string text_;
  std::size_t wanted_ = kFirst;
  ProxyHeader header_;
  bool malformed_ = false;
};

// Reads one header and not an octet more. Errors: error::invalid_argument (malformed), error::eof, and those
// of the stream.
Task<std::expected<ProxyHeader, error_code>> read_proxy_header(Stream& stream);

}  // namespace postrider::transport
