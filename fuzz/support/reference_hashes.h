// SHA-256, MD5, HMAC and PBKDF2 written plainly from their RFCs (6234, 1321, 2104, 8018), for tests of the
// core, which has no library to ask. Not for secrets.
#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "postrider/fuzz/support/choices.h"
#include "postrider/protocol/sasl/primitives.h"

namespace postrider::fuzz {

namespace reference {

// The octets with a one bit, zeros and their number behind them, RFC 6234 4.1 and RFC 1321 3.1.
inline std::string padded(std::string_view octets, bool big_endian) {
  std::string out(octets);
  out += '\x80';
  while (out.size() % 64 != 56) out += '\0';
  const std::uint64_t bits = std::uint64_t{octets.size()} * 8;
  for (unsigned i = 0; i < 8; ++i) {
    out += static_cast<char>(bits >> (8 * (big_endian ? 7 - i : i)) & 0xFF);
  }
  return out;
}

inline std::uint32_t word(const char* at, bool big_endian) {
  std::uint32_t value = 0;
  for (unsigned i = 0; i < 4; ++i) {
    value = value << 8 | static_cast<unsigned char>(at[big_endian ? i : 3 - i]);
  }
  return value;
}

// The first 32 bits behind the point of a root of the n-th prime, RFC 6234 5.1 and 6.1.
inline std::array<std::uint32_t, 64> prime_roots(bool cube) {
  std::array<std::uint32_t, 64> out{};
  std::size_t count = 0;
  for (unsigned n = 2; count < out.size(); ++n) {
    bool prime = true;
    for (unsigned d = 2; d * d <= n; ++d) prime = prime && n % d != 0;
    if (!prime) continue;
    const long double root =
        cube ? std::cbrt(static_cast<long double>(n)) : std::sqrt(static_cast<long double>(n));
    out[count++] = static_cast<std::uint32_t>((root - std::floor(root)) * 4294967296.0L);
  }
  return out;
}

inline protocol::sasl::Sha256 sha256(std::string_view octets) {
  static const std::array<std::uint32_t, 64> k = prime_roots(true);
  static const std::array<std::uint32_t, 64> roots = prime_roots(false);
  std::array<std::uint32_t, 8> h;
  for (std::size_t i = 0; i < h.size(); ++i) h[i] = roots[i];
  const std::string text = padded(octets, true);
  for (std::size_t at = 0; at < text.size(); at += 64) {
    std::array<std::uint32_t, 64> w;
    for (std::size_t i = 0; i < 16; ++i) w[i] = word(text.data() + at + 4 * i, true);
    for (std::size_t i = 16; i < 64; ++i) {
      const std::uint32_t a = w[i - 15];
      const std::uint32_t b = w[i - 2];
      w[i] = w[i - 16] + w[i - 7] + (std::rotr(a, 7) ^ std::rotr(a, 18) ^ a >> 3) +
             (std::rotr(b, 17) ^ std::rotr(b, 19) ^ b >> 10);
    }
    std::array<std::uint32_t, 8> v = h;
    for (std::size_t i = 0; i < 64; ++i) {
      const std::uint32_t one = v[7] + (std::rotr(v[4], 6) ^ std::rotr(v[4], 11) ^ std::rotr(v[4], 25)) +
                                ((v[4] & v[5]) ^ (~v[4] & v[6])) + k[i] + w[i];
      const std::uint32_t two = (std::rotr(v[0], 2) ^ std::rotr(v[0], 13) ^ std::rotr(v[0], 22)) +
                                ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
      v = {one + two, v[0], v[1], v[2], v[3] + one, v[4], v[5], v[6]};
    }
    for (std::size_t i = 0; i < 8; ++i) h[i] += v[i];
  }
  protocol::sasl::Sha256 out;
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = static_cast<char>(h[i / 4] >> (24 - 8 * (i % 4)) & 0xFF);
  return out;
}

inline protocol::sasl::Md5 md5(std::string_view octets) {
  static constexpr std::array<std::array<int, 4>, 4> kTurns{
      {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}}};
  std::array<std::uint32_t, 4> h{0x67452301u, 0xefcdab89u, 0x98badcfeu, 0x10325476u};
  const std::string text = padded(octets, false);
  for (std::size_t at = 0; at < text.size(); at += 64) {
    auto [a, b, c, d] = h;
    for (unsigned i = 0; i < 64; ++i) {
      const std::array<std::uint32_t, 4> mixes{(b & c) | (~b & d), (d & b) | (~d & c), b ^ c ^ d,
                                               c ^ (b | ~d)};
      const std::array<unsigned, 4> places{i, 5 * i + 1, 3 * i + 5, 7 * i};
      const auto sine = static_cast<std::uint32_t>(std::floor(std::fabs(std::sin(i + 1.0)) * 4294967296.0));
      const std::uint32_t sum =
          a + mixes[i / 16] + sine + word(text.data() + at + 4 * (places[i / 16] % 16), false);
      a = d;
      d = c;
      c = b;
      b += std::rotl(sum, kTurns[i / 16][i % 4]);
    }
    h = {h[0] + a, h[1] + b, h[2] + c, h[3] + d};
  }
  protocol::sasl::Md5 out;
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<char>(h[i / 4] >> (8 * (i % 4)) & 0xFF);
  return out;
}

// RFC 2104 2
template <class HashFunction>
auto hmac(HashFunction hash, std::string_view key, std::string_view octets) {
  std::string block(key);
  if (block.size() > 64) block = std::string(protocol::sasl::view(hash(key)));
  block.resize(64, '\0');
  std::string inner;
  std::string outer;
  for (const char c : block) {
    inner += static_cast<char>(static_cast<unsigned char>(c) ^ 0x36u);
    outer += static_cast<char>(static_cast<unsigned char>(c) ^ 0x5cu);
  }
  inner += octets;
  return hash(outer + std::string(protocol::sasl::view(hash(inner))));
}

}  // namespace reference

