// What ties an exchange to the TLS connection below it: the same octets at both ends, RFC 5056.
#pragma once

#include <string>
#include <string_view>

namespace postrider::protocol::sasl {

// Types of binding, as they stand in SCRAM's "p=TYPE".
inline constexpr std::string_view kTlsExporter = "tls-exporter";                // RFC 9266
inline constexpr std::string_view kTlsServerEndPoint = "tls-server-end-point";  // RFC 5929 4

struct ChannelBinding {
  std::string type;
  std::string octets;  // never empty
};

}  // namespace postrider::protocol::sasl
