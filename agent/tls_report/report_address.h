// Where a domain wants reports about TLS to be sent: the TXT record at "_smtp._tls." below it, RFC 8460 3.
//
//   parse_report_policy("v=TLSRPTv1; rua=mailto:reports@example.com")->mailboxes    // "reports@example.com"
//
// Pure. Whoever publishes a record is not trusted: at most kMostReportAddresses are taken of it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postrider::agent {

inline constexpr std::size_t kMostReportAddresses = 10;

struct ReportPolicy {
  std::vector<std::string> mailboxes;  // of mailto:, percent-encoding undone
  std::vector<std::string> urls;       // https:, as they stand there; HttpUrl can read them
};

// nullopt: no record of this version, or one without an address that can be used.
std::optional<ReportPolicy> parse_report_policy(std::string_view text);
// The record among all TXT records of the name: when more than one begins with "v=TLSRPTv1;" there is none.
std::optional<ReportPolicy> choose_report_policy(const std::vector<std::string>& texts);

}  // namespace postrider::agent
