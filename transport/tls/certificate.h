// What is written in an X.509 certificate (RFC 5280 4.1), read without a TLS library: names for people, and
// the parts that DANE and channel bindings need. Nothing here decides whether a certificate is to be
// believed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "postrider/transport/tls/config.h"

namespace postrider::transport {

enum class HashName : std::uint8_t { none, sha256, sha384, sha512 };

// Views into the DER it was read from, which outlives it.
class CertificateView {
 public:
  // None when the octets are no certificate.
  static std::optional<CertificateView> parse(std::string_view der);

  std::string_view der() const noexcept { return der_; }
  std::string_view public_key() const noexcept { return public_key_; }  // SubjectPublicKeyInfo, as DER

  // For people: see printable().
  std::string subject() const;
  std::string issuer() const;
  // DNS names and IP addresses of subjectAltName, in their order.
  std::vector<std::string> names() const;
  // Names a host may have by this certificate: names(), or where it has no DNS name there the common name
  // (RFC 6125 6.4.4).
  std::vector<std::string> host_names() const;
  // Mail addresses of its owner: those of subjectAltName (rfc822Name), or where it has none the subject's
  // emailAddress (RFC 5280 4.1.2.6). Printable like the others.
  std::vector<std::string> mail_addresses() const;
  std::vector<std::string> common_names() const;
  // Whether it may serve for TLS servers (or clients): no extended key usage, or one that says so.
  bool allows(bool server) const noexcept;

  // Whether it may sign others with `below` CAs between it and the certificate in question: basicConstraints,
  // keyUsage and the length of the path (RFC 5280 4.2.1.9, 4.2.1.3).
  bool may_sign(std::size_t below) const noexcept;
  std::string_view subject_der() const noexcept { return subject_; }
  std::string_view issuer_der() const noexcept { return issuer_; }

  // What RFC 5929 4.1 hashes the certificate with for tls-server-end-point; none where that is not defined.
  HashName end_point_hash() const noexcept;

 private:
  CertificateView() = default;
  std::string_view extension(std::string_view oid) const noexcept;

  std::string_view der_;
  std::string_view issuer_;
  std::string_view subject_;
  std::string_view public_key_;
  std::string_view extensions_;
  std::string_view signature_algorithm_;
};

// Whether a name of a certificate, perhaps "*.example.org", is that of the host (RFC 6125 6.4). A star stands
// for one whole label, the first; names are compared without regard to case, IP addresses as the octets they
// mean.
bool name_fits(std::string_view certificate_name, std::string_view host) noexcept;

// Whether the certificate is for the host.
bool certificate_fits(const CertificateView& certificate, std::string_view host);

// "the certificate is for a.example, b.example, not for c.example"
std::string mismatch_text(const CertificateView& certificate, std::string_view host);

// What the peer wrote, with '?' for control characters: it ends up in logs, and nothing in it may look like a
// line of its own.
std::string printable(std::string_view text);

bool is_ip_address(std::string_view text) noexcept;

// Whether a TLSA record names this certificate. `hash` is the backend's; it answers with the octets.
using HashFunction = std::string (*)(HashName, std::string_view octets);
bool tlsa_matches(const TlsaRecord& record, const CertificateView& certificate, HashFunction hash);
// "TLSA 3 1 1"
std::string tlsa_text(const TlsaRecord& record);

}  // namespace postrider::transport
