#include "postrider/transport/tls/channel_bindings.h"

#include <string>
#include <string_view>

namespace postrider::transport {

std::vector<protocol::sasl::ChannelBinding> channel_bindings(const TlsInfo* tls) {
  namespace sasl = protocol::sasl;
  std::vector<sasl::ChannelBinding> bindings;
  if (tls == nullptr) return bindings;
  const auto add = [&bindings](std::string_view type, const std::string& octets) {
    if (!octets.empty()) bindings.push_back({std::string(type), octets});
  };
  add(sasl::kTlsExporter, tls->tls_exporter);
  add(sasl::kTlsServerEndPoint, tls->tls_server_end_point);
  return bindings;
}

}  // namespace postrider::transport
