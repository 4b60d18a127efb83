// What the files of this backend share. OpenSSL's types appear as the structs they are, so that its headers
// stay in the sources.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "postrider/transport/tls/certificate.h"
#include "postrider/transport/tls/provider.h"

struct bio_st;
struct evp_pkey_st;
struct ssl_ctx_st;
struct ssl_session_st;
struct ssl_st;
struct x509_st;

namespace postrider::transport::openssl {

struct Free {
  void operator()(bio_st* object) const noexcept;
  void operator()(evp_pkey_st* object) const noexcept;
  void operator()(ssl_ctx_st* object) const noexcept;
  void operator()(ssl_session_st* object) const noexcept;
  void operator()(ssl_st* object) const noexcept;
  void operator()(x509_st* object) const noexcept;
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

// The reason of the oldest error in OpenSSL's queue, which is emptied; `otherwise` when there is none.
std::string take_error(std::string_view otherwise);

struct Identity {
  std::vector<Owned<x509_st>> chain;  // leaf first
  Owned<evp_pkey_st> key;
  std::string leaf_der;
};
// Reads a chain and its key and makes sure that they belong together.
TlsResult<Identity> load_identity(const TlsCertificate& certificate);

// Every certificate of a PEM text, at least one.
TlsResult<std::vector<Owned<x509_st>>> parse_certificates(std::string_view pem, std::string_view name);

// Lets the context believe these roots; `names_to_client` also tells clients whose certificates are wanted.
TlsResult<void> trust(ssl_ctx_st* context, const TlsRoots& roots, bool names_to_client);

std::string to_der(x509_st* certificate);
std::string hash(HashName name, std::string_view octets);

TlsResult<SelfSigned> make_self_signed(const SelfSignedOptions& options);

}  // namespace postrider::transport::openssl
