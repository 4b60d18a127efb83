#include <array>
#include <string>

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "postrider/transport/tls/openssl/openssl_support.h"

namespace postrider::transport::openssl {
namespace {

// A name with a comma or a line end would be read as more than one.
bool plain_name(std::string_view host) {
  if (host.empty() || host.size() > 253) return false;
  for (const char octet : host) {
    const bool letter = (octet >= 'a' && octet <= 'z') || (octet >= 'A' && octet <= 'Z');
    const bool digit = octet >= '0' && octet <= '9';
    if (!letter && !digit && std::string_view("-._:*").find(octet) == std::string_view::npos) return false;
  }
  return true;
}

bool add_extension(X509* certificate, int id, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, id, value.c_str());
  if (extension == nullptr) return false;
  const bool added = X509_add_ext(certificate, extension, -1) == 1;
  X509_EXTENSION_free(extension);
  return added;
}

bool set_serial(X509* certificate) {
  std::array<unsigned char, 16> octets;
  if (RAND_bytes(octets.data(), static_cast<int>(octets.size())) != 1) return false;
  octets[0] &= 0x7F;
  BIGNUM* const number = BN_bin2bn(octets.data(), static_cast<int>(octets.size()), nullptr);
  if (number == nullptr) return false;
  const bool set = BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != nullptr;
  BN_free(number);
  return set;
}

bool fill(X509* certificate, EVP_PKEY* key, const SelfSignedOptions& options) {
  const auto start = std::chrono::system_clock::to_time_t(options.now - std::chrono::hours(1));
  const auto end = std::chrono::system_clock::to_time_t(options.now + options.validity);
  X509_NAME* const name = X509_get_subject_name(certificate);
  // A common name has 64 characters at most, RFC 5280 appendix A.1.
  const std::string common = options.host.substr(0, 64);
  const auto* const octets = reinterpret_cast<const unsigned char*>(common.data());
  const std::string kind = is_ip_address(options.host) ? "IP:" : "DNS:";
  return X509_set_version(certificate, X509_VERSION_3) == 1 && set_serial(certificate) &&
         ASN1_TIME_set(X509_getm_notBefore(certificate), start) != nullptr &&
         ASN1_TIME_set(X509_getm_notAfter(certificate), end) != nullptr &&
         X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8, octets,
                                    static_cast<int>(common.size()), -1, 0) == 1 &&
         X509_set_issuer_name(certificate, name) == 1 && X509_set_pubkey(certificate, key) == 1 &&
         add_extension(certificate, NID_subject_alt_name, kind + options.host) &&
         add_extension(certificate, NID_basic_constraints, "critical,CA:FALSE") &&
         X509_sign(certificate, key, EVP_sha256()) != 0;
}

template <class Write>
std::string to_pem(Write write) {
  const Owned<BIO> bio(BIO_new(BIO_s_mem()));
  if (!bio || !write(bio.get())) return {};
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return size > 0 ? std::string(data, static_cast<std::size_t>(size)) : std::string();
}

}  // namespace

TlsResult<SelfSigned> make_self_signed(const SelfSignedOptions& options) {
  if (!plain_name(options.host)) return std::unexpected("'" + options.host + "' is no host name");
  ERR_clear_error();
  const Owned<EVP_PKEY> key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
  const Owned<X509> certificate(X509_new());
  if (!key || !certificate || !fill(certificate.get(), key.get(), options))
    return std::unexpected("cannot make a certificate: " + take_error("OpenSSL does not say why"));
  SelfSigned made;
  made.certificate_pem = to_pem([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate.get()) == 1; });
  made.key_pem = to_pem([&](BIO* bio) {
    return PEM_write_bio_PKCS8PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1;
  });
  if (made.certificate_pem.empty() || made.key_pem.empty())
    return std::unexpected("cannot write the certificate: " + take_error("OpenSSL does not say why"));
  return made;
}

}  // namespace postrider::transport::openssl
