// Hashes, HMAC, PBKDF2 and random octets: one interface, with OpenSSL's libcrypto or wolfCrypt behind it.
//
//   const crypto::Provider& provider = crypto::default_provider();
//   crypto::Digest digest = provider.hash(crypto::Hash::sha256, "abc");
//   digest.view();                                     // 32 octets
//
// Octets are std::string_view, binary as they come. A provider has no state that is seen outside: every
// method may be called from any thread, and providers live until the program ends. What cannot be computed
// (memory is gone, a policy of the library forbids the hash, no source of randomness) throws
// std::runtime_error: nobody can go on without it. Whether a hash is there at all is asked with has().
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace postrider::crypto {

enum class Hash : std::uint8_t {
  md5,   // for HMAC-MD5 of CRAM-MD5 alone
  sha1,  // for what is old and signed with it; nothing new
  sha256,
  sha512,
};

[[nodiscard]] constexpr std::size_t digest_size(Hash hash) noexcept {
  switch (hash) {
    case Hash::md5: return 16;
    case Hash::sha1: return 20;
    case Hash::sha256: return 32;
    case Hash::sha512: break;
  }
  return 64;
}

// The octets of a hash, without allocation.
class Digest {
 public:
  static constexpr std::size_t kMost = 64;

  explicit Digest(Hash hash) noexcept : size_(digest_size(hash)) {}

  [[nodiscard]] std::string_view view() const noexcept { return {octets_.data(), size_}; }
  [[nodiscard]] std::span<char> octets() noexcept { return {octets_.data(), size_}; }

 private:
  std::array<char, kMost> octets_{};
  std::size_t size_;
};

// A hash over octets that come in pieces.
class Hasher {
 public:
  virtual ~Hasher() = default;
  virtual void update(std::string_view octets) = 0;
  // Once, and nothing after it.
  [[nodiscard]] virtual Digest finish() = 0;
};

class Provider {
 public:
  virtual ~Provider() = default;

  // As the configuration writes it: "openssl", "wolfssl".
  [[nodiscard]] virtual std::string_view name() const noexcept = 0;
  [[nodiscard]] virtual bool has(Hash hash) const noexcept = 0;

  [[nodiscard]] virtual std::unique_ptr<Hasher> start(Hash hash) const = 0;
  [[nodiscard]] virtual Digest hash(Hash hash, std::string_view octets) const = 0;
  // RFC 2104
  [[nodiscard]] virtual Digest hmac(Hash hash, std::string_view key, std::string_view octets) const = 0;
  // PBKDF2 with HMAC, RFC 8018 5.2; fills `out`. `iterations` is at least 1.
  virtual void pbkdf2(Hash hash, std::string_view password, std::string_view salt, std::uint32_t iterations,
                      std::span<char> out) const = 0;
  // Fit for keys and nonces.
  virtual void random(std::span<char> out) const = 0;
};

// Those that were built, the preferred one first; at least one.
[[nodiscard]] std::vector<const Provider*> providers();
// nullptr when it is not known, or was left out of the build.
[[nodiscard]] const Provider* find_provider(std::string_view name);
[[nodiscard]] const Provider& default_provider();

}  // namespace postrider::crypto
