// Hands a day's report over to a web server: RFC 8460 5.4.
//
//   ReportPost post(loop, network, addresses, tls_context);
//   const std::optional<std::string> failure = co_await post.send(url, gzipped_json);
//   if (failure) …                                     // for people; to be tried again
//
// RFC 8460 3 would let us pass over a bad certificate. We do not: who talks to whom is nobody else's
// business, and a report that is not sent does no harm. Redirects are not followed, so that a report goes
// nowhere but where the domain's record says. Ends within kPatience. On one loop; what it is made of outlives
// it, and it outlives every task of it.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "postrider/transport/http/http_client.h"

namespace postrider::agent {

class ReportPost {
 public:
  static constexpr std::chrono::seconds kPatience{60};

  ReportPost(transport::Loop& loop, transport::Network& network, transport::HostAddresses& addresses,
             std::shared_ptr<const transport::TlsClientContext> tls);

  // nullopt: taken. `url` begins with https://.
  transport::Task<std::optional<std::string>> send(std::string url, std::string gzipped_json);

 private:
  transport::Loop& loop_;
  transport::HttpClient http_;
};

}  // namespace postrider::agent
