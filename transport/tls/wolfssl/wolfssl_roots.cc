// clang-format off: without this first the other headers of wolfSSL describe another library
#include <wolfssl/options.h>
// clang-format on

#include <algorithm>
#include <cstddef>
#include <utility>

#include <wolfssl/error-ssl.h>
#include <wolfssl/openssl/evp.h>
#include <wolfssl/ssl.h>
#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/error-crypt.h>
#include <wolfssl/wolfcrypt/sha256.h>
#include <wolfssl/wolfcrypt/sha512.h>

#include "postrider/transport/tls/wolfssl/wolfssl_support.h"

namespace postrider::transport::wolfssl {
namespace {

const unsigned char* octets(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string refusal(int code) {
  switch (code) {
    case ASN_NO_SIGNER_E: return "no trusted root vouches for it";
    case ASN_SELF_SIGNED_E: return "it is self-signed";
    case ASN_AFTER_DATE_E: return "the certificate has expired";
    case ASN_BEFORE_DATE_E: return "the certificate is not yet valid";
    default: return error_text(code);
  }
}

// An error that says more than that the way up is not known.
bool telling(int code) { return code != ASN_NO_SIGNER_E && code != ASN_SELF_SIGNED_E; }

}  // namespace

// The way from a leaf up to a root, through what the peer has sent.
class Climb {
 public:
  Climb(const Roots& roots, const std::vector<std::string_view>& chain) : roots_(roots) {
    for (const std::string_view der : chain) {
      if (certificates_.size() == kMostCertificates) break;
      if (auto view = CertificateView::parse(der)) certificates_.push_back(*view);
    }
    used_.resize(certificates_.size());
  }

  Verification run() {
    if (certificates_.empty()) return {TlsTrust::failed, "it cannot be read"};
    std::size_t at = 0;
    for (std::size_t height = 0;; ++height) {
      used_[at] = true;
      const int code = roots_.verify(certificates_[at].der());
      if (code == WOLFSSL_SUCCESS) return {TlsTrust::trusted, {}};
      if (telling(code)) return {TlsTrust::failed, refusal(code)};
      const std::size_t signer = find_signer(at, height);
      if (signer == certificates_.size())
        return {TlsTrust::failed, refusal(telling(problem_) ? problem_ : code)};
      at = signer;
    }
  }

 private:
  static constexpr std::size_t kMostCertificates = 10;

  // One among the peer's certificates that has signed `below`, and may; all of them when there is none.
  std::size_t find_signer(std::size_t below, std::size_t height) {
    for (std::size_t index = 0; index < certificates_.size(); ++index) {
      const CertificateView& candidate = certificates_[index];
      if (used_[index] || candidate.subject_der() != certificates_[below].issuer_der()) continue;
      if (!candidate.may_sign(height)) continue;
      const auto signer = Roots::of(candidate.der());
      problem_ = signer ? signer->verify(certificates_[below].der()) : ASN_NO_SIGNER_E;
      if (problem_ == WOLFSSL_SUCCESS) return index;
    }
    return certificates_.size();
  }

