// How TLS with a host worked out, in the terms of TLSRPT: RFC 8460 4.3 and 4.4. The names of the RFC stand
// here and nowhere else.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace postrider::client {

// RFC 8460 4.3; `none`: the session was established as the policy wants.
enum class TlsFailureType : std::uint8_t {
  none,
  starttls_not_supported,
  certificate_host_mismatch,
  certificate_not_trusted,
  certificate_expired,
  validation_failure,
  tlsa_invalid,
  dnssec_invalid,
  dane_required,
  sts_policy_fetch_error,
  sts_policy_invalid,
  sts_webpki_invalid,
};
// "starttls-not-supported"
std::string_view to_string(TlsFailureType type) noexcept;
// nullopt for what is no type; "none" is one.
std::optional<TlsFailureType> tls_failure_type_named(std::string_view name) noexcept;

// Whose wish a session was held against, RFC 8460 4.4.
enum class TlsPolicyType : std::uint8_t { no_policy_found, sts, tlsa };
std::string_view to_string(TlsPolicyType type) noexcept;
std::optional<TlsPolicyType> tls_policy_type_named(std::string_view name) noexcept;

}  // namespace postrider::client
