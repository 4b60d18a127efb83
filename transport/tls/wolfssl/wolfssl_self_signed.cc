// clang-format off: without this first the other headers of wolfSSL describe another library
#include <wolfssl/options.h>
// clang-format on

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <ctime>

#include <arpa/inet.h>
#include <wolfssl/wolfcrypt/asn_public.h>
#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/random.h>

#include "postrider/transport/tls/wolfssl/wolfssl_support.h"

namespace postrider::transport::wolfssl {
namespace {

constexpr std::size_t kDerOctets =
    2048;  // a P-256 certificate with one name of 253 octets has less than half

struct Generator {
  Generator() : ready(wc_InitRng(&rng) == 0) {}
  ~Generator() {
    if (ready) wc_FreeRng(&rng);
  }
  Generator(const Generator&) = delete;
  Generator& operator=(const Generator&) = delete;

  WC_RNG rng;
  bool ready;
};

struct Key {
  Key() : ready(wc_ecc_init(&key) == 0) {}
  ~Key() {
    if (ready) wc_ecc_free(&key);
  }
  Key(const Key&) = delete;
  Key& operator=(const Key&) = delete;

  ecc_key key;
  bool ready;
};

bool plain_name(std::string_view host) {
  if (host.empty() || host.size() > 120) return false;
  return std::ranges::all_of(host, [](char octet) {
    const bool letter = (octet >= 'a' && octet <= 'z') || (octet >= 'A' && octet <= 'Z');
    const bool digit = octet >= '0' && octet <= '9';
    return letter || digit || std::string_view("-._:*").contains(octet);
  });
}

// GeneralizedTime, which takes any year.
int write_date(std::chrono::system_clock::time_point at, byte* into) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(at);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  std::array<char, 32> text{};
  // UTCTime up to 2049, RFC 5280 4.1.2.5.
  const bool short_form = utc.tm_year < 150;
  const std::size_t size =
      std::strftime(text.data(), text.size(), short_form ? "%y%m%d%H%M%SZ" : "%Y%m%d%H%M%SZ", &utc);
  into[0] = short_form ? 0x17 : 0x18;
  into[1] = static_cast<byte>(size);
  std::memcpy(into + 2, text.data(), size);
  return static_cast<int>(size + 2);
}

// SubjectAltName with one name; lengths stay below 128.
int write_name(const std::string& host, byte* into) {
  std::array<unsigned char, 16> address{};
  std::string value = host;
  byte tag = 0x82;  // dNSName
  for (const auto& [family, size] : {std::pair(AF_INET, 4), std::pair(AF_INET6, 16)}) {
    if (inet_pton(family, host.c_str(), address.data()) != 1) continue;
    value.assign(reinterpret_cast<const char*>(address.data()), static_cast<std::size_t>(size));
    tag = 0x87;  // iPAddress
  }
  into[0] = 0x30;
  into[1] = static_cast<byte>(value.size() + 2);
  into[2] = tag;
  into[3] = static_cast<byte>(value.size());
  std::memcpy(into + 4, value.data(), value.size());
  return static_cast<int>(value.size() + 4);
}

std::string to_pem(const byte* der, int size, int type) {
  std::string pem(kDerOctets * 2, '\0');
  const int written = wc_DerToPem(der, static_cast<word32>(size), reinterpret_cast<byte*>(pem.data()),
                                  static_cast<word32>(pem.size()), type);
  pem.resize(written > 0 ? static_cast<std::size_t>(written) : 0);
  return pem;
}

}  // namespace

TlsResult<SelfSigned> make_self_signed(const SelfSignedOptions& options) {
  if (!plain_name(options.host)) return std::unexpected("'" + options.host + "' is no host name");
  const auto failure = [](std::string_view what, int code) {
    return std::unexpected("cannot make a certificate: " + std::string(what) + ": " + error_text(code));
  };
  Generator random;
  Key key;
  if (!random.ready || !key.ready) return std::unexpected("cannot make a certificate: no randomness");
  int code = wc_ecc_make_key(&random.rng, 32, &key.key);
  if (code != 0) return failure("key", code);

  const auto certificate = std::make_unique<Cert>();
  code = wc_InitCert(certificate.get());
  if (code != 0) return failure("certificate", code);
  const std::string common = options.host.substr(0, CTC_NAME_SIZE - 1).substr(0, 64);
  std::ranges::copy(common, certificate->subject.commonName);
  certificate->subject.commonNameEnc = CTC_UTF8;
  certificate->sigType = CTC_SHA256wECDSA;
  certificate->isCA = 0;
  certificate->selfSigned = 1;
  certificate->beforeDateSz = write_date(options.now - std::chrono::hours(1), certificate->beforeDate);
  certificate->afterDateSz = write_date(options.now + options.validity, certificate->afterDate);
  certificate->altNamesSz = write_name(options.host, certificate->altNames);

  std::array<byte, kDerOctets> der{};
  code = wc_MakeCert_ex(certificate.get(), der.data(), der.size(), ECC_TYPE, &key.key, &random.rng);
  if (code < 0) return failure("certificate", code);
  const int size = wc_SignCert_ex(certificate->bodySz, certificate->sigType, der.data(), der.size(), ECC_TYPE,
                                  &key.key, &random.rng);
  if (size < 0) return failure("signature", size);
  SelfSigned made;
  made.certificate_pem = to_pem(der.data(), size, CERT_TYPE);
  word32 key_size = kDerOctets;
  code = wc_EccKeyToPKCS8(&key.key, der.data(), &key_size);
  if (code < 0) return failure("key", code);
  made.key_pem = to_pem(der.data(), static_cast<int>(key_size), PKCS8_PRIVATEKEY_TYPE);
  if (made.certificate_pem.empty() || made.key_pem.empty())
    return std::unexpected("cannot write the certificate");
  return made;
}

}  // namespace postrider::transport::wolfssl
