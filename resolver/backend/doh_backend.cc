#include "postrider/resolver/backend/doh_backend.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace postrider::resolver {
namespace {

using transport::HttpFailure;
using transport::HttpRequest;
using transport::HttpResponse;
using transport::HttpResult;
using transport::HttpUrl;

constexpr std::string_view kMediaType = "application/dns-message";  // RFC 8484 6
constexpr std::size_t kHeaderOctets = 12;                           // RFC 1035 4.1.1
constexpr unsigned char kAuthenticData = 0x20;                      // of the fourth octet, RFC 4035 3.2.3

transport::HttpClientOptions http_options(const DohOptions& options) {
  transport::HttpClientOptions out;
  out.connections = std::max<std::size_t>(options.connections, 1);
  out.limits.body_octets = Message::kMaxOctets;
  return out;
}

LookupFault fault_of(HttpFailure::Kind kind) noexcept {
  switch (kind) {
    case HttpFailure::Kind::timed_out: return LookupFault::timed_out;
    case HttpFailure::Kind::too_many: return LookupFault::too_many;
    case HttpFailure::Kind::malformed:
    case HttpFailure::Kind::too_large: return LookupFault::malformed;
    default: return LookupFault::unreachable;
  }
}

AskResult failed(LookupFault fault, std::string text) {
  return std::unexpected(LookupFailure{fault, std::move(text)});
}

// How long a cache on the way has held the response, RFC 9111 5.1.
std::chrono::seconds age_of(const HttpResponse& response) noexcept {
  const std::string_view text = response.header("Age");
  std::uint32_t age = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), age);
  if (error != std::errc() || end != text.data() + text.size()) return std::chrono::seconds(0);
  return std::chrono::seconds(age);
}

// RFC 8484 5.1: the time in a cache counts against the TTL. A message that cannot be read stays as it is.
std::string aged(std::string octets, std::chrono::seconds age) {
  auto message = read_message(octets);
  if (!message) return octets;
  for (auto* records : {&message->answers, &message->authorities, &message->additional}) {
    for (Record& each : *records) each.ttl = std::max(each.ttl - age, std::chrono::seconds(0));
  }
  return write_message(*message);
}

}  // namespace

std::string base64url(std::string_view octets) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string out;
  unsigned held = 0;
  unsigned bits = 0;
  for (const char c : octets) {
    held = held << 8 | static_cast<unsigned char>(c);
    for (bits += 8; bits >= 6; bits -= 6) out += kAlphabet[held >> (bits - 6) & 63];
    held &= (1U << bits) - 1;
  }
  if (bits != 0) out += kAlphabet[held << (6 - bits) & 63];
  return out;
}

std::expected<std::unique_ptr<DohBackend>, std::string> DohBackend::make(
    transport::Loop& loop, transport::Network& network, transport::HostAddresses& addresses,
    std::shared_ptr<const transport::TlsClientContext> tls, std::string_view url, const DohOptions& options) {
  for (const std::string_view variable : {"{?dns}", "{&dns}"}) {
    if (url.ends_with(variable)) url.remove_suffix(variable.size());
  }
  if (url.find_first_of("{}") != std::string_view::npos)
    return std::unexpected("has a variable other than {?dns} at its end");
  auto parsed = HttpUrl::parse(url);
  if (!parsed) return std::unexpected(std::move(parsed).error());
  if (parsed->origin.tls && !tls) return std::unexpected("needs TLS, which is not set up");
  return std::unique_ptr<DohBackend>(
      new DohBackend(loop, network, addresses, std::move(tls), *std::move(parsed), options));
}

DohBackend::DohBackend(transport::Loop& loop, transport::Network& network,
                       transport::HostAddresses& addresses,
                       std::shared_ptr<const transport::TlsClientContext> tls, HttpUrl url,
                       const DohOptions& options)
    : url_(std::move(url)),
      options_(options),
      http_(loop, network, addresses, std::move(tls), http_options(options)) {}

HttpRequest DohBackend::request(const Question& question) const {
  // RFC 8484 4.1: an id of zero, so that equal questions are equal requests.
  std::string query = write_query(question, 0, QueryOptions());
  HttpRequest out(url_.target);
  out.headers.emplace_back("Accept", kMediaType);
  if (options_.method == DohOptions::Method::post) {
    out.method = "POST";
    out.headers.emplace_back("Content-Type", kMediaType);
    out.body = std::move(query);
    return out;
  }
  out.target += url_.target.find('?') == std::string::npos ? "?dns=" : "&dns=";
  out.target += base64url(query);
  return out;
}

Task<AskResult> DohBackend::ask(Question question, transport::SteadyTime deadline) {
  HttpRequest asked = request(question);
  HttpResult result = co_await http_.exchange(url_.origin, std::move(asked), deadline);
  if (!result) co_return failed(fault_of(result.error().kind), result.error().text);
  co_return read(*std::move(result));
}

AskResult DohBackend::read(HttpResponse response) const {
  const std::string where = url_.origin.text() + ": ";
  // RFC 8484 4.2.1: a DNS answer, also a negative one, has a status of success.
  if (response.status / 100 != 2)
    return failed(LookupFault::server_failure, where + "status " + std::to_string(response.status));
  if (response.media_type() != kMediaType)
    return failed(LookupFault::malformed, where + "the response is no DNS message");
  if (response.body.size() < kHeaderOctets)
    return failed(LookupFault::malformed, where + "the DNS message is too short");
  const auto flags = static_cast<unsigned char>(response.body[3]);
  const bool secure = options_.trust_ad && (flags & kAuthenticData) != 0;
  const std::chrono::seconds age = age_of(response);
  std::string message = std::move(response.body);
  if (age.count() != 0) message = aged(std::move(message), age);
  return Response(std::move(message), secure ? Security::secure : Security::indeterminate);
}

}  // namespace postrider::resolver
