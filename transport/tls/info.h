// What a TLS session has agreed on and what is known of the peer: for logs, policies, trace fields and SASL.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace postrider::transport {

// TLS 1.0 and 1.1 are never spoken, RFC 8996.
enum class TlsVersion : std::uint8_t { tls1_2, tls1_3 };

constexpr std::string_view to_string(TlsVersion version) noexcept {
  return version == TlsVersion::tls1_3 ? "TLSv1.3" : "TLSv1.2";
}

enum class TlsTrust : std::uint8_t {
  unchecked,  // the policy asked for no verification, or the peer showed no certificate
  failed,     // looked at and found wanting; only policies that go on all the same get this far
  trusted,    // by the rules of the policy
};

struct TlsInfo {
  TlsVersion version = TlsVersion::tls1_3;
  std::string cipher;  // by its name in the registry of IANA: "TLS_AES_128_GCM_SHA256"
  std::string group;   // of the key exchange; empty where the backend does not tell
  std::string sni;     // the server name that was sent or received, RFC 6066 3
  std::string alpn;    // the protocol chosen, empty without one, RFC 7301
  bool resumed = false;

  // The peer's certificates as DER, its own first. Empty when it sent none.
  std::vector<std::string> peer_chain;
  std::string peer_subject;              // "CN=mx.example.org, O=Example"
  std::string peer_issuer;               // the same of who signed it
  std::vector<std::string> peer_names;   // subjectAltName: DNS names and IP addresses as text
  TlsTrust trust = TlsTrust::unchecked;  // of the peer's certificate
  std::string verification;              // why, in words

  // Channel bindings, as octets; empty where they would not be sound.
  std::string tls_exporter;          // RFC 9266: TLS 1.3, or 1.2 with the extended master secret
  std::string tls_server_end_point;  // RFC 5929 4: a hash of the server's certificate
};

}  // namespace postrider::transport
