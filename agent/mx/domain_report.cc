#include "postrider/agent/mx/domain_report.h"

#include <algorithm>
#include <string_view>

#include "postrider/agent/log/json_object.h"

namespace postrider::agent {
namespace {

using client::StsMatch;
using client::TlsDecision;
using client::TlsReason;
using client::TlsUse;
using client::TlsVerdict;
using resolver::MxVerdict;

std::string joined(const std::vector<std::string>& parts, std::string_view between) {
  std::string out;
  for (const std::string& part : parts) out.append(out.empty() ? "" : between).append(part);
  return out;
}

std::string hex(std::string_view octets) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  for (const char c : octets) {
    const auto octet = static_cast<unsigned char>(c);
    out += kDigits[octet >> 4];
    out += kDigits[octet & 15];
  }
  return out;
}

std::vector<std::string> texts_of(const std::vector<resolver::Address>& addresses) {
  std::vector<std::string> out;
  for (const resolver::Address& each : addresses) out.push_back(to_string(each));
  return out;
}

std::string_view name_of(MxVerdict verdict) noexcept {
  switch (verdict) {
    case MxVerdict::hosts: return "hosts";
    case MxVerdict::literal: return "literal";
    case MxVerdict::permanent: return "permanent";
    case MxVerdict::temporary: return "temporary";
  }
  return "";
}

std::string_view name_of(TlsVerdict verdict) noexcept {
  switch (verdict) {
    case TlsVerdict::connect: return "connect";
    case TlsVerdict::skip_host: return "skip";
    case TlsVerdict::defer: return "defer";
  }
  return "";
}

std::string_view name_of(TlsUse use) noexcept {
  switch (use) {
    case TlsUse::none: return "none";
    case TlsUse::opportunistic: return "opportunistic";
    case TlsUse::required: return "required";
    case TlsUse::implicit: return "implicit";
  }
  return "";
}

std::string_view name_of(TlsReason reason) noexcept {
  switch (reason) {
    case TlsReason::route: return "route";
    case TlsReason::dane: return "dane";
    case TlsReason::sts: return "mta-sts";
    case TlsReason::sts_testing: return "mta-sts testing";
    case TlsReason::require_tls: return "requiretls";
  }
  return "";
}

std::string_view name_of(StsMatch match) noexcept {
  switch (match) {
    case StsMatch::no_policy: return "";
    case StsMatch::testing_listed:
    case StsMatch::enforce_listed: return "listed";
    case StsMatch::testing_unlisted:
    case StsMatch::enforce_unlisted: return "not listed";
  }
  return "";
}

std::string reply_of(const resolver::MxPlan& plan) {
  return std::to_string(plan.code) + " " + plan.status + " " + plan.text;
}

std::size_t usable(const std::vector<resolver::TlsaData>& records) {
  return static_cast<std::size_t>(std::ranges::count_if(records, [](const resolver::TlsaData& each) {
    transport::TlsaRecord record;
    record.usage = each.usage;
    record.selector = each.selector;
    record.matching = each.matching;
    record.data = each.data;
    return record.usable();
  }));
}

void add(std::string& out, std::string_view what, std::string_view value) {
  std::string line(what);
  line.resize(std::max<std::size_t>(16, line.size() + 1), ' ');
  out.append(line).append(value).append("\n");
}

std::string dane_text(const client::HostAnswers& answers) {
  if (!answers.tlsa) return "not asked for: the MX or address records are not secure";
  const auto records = resolver::tlsa_records(answers.tlsa->records);
  if (answers.tlsa->outcome == resolver::Answer::Outcome::failed) return answers.tlsa->failure;
  if (records.empty()) return "no TLSA records";
  return std::to_string(records.size()) + " TLSA records at " + answers.tlsa_base.text() + ", " +
         std::to_string(usable(records)) + " of them usable (" +
         std::string(to_string(answers.tlsa->security)) + ")";
}

std::string tls_text(const TlsDecision& decision) {
  std::string out;
  if (decision.verdict == TlsVerdict::connect) {
    out = name_of(decision.use);
    if (decision.target.policy == transport::TlsPolicy::pkix) out += ", certificate verified";
    if (decision.target.policy == transport::TlsPolicy::dane) out += ", verified by DANE";
  } else {
    out = decision.verdict == TlsVerdict::skip_host ? "this host is passed over"
                                                    : "this host is left for later";
  }
  return decision.text.empty() ? out : out + " (" + decision.text + ")";
}

std::string dane_json(const client::HostAnswers& answers) {
  if (!answers.tlsa) return "null";
  const auto records = resolver::tlsa_records(answers.tlsa->records);
  std::vector<std::string> written;
  for (const resolver::TlsaData& each : records) {
    JsonObject one;
    one.number("usage", each.usage).number("selector", each.selector).number("matching", each.matching);
    written.push_back(one.text("data", hex(each.data)).str());
  }
  JsonObject out;
  out.text("base", answers.tlsa_base.text()).text("security", to_string(answers.tlsa->security));
  out.number("usable", usable(records)).raw_list("records", written);
  return out.text_or_null("failure", answers.tlsa->failure).str();
}

std::string tls_json(const TlsDecision& decision) {
  constexpr std::string_view kPolicies[] = {"none", "opportunistic", "pkix", "dane"};
  JsonObject out;
  out.text("verdict", name_of(decision.verdict)).text("use", name_of(decision.use));
  out.text("verify", kPolicies[static_cast<std::size_t>(decision.target.policy)]);
  out.text("reason", name_of(decision.reason)).truth("clear_allowed", decision.clear_allowed);
  return out.text_or_null("text", decision.text).str();
}

std::string host_json(const HostReport& host) {
  JsonObject out;
  out.text("name", host.host.name.text()).number("preference", host.host.preference);
  out.list("addresses", texts_of(host.answers.addresses));
  out.text("security", to_string(host.answers.security)).text("canonical", host.answers.canonical.text());
  const bool none = host.answers.addresses.empty();
  out.text_or_null("failure", none ? host.answers.why_none(host.host.name) : "");
  out.raw("dane", dane_json(host.answers)).text_or_null("mta_sts", name_of(host.sts));
  return out.raw("tls", tls_json(host.tls)).str();
}

std::string sts_json(const StsSummary& sts) {
  if (sts.mode.empty() && sts.failure.empty()) return "null";
  JsonObject out;
  out.text_or_null("mode", sts.mode).text_or_null("id", sts.id).list("mx", sts.patterns);
  return out.number("max_age", sts.max_age).text_or_null("failure", sts.failure).str();
}

std::string sts_text(const StsSummary& sts) {
  if (sts.mode.empty()) return sts.failure.empty() ? "no policy" : sts.failure;
  const std::string out = sts.mode + ", id " + sts.id + ", mx " + joined(sts.patterns, " ") + ", max_age " +
                          std::to_string(sts.max_age) + " s";
  return sts.failure.empty() ? out : out + " (" + sts.failure + ")";
}

void add_host(std::string& out, const HostReport& host, std::size_t number, bool implicit) {
  out += "\n" + std::to_string(number) + ". " + host.host.name.text();
  if (!implicit) out += "  preference " + std::to_string(host.host.preference);
  out += "\n";
  if (host.answers.addresses.empty()) {
    add(out, "   addresses", "none: " + host.answers.why_none(host.host.name));
    return;
  }
  if (host.answers.canonical != host.host.name) add(out, "   alias of", host.answers.canonical.text());
  add(out, "   addresses",
      joined(texts_of(host.answers.addresses), ", ") + " (" + std::string(to_string(host.answers.security)) +
          ")");
  add(out, "   DANE", dane_text(host.answers));
  if (host.sts != StsMatch::no_policy) add(out, "   MTA-STS", name_of(host.sts));
  add(out, "   TLS", tls_text(host.tls));
}

}  // namespace

