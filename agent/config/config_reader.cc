#include "postrider/agent/config/config_reader.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <fstream>
#include <iterator>

#include "postrider/agent/config/config_sections.h"
#include "postrider/agent/config/default_config.h"
#include "postrider/agent/config/table_reader.h"
#include "postrider/protocol/grammar/utf8.h"

namespace postrider::agent {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLargestFile = std::size_t{1} << 20;  // a configuration, not a disk image
constexpr int kSyntaxErrors = 10;                           // more of them help nobody

// Replaces line `number` (from 1) by an empty one; returns what it was.
std::string blank_line(std::string& text, std::uint32_t number) {
  std::size_t begin = 0;
  for (std::uint32_t line = 1; line < number; ++line) {
    begin = text.find('\n', begin);
    if (begin == std::string::npos) return {};
    ++begin;
  }
  const std::size_t end = std::min(text.find('\n', begin), text.size());
  std::string line = text.substr(begin, end - begin);
  text.erase(begin, end - begin);
  return line;
}

// toml++ as Debian builds it throws; here a syntax error is a value.
std::expected<toml::table, ConfigProblem> parse_once(const std::string& text, const std::string& file) {
  try {
    return toml::parse(std::string_view(text));
  } catch (const toml::parse_error& error) {
    return std::unexpected(
        ConfigProblem{file, error.source().begin.line, {}, std::string(error.description())});
  }
}

// Lines that are not UTF-8, which TOML wants; toml++ names a line nearby. False: there are some.
bool check_utf8(std::string_view text, ReadContext& context) {
  int found = 0;
  for (std::uint32_t line = 1; !text.empty() && found < kSyntaxErrors; ++line) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (!protocol::is_utf8(text.substr(0, end))) {
      ++found;
      context.problems.push_back(
          ConfigProblem{context.file, line, {}, "is not UTF-8; save the file as UTF-8"});
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return found == 0;
}

// Parses, and on a syntax error goes on without the offending line, so that independent slips are all
// reported. Stops where going on would only invent errors: at a broken table header, or when the parser gets
// no further.
std::optional<toml::table> parse_toml(std::string text, ReadContext& context) {
  if (!check_utf8(text, context)) return std::nullopt;
  std::uint32_t last_line = 0;
  for (int errors = 0; errors < kSyntaxErrors; ++errors) {
    auto parsed = parse_once(text, context.file);
    if (parsed) {
      if (errors != 0) return std::nullopt;
      return *std::move(parsed);
    }
    const std::uint32_t line = parsed.error().line;
    if (line <= last_line && errors != 0) break;
    last_line = line;
    context.problems.push_back(std::move(parsed).error());
    const std::string removed = blank_line(text, line);
    const std::size_t first = removed.find_first_not_of(" \t");
    if (first == std::string::npos || removed[first] == '[') break;
  }
  return std::nullopt;
}

// Over `config`, which holds the defaults.
bool read_over(std::string_view text, ReadContext& context, Config& config) {
  const std::optional<toml::table> root = parse_toml(std::string(text), context);
  if (root) read_sections(*root, context, config);
  sort_by_line(context.problems);
  return context.problems.empty();
}

Config defaults_in(const fs::path& folder) {
  Config config;
  ReadContext context{"embedded defaults", folder};
  [[maybe_unused]] const bool good = read_over(default_config_text(), context, config);
  assert(good);  // a test reads them too
  return config;
}

std::vector<ConfigProblem> one_problem(std::string file, std::string text) {
  std::vector<ConfigProblem> problems;
  problems.push_back(ConfigProblem{std::move(file), 0, {}, std::move(text)});
  return problems;
}

}  // namespace

ConfigResult read_config(std::string_view toml, std::string file, const fs::path& folder) {
  if (toml.size() > kLargestFile) {
    return std::unexpected(one_problem(std::move(file), "is larger than 1 MiB"));
  }
  const fs::path absolute = fs::absolute(folder).lexically_normal();
  LoadedConfig loaded{defaults_in(absolute), {}, file, false};
  ReadContext context{std::move(file), absolute};
  if (!read_over(toml, context, loaded.config)) return std::unexpected(std::move(context.problems));
  loaded.origins = std::move(context.origins);
  return loaded;
}

LoadedConfig embedded_config() {
  return LoadedConfig{defaults_in(fs::current_path()), {}, "embedded defaults", true};
}

ConfigResult load_config(const std::optional<fs::path>& asked) {
  static const fs::path kUsual = "postrider.toml";
  std::error_code error;
  if (!asked && !fs::exists(kUsual, error)) return embedded_config();
  const fs::path file = asked.value_or(kUsual);
  if (fs::is_directory(file, error)) {
    return std::unexpected(one_problem(file.native(), "is a folder, not a configuration file"));
  }
  std::ifstream in(file, std::ios::binary);
  if (!in) return std::unexpected(one_problem(file.native(), "cannot be opened"));
  std::string text(kLargestFile + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad()) return std::unexpected(one_problem(file.native(), "cannot be read"));
  text.resize(static_cast<std::size_t>(in.gcount()));
  const fs::path folder = file.parent_path();
  return read_config(text, file.native(), folder.empty() ? fs::current_path() : folder);
}

}  // namespace postrider::agent
