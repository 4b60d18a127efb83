// DNS over HTTPS, RFC 8484: questions to a server that TLS proves to be the one that was configured.
//
//   auto backend = DohBackend::make(loop, network, addresses, tls_context,
//                                   "https://dns.example.org/dns-query{?dns}");
//   if (!backend) … "resolver.url " + backend.error()
//   Resolver resolver(loop, std::move(*backend));
//
// HTTP/1.1 with connections that are kept, at most `connections` of them; more questions wait for one. A
// server that speaks HTTP/2 alone cannot be asked. The server's own name is looked up by `addresses`, which
// must not need this backend; a URL with an address needs none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>

#include "postrider/resolver/backend.h"
#include "postrider/transport/http/http_client.h"

namespace postrider::resolver {

struct DohOptions {
  enum class Method : std::uint8_t { get, post };

  DohOptions() = default;

  Method method = Method::get;  // GET can be cached on its way, RFC 8484 4.1
  // Whether the AD bit of a response means that it is secure. TLS proves who says so; false for a server that
  // is not to be believed. Without the bit an answer is indeterminate.
  bool trust_ad = true;
  std::size_t connections = 8;
};

class DohBackend final : public Backend {
 public:
  // All outlive the backend. `url` is a template with {?dns} at its end or without (RFC 6570), https or, for
  // a server on loopback, http. The failure continues a sentence that began with the URL's place.
  static std::expected<std::unique_ptr<DohBackend>, std::string> make(
      transport::Loop& loop, transport::Network& network, transport::HostAddresses& addresses,
      std::shared_ptr<const transport::TlsClientContext> tls, std::string_view url,
      const DohOptions& options = DohOptions());

  Task<AskResult> ask(Question question, transport::SteadyTime deadline) override;
  std::string_view name() const noexcept override { return "doh"; }

  const transport::HttpClientCounters& counters() const noexcept { return http_.counters(); }

 private:
  DohBackend(transport::Loop& loop, transport::Network& network, transport::HostAddresses& addresses,
             std::shared_ptr<const transport::TlsClientContext> tls, transport::HttpUrl url,
             const DohOptions& options);

  transport::HttpRequest request(const Question& question) const;
  AskResult read(transport::HttpResponse response) const;

  transport::HttpUrl url_;
  DohOptions options_;
  transport::HttpClient http_;
};

// Base64 with the alphabet for URLs and without padding, RFC 4648 5, as RFC 8484 4.1 wants it.
std::string base64url(std::string_view octets);

}  // namespace postrider::resolver
