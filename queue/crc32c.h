// CRC-32C (Castagnoli), as iSCSI and most stores have it, RFC 3720 appendix B.4: finds every error of up to
// 32 bits in a row, and every single flipped bit.
#pragma once

#include <cstdint>
#include <string_view>

namespace postrider::queue {

std::uint32_t crc32c(std::string_view octets) noexcept;

}  // namespace postrider::queue
