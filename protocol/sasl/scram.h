// What SCRAM-SHA-256 computes (RFC 5802 3, RFC 7677): verifiers that a server keeps, proofs and signatures.
//
//   ScramVerifier kept = make_verifier(primitives, "pencil", salt, 15000);   // once
//   bool good = matches_password(primitives, kept, "pencil");                // PLAIN and LOGIN
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "postrider/protocol/sasl/primitives.h"

namespace postrider::protocol::sasl {

// What a server keeps of a password. Whoever reads it can try passwords, at the price of `iterations` hashes
// each, and can pose as this server; it cannot log in elsewhere.
struct ScramVerifier {
  std::string salt;  // 1 to kMaxSalt octets
  std::uint32_t iterations = 0;
  Sha256 stored_key{};
  Sha256 server_key{};

  friend bool operator==(const ScramVerifier&, const ScramVerifier&) = default;
};

// What a client computes of its password; wiped when it goes.
class ScramKeys {
 public:
  ScramKeys(const Primitives& primitives, std::string_view password, std::string_view salt,
            std::uint32_t iterations);
  ~ScramKeys();
  ScramKeys(const ScramKeys&) = delete;
  ScramKeys& operator=(const ScramKeys&) = delete;

  Sha256 client_key;
  Sha256 stored_key;
  Sha256 server_key;
};

// `password` is prepared (prepare.h) and `salt` random. Costs `iterations` HMACs, milliseconds: not on a
// thread that serves connections.
ScramVerifier make_verifier(const Primitives& primitives, std::string_view password, std::string_view salt,
                            std::uint32_t iterations);
// As costly; takes the same time whatever the answer.
bool matches_password(const Primitives& primitives, const ScramVerifier& verifier, std::string_view password);

// For a user that does not exist: always the same for the same `key` and `user`, so that nobody can tell it
// from a real one. No password matches it. `key` is random and kept as long as the accounts are.
ScramVerifier decoy_verifier(const Primitives& primitives, std::string_view key, std::string_view user,
                             std::uint32_t iterations);

// ClientProof and ServerSignature of an AuthMessage, RFC 5802 3.
Sha256 client_proof(const Primitives& primitives, const ScramKeys& keys, std::string_view auth_message);
Sha256 server_signature(const Primitives& primitives, const Sha256& server_key,
                        std::string_view auth_message);
// Is the proof one for this verifier?
bool is_proof(const Primitives& primitives, const ScramVerifier& verifier, std::string_view auth_message,
              const Sha256& proof);

}  // namespace postrider::protocol::sasl