// With PBKDF2 of `kRounds` iterations in place of as many as it is asked for, when it is not 0: a fuzzer has
// no time for the real ones. The number asked for goes into the result all the same.
class ReferencePrimitives final : public protocol::sasl::Primitives {
 public:
  explicit ReferencePrimitives(std::uint64_t seed, std::uint32_t rounds = 0)
      : choices_(seed), rounds_(rounds) {}

  protocol::sasl::Sha256 sha256(std::string_view octets) const noexcept override {
    return reference::sha256(octets);
  }
  protocol::sasl::Sha256 hmac_sha256(std::string_view key, std::string_view octets) const noexcept override {
    return reference::hmac(reference::sha256, key, octets);
  }
  protocol::sasl::Sha256 pbkdf2_sha256(std::string_view password, std::string_view salt,
                                       std::uint32_t iterations) const noexcept override {
    const std::string block = rounds_ == 0 ? "" : std::to_string(iterations);
    protocol::sasl::Sha256 u = hmac_sha256(password, block + std::string(salt) + std::string("\0\0\0\1", 4));
    protocol::sasl::Sha256 out = u;
    for (std::uint32_t i = 1; i < (rounds_ == 0 ? iterations : rounds_); ++i) {
      u = hmac_sha256(password, protocol::sasl::view(u));
      for (std::size_t j = 0; j < out.size(); ++j) {
        out[j] = static_cast<char>(static_cast<unsigned char>(out[j]) ^ static_cast<unsigned char>(u[j]));
      }
    }
    return out;
  }
  protocol::sasl::Md5 hmac_md5(std::string_view key, std::string_view octets) const noexcept override {
    return reference::hmac(reference::md5, key, octets);
  }
  void random(std::span<char> out) const noexcept override {
    for (char& c : out) c = static_cast<char>(choices_.below(256));
  }

 private:
  mutable SeededChoices choices_;
  std::uint32_t rounds_;
};

}  // namespace postrider::fuzz
