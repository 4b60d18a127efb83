// The cryptography that the mechanisms need, handed in: the core itself depends on the standard library
// alone. crypto::Provider has all of it; the agent's adapter is agent/accounts/sasl_primitives.h.
//
// Any thread may call any method. None of them fails: who cannot compute a hash or has no random octets must
// not begin.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace postrider::protocol::sasl {

using Sha256 = std::array<char, 32>;
using Md5 = std::array<char, 16>;

template <std::size_t kSize>
[[nodiscard]] constexpr std::string_view view(const std::array<char, kSize>& octets) noexcept {
  return {octets.data(), octets.size()};
}

class Primitives {
 public:
  virtual ~Primitives() = default;
  virtual Sha256 sha256(std::string_view octets) const noexcept = 0;
  virtual Sha256 hmac_sha256(std::string_view key, std::string_view octets) const noexcept = 0;
  // PBKDF2 with HMAC-SHA-256 and 32 octets of output: Hi() of RFC 5802 2.2.
  virtual Sha256 pbkdf2_sha256(std::string_view password, std::string_view salt,
                               std::uint32_t iterations) const noexcept = 0;
  // For CRAM-MD5 alone.
  virtual Md5 hmac_md5(std::string_view key, std::string_view octets) const noexcept = 0;
  // Fit for keys and nonces.
  virtual void random(std::span<char> out) const noexcept = 0;
};

}  // namespace postrider::protocol::sasl
