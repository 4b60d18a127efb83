// An MTA-STS policy: which hosts take mail for a domain, and what it means when TLS with them fails. RFC 8461
// 3.2. Pure.
//
//   const auto policy = StsPolicy::parse(body);
//   if (!policy) log("the policy " + policy.error());       // "has no max_age"
//   switch (sts_match(*policy, host)) …
//
// The text comes from a stranger's web server: at most kMaxOctets of it, control characters are refused, and
// what is not known is passed over.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "postrider/resolver/domain_name.h"

namespace postrider::resolver {

enum class StsMode : std::uint8_t { none, testing, enforce };
std::string_view to_string(StsMode mode) noexcept;

// "mx.example.org", or "*.example.org" for hosts with exactly one label more, RFC 8461 4.1.
struct StsPattern {
  bool wildcard = false;
  DomainName name;

  bool matches(const DomainName& host) const;
  std::string text() const;
  bool operator==(const StsPattern&) const = default;
};

struct StsPolicy {
  static constexpr std::size_t kMaxOctets = std::size_t{64} << 10;                   // RFC 8461 3.3
  static constexpr std::chrono::seconds kMaxAge = std::chrono::seconds(31'557'600);  // RFC 8461 3.2

  // The failure continues a sentence that began with "the policy".
  static std::expected<StsPolicy, std::string> parse(std::string_view text);
  // A text that parse() makes the same policy of.
  std::string text() const;

  bool lists(const DomainName& host) const;

  bool operator==(const StsPolicy&) const = default;

  StsMode mode = StsMode::none;
  std::vector<StsPattern> mx;      // at least one, unless the mode is none
  std::chrono::seconds max_age{};  // a larger one is cut to kMaxAge
};

// What a policy says about a host, RFC 8461 4.1 and 5.
enum class StsMatch : std::uint8_t {
  no_policy,       // none, or mode none
  testing_listed,  // mode testing: go on whatever happens, and report
  testing_unlisted,
  enforce_listed,
  enforce_unlisted,  // this host may not be used
};
StsMatch sts_match(const StsPolicy& policy, const DomainName& host);

}  // namespace postrider::resolver
