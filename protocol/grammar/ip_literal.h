// What stands between the brackets of an address literal: RFC 5321 4.1.3. Not for use outside of protocol/.
#pragma once

#include <string_view>

#include "postrider/protocol/grammar/address.h"

namespace postrider::protocol {

// The kind of the whole of `content` (all dcontent), and for ipv4 and ipv6 its octets; Kind::none when it is
// none.
Host::Kind read_literal(std::string_view content, Host::Octets& octets) noexcept;

}  // namespace postrider::protocol