std::string DomainReport::to_text() const {
  std::string out;
  const std::string name = mail_domain.text();
  add(out, "domain", name == domain ? name : domain + " (" + name + ")");
  switch (plan.verdict) {
    case MxVerdict::literal: add(out, "mail goes to", "this very address"); return out;
    case MxVerdict::permanent: add(out, "no mail", reply_of(plan)); return out;
    case MxVerdict::temporary: add(out, "not known now", reply_of(plan)); return out;
    case MxVerdict::hosts: break;
  }
  if (plan.canonical != mail_domain.name) add(out, "alias of", plan.canonical.text());
  const std::string_view records = plan.implicit ? "none: mail goes to the domain itself" : "found";
  add(out, "MX", std::string(records) + " (" + std::string(to_string(plan.security)) + ")");
  if (port != 25) add(out, "port", std::to_string(port) + ", as a route says");
  add(out, "MTA-STS", sts_text(sts));
  for (std::size_t i = 0; i < hosts.size(); ++i) add_host(out, hosts[i], i + 1, plan.implicit);
  return out;
}

std::string DomainReport::to_json() const {
  JsonObject out;
  out.text("domain", domain).text("name", mail_domain.text()).text("verdict", name_of(plan.verdict));
  out.truth("implicit", plan.implicit).text("security", to_string(plan.security));
  out.number("port", port);
  if (plan.code == 0) {
    out.raw("reply", "null");
  } else {
    JsonObject reply;
    out.raw("reply",
            reply.number("code", plan.code).text("status", plan.status).text("text", plan.text).str());
  }
  out.raw("mta_sts", sts_json(sts));
  std::vector<std::string> written;
  for (const HostReport& each : hosts) written.push_back(host_json(each));
  return out.raw_list("hosts", written).str() + "\n";
}

ExitCode DomainReport::exit_code() const {
  switch (plan.verdict) {
    case MxVerdict::hosts:
    case MxVerdict::literal: return ExitCode::done;
    case MxVerdict::permanent: return ExitCode::unavailable;
    case MxVerdict::temporary: return ExitCode::temporary;
  }
  return ExitCode::internal;
}

}  // namespace postrider::agent
