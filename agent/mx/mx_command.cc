#include "postrider/agent/mx/mx_command.h"

#include <chrono>
#include <iostream>
#include <utility>

#include "postrider/agent/command_line/print_problems.h"
#include "postrider/agent/config/config_reader.h"
#include "postrider/agent/mx/domain_report.h"
#include "postrider/agent/names/name_service.h"
#include "postrider/agent/route/mx_port.h"
#include "postrider/transport/socket_network.h"

namespace postrider::agent {
namespace {

using resolver::MxVerdict;
using resolver::Question;
using resolver::RecordType;

constexpr std::chrono::seconds kPatience{30};  // for each step: somebody is looking at the screen

struct Survey {
  Survey(transport::Loop& in, NameService& by, DomainReport& into) : loop(in), names(by), report(into) {}

  transport::SteadyTime deadline() const { return transport::later(loop.now(), kPatience); }

  transport::Loop& loop;
  NameService& names;
  DomainReport& report;
};

StsSummary summary_of(const resolver::StsOutcome& outcome) {
  StsSummary out;
  out.failure = outcome.failure;
  if (outcome.source == resolver::StsOutcome::Source::none) return out;
  const resolver::StsPolicy& policy = outcome.entry.policy;
  out.mode = to_string(policy.mode);
  out.id = outcome.entry.id;
  for (const resolver::StsPattern& each : policy.mx) out.patterns.push_back(each.text());
  out.max_age = static_cast<std::uint64_t>(policy.max_age.count());
  return out;
}

transport::Task<void> look_at(Survey survey, resolver::MxHost host, const resolver::StsOutcome& sts) {
  HostReport found;
  found.host = host;
  found.sts = sts.match(host.name);
  client::HostQuestion question(host.name, survey.deadline());
  question.way = survey.report.plan.security;
  question.port = survey.report.port;
  found.answers = co_await look_up_host(survey.loop, survey.names.resolver(), question);
  client::TlsInputs inputs;
  inputs.port = survey.report.port;
  inputs.domain = survey.report.mail_domain.name;
  inputs.domain_canonical = survey.report.plan.canonical;
  inputs.host = host.name;
  inputs.mx_security = survey.report.plan.security;
  inputs.name_security = found.answers.name_security;
  inputs.tlsa = found.answers.tlsa;
  inputs.tlsa_base = found.answers.tlsa_base;
  inputs.sts = found.sts;
  found.tls = client::decide_tls(inputs);
  survey.report.hosts.push_back(std::move(found));
}

transport::Task<void> look(Survey survey) {
  DomainReport& report = survey.report;
  resolver::Answer mx;
  if (!report.mail_domain.literal) {
    Question question(report.mail_domain.name, RecordType::mx);
    const transport::SteadyTime deadline = survey.deadline();
    mx = co_await survey.names.resolver().lookup(question, deadline);
  }
  // Equals are shown in a fixed order; a delivery shuffles them.
  report.plan = resolver::select_mx(report.mail_domain, mx, {}, 0);
  if (report.plan.verdict == MxVerdict::hosts) {
    const transport::SteadyTime deadline = transport::later(survey.loop.now(), 2 * kPatience);
    const resolver::StsOutcome sts = co_await survey.names.sts().lookup(report.mail_domain.name, deadline);
    report.sts = summary_of(sts);
    for (const resolver::MxHost& host : report.plan.hosts) co_await look_at(survey, host, sts);
  }
  // Nothing that may still be under way is worth waiting for.
  survey.loop.halt();
}

ExitCode fail(ExitCode code, std::string_view what) {
  std::cerr << "postrider mx: " << what << '\n';
  return code;
}

}  // namespace

ExitCode show_mx(const MxOptions& options) {
  const ConfigResult loaded = load_config(options.config);
  if (!loaded) return print_problems(loaded.error());
  DomainReport report;
  report.domain = options.domain;
  auto domain = resolver::MailDomain::parse(options.domain);
  if (!domain) return fail(ExitCode::usage, "'" + options.domain + "' " + domain.error());
  report.mail_domain = *std::move(domain);
  report.port = mx_port(route_table(loaded->config), report.mail_domain.text());
  // What somebody looks at once is not kept in the agent's state.
  resolver::StsStore store("");
  transport::Loop loop;
  transport::SocketNetwork network(loop);
  const auto names = NameService::make(loop, network, loaded->config, store);
  if (!names) return fail(ExitCode::configuration, names.error());
  loop.spawn(look(Survey(loop, **names, report)));
  loop.run();
  std::cout << (options.json ? report.to_json() : report.to_text()) << std::flush;
  return report.exit_code();
}

}  // namespace postrider::agent
