#include "postrider/agent/alias/alias_lines.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <absl/container/flat_hash_map.h>

#include "postrider/agent/config/table_reader.h"
#include "postrider/agent/route/maildir_path.h"
#include "postrider/protocol/grammar/address.h"

namespace postrider::agent {
namespace {

using protocol::Utf8;

constexpr std::string_view kBlank = " \t";

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

// Where the first `wanted` outside of quotes and of an address literal's brackets is; "#" counts at the
// beginning or behind white space alone, since a local part may have one.
std::size_t find_outside(std::string_view text, char wanted) {
  bool quoted = false;
  bool bracketed = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (quoted && c == '\\') {
      ++at;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (quoted) {
      continue;
    } else if (c == wanted && !bracketed) {
      if (wanted != '#' || at == 0 || kBlank.find(text[at - 1]) != std::string_view::npos) return at;
    } else if (c == '[' && at != 0 && text[at - 1] == '@') {
      bracketed = true;
    } else if (c == ']') {
      bracketed = false;
    }
  }
  return std::string_view::npos;
}

std::string unquoted(std::string_view local) {
  std::array<char, protocol::kMaxLocalPart> buffer{};
  return std::string(protocol::unquote_local_part(local, buffer));
}

std::optional<std::string> whole_local_part(std::string_view text) {
  protocol::Cursor cursor(text);
  const auto local = protocol::local_part(cursor, Utf8::yes);
  if (!local || !cursor.done() || local->size() > protocol::kMaxLocalPart) return std::nullopt;
  return unquoted(*local);
}

// local@domain, or local alone.
std::optional<AliasAddress> parse_address(std::string_view text) {
  if (const auto mailbox = protocol::Mailbox::parse(text, Utf8::yes)) {
    return AliasAddress(unquoted(mailbox->local_part()), std::string(mailbox->host().text()));
  }
  if (auto local = whole_local_part(text)) return AliasAddress(*std::move(local), "");
  return std::nullopt;
}

// What may stand in the alias file of another program and is not done here, and what to do instead.
std::string_view refusal_of(std::string_view target) {
  if (target.size() > 1 && target.starts_with('"') && target.ends_with('"')) {
    target = target.substr(1, target.size() - 2);
  }
  if (target.starts_with('|')) {
    return "is a command, and none is run; let a program take its mail by LMTP from a [[route]] of its own, "
           "and write an address of that route here";
  }
  if (target.starts_with('/')) {
    return "is a file; write an address, and let a [[route]] deliver its domain to \"maildir:PATH\"";
  }
  if (target.starts_with(':')) {
    return "is not read; write the addresses themselves, if need be on several lines that begin with white "
           "space";
  }
  if (target.starts_with('\\')) {
    return "has a backslash, which is not needed: an address that its own line names is a mailbox";
  }
  return {};
}

class Parser {
 public:
  explicit Parser(const std::string& file) : file_(file) {}

  void line(std::string_view text, std::uint32_t number) {
    number_ = number;
    if (text.ends_with('\r')) text.remove_suffix(1);
    if (text.size() > kLongestAliasLine) {
      open_ = false;
      lost_ = true;
      return problem("is longer than " + std::to_string(kLongestAliasLine) +
                     " octets; go on in lines that begin with white space");
    }
    const bool goes_on = !text.empty() && kBlank.find(text.front()) != std::string_view::npos;
    text = trimmed(text.substr(0, find_outside(text, '#')));
    if (text.empty()) return;
    if (!goes_on) return begin(text);
    if (open_) return add_targets(text);
    if (!lost_) problem("begins with white space, and there is no line before that it could go on with");
  }

  std::expected<std::vector<AliasLine>, std::vector<ConfigProblem>> finish() && {
    end();
    if (problems_.empty()) return std::move(lines_);
    sort_by_line(problems_);
    return std::unexpected(std::move(problems_));
  }

  bool has_enough() const { return problems_.size() >= kMostAliasProblems; }

 private:
  void problem(std::string text) { problem_at(number_, std::move(text)); }
  void problem_at(std::uint32_t number, std::string text) {
    problems_.push_back(ConfigProblem{file_, number, {}, std::move(text)});
  }

