#include "postrider/protocol/sasl/scram.h"

#include "postrider/protocol/sasl/bounds.h"
#include "postrider/protocol/sasl/secret.h"

namespace postrider::protocol::sasl {
namespace {

Sha256 exclusive_or(const Sha256& a, const Sha256& b) noexcept {
  Sha256 out;
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = static_cast<char>(static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i]));
  }
  return out;
}

// HMAC over a label and a name, which no other label can give.
Sha256 derive(const Primitives& primitives, std::string_view key, std::string_view label,
              std::string_view name) {
  std::string octets(label);
  octets.push_back('\0');
  octets.append(name);
  return primitives.hmac_sha256(key, octets);
}

constexpr std::size_t kDecoySalt = 16;

}  // namespace

ScramKeys::ScramKeys(const Primitives& primitives, std::string_view password, std::string_view salt,
                     std::uint32_t iterations) {
  Sha256 salted = primitives.pbkdf2_sha256(password, salt, iterations);
  client_key = primitives.hmac_sha256(view(salted), "Client Key");
  stored_key = primitives.sha256(view(client_key));
  server_key = primitives.hmac_sha256(view(salted), "Server Key");
  wipe(salted);
}

ScramKeys::~ScramKeys() {
  wipe(client_key);
  wipe(stored_key);
  wipe(server_key);
}

ScramVerifier make_verifier(const Primitives& primitives, std::string_view password, std::string_view salt,
                            std::uint32_t iterations) {
  const ScramKeys keys(primitives, password, salt, iterations);
  return {std::string(salt), iterations, keys.stored_key, keys.server_key};
}

bool matches_password(const Primitives& primitives, const ScramVerifier& verifier,
                      std::string_view password) {
  const ScramKeys keys(primitives, password, verifier.salt, verifier.iterations);
  return equal_in_constant_time(view(keys.stored_key), view(verifier.stored_key));
}

ScramVerifier decoy_verifier(const Primitives& primitives, std::string_view key, std::string_view user,
                             std::uint32_t iterations) {
  const Sha256 salt = derive(primitives, key, "salt", user);
  return {std::string(view(salt).substr(0, kDecoySalt)), iterations,
          derive(primitives, key, "stored key", user), derive(primitives, key, "server key", user)};
}

Sha256 client_proof(const Primitives& primitives, const ScramKeys& keys, std::string_view auth_message) {
  return exclusive_or(keys.client_key, primitives.hmac_sha256(view(keys.stored_key), auth_message));
}

Sha256 server_signature(const Primitives& primitives, const Sha256& server_key,
                        std::string_view auth_message) {
  return primitives.hmac_sha256(view(server_key), auth_message);
}

bool is_proof(const Primitives& primitives, const ScramVerifier& verifier, std::string_view auth_message,
              const Sha256& proof) {
  const Sha256 signature = primitives.hmac_sha256(view(verifier.stored_key), auth_message);
  Sha256 client_key = exclusive_or(proof, signature);
  const Sha256 hashed = primitives.sha256(view(client_key));
  wipe(client_key);
  return equal_in_constant_time(view(hashed), view(verifier.stored_key));
}

}  // namespace postrider::protocol::sasl
