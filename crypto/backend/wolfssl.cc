// wolfCrypt. options.h says how the library was built and comes before every other header of it.
// clang-format off
#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/types.h>
// clang-format on

#include <limits>
#include <mutex>
#include <stdexcept>
#include <string>

#include <wolfssl/wolfcrypt/hash.h>
#include <wolfssl/wolfcrypt/hmac.h>
#include <wolfssl/wolfcrypt/pwdbased.h>
#include <wolfssl/wolfcrypt/random.h>
#include <wolfssl/wolfcrypt/wc_port.h>

#include "postrider/crypto/backend/backends.h"

namespace postrider::crypto {
namespace {

[[noreturn]] void fail(const char* what) {
  throw std::runtime_error(std::string("crypto: wolfCrypt cannot compute ") + what);
}

void check(int result, const char* what) {
  if (result != 0) fail(what);
}

wc_HashType algorithm(Hash hash) noexcept {
  switch (hash) {
    case Hash::md5: return WC_HASH_TYPE_MD5;
    case Hash::sha1: return WC_HASH_TYPE_SHA;
    case Hash::sha256: return WC_HASH_TYPE_SHA256;
    case Hash::sha512: break;
  }
  return WC_HASH_TYPE_SHA512;
}

byte* octets(std::span<char> out) noexcept { return reinterpret_cast<byte*>(out.data()); }
// No null pointers: the library takes them for a mistake even when there are no octets.
const byte* octets(std::string_view in) noexcept {
  return reinterpret_cast<const byte*>(in.empty() ? "" : in.data());
}

word32 length(std::size_t size) {
  if (size > static_cast<std::size_t>(std::numeric_limits<int>::max())) fail("of so many octets");
  return static_cast<word32>(size);
}

class WolfsslHasher final : public Hasher {
 public:
  explicit WolfsslHasher(Hash hash) : hash_(hash) { check(wc_HashInit(&state_, algorithm(hash)), "a hash"); }
  ~WolfsslHasher() override { wc_HashFree(&state_, algorithm(hash_)); }
  WolfsslHasher(const WolfsslHasher&) = delete;
  WolfsslHasher& operator=(const WolfsslHasher&) = delete;

  void update(std::string_view in) override {
    check(wc_HashUpdate(&state_, algorithm(hash_), octets(in), length(in.size())), "a hash");
  }
  Digest finish() override {
    Digest digest(hash_);
    check(wc_HashFinal(&state_, algorithm(hash_), octets(digest.octets())), "a hash");
    return digest;
  }

 private:
  Hash hash_;
  wc_HashAlg state_{};
};

// HMAC's own object, freed however its use ends.
class HmacState {
 public:
  HmacState() { check(wc_HmacInit(&state_, nullptr, INVALID_DEVID), "an HMAC"); }
  ~HmacState() { wc_HmacFree(&state_); }
  HmacState(const HmacState&) = delete;
  HmacState& operator=(const HmacState&) = delete;

  Hmac* operator*() noexcept { return &state_; }

 private:
  Hmac state_{};
};

// One generator for all threads, seeded by the system and reseeded by the library.
class Generator {
 public:
  Generator() { check(wc_InitRng(&state_), "random octets"); }
  ~Generator() { wc_FreeRng(&state_); }
  Generator(const Generator&) = delete;
  Generator& operator=(const Generator&) = delete;

  void fill(std::span<char> out) {
    const std::lock_guard lock(mutex_);
    while (!out.empty()) {
      const std::size_t size = out.size() < kMostAtOnce ? out.size() : kMostAtOnce;
      check(wc_RNG_GenerateBlock(&state_, octets(out), length(size)), "random octets");
      out = out.subspan(size);
    }
  }

 private:
  static constexpr std::size_t kMostAtOnce = 4096;  // the library refuses more than 64 KiB

  std::mutex mutex_;
  WC_RNG state_{};
};

class WolfsslProvider final : public Provider {
 public:
  std::string_view name() const noexcept override { return "wolfssl"; }
  bool has(Hash hash) const noexcept override { return wc_HashGetDigestSize(algorithm(hash)) > 0; }

  std::unique_ptr<Hasher> start(Hash hash) const override { return std::make_unique<WolfsslHasher>(hash); }

  Digest hash(Hash hash, std::string_view in) const override {
    Digest digest(hash);
    check(wc_Hash(algorithm(hash), octets(in), length(in.size()), octets(digest.octets()),
                  length(digest.octets().size())),
          "a hash");
    return digest;
  }

  Digest hmac(Hash hash, std::string_view key, std::string_view in) const override {
    Digest digest(hash);
    HmacState state;
    check(wc_HmacSetKey(*state, algorithm(hash), octets(key), length(key.size())), "an HMAC");
    check(wc_HmacUpdate(*state, octets(in), length(in.size())), "an HMAC");
    check(wc_HmacFinal(*state, octets(digest.octets())), "an HMAC");
    return digest;
  }

  void pbkdf2(Hash hash, std::string_view password, std::string_view salt, std::uint32_t iterations,
              std::span<char> out) const override {
    check(wc_PBKDF2(octets(out), octets(password), static_cast<int>(length(password.size())), octets(salt),
                    static_cast<int>(length(salt.size())), static_cast<int>(length(iterations)),
                    static_cast<int>(length(out.size())), algorithm(hash)),
          "PBKDF2");
  }

  void random(std::span<char> out) const override { generator_.fill(out); }

 private:
  mutable Generator generator_;
};

}  // namespace

const Provider& wolfssl_provider() {
  static const WolfsslProvider provider;
  return provider;
}

}  // namespace postrider::crypto
