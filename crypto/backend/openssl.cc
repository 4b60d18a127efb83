// OpenSSL's libcrypto through its EVP interface.
#include <limits>
#include <stdexcept>
#include <string>

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "postrider/crypto/backend/backends.h"

namespace postrider::crypto {
namespace {

[[noreturn]] void fail(const char* what) {
  throw std::runtime_error(std::string("crypto: OpenSSL cannot compute ") + what);
}

void check(bool good, const char* what) {
  if (!good) fail(what);
}

const EVP_MD* algorithm(Hash hash) noexcept {
  switch (hash) {
    case Hash::md5: return EVP_md5();
    case Hash::sha1: return EVP_sha1();
    case Hash::sha256: return EVP_sha256();
    case Hash::sha512: break;
  }
  return EVP_sha512();
}

unsigned char* octets(std::span<char> out) noexcept { return reinterpret_cast<unsigned char*>(out.data()); }
const unsigned char* octets(std::string_view in) noexcept {
  return reinterpret_cast<const unsigned char*>(in.data());
}

int length(std::size_t size) {
  if (size > static_cast<std::size_t>(std::numeric_limits<int>::max())) fail("of so many octets");
  return static_cast<int>(size);
}

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_MD_CTX, FreeContext>;

class OpensslHasher final : public Hasher {
 public:
  explicit OpensslHasher(Hash hash) : hash_(hash), context_(EVP_MD_CTX_new()) {
    check(context_ != nullptr && EVP_DigestInit_ex(context_.get(), algorithm(hash), nullptr) == 1, "a hash");
  }

  void update(std::string_view in) override {
    check(EVP_DigestUpdate(context_.get(), in.data(), in.size()) == 1, "a hash");
  }
  Digest finish() override {
    Digest digest(hash_);
    check(EVP_DigestFinal_ex(context_.get(), octets(digest.octets()), nullptr) == 1, "a hash");
    return digest;
  }

 private:
  Hash hash_;
  Context context_;
};

class OpensslProvider final : public Provider {
 public:
  std::string_view name() const noexcept override { return "openssl"; }

  bool has(Hash hash) const noexcept override {
    // A policy such as FIPS takes hashes away when they are used, not when they are named.
    unsigned char out[EVP_MAX_MD_SIZE];
    return EVP_Digest("", 0, out, nullptr, algorithm(hash), nullptr) == 1;
  }

  std::unique_ptr<Hasher> start(Hash hash) const override { return std::make_unique<OpensslHasher>(hash); }

  Digest hash(Hash hash, std::string_view in) const override {
    Digest digest(hash);
    check(EVP_Digest(in.data(), in.size(), octets(digest.octets()), nullptr, algorithm(hash), nullptr) == 1,
          "a hash");
    return digest;
  }

  Digest hmac(Hash hash, std::string_view key, std::string_view in) const override {
    Digest digest(hash);
    // A null key would mean "the key of before".
    const void* const pointer = key.empty() ? static_cast<const void*>("") : key.data();
    unsigned size = 0;
    check(HMAC(algorithm(hash), pointer, length(key.size()), octets(in), in.size(), octets(digest.octets()),
               &size) != nullptr,
          "an HMAC");
    return digest;
  }

  void pbkdf2(Hash hash, std::string_view password, std::string_view salt, std::uint32_t iterations,
              std::span<char> out) const override {
    check(PKCS5_PBKDF2_HMAC(password.empty() ? "" : password.data(), length(password.size()), octets(salt),
                            length(salt.size()), length(iterations), algorithm(hash), length(out.size()),
                            octets(out)) == 1,
          "PBKDF2");
  }

  void random(std::span<char> out) const override {
    check(RAND_bytes(octets(out), length(out.size())) == 1, "random octets");
  }
};

}  // namespace

const Provider& openssl_provider() {
  static const OpensslProvider provider;
  return provider;
}

}  // namespace postrider::crypto
