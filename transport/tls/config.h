// What a TLS server and a TLS client are told. Values; provider.h makes contexts of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "postrider/transport/tls/info.h"

namespace postrider::transport {

// Certificates or a key in PEM, in a file or at hand.
class PemSource {
 public:
  static constexpr std::size_t kMaxOctets = std::size_t{4}
                                            << 20;  // a bundle of all roots has a quarter of it

  PemSource() = default;
  static PemSource file(std::string path) { return PemSource(std::move(path), true); }
  static PemSource text(std::string pem) { return PemSource(std::move(pem), false); }

  bool empty() const noexcept { return value_.empty(); }
  // For messages: the path, or "the PEM text given".
  std::string name() const { return is_file_ ? value_ : "the PEM text given"; }
  // The text; an error says what was to be read and why it could not be: "cannot read the private key
  // /etc/postrider/key.pem: Permission denied".
  std::expected<std::string, std::string> load(std::string_view what) const;

 private:
  PemSource(std::string value, bool is_file) : value_(std::move(value)), is_file_(is_file) {}

  std::string value_;
  bool is_file_ = false;
};

// A certificate with those that lead to its root, leaf first, and its key.
struct TlsCertificate {
  TlsCertificate() = default;
  TlsCertificate(PemSource chain_source, PemSource key_source)
      : chain(std::move(chain_source)), key(std::move(key_source)) {}

  PemSource chain;
  PemSource key;
};

// Whom to believe.
class TlsRoots {
 public:
  enum class From : std::uint8_t { nobody, system, given };

  TlsRoots() = default;
  static TlsRoots nobody() { return TlsRoots(From::nobody, {}); }
  static TlsRoots system() { return TlsRoots(From::system, {}); }
  static TlsRoots given(PemSource pem) { return TlsRoots(From::given, std::move(pem)); }

  From from() const noexcept { return from_; }
  const PemSource& pem() const noexcept { return pem_; }

 private:
  TlsRoots(From from, PemSource pem) : from_(from), pem_(std::move(pem)) {}

  From from_ = From::system;
  PemSource pem_;
};

enum class TlsClientAuth : std::uint8_t {
  none,     // do not ask
  request,  // ask; what comes, or not, is told in TlsInfo
  require,  // no session without a certificate that the roots vouch for
};

struct TlsServerConfig {
  TlsServerConfig() = default;

  // Chosen by the name that the client asks for; the first when none fits or none is asked for.
  std::vector<TlsCertificate> certificates;
  TlsVersion minimum = TlsVersion::tls1_2;
  TlsVersion maximum = TlsVersion::tls1_3;  // lower it only for a peer that fails at what is newer
  TlsClientAuth client_auth = TlsClientAuth::none;
  TlsRoots client_roots = TlsRoots::nobody();
  // In order of preference. A client that offers none of them is served without ALPN.
  std::vector<std::string> alpn;
};

// How a client makes sure of the server.
enum class TlsPolicy : std::uint8_t {
  none,           // not at all
  opportunistic,  // look and tell in TlsInfo, but go on whatever is found (RFC 7435)
  pkix,           // the chain leads to a root and the name is right, or there is no session
  dane,           // by the TLSA records given (RFC 7672), or there is no session
};

// One TLSA record, RFC 6698 2.1.
struct TlsaRecord {
  std::uint8_t usage = 3;     // 2: DANE-TA, 3: DANE-EE. 0 and 1 are not for SMTP, RFC 7672 3.1.3
  std::uint8_t selector = 1;  // 0: the certificate, 1: its public key
  std::uint8_t matching = 1;  // 0: as it is, 1: SHA-256, 2: SHA-512
  std::string data;

  // Whether it can decide anything: known numbers, and data of a fitting size.
  bool usable() const noexcept;
};

// Where a client connects to, and what it expects there.
struct TlsTarget {
  TlsTarget() = default;

  std::string name;  // DNS name or IP address: sent as SNI (a DNS name) and looked for in the certificate
  std::uint16_t port = 25;  // of the session cache's key
  TlsPolicy policy = TlsPolicy::pkix;
  std::vector<TlsaRecord> tlsa;
  // Names that are right too. With DANE-TA: the domain whose MX this is, RFC 7672 3.2.2.
  std::vector<std::string> also;
};

struct TlsClientConfig {
  TlsClientConfig() = default;

  TlsRoots roots = TlsRoots::system();
  TlsVersion minimum = TlsVersion::tls1_2;
  TlsVersion maximum = TlsVersion::tls1_3;  // lower it only for a peer that fails at what is newer
  TlsCertificate certificate;               // to show when a server asks; empty for none
  std::vector<std::string> alpn;
  std::size_t cached_sessions = 1024;  // to be resumed; the oldest goes first, 0 for none
};

// One protocol name as it may stand in a configuration, RFC 7301 3.1: 1 to 255 octets.
bool valid_alpn(const std::vector<std::string>& protocols) noexcept;

// The key under which a session is kept: whom it was verified for, and how.
std::string session_key(const TlsTarget& target);

}  // namespace postrider::transport
