#include "postrider/agent/config/table_reader.h"

#include <algorithm>
#include <numeric>

#include "postrider/agent/config/quantity.h"

namespace postrider::agent {
namespace {

// Edit distance, for "did you mean". Keys are short.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

std::string_view kind_of(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table: return "a table";
    case toml::node_type::array: return "an array";
    case toml::node_type::string: return "a string";
    case toml::node_type::integer: return "an integer";
    case toml::node_type::floating_point: return "a floating-point number";
    case toml::node_type::boolean: return "a boolean";
    default: return "a date or time";
  }
}

std::string wrong_kind(std::string_view expected, const toml::node& node) {
  return "must be " + std::string(expected) + ", not " + std::string(kind_of(node));
}

}  // namespace

TableReader::TableReader(const toml::table& table, std::string path, ReadContext& context)
    : table_(table), path_(std::move(path)), context_(context) {
  for (const auto& [key, value] : table) context_.origins.add(full_key(key.str()), key.source().begin.line);
}

std::string TableReader::full_key(std::string_view key) const {
  if (path_.empty()) return std::string(key);
  return path_ + "." + std::string(key);
}

void TableReader::problem(std::string_view key, std::string text) {
  const std::string full = full_key(key);
  std::uint32_t line = context_.origins.line(full);
  if (line == 0) line = table_.source().begin.line;
  context_.problems.push_back(ConfigProblem{context_.file, line, full, std::move(text)});
}

const toml::node* TableReader::find(std::string_view key) {
  known_.emplace_back(key);
  return table_.get(key);
}

std::optional<std::string> TableReader::text(std::string_view key) {
  const toml::node* node = find(key);
  if (node == nullptr) return std::nullopt;
  if (const auto* value = node->as_string()) return value->get();
  problem(key, wrong_kind("a string", *node));
  return std::nullopt;
}

std::optional<std::vector<std::string>> TableReader::texts(std::string_view key) {
  const toml::node* node = find(key);
  if (node == nullptr) return std::nullopt;
  const toml::array* array = node->as_array();
  if (array == nullptr) {
    problem(key, wrong_kind("an array of strings", *node));
    return std::nullopt;
  }
  std::vector<std::string> out;
  for (const toml::node& entry : *array) {
    if (const auto* value = entry.as_string()) {
      out.push_back(value->get());
    } else {
      problem(key, "must hold strings alone, and holds " + std::string(kind_of(entry)));
    }
  }
  return out;
}

void TableReader::path(std::string_view key, std::filesystem::path& out) {
  const auto read = text(key);
  if (!read) return;
  if (read->empty() || read->find('\0') != std::string::npos) {
    problem(key, "is no path");
    return;
  }
  out = (context_.folder / *read).lexically_normal();
}

void TableReader::path(std::string_view key, std::optional<std::filesystem::path>& out) {
  std::filesystem::path read;
  path(key, read);
  if (!read.empty()) out = std::move(read);
}

void TableReader::size(std::string_view key, std::uint64_t least, std::uint64_t& out) {
  const toml::node* node = find(key);
  if (node == nullptr) return;
  std::uint64_t read = 0;
  if (const auto* number = node->as_integer()) {
    read = number->get() < 0 ? 0 : static_cast<std::uint64_t>(number->get());
  } else if (const auto* words = node->as_string()) {
    const auto parsed = parse_size(words->get());
    if (!parsed) return problem(key, quoted(words->get()) + " " + parsed.error());
    read = *parsed;
  } else {
    return problem(key, wrong_kind("a size", *node));
  }
  if (read < least) return problem(key, "must be at least " + std::to_string(least));
  out = read;
}

void TableReader::duration(std::string_view key, std::chrono::seconds& out) {
  const auto read = text(key);
  if (!read) return;
  const auto parsed = parse_duration(*read);
  if (!parsed) return problem(key, quoted(*read) + " " + parsed.error());
  if (parsed->count() == 0) return problem(key, "must be longer than nothing");
  out = *parsed;
}

void TableReader::durations(std::string_view key, std::vector<std::chrono::seconds>& out) {
  parsed_list<std::chrono::seconds>(
      key,
      [](const std::string& each) -> std::expected<std::chrono::seconds, std::string> {
        auto parsed = parse_duration(each);
        if (parsed && parsed->count() == 0) return std::unexpected("is no time to wait");
        return parsed;
      },
      out);
  if (has(key) && out.empty()) problem(key, "must hold at least one duration");
}

std::optional<std::uint64_t> TableReader::whole_number(std::string_view key, std::uint64_t least,
                                                       std::uint64_t most) {
  const toml::node* node = find(key);
  if (node == nullptr) return std::nullopt;
  const auto* number = node->as_integer();
  if (number == nullptr) {
    problem(key, wrong_kind("a whole number", *node));
    return std::nullopt;
  }
  if (number->get() < 0 || static_cast<std::uint64_t>(number->get()) < least ||
      static_cast<std::uint64_t>(number->get()) > most) {
    problem(key, std::to_string(number->get()) + " is not between " + std::to_string(least) + " and " +
                     std::to_string(most));
    return std::nullopt;
  }
  return static_cast<std::uint64_t>(number->get());
}

const toml::table* TableReader::table(std::string_view key) {
  const toml::node* node = find(key);
  if (node == nullptr) return nullptr;
  const toml::table* found = node->as_table();
  if (found == nullptr) problem(key, wrong_kind("a table", *node));
  return found;
}

std::optional<std::vector<const toml::table*>> TableReader::tables(std::string_view key) {
  const toml::node* node = find(key);
  if (node == nullptr) return std::nullopt;
  const toml::array* array = node->as_array();
  if (array == nullptr) {
    problem(key, "must be an array of tables, [[" + full_key(key) + "]]");
    return std::nullopt;
  }
  std::vector<const toml::table*> out;
  for (const toml::node& entry : *array) out.push_back(entry.as_table());
  if (std::ranges::find(out, nullptr) != out.end()) {
    problem(key, "must hold tables alone, [[" + full_key(key) + "]]");
    return std::nullopt;
  }
  return out;
}

void TableReader::finish() {
  for (const auto& [key, value] : table_) {
    const std::string_view name = key.str();
    if (std::ranges::find(known_, name) != known_.end()) continue;
    std::string text = "unknown key";
    const auto nearest = std::ranges::min_element(
        known_, {}, [&](const std::string& candidate) { return distance(candidate, name); });
    if (nearest != known_.end() && distance(*nearest, name) <= std::max<std::size_t>(1, name.size() / 3)) {
      text += "; did you mean " + quoted(*nearest) + "?";
    }
    problem(name, std::move(text));
  }
}

std::string TableReader::quoted(std::string_view text) {
  constexpr std::size_t kShown = 80;
  std::string out = "\"";
  for (const char c : text.substr(0, kShown)) {
    // A value is echoed to a terminal: no control octet may reach it.
    out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  }
  return out + (text.size() > kShown ? "…\"" : "\"");
}

}  // namespace postrider::agent
