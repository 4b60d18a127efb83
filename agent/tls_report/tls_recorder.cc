#include "postrider/agent/tls_report/tls_recorder.h"

#include <optional>
#include <string>
#include <utility>

#include "postrider/resolver/domain_name.h"

namespace postrider::agent {
namespace {

// The lines of an MTA-STS policy, which a report has one by one: RFC 8460 4.4.
std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.empty()) out.emplace_back(line);
  }
  return out;
}

// "3 1 1 AB12…": RFC 6698 2.2.
std::string text_of(const transport::TlsaRecord& record) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out = std::to_string(record.usage) + " " + std::to_string(record.selector) + " " +
                    std::to_string(record.matching) + " ";
  for (const char octet : record.data) {
    const auto value = static_cast<unsigned char>(octet);
    out += kDigits[value >> 4];
    out += kDigits[value & 15];
  }
  return out;
}

}  // namespace

void TlsRecorder::attempted(std::string_view domain, const client::MxAttempt& attempt) {
  if (!attempt.tls_result || attempt.reused) return;
  ReportedSession session;
  session.failure = *attempt.tls_result;
  if (session.failure != TlsFailureType::none) {
    session.receiving_host = attempt.host;
    if (attempt.endpoint) session.receiving_address = attempt.endpoint->address_to_string();
    session.reason = attempt.tls_reason;
  }
  const auto day = std::chrono::floor<std::chrono::days>(clock_.system_now());
  counts_.record(day, domain, policy_of(domain, attempt, attempt.policy_type), std::move(session));
  if (attempt.sts_fault == TlsFailureType::none) return;
  // RFC 8461 6. The host is not at fault, and is not named.
  ReportedSession without;
  without.failure = attempt.sts_fault;
  without.reason = attempt.sts_failure;
  counts_.record(day, domain, policy_of(domain, attempt, TlsPolicyType::sts), std::move(without));
}

ReportedPolicy TlsRecorder::policy_of(std::string_view domain, const client::MxAttempt& attempt,
                                      TlsPolicyType type) const {
  ReportedPolicy policy;
  policy.type = type;
  if (type == TlsPolicyType::tlsa) {
    // RFC 8460 1.1: the policy domain of DANE is the TLSA base domain.
    policy.domain = attempt.decision ? attempt.decision->target.name : attempt.host;
    if (!attempt.decision) return policy;
    for (const transport::TlsaRecord& each : attempt.decision->target.tlsa) {
      policy.lines.push_back(text_of(each));
    }
  } else if (type == TlsPolicyType::sts && policies_ != nullptr) {
    const auto name = resolver::DomainName::parse(domain);
    if (!name) return policy;
    const auto entry = policies_->find(*name, clock_.system_now());
    if (!entry) return policy;
    policy.lines = lines_of(entry->policy.text());
    for (const resolver::StsPattern& each : entry->policy.mx) policy.hosts.push_back(each.text());
  }
  return policy;
}

}  // namespace postrider::agent
