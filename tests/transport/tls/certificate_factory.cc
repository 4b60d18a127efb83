#include "postrider/tests/transport/tls/certificate_factory.h"

#include <ctime>
#include <stdexcept>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "postrider/transport/tls/certificate.h"

namespace postrider::tests {

using namespace transport;
namespace {

void require(bool fine) {
  if (!fine) throw std::runtime_error("OpenSSL cannot make the certificates of this test");
}

template <class Write>
std::string written(Write write) {
  BIO* const bio = BIO_new(BIO_s_mem());
  require(write(bio));
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string text(data, static_cast<std::size_t>(size));
  BIO_free(bio);
  return text;
}

void add_extension(X509* certificate, int id, const std::string& value) {
  if (value.empty()) return;
  X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, nullptr, id, value.c_str());
  require(extension != nullptr && X509_add_ext(certificate, extension, -1) == 1);
  X509_EXTENSION_free(extension);
}

std::string alternative_names(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) {
    if (!list.empty()) list += ",";
    const bool has_kind = name.starts_with("IP:") || name.starts_with("email:");
    list += has_kind ? name : "DNS:" + name;
  }
  return list;
}

std::string digest(const EVP_MD* method, std::string_view octets) {
  unsigned char value[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  require(EVP_Digest(octets.data(), octets.size(), value, &size, method, nullptr) == 1);
  return std::string(reinterpret_cast<const char*>(value), size);
}

CertificateOptions authority(const std::string& name) {
  CertificateOptions options;
  options.common = name;
  options.authority = true;
  return options;
}

CertificateOptions long_gone() {
  CertificateOptions options({"mx.example.test"});
  options.from = std::chrono::hours(-48);
  options.to = std::chrono::hours(-24);
  return options;
}

CertificateOptions for_clients() {
  CertificateOptions options({"user.example.test"});
  options.usage = "clientAuth";
  return options;
}

// One end of a connection by OpenSSL itself.
struct RawPeer {
  RawPeer(const SSL_METHOD* method, int version) : context(SSL_CTX_new(method)) {
    SSL_CTX_set_security_level(context, 0);
    SSL_CTX_set_min_proto_version(context, version);
    SSL_CTX_set_max_proto_version(context, version);
    SSL_CTX_set_cipher_list(context, "ALL:@SECLEVEL=0");
    ssl = SSL_new(context);
    in = BIO_new(BIO_s_mem());
    out = BIO_new(BIO_s_mem());
    BIO_set_mem_eof_return(in, -1);
    SSL_set_bio(ssl, in, out);
  }
  ~RawPeer() {
    SSL_free(ssl);
    SSL_CTX_free(context);
  }
  RawPeer(const RawPeer&) = delete;
  RawPeer& operator=(const RawPeer&) = delete;

  void receive(std::string_view octets) const {
    if (!octets.empty()) BIO_write(in, octets.data(), static_cast<int>(octets.size()));
  }
  std::string output() const {
    std::string text(BIO_ctrl_pending(out), '\0');
    if (!text.empty()) BIO_read(out, text.data(), static_cast<int>(text.size()));
    return text;
  }

  SSL_CTX* context;
  SSL* ssl;
  BIO* in;
  BIO* out;
};

// Carries what either has to say to the other.
template <class Serve>
void exchange(const RawPeer& client, TlsEngine& server, Serve serve) {
  std::string kept = client.output();
  if (!kept.empty()) server.give(kept);
  serve();
  client.receive(server.output());
  server.sent(server.output().size());
}

}  // namespace

