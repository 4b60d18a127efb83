#include "postrider/client/mx_report.h"

#include <algorithm>
#include <array>
#include <utility>

namespace postrider::client {
namespace {

// By words of the backends' messages; what fits none is a validation-failure.
struct ByWord {
  std::string_view word;
  std::string_view type;
};
constexpr std::array kByWord = {
    ByWord{"expired", "certificate-expired"},         ByWord{"not yet valid", "certificate-expired"},
    ByWord{"is for", "certificate-host-mismatch"},    ByWord{"hostname", "certificate-host-mismatch"},
    ByWord{"name", "certificate-host-mismatch"},      ByWord{"self-signed", "certificate-not-trusted"},
    ByWord{"self signed", "certificate-not-trusted"}, ByWord{"issuer", "certificate-not-trusted"},
    ByWord{"root", "certificate-not-trusted"},
};

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

std::string_view policy_type(const TlsDecision& decision) noexcept {
  switch (decision.reason) {
    case TlsReason::dane: return "tlsa";
    case TlsReason::sts:
    case TlsReason::sts_testing: return "sts";
    case TlsReason::route:
    case TlsReason::require_tls: break;
  }
  return "no-policy-found";
}

// RFC 8460 4.3.
std::string_view tls_failure_type(const Failure& failure, const TlsDecision& decision) noexcept {
  if (decision.verdict == TlsVerdict::defer) return "dnssec-invalid";
  if (decision.verdict == TlsVerdict::skip_host) return "validation-failure";
  // No handshake was begun: the server offers no STARTTLS, or refused it.
  if (failure.reply || !failure.error) return "starttls-not-supported";
  for (const ByWord& each : kByWord) {
    if (failure.detail.find(each.word) != std::string::npos) return each.type;
  }
  return "validation-failure";
}

}  // namespace postrider::client
