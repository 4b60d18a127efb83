// What the files of this backend share. wolfSSL's types appear as the structs they are: its headers clash
// with OpenSSL's and redefine Asio's macros, so they stay in the sources.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "postrider/transport/tls/certificate.h"
#include "postrider/transport/tls/provider.h"
#include "postrider/transport/tls/session_cache.h"

struct WOLFSSL;
struct WOLFSSL_BIO;
struct WOLFSSL_CERT_MANAGER;
struct WOLFSSL_CTX;
struct WOLFSSL_EVP_MD_CTX;
struct WOLFSSL_EVP_PKEY;
struct WOLFSSL_SESSION;
struct WOLFSSL_X509;

namespace postrider::transport::wolfssl {

struct Free {
  void operator()(WOLFSSL* object) const noexcept;
  void operator()(WOLFSSL_BIO* object) const noexcept;
  void operator()(WOLFSSL_CERT_MANAGER* object) const noexcept;
  void operator()(WOLFSSL_CTX* object) const noexcept;
  void operator()(WOLFSSL_EVP_MD_CTX* object) const noexcept;
  void operator()(WOLFSSL_EVP_PKEY* object) const noexcept;
  void operator()(WOLFSSL_SESSION* object) const noexcept;
  void operator()(WOLFSSL_X509* object) const noexcept;
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

// To be called by whatever computes with elliptic curves. wolfSSL keeps points for speed, 800 KiB of them in
// every thread that did so; with this they go when the thread ends.
void free_points_with_thread() noexcept;

// What wolfSSL says about one of its numbers.
std::string error_text(int code);
std::string hash(HashName name, std::string_view octets);

// Certificates to believe.
//
// wolfSSL's contexts are given none: with a verify callback that overrides an error it would take the
// intermediates it was shown for good, for every later connection. Chains are judged here instead, each on
// its own, against roots that nobody adds to.
class Roots {
 public:
  static TlsResult<std::shared_ptr<const Roots>> load(const TlsRoots& roots);
  // One certificate alone, as DER; empty when wolfSSL does not take it.
  static std::shared_ptr<const Roots> of(std::string_view der);

  // Whether a chain (DER, leaf first, what comes with it in any order) leads to a root, with all dates and
  // signatures right; otherwise why not.
  Verification judge(const std::vector<std::string_view>& chain) const;

 private:
  friend class Climb;
  int verify(std::string_view der) const;

  Owned<WOLFSSL_CTX> holder_;  // owns the manager of the system's roots
  Owned<WOLFSSL_CERT_MANAGER> own_;
  WOLFSSL_CERT_MANAGER* manager_ = nullptr;
};

// By the policy of the target: chain, purpose and name, or TLSA records.
Verification judge_server(const std::vector<std::string_view>& chain, const TlsTarget& target,
                          const Roots& roots);
Verification judge_client(const std::vector<std::string_view>& chain, const Roots& roots);

TlsResult<SelfSigned> make_self_signed(const SelfSignedOptions& options);

}  // namespace postrider::transport::wolfssl
