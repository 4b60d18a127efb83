#include "postrider/agent/alias/alias_table.h"

#include <optional>
#include <unordered_map>
#include <utility>

#include "postrider/agent/config/table_reader.h"
#include "postrider/agent/route/maildir_path.h"

namespace postrider::agent {
namespace {

// The look for loops goes through this many addresses, so that a file that is made to be slow does not keep
// an agent from starting. What it does not see, a recipient's reply says.
constexpr std::size_t kMostCheckedSteps = 1'000'000;

std::string key_of(std::string_view local, std::string_view domain) {
  std::string key;
  key.reserve(local.size() + 1 + domain.size());
  key.append(local).push_back('\0');  // in no local part
  key.append(domain);
  return key;
}

bool is_ours(const RouteTable& routes, std::string_view domain) {
  const auto match = routes.find(domain);
  return match && match->ours;
}

}  // namespace

std::string_view to_string(AliasFault fault) noexcept {
  switch (fault) {
    case AliasFault::loop: return "lead in a circle";
    case AliasFault::too_deep: return "lead to one another more than 10 times";
    case AliasFault::too_many: return "lead to more than 1000 addresses";
  }
  return {};
}

// One expansion: depth first, so that the targets come in the order of the file.
class AliasTable::Walk {
 public:
  Walk(const AliasTable& table, const RouteTable& routes) : table_(table), routes_(routes) {}

  using Outcome = std::optional<AliasFault>;

  Outcome visit(std::string_view local, std::string_view domain, const AliasLine* from, unsigned depth) {
    if (!is_ours(routes_, domain)) return add(local, domain);
    const std::string name = folded(domain);
    const Found found = table_.find(local, name);
    if (found.line == nullptr || found.line == from) return add(found.local, domain);
    if (depth == kDeepestAlias) return AliasFault::too_deep;
    return follow(*found.line, key_of(folded(found.local), name), domain, depth);
  }

  // `key` tells the address that `line` is for from others.
  Outcome follow(const AliasLine& line, const std::string& key, std::string_view domain, unsigned depth) {
    const auto [state, fresh] = seen_.try_emplace(key, State::open);
    if (!fresh) return state->second == State::open ? Outcome(AliasFault::loop) : std::nullopt;
    for (const AliasAddress& target : line.targets) {
      if (++steps_ > kMostAliasSteps) return AliasFault::too_many;
      const std::string_view at = target.domain.empty() ? domain : std::string_view(target.domain);
      if (const Outcome fault = visit(target.local, at, &line, depth + 1)) return fault;
    }
    state->second = State::done;
    return std::nullopt;
  }

  std::vector<AliasAddress> targets() && { return std::move(targets_); }
  std::size_t steps() const noexcept { return steps_; }

 private:
  enum class State : std::uint8_t { open, done };

  // RFC 5321 2.4: whether case matters in a local part is for its host to say, so two that differ in it are
  // two.
  Outcome add(std::string_view local, std::string_view domain) {
    if (!added_.insert(key_of(local, folded(domain))).second) return std::nullopt;
    if (targets_.size() == kMostAliasTargets) return AliasFault::too_many;
    targets_.emplace_back(std::string(local), std::string(domain));
    return std::nullopt;
  }

  const AliasTable& table_;
  const RouteTable& routes_;
  std::size_t steps_ = 0;
  std::vector<AliasAddress> targets_;
  absl::flat_hash_set<std::string> added_;
  std::unordered_map<std::string, State> seen_;  // whose nodes stay where they are
};

AliasTable::AliasTable(std::vector<AliasLine> lines, std::string tag)
    : lines_(std::move(lines)), tag_(std::move(tag)) {
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    const AliasAddress& name = lines_[i].name;
    switch (lines_[i].names) {
      case AliasLine::Names::address: named_.try_emplace(key_of(name.local, name.domain), i); break;
      case AliasLine::Names::everywhere: everywhere_.try_emplace(name.local, i); break;
      case AliasLine::Names::domain: catch_all_.try_emplace(name.domain, i); break;
    }
  }
  if (catch_all_.empty()) return;
  for (const AliasLine& line : lines_) {
    for (const AliasAddress& target : line.targets) {
      const std::string& domain = target.domain.empty() ? line.name.domain : target.domain;
      if (domain.empty()) {
        targets_everywhere_.insert(folded(target.local));
      } else {
        targets_.insert(key_of(folded(target.local), folded(domain)));
      }
    }
  }
}

