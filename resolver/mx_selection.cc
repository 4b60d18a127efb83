#include "postrider/resolver/mx_selection.h"

#include <algorithm>
#include <iterator>
#include <random>
#include <tuple>
#include <utility>

namespace postrider::resolver {
namespace {

using Hosts = std::vector<MxHost>;

// By reference, so that `plan` is whole while `text` is made of it.
MxPlan refused(MxPlan&& plan, MxVerdict verdict, std::uint16_t code, std::string status, std::string text) {
  plan.verdict = verdict;
  plan.hosts.clear();
  plan.code = code;
  plan.status = std::move(status);
  plan.text = std::move(text);
  return std::move(plan);
}

// "example.org", or "example.org (an alias of example.net)".
std::string named(const MailDomain& domain, const MxPlan& plan) {
  std::string text = domain.name.text();
  if (plan.canonical != domain.name) text += " (an alias of " + plan.canonical.text() + ")";
  return text;
}

// "192.0.2.1" as a name: RFC 5321 5.1 wants names, and no top-level domain is a number (RFC 3696 2).
bool is_address_like(const DomainName& name) {
  DomainName last = name;
  while (last.labels() > 1) last = last.parent();
  return std::ranges::all_of(last.first_label(), [](char c) { return c >= '0' && c <= '9'; });
}

// In order of preference; a name that stands there twice keeps its best place. The result does not depend on
// the order of the records, which name servers rotate.
Hosts sorted(std::vector<MxRecord> records) {
  std::ranges::sort(records, [](const MxRecord& a, const MxRecord& b) {
    return std::tie(a.exchange, a.preference) < std::tie(b.exchange, b.preference);
  });
  const auto twice = std::ranges::unique(records, {}, &MxRecord::exchange);
  records.erase(twice.begin(), twice.end());
  std::ranges::sort(records, [](const MxRecord& a, const MxRecord& b) {
    return std::tie(a.preference, a.exchange) < std::tie(b.preference, b.exchange);
  });
  Hosts hosts;
  hosts.reserve(records.size());
  for (MxRecord& record : records) hosts.push_back(MxHost{record.preference, std::move(record.exchange)});
  return hosts;
}

// Leaves out what is no host's name.
void drop_unusable(Hosts& hosts, std::vector<std::string>& notes) {
  const auto unusable = std::ranges::remove_if(hosts, [&notes](const MxHost& host) {
    // RFC 7505 3: a null MX stands alone, so this one means nothing.
    if (host.name.is_root()) notes.emplace_back("a null MX stands beside other MX records and is ignored");
    if (host.name.is_root()) return true;
    if (!is_address_like(host.name)) return false;
    notes.push_back(host.name.text() + " is an address, and no host's name");
    return true;
  });
  hosts.erase(unusable.begin(), unusable.end());
}

// Leaves out ourselves and whatever is not preferred to us, or mail would go in a circle: RFC 5321 5.1.
void drop_from_ourselves_on(Hosts& hosts, const std::vector<DomainName>& own_names,
                            std::vector<std::string>& notes) {
  const auto ours = std::ranges::find_if(hosts, [&own_names](const MxHost& host) {
    return std::ranges::find(own_names, host.name) != own_names.end();
  });
  if (ours == hosts.end()) return;
  notes.push_back(ours->name.text() + " is this host: hosts of preference " +
                  std::to_string(ours->preference) + " and above are left out");
  const auto first = std::ranges::lower_bound(hosts, ours->preference, {}, &MxHost::preference);
  hosts.erase(first, hosts.end());
}

// Each order of equals is as likely as any other (RFC 5321 5.1 wants the load spread), and the same for the
// same seed on every machine: std::shuffle leaves that to the library, this generator's numbers are written
// in the standard.
void shuffle_equals(Hosts& hosts, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  for (auto from = hosts.begin(); from != hosts.end();) {
    const auto to = std::ranges::upper_bound(from, hosts.end(), from->preference, {}, &MxHost::preference);
    for (auto left = to - from; left > 1; --left) {
      const auto chosen = static_cast<std::ptrdiff_t>(random() % static_cast<std::uint64_t>(left));
      std::iter_swap(from + (left - 1), from + chosen);
    }
    from = to;
  }
}

MxPlan by_records(const MailDomain& domain, const Answer& mx, const std::vector<DomainName>& own_names,
                  std::uint64_t seed, MxPlan plan) {
  std::vector<MxRecord> records = mx_records(mx.records);
  const bool all_null =
      std::ranges::all_of(records, [](const MxRecord& each) { return each.exchange.is_root(); });
  if (records.empty()) {
    return refused(std::move(plan), MxVerdict::temporary, 451, "4.4.3",
                   "the MX records of " + named(domain, plan) + " are malformed");
  }
  if (all_null) {
    return refused(std::move(plan), MxVerdict::permanent, 556, "5.1.10",
                   named(domain, plan) + " does not accept mail (null MX)");  // RFC 7505 4.1, RFC 7504 3
  }
  plan.hosts = sorted(std::move(records));
  drop_unusable(plan.hosts, plan.notes);
  // RFC 5321 5.1: records of which none is usable are an error, and no reason to try the domain itself.
  if (plan.hosts.empty()) {
    return refused(std::move(plan), MxVerdict::permanent, 550, "5.4.4",
                   "no MX record of " + named(domain, plan) + " names a host");
  }
  drop_from_ourselves_on(plan.hosts, own_names, plan.notes);
  if (plan.hosts.empty()) {
    return refused(std::move(plan), MxVerdict::permanent, 554, "5.4.6",
                   "mail for " + named(domain, plan) + " would come back to this host, its best MX");
  }
  shuffle_equals(plan.hosts, seed);
  if (plan.hosts.size() > kMostHosts) {
    plan.notes.push_back(std::to_string(plan.hosts.size()) + " hosts are listed; the first " +
                         std::to_string(kMostHosts) + " are tried");
    plan.hosts.erase(plan.hosts.begin() + static_cast<std::ptrdiff_t>(kMostHosts), plan.hosts.end());
  }
  return plan;
}

// RFC 5321 5.1: without MX records the domain is a host of preference 0.
MxPlan by_domain_itself(const MailDomain& domain, const std::vector<DomainName>& own_names, MxPlan plan) {
  plan.implicit = true;
  const bool ours = std::ranges::any_of(
      own_names, [&](const DomainName& own) { return own == domain.name || own == plan.canonical; });
  if (ours) {
    return refused(std::move(plan), MxVerdict::permanent, 554, "5.4.6",
                   "mail for " + named(domain, plan) + " would come back to this host: it has no MX record");
  }
  plan.hosts.push_back(MxHost{0, domain.name});
  return plan;
}

MxPlan undecided(const MailDomain& domain, const Answer& mx, MxPlan plan) {
  const std::string why = mx.failure.empty() ? std::string(to_string(mx.fault)) : mx.failure;
  if (mx.security == Security::bogus || mx.fault == LookupFault::bogus) {
    return refused(std::move(plan), MxVerdict::temporary, 451, "4.7.5",
                   "the MX records of " + named(domain, plan) + " fail DNSSEC validation: " + why);
  }
  return refused(std::move(plan), MxVerdict::temporary, 451, "4.4.3",
                 "the MX records of " + named(domain, plan) + " cannot be looked up: " + why);
}

void append_new(std::vector<Address>& list, const Address& address) {
  if (list.size() < kMostAddresses && std::ranges::find(list, address) == list.end()) list.push_back(address);
}

}  // namespace

MxPlan select_mx(const MailDomain& domain, const Answer& mx, const std::vector<DomainName>& own_names,
                 std::uint64_t seed) {
  MxPlan plan;
  plan.verdict = MxVerdict::hosts;
  if (domain.literal) {
    plan.verdict = MxVerdict::literal;
    return plan;
  }
  plan.security = mx.security;
  plan.canonical = mx.canonical.is_root() ? domain.name : mx.canonical;
  if (mx.security == Security::bogus) return undecided(domain, mx, std::move(plan));
  switch (mx.outcome) {
    case Answer::Outcome::found: return by_records(domain, mx, own_names, seed, std::move(plan));
    case Answer::Outcome::no_data: return by_domain_itself(domain, own_names, std::move(plan));
    case Answer::Outcome::no_name:
      // RFC 5321 5.1; RFC 3463 3.2: bad destination system address
      return refused(std::move(plan), MxVerdict::permanent, 550, "5.1.2",
                     "there is no domain " + named(domain, plan));
    case Answer::Outcome::failed: break;
  }
  return undecided(domain, mx, std::move(plan));
}

std::vector<Address> interleave(const std::vector<Address>& ipv4, const std::vector<Address>& ipv6,
                                Families families) {
  static const std::vector<Address> kNone;
  const std::vector<Address>& first = families == Families::ipv4 ? kNone : ipv6;
  const std::vector<Address>& second = families == Families::ipv6 ? kNone : ipv4;
  std::vector<Address> first_once;
  std::vector<Address> second_once;
  for (const Address& each : first) append_new(first_once, each);
  for (const Address& each : second) append_new(second_once, each);
  std::vector<Address> out;
  for (std::size_t i = 0; i < std::max(first_once.size(), second_once.size()); ++i) {
    if (i < first_once.size()) append_new(out, first_once[i]);
    if (i < second_once.size()) append_new(out, second_once[i]);
  }
  return out;
}

}  // namespace postrider::resolver
