#include "postrider/transport/tls/openssl/openssl_support.h"

#include <utility>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

namespace postrider::transport::openssl {
namespace {

Owned<BIO> reader(std::string_view text) {
  return Owned<BIO>(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// OpenSSL would ask at the terminal.
int no_password(char*, int, int, void*) { return -1; }

TlsResult<Owned<EVP_PKEY>> parse_key(std::string_view pem, const std::string& name) {
  ERR_clear_error();
  const Owned<BIO> bio = reader(pem);
  Owned<EVP_PKEY> key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr));
  if (key) return key;
  if (pem.contains("ENCRYPTED"))
    return std::unexpected("the private key in " + name + " is encrypted; store it without a password");
  return std::unexpected("no private key can be read in " + name + ": " + take_error("it is no PEM"));
}

}  // namespace

void Free::operator()(BIO* object) const noexcept { BIO_free(object); }
void Free::operator()(EVP_PKEY* object) const noexcept { EVP_PKEY_free(object); }
void Free::operator()(SSL_CTX* object) const noexcept { SSL_CTX_free(object); }
void Free::operator()(SSL_SESSION* object) const noexcept { SSL_SESSION_free(object); }
void Free::operator()(SSL* object) const noexcept { SSL_free(object); }
void Free::operator()(X509* object) const noexcept { X509_free(object); }

std::string take_error(std::string_view otherwise) {
  const unsigned long code = ERR_get_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  ERR_clear_error();
  return reason == nullptr ? std::string(otherwise) : std::string(reason);
}

TlsResult<std::vector<Owned<X509>>> parse_certificates(std::string_view pem, std::string_view name) {
  std::vector<Owned<X509>> found;
  ERR_clear_error();
  const Owned<BIO> bio = reader(pem);
  while (Owned<X509> certificate{PEM_read_bio_X509(bio.get(), nullptr, no_password, nullptr)}) {
    found.push_back(std::move(certificate));
  }
  const unsigned long code = ERR_peek_last_error();
  if (ERR_GET_LIB(code) == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE) {
    ERR_clear_error();
    if (!found.empty()) return found;
    return std::unexpected("there is no certificate in " + std::string(name));
  }
  return std::unexpected("certificate " + std::to_string(found.size() + 1) + " in " + std::string(name) +
                         " cannot be read: " + take_error("it is no PEM"));
}

TlsResult<Identity> load_identity(const TlsCertificate& certificate) {
  const auto chain_pem = certificate.chain.load("the certificate chain");
  if (!chain_pem) return std::unexpected(chain_pem.error());
  const auto key_pem = certificate.key.load("the private key");
  if (!key_pem) return std::unexpected(key_pem.error());
  auto chain = parse_certificates(*chain_pem, certificate.chain.name());
  if (!chain) return std::unexpected(chain.error());
  auto key = parse_key(*key_pem, certificate.key.name());
  if (!key) return std::unexpected(key.error());
  if (X509_check_private_key(chain->front().get(), key->get()) != 1) {
    ERR_clear_error();
    return std::unexpected("the private key in " + certificate.key.name() +
                           " does not belong to the first certificate in " + certificate.chain.name());
  }
  Identity identity;
  identity.leaf_der = to_der(chain->front().get());
  identity.chain = std::move(*chain);
  identity.key = std::move(*key);
  return identity;
}

TlsResult<void> trust(SSL_CTX* context, const TlsRoots& roots, bool names_to_client) {
  if (roots.from() == TlsRoots::From::nobody) return {};
  if (roots.from() == TlsRoots::From::system) {
    if (SSL_CTX_set_default_verify_paths(context) == 1) return {};
    return std::unexpected("cannot read the system's root certificates: " + take_error("unknown reason"));
  }
  const auto pem = roots.pem().load("the root certificates");
  if (!pem) return std::unexpected(pem.error());
  const auto certificates = parse_certificates(*pem, roots.pem().name());
  if (!certificates) return std::unexpected(certificates.error());
  for (const Owned<X509>& certificate : *certificates) {
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context), certificate.get());
    if (names_to_client) SSL_CTX_add_client_CA(context, certificate.get());
  }
  ERR_clear_error();
  return {};
}

std::string to_der(X509* certificate) {
  const int size = i2d_X509(certificate, nullptr);
  if (size <= 0) return {};
  std::string der(static_cast<std::size_t>(size), '\0');
  auto* out = reinterpret_cast<unsigned char*>(der.data());
  i2d_X509(certificate, &out);
  return der;
}

std::string hash(HashName name, std::string_view octets) {
  const EVP_MD* const digest = name == HashName::sha256   ? EVP_sha256()
                               : name == HashName::sha384 ? EVP_sha384()
                               : name == HashName::sha512 ? EVP_sha512()
                                                          : nullptr;
  if (digest == nullptr) return {};
  unsigned char value[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (EVP_Digest(octets.data(), octets.size(), value, &size, digest, nullptr) != 1) return {};
  return std::string(reinterpret_cast<const char*>(value), size);
}

}  // namespace postrider::transport::openssl
