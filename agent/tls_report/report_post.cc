#include "postrider/agent/tls_report/report_post.h"

#include <cstddef>
#include <utility>

namespace postrider::agent {
namespace {

// What a server says beside its status is of no use, and no reason to send the report again.
constexpr std::size_t kMostAnswer = std::size_t{1} << 20;

transport::HttpClientOptions http_options() {
  transport::HttpClientOptions options;
  options.limits.body_octets = kMostAnswer;
  options.origins = 0;  // one report a day: no connection is kept, and so no request is repeated by itself
  return options;
}

}  // namespace

ReportPost::ReportPost(transport::Loop& loop, transport::Network& network,
                       transport::HostAddresses& addresses,
                       std::shared_ptr<const transport::TlsClientContext> tls)
    : loop_(loop), http_(loop, network, addresses, std::move(tls), http_options()) {}

transport::Task<std::optional<std::string>> ReportPost::send(std::string url, std::string gzipped_json) {
  using Failure = std::optional<std::string>;
  const auto place = transport::HttpUrl::parse(url);
  if (!place) co_return Failure("it " + place.error());
  if (!place->origin.tls) co_return Failure("it is not https");
  transport::HttpRequest request(place->target, "POST");
  request.headers.emplace_back("Content-Type", "application/tlsrpt+gzip");  // RFC 8460 5.4
  request.body = std::move(gzipped_json);
  const transport::SteadyTime until = transport::later(loop_.now(), kPatience);
  const transport::HttpResult result = co_await http_.exchange(place->origin, std::move(request), until);
  if (!result) co_return Failure(result.error().text);
  // RFC 8460 5.4: a successful code, typically 200 or 201; any other may be a failure.
  if (result->status / 100 != 2) co_return Failure("status " + std::to_string(result->status));
  co_return Failure();
}

}  // namespace postrider::agent