bool AliasTable::is_target(const std::string& local, const std::string& domain) const {
  return targets_everywhere_.contains(local) || targets_.contains(key_of(local, domain));
}

const AliasLine* AliasTable::find_named(const std::string& local, const std::string& domain) const {
  if (const auto found = named_.find(key_of(local, domain)); found != named_.end()) {
    return &lines_[found->second];
  }
  const auto found = everywhere_.find(local);
  return found == everywhere_.end() ? nullptr : &lines_[found->second];
}

AliasTable::Found AliasTable::find(std::string_view local, const std::string& domain) const {
  const std::string whole = folded(local);
  if (const AliasLine* line = find_named(whole, domain)) return {line, local};
  const std::size_t tag = tag_.empty() ? std::string_view::npos : local.find(tag_);
  if (tag != std::string_view::npos && tag != 0) {  // "+tag" alone is nobody's subaddress
    local = local.substr(0, tag);
    if (const AliasLine* line = find_named(folded(local), domain)) return {line, local};
  }
  const auto all = catch_all_.find(domain);
  if (all == catch_all_.end() || is_target(whole, domain) || is_target(folded(local), domain)) {
    return {nullptr, local};
  }
  return {&lines_[all->second], local};
}

AliasTable::Expansion AliasTable::expand(std::string_view local, std::string_view domain,
                                         const RouteTable& routes) const {
  Walk walk(*this, routes);
  if (const auto fault = walk.visit(local, domain, nullptr, 0)) return std::unexpected(*fault);
  std::vector<AliasAddress> targets = std::move(walk).targets();
  const bool same = targets.size() == 1 && folded(targets.front().local) == folded(local) &&
                    folded(targets.front().domain) == folded(domain);
  if (same) targets.clear();
  return targets;
}

std::vector<ConfigProblem> AliasTable::flaws(const std::string& file, const RouteTable& routes,
                                             std::string_view hostname) const {
  std::vector<ConfigProblem> problems;
  const std::optional<std::string> some_domain = routes.postmaster_domain(hostname);
  std::size_t steps = 0;
  for (const AliasLine& line : lines_) {
    const auto problem = [&](std::string text) {
      problems.push_back(ConfigProblem{file, line.number, {}, std::move(text)});
    };
    if (problems.size() >= kMostAliasProblems) break;
    const std::string& domain = line.name.domain;
    if (!domain.empty() && !is_ours(routes, domain)) {
      problem(TableReader::quoted(domain) +
              " is not ours, so the line would never count; name the domain in a [[route]] before the one "
              "for \"*\"");
      continue;
    }
    for (const AliasAddress& target : line.targets) {
      if (target.domain.empty() || routes.find(target.domain)) continue;
      problem("no [[route]] takes mail for " + TableReader::quoted(target.text()));
    }
    if (steps > kMostCheckedSteps || (domain.empty() && !some_domain)) continue;
    Walk walk(*this, routes);
    const std::string at = domain.empty() ? folded(*some_domain) : domain;
    // With an empty local part, which a catch-all has, it is an address that nobody can write.
    const auto fault = walk.follow(line, key_of(line.name.local, at), at, 0);
    if (fault) problem("its targets " + std::string(to_string(*fault)));
    steps += walk.steps() + 1;
  }
  return problems;
}

}  // namespace postrider::agent
