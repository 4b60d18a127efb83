// What SASL may tie itself to on an encrypted connection, for clients and servers alike.
#pragma once

#include <vector>

#include "postrider/protocol/sasl/channel_binding.h"
#include "postrider/transport/tls/info.h"

namespace postrider::transport {

// The better one first: tls-exporter (RFC 9266), then tls-server-end-point (RFC 5929 4). Empty in clear (no
// `tls`), and where none would be sound.
std::vector<protocol::sasl::ChannelBinding> channel_bindings(const TlsInfo* tls);

}  // namespace postrider::transport
