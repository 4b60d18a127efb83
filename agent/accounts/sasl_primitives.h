// What the core's SASL mechanisms compute with, done by a provider of crypto/.
#pragma once

#include "postrider/crypto/provider.h"
#include "postrider/protocol/sasl/primitives.h"

namespace postrider::agent {

class SaslPrimitives final : public protocol::sasl::Primitives {
 public:
  // Throws std::runtime_error when the provider cannot compute what SCRAM needs: at start-up, not in the
  // middle of an exchange. `provider` outlives this.
  explicit SaslPrimitives(const crypto::Provider& provider = crypto::default_provider());

  protocol::sasl::Sha256 sha256(std::string_view octets) const noexcept override;
  protocol::sasl::Sha256 hmac_sha256(std::string_view key, std::string_view octets) const noexcept override;
  protocol::sasl::Sha256 pbkdf2_sha256(std::string_view password, std::string_view salt,
                                       std::uint32_t iterations) const noexcept override;
  // Zeros where MD5 is forbidden: CRAM-MD5 fails then, as it should.
  protocol::sasl::Md5 hmac_md5(std::string_view key, std::string_view octets) const noexcept override;
  void random(std::span<char> out) const noexcept override;

 private:
  const crypto::Provider& provider_;
  bool md5_;
};

}  // namespace postrider::agent
