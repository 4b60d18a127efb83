// A certificate that nobody vouches for: what a server shows until its owner has got it a better one, and
// what the tests use.
//
//   auto made = provider.self_signed(SelfSignedOptions("mail.example.org", clock.system_now()));
//
// ECDSA P-256 with SHA-256, the name in subjectAltName, valid from an hour ago. Who stores the key makes its
// file readable by its owner alone.
#pragma once

#include <chrono>
#include <string>
#include <utility>

namespace postrider::transport {

struct SelfSignedOptions {
  SelfSignedOptions(std::string for_host, std::chrono::system_clock::time_point at)
      : host(std::move(for_host)), now(at) {}

  std::string host;  // a DNS name or an IP address
  std::chrono::system_clock::time_point now;
  std::chrono::hours validity = std::chrono::hours(24 * 3650);
};

struct SelfSigned {
  std::string certificate_pem;
  std::string key_pem;  // PKCS #8, not encrypted
};

}  // namespace postrider::transport
