// How TLS with other servers worked out, counted for the daily reports of TLSRPT: RFC 8460 4.
//
//   counts.record(day, "example.org", policy, session);          // once for each attempt at TLS
//   const auto domains = counts.domains(day);
//   const std::string json = write_report(head, day, "example.org", counts.policies(day, "example.org"));
//
// Days are of UTC, RFC 8460 4.1. Memory is bounded by the constants below: what is beyond is still counted in
// the totals as long as its policy is known, but not told apart. Not safe for use from several threads.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "postrider/client/tls_result.h"

namespace postrider::agent {

inline constexpr std::size_t kMostReportedDomains = 20'000;  // domains of spam are endless
inline constexpr std::size_t kMostPoliciesOfDomain = 8;      // it may change its policy during a day
inline constexpr std::size_t kMostFailureKinds = 100;        // of one policy
inline constexpr std::size_t kMostReportedLines = 100;       // and hosts, of one policy
inline constexpr std::size_t kMostReportedText = 500;        // octets of a value that others wrote
inline constexpr std::size_t kMostFailureKindsInAll = 50'000;

using client::TlsFailureType;
using client::TlsPolicyType;

// What a domain asked for, RFC 8460 4.4.
struct ReportedPolicy {
  TlsPolicyType type = TlsPolicyType::no_policy_found;
  std::vector<std::string> lines;  // of the MTA-STS policy, or the TLSA records in text
  std::vector<std::string> hosts;  // "mx" patterns of MTA-STS
  std::string domain;              // against which it is defined, RFC 8460 1.1; empty: the recipients'

  auto operator<=>(const ReportedPolicy&) const = default;
};

// One attempt. Empty texts are left out of the report.
struct ReportedSession {
  TlsFailureType failure = TlsFailureType::none;
  std::string sending_address;
  std::string receiving_host;
  std::string receiving_address;
  std::string reason;  // for people, and of our own words: "certificate has expired"

  auto operator<=>(const ReportedSession&) const = default;
};

struct ReportedCounts {
  std::uint64_t successes = 0;
  std::uint64_t failures = 0;
  std::map<ReportedSession, std::uint64_t> details;  // of failures

  bool operator==(const ReportedCounts&) const = default;
};

class ReportCounts {
 public:
  using Day = std::chrono::sys_days;
  using Policies = std::map<ReportedPolicy, ReportedCounts>;
  using Domains = std::map<std::pair<Day, std::string>, Policies>;

  void record(Day day, std::string_view domain, ReportedPolicy policy, ReportedSession session);
  // Many at once, as they were kept; within the same bounds.
  void add(Day day, std::string_view domain, ReportedPolicy policy, const ReportedCounts& counts);

  // In alphabetical order.
  std::vector<std::string> domains(Day day) const;
  // Empty when nothing is known of the domain on that day.
  const Policies& policies(Day day, std::string_view domain) const;
  // Everything, by day and domain.
  const Domains& all() const noexcept { return counts_; }
  void forget(Day day, std::string_view domain);
  // Days before this one are forgotten.
  void forget_before(Day day);
  // Grows with every change.
  std::uint64_t version() const noexcept { return version_; }

 private:
  // nullptr: beyond the bounds.
  ReportedCounts* find_or_make(Day day, std::string_view domain, ReportedPolicy policy);
  void add_detail(ReportedCounts& counts, ReportedSession session, std::uint64_t count);
  Domains::iterator forget(Domains::iterator domain);

  Domains counts_;
  std::size_t details_ = 0;  // of all
  std::uint64_t version_ = 0;
};

// Who reports.
struct ReportHead {
  std::string organization;
  std::string contact;    // "tls-reports@example.net"
  std::string report_id;  // unique
};

// The report about one domain and day, RFC 8460 4.4.
std::string write_report(const ReportHead& head, ReportCounts::Day day, std::string_view domain,
                         const ReportCounts::Policies& policies);
// "mx.example.net!example.org!1459468800!1459555199!id.json", RFC 8460 5.1.
std::string report_file_name(std::string_view submitter, std::string_view domain, ReportCounts::Day day,
                             std::string_view unique_id);

}  // namespace postrider::agent
