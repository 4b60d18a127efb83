// Certificates for tests, made when the test runs: none of them is older than an hour, and no key is kept
// anywhere.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "postrider/transport/tls/config.h"
#include "postrider/transport/tls/engine.h"

struct evp_pkey_st;
struct x509_st;

namespace postrider::tests {

using namespace transport;

struct CertificateOptions {
  CertificateOptions() = default;
  explicit CertificateOptions(std::vector<std::string> for_names) : names(std::move(for_names)) {}

  std::string common;              // the first name when empty
  std::vector<std::string> names;  // DNS names, or others as "IP:192.0.2.1", "email:a@b"
  bool authority = false;
  std::string usage;  // extendedKeyUsage, as "clientAuth"
  std::chrono::hours from = std::chrono::hours(-1);
  std::chrono::hours to = std::chrono::hours(24);
};

class TestCertificate {
 public:
  // Signed by `issuer`, or by itself.
  explicit TestCertificate(const CertificateOptions& options, const TestCertificate* issuer = nullptr);

  const std::string& pem() const noexcept { return pem_; }
  const std::string& key_pem() const noexcept { return key_pem_; }
  const std::string& der() const noexcept { return der_; }

  // With those that follow in its chain.
  TlsCertificate with(std::initializer_list<const TestCertificate*> rest = {}) const;

  // A TLSA record that names it.
  TlsaRecord tlsa(int usage, int selector, int matching) const;

 private:
  std::shared_ptr<x509_st> certificate_;
  std::shared_ptr<evp_pkey_st> key_;
  std::string pem_;
  std::string key_pem_;
  std::string der_;
};

// A root, an intermediate and what servers and clients show, made once for a test program.
struct TestPki {
  TestPki();
  static const TestPki& instance();

  TestCertificate root;
  TestCertificate intermediate;
  TestCertificate server;    // mx.example.test, signed by the intermediate
  TestCertificate other;     // other.example.test
  TestCertificate wildcard;  // *.wild.test
  TestCertificate expired;
  TestCertificate client;
  TestCertificate stranger;  // of nobody whom anybody knows
};

// ---- A plain OpenSSL peer, for what our engines do not do ----

// A ClientHello that offers TLS 1.1 and nothing later.
std::string old_client_hello();
// What a server that knows TLS 1.1 alone answers to this ClientHello.
std::string old_server_answer(std::string_view client_hello);
// Connects to the server engine by TLS 1.2, asks for renegotiation and says whether it got it.
bool renegotiates(TlsEngine& server);

}  // namespace postrider::tests
