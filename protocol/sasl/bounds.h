// Every bound of the SASL mechanisms, each with what it stops. Octets, after base64 was decoded.
#pragma once

#include <cstddef>
#include <cstdint>

namespace postrider::protocol::sasl {

// A user or an authorization identity. RFC 4616 2 has no limit; a mailbox has at most 254.
inline constexpr std::size_t kMaxName = 255;
// A password. Stops: hashing of megabytes.
inline constexpr std::size_t kMaxPassword = 1024;
// An OAuth token with the fields around it: what RFC 4954 4 lets through, 12288 octets of base64.
inline constexpr std::size_t kMaxToken = 9216;
// One message of SCRAM or CRAM-MD5. Stops: filling memory with extensions and nonces without end.
inline constexpr std::size_t kMaxMessage = 2048;
inline constexpr std::size_t kMaxNonce = 512;
// Random octets behind a nonce of ours; in base64 it is printable and has no comma, RFC 5802 5.1.
inline constexpr std::size_t kNonceOctets = 24;
inline constexpr std::size_t kMaxSalt = 128;
// RFC 7677 4: at least 4096. A server that asks for fewer makes the password cheap to guess for itself.
inline constexpr std::uint32_t kLeastIterations = 4096;
// About two seconds of a processor. Stops: a server that keeps its clients computing.
inline constexpr std::uint32_t kMostIterations = 5'000'000;
// Lines of one exchange. Stops: a mechanism that never comes to an end.
inline constexpr unsigned kMaxRounds = 16;

}  // namespace postrider::protocol::sasl
