#include "postrider/client/tls_result.h"

namespace postrider::client {

std::string_view to_string(TlsFailureType type) noexcept {
  switch (type) {
    case TlsFailureType::none: break;
    case TlsFailureType::starttls_not_supported: return "starttls-not-supported";
    case TlsFailureType::certificate_host_mismatch: return "certificate-host-mismatch";
    case TlsFailureType::certificate_not_trusted: return "certificate-not-trusted";
    case TlsFailureType::certificate_expired: return "certificate-expired";
    case TlsFailureType::validation_failure: return "validation-failure";
    case TlsFailureType::tlsa_invalid: return "tlsa-invalid";
    case TlsFailureType::dnssec_invalid: return "dnssec-invalid";
    case TlsFailureType::dane_required: return "dane-required";
    case TlsFailureType::sts_policy_fetch_error: return "sts-policy-fetch-error";
    case TlsFailureType::sts_policy_invalid: return "sts-policy-invalid";
    case TlsFailureType::sts_webpki_invalid: return "sts-webpki-invalid";
  }
  return "none";
}

std::string_view to_string(TlsPolicyType type) noexcept {
  switch (type) {
    case TlsPolicyType::sts: return "sts";
    case TlsPolicyType::tlsa: return "tlsa";
    case TlsPolicyType::no_policy_found: break;
  }
  return "no-policy-found";
}

std::optional<TlsFailureType> tls_failure_type_named(std::string_view name) noexcept {
  for (auto each = TlsFailureType::none; each <= TlsFailureType::sts_webpki_invalid;
       each = static_cast<TlsFailureType>(static_cast<int>(each) + 1)) {
    if (to_string(each) == name) return each;
  }
  return std::nullopt;
}

std::optional<TlsPolicyType> tls_policy_type_named(std::string_view name) noexcept {
  for (const auto each : {TlsPolicyType::no_policy_found, TlsPolicyType::sts, TlsPolicyType::tlsa}) {
    if (to_string(each) == name) return each;
  }
  return std::nullopt;
}

}  // namespace postrider::client
