#include "postrider/agent/send/mx_send.h"

#include <iostream>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <absl/random/random.h>

#include "postrider/agent/names/name_service.h"
#include "postrider/agent/route/mx_port.h"
#include "postrider/agent/send/delivery_outcome.h"
#include "postrider/agent/send/send_security.h"
#include "postrider/client/mx_delivery.h"
#include "postrider/resolver/mail_domain.h"
#include "postrider/transport/socket_network.h"

namespace postrider::agent {
namespace {

// Recipients of one domain, by their place in the envelope.
struct Group {
  resolver::MailDomain domain;
  std::uint16_t port = 25;
  std::vector<std::size_t> recipients;
};

ExitCode fail(ExitCode code, std::string_view what) {
  std::cerr << "postrider send: " << what << '\n';
  return code;
}

std::expected<std::vector<Group>, std::string> grouped(const client::Envelope& envelope,
                                                       const Config& config) {
  const RouteTable routes = route_table(config);
  std::map<std::string, Group> groups;
  for (std::size_t i = 0; i < envelope.recipients().size(); ++i) {
    const protocol::ForwardPath& to = envelope.recipients()[i]->to;
    if (to.postmaster) return std::unexpected("--to: 'postmaster' without a domain has no mail exchanger");
    const std::string_view host = to.mailbox.host().text();
    auto domain = resolver::MailDomain::parse(host);
    if (!domain) return std::unexpected("--to: '" + std::string(host) + "' " + domain.error());
    Group& group = groups[domain->text()];
    group.port = mx_port(routes, domain->text());
    group.domain = *std::move(domain);
    group.recipients.push_back(i);
  }
  std::vector<Group> out;
  for (auto& [name, group] : groups) out.push_back(std::move(group));
  return out;
}

client::TlsLevel level_of(client::TlsUse use) noexcept {
  switch (use) {
    case client::TlsUse::none: return client::TlsLevel::none;
    case client::TlsUse::opportunistic: return client::TlsLevel::opportunistic;
    case client::TlsUse::required:
    case client::TlsUse::implicit: break;
  }
  return client::TlsLevel::required;
}

client::RecipientResult result_of(const client::MxRecipient& recipient) {
  client::RecipientResult out;
  out.decision = recipient.decision;
  out.stage = recipient.stage;
  out.reply = recipient.reply;
  out.local = recipient.local;
  out.may_have_been_delivered = recipient.may_have_been_delivered;
  return out;
}

// What all deliveries of one call share; outlives the task.
struct Job {
  transport::Loop& loop;
  transport::Network& network;
  NameService& names;
  client::MxOptions options;
  const client::Envelope& envelope;
  client::MessageSource& message;
  client::DeliveryReport report;   // by the envelope's order
  std::vector<std::string> texts;  // the same
};

// The envelope of one group: the sender is the same.
std::expected<client::Envelope, std::string> part_of(const client::Envelope& envelope, const Group& group) {
  auto sender = client::Envelope::Sender::copy(envelope.mail());
  if (!sender) return std::unexpected("the sender cannot be written");
  client::Envelope part(*std::move(sender));
  for (const std::size_t index : group.recipients) {
    auto recipient = client::Envelope::Recipient::copy(*envelope.recipients()[index]);
    if (!recipient) return std::unexpected("a recipient cannot be written");
    part.add(*std::move(recipient));
  }
  return part;
}

void note(const Job& job, const std::string& line) {
  if (job.options.client.transcript) job.options.client.transcript(client::Direction::note, line + "\r\n");
}

client::Task<void> deliver_group(Job& job, const Group& group, const client::Envelope& part) {
  client::MxOptions options = job.options;
  options.port = group.port;
  client::MxDelivery delivery(job.loop, job.network, job.names.resolver(), std::move(options));
  const client::MxReport report = co_await delivery.deliver(group.domain, part, job.message);
  for (const std::string& each : report.notes) note(job, each);
  for (const client::MxAttempt& each : report.attempts) note(job, each.text());
  for (std::size_t i = 0; i < group.recipients.size(); ++i) {
    job.report.recipients[group.recipients[i]] = result_of(report.recipients[i]);
    job.texts[group.recipients[i]] = protocol::to_log_line(report.recipients[i].reply);
  }
}

client::Task<void> run(Job& job, const std::vector<Group>& groups, const std::vector<client::Envelope>& parts,
                       std::string& failure) {
  for (std::size_t i = 0; i < groups.size() && failure.empty(); ++i) {
    if (i != 0) {
      const transport::error_code rewound = job.message.rewind();
      if (rewound) failure = "the message cannot be read again: " + rewound.message();
    }
    if (failure.empty()) co_await deliver_group(job, groups[i], parts[i]);
  }
  job.loop.halt();
}

}  // namespace

ExitCode send_by_mx(const SendOptions& options, const Config& config, client::ClientConfig client,
                    const client::Envelope& envelope, client::MessageSource& message,
                    const SessionRecords* records) {
  const auto groups = grouped(envelope, config);
  if (!groups) return fail(ExitCode::usage, groups.error());
  std::vector<client::Envelope> parts;
  for (const Group& each : *groups) {
    auto part = part_of(envelope, each);
    if (!part) return fail(ExitCode::internal, part.error());
    parts.push_back(*std::move(part));
  }
  auto context = client_tls(config.tls.backend, options.authorities);
  if (!context) return fail(context.error().code, context.error().text);
  client.tls.context = *std::move(context);

  transport::Loop loop;
  transport::SocketNetwork network(loop);
  resolver::StsStore store("");
  const auto names = NameService::make(loop, network, config, store);
  if (!names) return fail(ExitCode::configuration, names.error());
  absl::BitGen random;
  client::MxOptions mx;
  mx.client = std::move(client);
  mx.level = level_of(options.tls);
  mx.seed = absl::Uniform<std::uint64_t>(random);
  mx.sts = names->get();
  const auto watched = recording(loop, network, records);
  transport::Network& used = watched ? static_cast<transport::Network&>(*watched) : network;
  Job job{loop, used, **names, std::move(mx), envelope, message, {}, {}};
  job.report.recipients.resize(envelope.recipients().size());
  job.texts.resize(envelope.recipients().size());
  std::string failure;
  loop.spawn(run(job, *groups, parts, failure));
  loop.run();
  if (!failure.empty()) return fail(ExitCode::bad_input, failure);
  for (std::size_t i = 0; i < job.texts.size(); ++i) {
    if (!job.report.recipients[i].delivered()) std::cout << options.to[i] << ": " << job.texts[i] << '\n';
  }
  std::cout.flush();
  return exit_code_of(job.report);
}

}  // namespace postrider::agent
