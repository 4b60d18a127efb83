#include "postrider/agent/accounts/sasl_primitives.h"

#include <algorithm>
#include <array>

namespace postrider::agent {
namespace {

template <class Octets>
Octets taken(const crypto::Digest& digest) noexcept {
  Octets out;
  std::ranges::copy(digest.view().substr(0, out.size()), out.begin());
  return out;
}

}  // namespace

SaslPrimitives::SaslPrimitives(const crypto::Provider& provider)
    : provider_(provider), md5_(provider.has(crypto::Hash::md5)) {
  std::array<char, 32> out;
  provider.pbkdf2(crypto::Hash::sha256, "password", "salt", 1, out);
  provider.random(out);
}

protocol::sasl::Sha256 SaslPrimitives::sha256(std::string_view octets) const noexcept {
  return taken<protocol::sasl::Sha256>(provider_.hash(crypto::Hash::sha256, octets));
}

protocol::sasl::Sha256 SaslPrimitives::hmac_sha256(std::string_view key,
                                                   std::string_view octets) const noexcept {
  return taken<protocol::sasl::Sha256>(provider_.hmac(crypto::Hash::sha256, key, octets));
}

protocol::sasl::Sha256 SaslPrimitives::pbkdf2_sha256(std::string_view password, std::string_view salt,
                                                     std::uint32_t iterations) const noexcept {
  protocol::sasl::Sha256 out;
  provider_.pbkdf2(crypto::Hash::sha256, password, salt, iterations, out);
  return out;
}

protocol::sasl::Md5 SaslPrimitives::hmac_md5(std::string_view key, std::string_view octets) const noexcept {
  if (!md5_) return {};
  return taken<protocol::sasl::Md5>(provider_.hmac(crypto::Hash::md5, key, octets));
}

void SaslPrimitives::random(std::span<char> out) const noexcept { provider_.random(out); }

}  // namespace postrider::agent