  // The line that was open has all its targets.
  void end() {
    if (open_ && lines_.back().targets.empty()) {
      problem_at(lines_.back().number, "names nobody; write \"address: target, target\"");
    }
    open_ = false;
  }

  void begin(std::string_view text) {
    end();
    lost_ = true;  // until it is clear who is named
    const std::size_t colon = find_outside(text, ':');
    if (colon == std::string_view::npos) return problem("has no ':'; write \"address: target, target\"");
    const std::string_view name = trimmed(text.substr(0, colon));
    AliasLine line;
    line.number = number_;
    if (!read_name(name, line)) {
      return problem(TableReader::quoted(name) +
                     " is no address; write local@domain, local for every domain of ours, or @domain");
    }
    const std::string key = static_cast<char>(line.names) + line.name.local + '\0' + line.name.domain;
    const auto [first, fresh] = known_.try_emplace(key, number_);
    if (!fresh) {
      return problem(TableReader::quoted(name) + " stands in line " + std::to_string(first->second) +
                     " already; write all its targets there");
    }
    lost_ = false;
    open_ = true;
    lines_.push_back(std::move(line));
    add_targets(trimmed(text.substr(colon + 1)));
  }

  static bool read_name(std::string_view text, AliasLine& line) {
    if (text.starts_with('@')) {
      const auto host = protocol::Host::parse(text.substr(1), Utf8::yes);
      line.names = AliasLine::Names::domain;
      if (host) line.name.domain = folded(host->text());
      return host.has_value();
    }
    auto address = parse_address(text);
    if (!address) return false;
    line.names = address->domain.empty() ? AliasLine::Names::everywhere : AliasLine::Names::address;
    line.name = AliasAddress(folded(address->local), folded(address->domain));
    return true;
  }

  // The end of a line stands for a comma, so that there may be one and need not.
  void add_targets(std::string_view text) {
    if (text.starts_with(',') && !lines_.back().targets.empty()) text = trimmed(text.substr(1));
    while (!text.empty() && open_ && !has_enough()) {
      const std::size_t comma = find_outside(text, ',');
      add_target(trimmed(text.substr(0, comma)));
      text = comma == std::string_view::npos ? std::string_view() : trimmed(text.substr(comma + 1));
    }
  }

  void add_target(std::string_view text) {
    std::vector<AliasAddress>& targets = lines_.back().targets;
    if (targets.size() == kMostAliasTargets) {
      open_ = false;
      lost_ = true;
      return problem_at(lines_.back().number,
                        "has more than " + std::to_string(kMostAliasTargets) + " targets");
    }
    if (text.empty()) return problem("has a comma with no address before it");
    if (const std::string_view why = refusal_of(text); !why.empty()) {
      problem(TableReader::quoted(text) + " " + std::string(why));
    } else if (auto address = parse_address(text)) {
      targets.push_back(*std::move(address));
      return;
    } else {
      problem(TableReader::quoted(text) +
              " is no address; write local@domain, or local for one at the same domain");
    }
    targets.emplace_back();  // so that nobody says it names nobody
  }

  const std::string& file_;
  std::uint32_t number_ = 0;
  bool open_ = false;  // lines_.back() may go on
  bool lost_ = false;  // the line that may go on was refused: what goes on is not looked at
  std::vector<AliasLine> lines_;
  absl::flat_hash_map<std::string, std::uint32_t> known_;  // names, and their lines
  std::vector<ConfigProblem> problems_;
};

}  // namespace

std::string AliasAddress::text() const {
  const auto quoted = protocol::quote_local_part(local, Utf8::yes);
  return quoted ? *quoted + "@" + domain : std::string();
}

std::expected<std::vector<AliasLine>, std::vector<ConfigProblem>> parse_aliases(std::string_view text,
                                                                                const std::string& file) {
  Parser parser(file);
  for (std::uint32_t number = 1; !text.empty() && !parser.has_enough(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    parser.line(text.substr(0, end), number);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return std::move(parser).finish();
}

}  // namespace postrider::agent
