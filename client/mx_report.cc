#include "postrider/client/mx_report.h"

#include <algorithm>
#include <array>
#include <utility>

namespace postrider::client {
namespace {

// By words of the backends' messages; what fits none is a validation-failure.
struct ByWord {
  std::string_view word;
  TlsFailureType type;
};
constexpr std::array kByWord = {
    ByWord{"expired", TlsFailureType::certificate_expired},
    ByWord{"not yet valid", TlsFailureType::certificate_expired},
    ByWord{"is for", TlsFailureType::certificate_host_mismatch},
    ByWord{"hostname", TlsFailureType::certificate_host_mismatch},
    ByWord{"name", TlsFailureType::certificate_host_mismatch},
    ByWord{"self-signed", TlsFailureType::certificate_not_trusted},
    ByWord{"self signed", TlsFailureType::certificate_not_trusted},
    ByWord{"issuer", TlsFailureType::certificate_not_trusted},
    ByWord{"root", TlsFailureType::certificate_not_trusted},
};

TlsFailureType by_words(std::string_view detail) noexcept {
  for (const ByWord& each : kByWord) {
    if (detail.find(each.word) != std::string_view::npos) return each.type;
  }
  return TlsFailureType::validation_failure;
}

}  // namespace

std::string_view to_string(MxStage stage) noexcept {
  switch (stage) {
    case MxStage::lookup: return "lookup";
    case MxStage::policy: return "policy";
    case MxStage::seat: return "seat";
    case MxStage::connect: return "connect";
    case MxStage::session: return "session";
  }
  std::unreachable();
}

TlsSummary TlsSummary::of(const transport::TlsInfo* info) {
  TlsSummary summary;
  if (info == nullptr) return summary;
  summary.encrypted = true;
  summary.version = info->version;
  summary.cipher = info->cipher;
  summary.trust = info->trust;
  summary.verification = info->verification;
  summary.peer = info->peer_subject;
  return summary;
}

std::string TlsSummary::text() const {
  if (!encrypted) return "no TLS";
  std::string text(to_string(version));
  text.append(", ").append(cipher);
  if (!peer.empty()) text.append("; ").append(peer);
  if (!verification.empty()) text.append(": ").append(verification);
  return text;
}

std::string MxAttempt::text() const {
  std::string text = host;
  if (endpoint && endpoint->is_ip()) text.append("[").append(endpoint->address_to_string()).append("]");
  text.append(":").append(std::to_string(port));
  if (reused) text.append(", connection reused");
  // TLS that failed was not meant to be clear text.
  const bool encrypting = phase == Phase::start_tls;
  if (reached == MxStage::session && !tls.encrypted && !encrypting) text.append(", in clear");
  if (tls.encrypted) text.append(", ").append(tls.text());
  text.append(": ").append(failed() ? why : std::to_string(delivered) + " delivered");
  return text;
}

bool MxReport::all_delivered() const noexcept {
  return std::ranges::all_of(recipients, [](const MxRecipient& each) { return each.delivered(); });
}

TlsPolicyType policy_type(const TlsDecision& decision) noexcept {
  switch (decision.reason) {
    case TlsReason::dane: return TlsPolicyType::tlsa;
    case TlsReason::sts:
    case TlsReason::sts_testing: return TlsPolicyType::sts;
    case TlsReason::route:
    case TlsReason::require_tls: break;
  }
  return TlsPolicyType::no_policy_found;
}

// RFC 8460 4.3.
TlsFailureType tls_failure_type(const Failure& failure, const TlsDecision& decision) noexcept {
  if (decision.verdict == TlsVerdict::defer) return TlsFailureType::dnssec_invalid;
  if (decision.verdict == TlsVerdict::skip_host) return TlsFailureType::validation_failure;
  // No handshake was begun: the server offers no STARTTLS, or refused it.
  if (failure.reply || !failure.error) return TlsFailureType::starttls_not_supported;
  return by_words(failure.detail);
}

TlsFailureType tls_failure_type(const TlsSummary& tls, const TlsDecision& decision, StsMatch sts) noexcept {
  if (!tls.encrypted) return TlsFailureType::starttls_not_supported;
  // RFC 8461 5 and 6: in mode testing all is as without the policy but the report.
  if (decision.reason != TlsReason::sts_testing) return TlsFailureType::none;
  if (sts == StsMatch::testing_unlisted) return TlsFailureType::validation_failure;
  return tls.trust == transport::TlsTrust::trusted ? TlsFailureType::none : by_words(tls.verification);
}

// RFC 8460 4.3.2.2 and RFC 8461 6: where the TXT record is no valid one either, nothing was announced; unless
// a policy of before says that there should be one.
TlsFailureType tls_failure_type(const StsVerdict& verdict) noexcept {
  switch (verdict.fault) {
    case resolver::StsFault::none: break;
    case resolver::StsFault::dns:
      return verdict.kept ? TlsFailureType::sts_policy_fetch_error : TlsFailureType::none;
    case resolver::StsFault::fetch: return TlsFailureType::sts_policy_fetch_error;
    case resolver::StsFault::webpki: return TlsFailureType::sts_webpki_invalid;
    case resolver::StsFault::invalid: return TlsFailureType::sts_policy_invalid;
  }
  return TlsFailureType::none;
}

}  // namespace postrider::client
