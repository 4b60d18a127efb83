#include "postrider/queue/crc32c.h"

#include <array>

namespace postrider::queue {
namespace {

constexpr std::array<std::uint32_t, 256> kTable = [] {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t octet = 0; octet < table.size(); ++octet) {
    std::uint32_t rest = octet;
    for (int bit = 0; bit < 8; ++bit) rest = rest >> 1 ^ ((rest & 1) != 0 ? 0x82f63b78U : 0U);
    table[octet] = rest;
  }
  return table;
}();

}  // namespace

std::uint32_t crc32c(std::string_view octets) noexcept {
  std::uint32_t sum = ~std::uint32_t{0};
  for (const char each : octets) sum = sum >> 8 ^ kTable[(sum ^ static_cast<unsigned char>(each)) & 0xff];
  return ~sum;
}

}  // namespace postrider::queue
