// What `postrider mx` found out about a domain, for people and for scripts.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "postrider/agent/command_line/exit_code.h"
#include "postrider/client/host_answers.h"
#include "postrider/client/tls_decision.h"
#include "postrider/resolver/mx_selection.h"

namespace postrider::agent {

// The MTA-STS policy of a domain, RFC 8461.
struct StsSummary {
  std::string mode;  // "enforce", "testing", "none"; empty: there is no policy
  std::string id;
  std::vector<std::string> patterns;
  std::uint64_t max_age = 0;  // seconds
  std::string failure;        // why a policy that is announced could not be had
};

struct HostReport {
  resolver::MxHost host;
  client::HostAnswers answers;
  client::StsMatch sts = client::StsMatch::no_policy;
  client::TlsDecision tls;
};

struct DomainReport {
  std::string domain;  // as the user wrote it
  resolver::MailDomain mail_domain;
  std::uint16_t port = 25;  // where its hosts are connected to
  resolver::MxPlan plan;
  StsSummary sts;
  std::vector<HostReport> hosts;

  std::string to_text() const;
  std::string to_json() const;  // one line
  // 0: mail can go somewhere; 69: it cannot, for good; 75: nobody knows now.
  ExitCode exit_code() const;
};

}  // namespace postrider::agent
