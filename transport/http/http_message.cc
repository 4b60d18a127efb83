#include "postrider/transport/http/http_message.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "postrider/transport/endpoint.h"

namespace postrider::transport {
namespace {

constexpr std::string_view kTokenMarks = "!#$%&'*+-.^_`|~";  // RFC 9110 5.6.2

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_alphanumeric(char c) noexcept {
  return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9');
}

bool is_token(std::string_view text) noexcept {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return is_alphanumeric(c) || kTokenMarks.find(c) != std::string_view::npos;
  });
}

bool is_visible(std::string_view text) noexcept {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; });
}

// RFC 9110 5.5, without what is obsolete.
bool is_field_value(std::string_view text) noexcept {
  return std::ranges::all_of(text, [](char c) { return (c >= ' ' && c != '\x7f') || c == '\t'; });
}

bool same_text(std::string_view one, std::string_view other) noexcept {
  return std::ranges::equal(one, other, [](char a, char b) { return lower(a) == lower(b); });
}

bool is_host(std::string_view host) noexcept {
  return !host.empty() && host.size() <= 255 && std::ranges::all_of(host, [](char c) {
    return is_alphanumeric(c) || c == '-' || c == '.' || c == '_';
  });
}

std::optional<std::uint16_t> read_port(std::string_view text) noexcept {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

std::expected<HttpOrigin, std::string> read_authority(std::string_view text, bool tls) {
  HttpOrigin origin("", tls ? 443 : 80, tls);
  if (text.find('@') != std::string_view::npos) return std::unexpected("names a user");
  std::string_view rest;
  if (text.starts_with("[")) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return std::unexpected("has a [ without ]");
    origin.host = text.substr(1, close - 1);
    rest = text.substr(close + 1);
    const auto address = Endpoint::parse_address(origin.host, 443);
    if (!address || address->family() != Endpoint::Family::ipv6)
      return std::unexpected("has brackets around something that is no IPv6 address");
  } else {
    origin.host = text.substr(0, text.find(':'));
    rest = text.substr(origin.host.size());
    if (origin.host.empty()) return std::unexpected("has no host");
    if (!is_host(origin.host)) return std::unexpected("has a host that is no name and no address");
  }
  std::ranges::transform(origin.host, origin.host.begin(), lower);
  if (rest.empty()) return origin;
  const std::optional<std::uint16_t> port =
      rest.starts_with(":") ? read_port(rest.substr(1)) : std::optional<std::uint16_t>();
  if (!port) return std::unexpected("has a port that is none");
  origin.port = *port;
  return origin;
}

HttpFailure bad_request(std::string text) {
  return HttpFailure(HttpFailure::Kind::bad_request, std::move(text));
}

}  // namespace

std::string HttpOrigin::authority() const {
  std::string out = host.find(':') == std::string::npos ? host : "[" + host + "]";
  if (port != (tls ? 443 : 80)) out += ":" + std::to_string(port);
  return out;
}

std::string HttpOrigin::text() const { return (tls ? "https://" : "http://") + authority(); }

std::expected<HttpUrl, std::string> HttpUrl::parse(std::string_view text) {
  if (text.size() > kMaxOctets) return std::unexpected("is too long");
  if (!is_visible(text)) return std::unexpected("has octets that no URL has");
  if (text.find('#') != std::string_view::npos) return std::unexpected("has a fragment");
  const std::size_t scheme = text.find("://");
  const bool tls = scheme != std::string_view::npos && same_text(text.substr(0, scheme), "https");
  const bool clear = scheme != std::string_view::npos && same_text(text.substr(0, scheme), "http");
  if (!tls && !clear) return std::unexpected("does not begin with https://");
  const std::string_view rest = text.substr(scheme + 3);
  const std::size_t path = std::min(rest.find_first_of("/?"), rest.size());
  auto origin = read_authority(rest.substr(0, path), tls);
  if (!origin) return std::unexpected(std::move(origin).error());
  HttpUrl url;
  url.origin = *std::move(origin);
  url.target = rest.substr(path);
  if (!url.target.starts_with("/")) url.target.insert(0, "/");
  return url;
}

std::string_view HttpResponse::header(std::string_view name) const noexcept {
  for (const auto& [each, value] : headers) {
    if (same_text(each, name)) return value;
  }
  return {};
}

std::string HttpResponse::media_type() const {
  std::string_view value = header("Content-Type");
  value = value.substr(0, value.find(';'));
  while (value.ends_with(' ') || value.ends_with('\t')) value.remove_suffix(1);
  std::string out(value);
  std::ranges::transform(out, out.begin(), lower);
  return out;
}

std::expected<std::string, HttpFailure> write_request(const HttpRequest& request, const HttpOrigin& origin) {
  if (!is_token(request.method)) return std::unexpected(bad_request("the method is none"));
  if (!request.target.starts_with("/") || !is_visible(request.target))
    return std::unexpected(bad_request("the target is no path"));
  const std::string authority = origin.authority();
  if (origin.host.empty() || !is_visible(authority)) return std::unexpected(bad_request("the host is none"));
  std::string out = request.method + " " + request.target + " HTTP/1.1\r\nHost: " + authority + "\r\n";
  for (const auto& [name, value] : request.headers) {
    if (!is_token(name) || !is_field_value(value))
      return std::unexpected(bad_request("a header field cannot be sent"));
    for (const std::string_view own : {"Host", "Connection", "Content-Length", "Transfer-Encoding"}) {
      if (same_text(name, own))
        return std::unexpected(bad_request("the field " + name + " is ours to write"));
    }
    out += name + ": " + value + "\r\n";
  }
  // RFC 9110 8.6: also 0, where the method is one that expects content.
  if (!request.body.empty() || request.method == "POST")
    out += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
  out += "\r\n";
  out += request.body;
  return out;
}

}  // namespace postrider::transport