  const Roots& roots_;
  std::vector<CertificateView> certificates_;
  std::vector<bool> used_;
  int problem_ = ASN_NO_SIGNER_E;
};

void Free::operator()(WOLFSSL* object) const noexcept { wolfSSL_free(object); }
void Free::operator()(WOLFSSL_CERT_MANAGER* object) const noexcept { wolfSSL_CertManagerFree(object); }
void Free::operator()(WOLFSSL_CTX* object) const noexcept { wolfSSL_CTX_free(object); }
void Free::operator()(WOLFSSL_BIO* object) const noexcept { wolfSSL_BIO_free(object); }
void Free::operator()(WOLFSSL_EVP_MD_CTX* object) const noexcept { wolfSSL_EVP_MD_CTX_free(object); }
void Free::operator()(WOLFSSL_EVP_PKEY* object) const noexcept { wolfSSL_EVP_PKEY_free(object); }
void Free::operator()(WOLFSSL_X509* object) const noexcept { wolfSSL_X509_free(object); }
void Free::operator()(WOLFSSL_SESSION* object) const noexcept { wolfSSL_SESSION_free(object); }

void free_points_with_thread() noexcept {
  struct Points {
    Points() noexcept {}
    ~Points() { wc_ecc_fp_free(); }
  };
  [[maybe_unused]] static thread_local const Points points;
}

std::string error_text(int code) {
  char text[WOLFSSL_MAX_ERROR_SZ] = {};
  wolfSSL_ERR_error_string_n(static_cast<unsigned long>(static_cast<long>(code)), text, sizeof text);
  return text;
}

std::string hash(HashName name, std::string_view text) {
  unsigned char value[WC_MAX_DIGEST_SIZE];
  const auto size = static_cast<word32>(text.size());
  int failed = 1;
  std::size_t length = 0;
  switch (name) {
    case HashName::sha256:
      failed = wc_Sha256Hash(octets(text), size, value);
      length = WC_SHA256_DIGEST_SIZE;
      break;
    case HashName::sha384:
      failed = wc_Sha384Hash(octets(text), size, value);
      length = WC_SHA384_DIGEST_SIZE;
      break;
    case HashName::sha512:
      failed = wc_Sha512Hash(octets(text), size, value);
      length = WC_SHA512_DIGEST_SIZE;
      break;
    case HashName::none: break;
  }
  return failed != 0 ? std::string() : std::string(reinterpret_cast<const char*>(value), length);
}

TlsResult<std::shared_ptr<const Roots>> Roots::load(const TlsRoots& roots) {
  auto made = std::make_shared<Roots>();
  if (roots.from() == TlsRoots::From::system) {
    made->holder_.reset(wolfSSL_CTX_new(wolfTLS_client_method()));
    if (!made->holder_ || wolfSSL_CTX_load_system_CA_certs(made->holder_.get()) != WOLFSSL_SUCCESS)
      return std::unexpected("cannot read the system's root certificates");
    made->manager_ = wolfSSL_CTX_GetCertManager(made->holder_.get());
    return made;
  }
  made->own_.reset(wolfSSL_CertManagerNew());
  made->manager_ = made->own_.get();
  if (made->manager_ == nullptr) return std::unexpected("no memory for root certificates");
  if (roots.from() == TlsRoots::From::nobody) return made;
  const auto pem = roots.pem().load("the root certificates");
  if (!pem) return std::unexpected(pem.error());
  if (!pem->contains("-----BEGIN"))
    return std::unexpected("there is no certificate in " + roots.pem().name());
  const int code = wolfSSL_CertManagerLoadCABuffer(made->manager_, octets(*pem),
                                                   static_cast<long>(pem->size()), WOLFSSL_FILETYPE_PEM);
  if (code == WOLFSSL_SUCCESS) return made;
  return std::unexpected("the root certificates in " + roots.pem().name() +
                         " cannot be read: " + error_text(code));
}

std::shared_ptr<const Roots> Roots::of(std::string_view der) {
  auto made = std::make_shared<Roots>();
  made->own_.reset(wolfSSL_CertManagerNew());
  made->manager_ = made->own_.get();
  if (made->manager_ == nullptr) return nullptr;
  const int code = wolfSSL_CertManagerLoadCABuffer(made->manager_, octets(der), static_cast<long>(der.size()),
                                                   WOLFSSL_FILETYPE_ASN1);
  return code == WOLFSSL_SUCCESS ? made : nullptr;
}

int Roots::verify(std::string_view der) const {
  return wolfSSL_CertManagerVerifyBuffer(manager_, octets(der), static_cast<long>(der.size()),
                                         WOLFSSL_FILETYPE_ASN1);
}

Verification Roots::judge(const std::vector<std::string_view>& chain) const {
  return Climb(*this, chain).run();
}

namespace {

// The first of the target's names that the certificate has.
const std::string* fitting_name(const CertificateView& leaf, const TlsTarget& target) {
  if (certificate_fits(leaf, target.name)) return &target.name;
  const auto found = std::ranges::find_if(
      target.also, [&](const std::string& name) { return certificate_fits(leaf, name); });
  return found == target.also.end() ? nullptr : &*found;
}

// What is left to ask when the chain is right.
Verification judge_leaf(const CertificateView& leaf, const TlsTarget& target, std::string_view who) {
  if (!leaf.allows(true)) return {TlsTrust::failed, "the certificate is not for TLS servers"};
  const std::string* const name = fitting_name(leaf, target);
  if (name == nullptr) return {TlsTrust::failed, mismatch_text(leaf, target.name)};
  return {TlsTrust::trusted, std::string(who) + *name};
}

// RFC 7672 3.1.2: the record names one that has signed, and its chain, dates and name must be right.
Verification judge_anchor(const std::vector<std::string_view>& chain, const CertificateView& leaf,
                          const TlsTarget& target, const TlsaRecord& record) {
  std::shared_ptr<const Roots> anchor;
  for (std::size_t index = 1; index < chain.size() && !anchor; ++index) {
    const auto view = CertificateView::parse(chain[index]);
    if (view && view->may_sign(0) && tlsa_matches(record, *view, hash)) anchor = Roots::of(view->der());
  }
  // A whole certificate in the record need not be sent.
  if (!anchor && record.selector == 0 && record.matching == 0) anchor = Roots::of(record.data);
  if (!anchor) return {TlsTrust::failed, "no TLSA record matches"};
  Verification verdict = anchor->judge(chain);
  if (verdict.trust != TlsTrust::trusted) return verdict;
  return judge_leaf(leaf, target, tlsa_text(record) + " matches, for ");
}

Verification judge_dane(const std::vector<std::string_view>& chain, const CertificateView& leaf,
                        const TlsTarget& target) {
  for (const TlsaRecord& record : target.tlsa) {
    // RFC 7672 3.1.1: neither name nor dates count.
    if (record.usage == 3 && tlsa_matches(record, leaf, hash))
      return {TlsTrust::trusted, tlsa_text(record) + " matches"};
  }
  Verification verdict = {TlsTrust::failed, "no TLSA record matches"};
  for (const TlsaRecord& record : target.tlsa) {
    if (record.usage != 2 || !record.usable()) continue;
    verdict = judge_anchor(chain, leaf, target, record);
    if (verdict.trust == TlsTrust::trusted) break;
  }
  return verdict;
}

}  // namespace

Verification judge_server(const std::vector<std::string_view>& chain, const TlsTarget& target,
                          const Roots& roots) {
  if (target.policy == TlsPolicy::none)
    return {TlsTrust::unchecked, "not verified: the policy asks for none"};
  const auto leaf = chain.empty() ? std::nullopt : CertificateView::parse(chain.front());
  if (!leaf) return {TlsTrust::failed, "it cannot be read"};
  if (target.policy == TlsPolicy::dane) return judge_dane(chain, *leaf, target);
  Verification verdict = roots.judge(chain);
  if (verdict.trust != TlsTrust::trusted) return verdict;
  if (target.name.empty()) return {TlsTrust::trusted, "a trusted root vouches for the certificate"};
  return judge_leaf(*leaf, target, "a trusted root vouches for ");
}

Verification judge_client(const std::vector<std::string_view>& chain, const Roots& roots) {
  const auto leaf = chain.empty() ? std::nullopt : CertificateView::parse(chain.front());
  if (!leaf) return {TlsTrust::unchecked, "the client showed no certificate"};
  Verification verdict = roots.judge(chain);
  if (verdict.trust != TlsTrust::trusted) return verdict;
  if (!leaf->allows(false)) return {TlsTrust::failed, "the certificate is not for TLS clients"};
  return {TlsTrust::trusted, "a trusted root vouches for the client"};
}

}  // namespace postrider::transport::wolfssl
