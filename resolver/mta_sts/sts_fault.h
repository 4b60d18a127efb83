// Why there is no new MTA-STS policy of a domain that announces one.
#pragma once

#include <cstdint>
#include <string_view>

namespace postrider::resolver {

// RFC 8460 4.3.2.2 has names for all but `dns`, see client/tls_result.h.
enum class StsFault : std::uint8_t {
  none,
  dns,      // the TXT record could not be looked up, or is malformed
  fetch,    // no connection, no answer in time, no status 200
  webpki,   // the certificate of the policy's server
  invalid,  // what was served is no policy
};

constexpr std::string_view to_string(StsFault fault) noexcept {
  switch (fault) {
    case StsFault::none: break;
    case StsFault::dns: return "dns";
    case StsFault::fetch: return "fetch";
    case StsFault::webpki: return "certificate";
    case StsFault::invalid: return "invalid";
  }
  return "none";
}

}  // namespace postrider::resolver