TestCertificate::TestCertificate(const CertificateOptions& options, const TestCertificate* issuer)
    : certificate_(X509_new(), X509_free),
      key_(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"), EVP_PKEY_free) {
  static long serial = 1000;
  X509* const x = certificate_.get();
  const std::string common = options.common.empty() ? options.names.front() : options.common;
  X509_NAME* const name = X509_get_subject_name(x);
  const auto* const octets = reinterpret_cast<const unsigned char*>(common.data());
  require(X509_set_version(x, X509_VERSION_3) == 1);
  require(ASN1_INTEGER_set(X509_get_serialNumber(x), ++serial) == 1);
  require(X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8, octets,
                                     static_cast<int>(common.size()), -1, 0) == 1);
  const auto now = std::chrono::system_clock::now();
  ASN1_TIME_set(X509_getm_notBefore(x), std::chrono::system_clock::to_time_t(now + options.from));
  ASN1_TIME_set(X509_getm_notAfter(x), std::chrono::system_clock::to_time_t(now + options.to));
  require(X509_set_pubkey(x, key_.get()) == 1);
  const X509* const signer = issuer == nullptr ? x : issuer->certificate_.get();
  require(X509_set_issuer_name(x, X509_get_subject_name(signer)) == 1);
  add_extension(x, NID_basic_constraints, options.authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
  if (options.authority) add_extension(x, NID_key_usage, "critical,keyCertSign,cRLSign");
  add_extension(x, NID_subject_alt_name, alternative_names(options.names));
  add_extension(x, NID_ext_key_usage, options.usage);
  require(X509_sign(x, (issuer == nullptr ? *this : *issuer).key_.get(), EVP_sha256()) != 0);
  pem_ = written([&](BIO* bio) { return PEM_write_bio_X509(bio, x) == 1; });
  key_pem_ = written([&](BIO* bio) {
    return PEM_write_bio_PKCS8PrivateKey(bio, key_.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1;
  });
  der_ = written([&](BIO* bio) { return i2d_X509_bio(bio, x) == 1; });
}

TlsCertificate TestCertificate::with(std::initializer_list<const TestCertificate*> rest) const {
  std::string chain = pem_;
  for (const TestCertificate* certificate : rest) chain += certificate->pem_;
  return TlsCertificate(PemSource::text(chain), PemSource::text(key_pem_));
}

TlsaRecord TestCertificate::tlsa(int usage, int selector, int matching) const {
  TlsaRecord record;
  record.usage = static_cast<std::uint8_t>(usage);
  record.selector = static_cast<std::uint8_t>(selector);
  record.matching = static_cast<std::uint8_t>(matching);
  const std::string_view selected = selector == 0 ? der_ : CertificateView::parse(der_)->public_key();
  record.data =
      matching == 0 ? std::string(selected) : digest(matching == 1 ? EVP_sha256() : EVP_sha512(), selected);
  return record;
}

TestPki::TestPki()
    : root(authority("Test Root")),
      intermediate(authority("Test Intermediate"), &root),
      server(CertificateOptions({"mx.example.test", "IP:192.0.2.1"}), &intermediate),
      other(CertificateOptions({"other.example.test"}), &intermediate),
      wildcard(CertificateOptions({"*.wild.test"}), &intermediate),
      expired(long_gone(), &intermediate),
      client(for_clients(), &intermediate),
      stranger(CertificateOptions({"mx.example.test"})) {}

const TestPki& TestPki::instance() {
  static const TestPki pki;
  return pki;
}

std::string old_client_hello() {
  const RawPeer peer(TLS_client_method(), TLS1_1_VERSION);
  SSL_connect(peer.ssl);
  return peer.output();
}

std::string old_server_answer(std::string_view client_hello) {
  const RawPeer peer(TLS_server_method(), TLS1_1_VERSION);
  peer.receive(client_hello);
  SSL_accept(peer.ssl);
  return peer.output();
}

bool renegotiates(TlsEngine& server) {
  const RawPeer client(TLS_client_method(), TLS1_2_VERSION);
  for (int round = 0; round < 4; ++round) {
    SSL_connect(client.ssl);
    exchange(client, server, [&] { (void)server.handshake(); });
  }
  SSL_connect(client.ssl);
  require(SSL_is_init_finished(client.ssl) == 1);
  SSL_renegotiate(client.ssl);
  for (int round = 0; round < 4; ++round) {
    SSL_do_handshake(client.ssl);
    char text[64];
    exchange(client, server, [&] { (void)server.read(text); });
    SSL_read(client.ssl, text, sizeof text);
  }
  return SSL_total_renegotiations(client.ssl) > 0 && SSL_is_init_finished(client.ssl) == 1 &&
         SSL_renegotiate_pending(client.ssl) == 0;
}

}  // namespace postrider::tests
