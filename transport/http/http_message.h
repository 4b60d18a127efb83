// What an HTTP client says and hears: values, no I/O. RFC 9110, RFC 9112.
//
//   const auto url = HttpUrl::parse("https://dns.example.org/dns-query");
//   HttpRequest request(url->target);
//   request.headers.emplace_back("Accept", "text/plain");
//   const auto octets = write_request(request, url->origin);
//
// A request is written of checked parts alone: a CR, an LF or a NUL in any of them is refused, so that one
// call makes one request.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postrider::transport {

using HttpHeader = std::pair<std::string, std::string>;

// Whom a connection is for; connections are shared by nobody else.
struct HttpOrigin {
  HttpOrigin() = default;
  HttpOrigin(std::string named, std::uint16_t at, bool encrypted = true)
      : host(std::move(named)), port(at), tls(encrypted) {}

  std::string host;  // in lower case; a DNS name or an address, IPv6 without brackets
  std::uint16_t port = 443;
  bool tls = true;

  // What goes into the field Host, RFC 9110 7.2: the port only where it is not the usual one.
  std::string authority() const;
  std::string text() const;  // "https://dns.example.org"

  bool operator==(const HttpOrigin&) const = default;
  auto operator<=>(const HttpOrigin&) const = default;
};

struct HttpUrl {
  static constexpr std::size_t kMaxOctets = 2048;

  HttpOrigin origin;
  std::string target;  // path and query as they go into a request: "/dns-query?a=b", at least "/"

  // "https://HOST[:PORT][/PATH]" or "http://…"; no user, no fragment. The failure continues a sentence that
  // began with the text: "has no host".
  static std::expected<HttpUrl, std::string> parse(std::string_view text);
};

struct HttpRequest {
  HttpRequest() = default;
  explicit HttpRequest(std::string what, std::string how = "GET")
      : method(std::move(how)), target(std::move(what)) {}

  std::string method = "GET";
  std::string target = "/";
  std::vector<HttpHeader> headers;  // Host, Connection and Content-Length come by themselves
  std::string body;
};

struct HttpResponse {
  HttpResponse() = default;

  unsigned status = 0;
  std::vector<HttpHeader> headers;
  std::string body;

  // Of the first field of that name, in any case; empty when there is none.
  std::string_view header(std::string_view name) const noexcept;
  // The media type without its parameters, in lower case, RFC 9110 8.3: "text/plain".
  std::string media_type() const;
};

// What a peer may make us hold. Whoever serves a policy or an answer may be hostile.
struct HttpLimits {
  HttpLimits() = default;

  std::size_t header_octets = std::size_t{16} << 10;
  std::size_t body_octets = std::size_t{64} << 10;
};

struct HttpFailure {
  enum class Kind : std::uint8_t {
    bad_request,   // ours: a part that cannot be sent
    unknown_host,  // the name has no address, or nobody knows
    unreachable,   // no connection
    tls,           // no session, or a certificate that does not prove who is there
    timed_out,
    broken_off,  // the connection ended before the response did
    malformed,   // what came is no HTTP
    too_large,   // over the limits
    too_many,    // requests are waiting for a connection
  };

  HttpFailure() = default;
  HttpFailure(Kind what, std::string why) : kind(what), text(std::move(why)) {}

  Kind kind = Kind::unreachable;
  std::string text;  // for people, with the place: "192.0.2.1:443: Connection refused"
};

using HttpResult = std::expected<HttpResponse, HttpFailure>;

// As it goes on the wire, for a connection that is to be kept.
std::expected<std::string, HttpFailure> write_request(const HttpRequest& request, const HttpOrigin& origin);

}  // namespace postrider::transport
