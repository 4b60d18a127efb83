// The TXT record by which a domain says that it has an MTA-STS policy, RFC 8461 3.1. Pure.
//
//   const auto name = sts_record_name(domain);                  // "_mta-sts.example.org"
//   const StsRecord record = read_sts_records(texts(answer.records));
//   if (record.announced()) … record.id
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "postrider/resolver/domain_name.h"

namespace postrider::resolver {

struct StsRecord {
  static constexpr std::size_t kMaxId = 32;  // RFC 8461 3.1

  std::string id;     // changes with the policy; empty: there is no usable record
  std::string fault;  // why what begins like a record is none, for people

  bool announced() const noexcept { return !id.empty(); }
};

// Of all TXT records of the name: exactly one may begin with v=STSv1, and it must be well-formed.
StsRecord read_sts_records(const std::vector<std::string>& texts);

// nullopt when the name becomes too long.
std::optional<DomainName> sts_record_name(const DomainName& domain);
// "mta-sts.example.org", the host that serves the policy, RFC 8461 3.3.
std::optional<DomainName> sts_policy_host(const DomainName& domain);

}  // namespace postrider::resolver
