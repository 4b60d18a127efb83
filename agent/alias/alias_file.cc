#include "postrider/agent/alias/alias_file.h"

#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

namespace postrider::agent {
namespace {

namespace fs = std::filesystem;

std::vector<ConfigProblem> one_problem(const fs::path& file, std::string text) {
  std::vector<ConfigProblem> problems;
  problems.push_back(ConfigProblem{file.native(), 0, {}, std::move(text)});
  return problems;
}

std::expected<std::string, std::vector<ConfigProblem>> read_whole(const fs::path& file) {
  std::error_code error;
  if (fs::is_directory(file, error)) {
    return std::unexpected(one_problem(file, "is a folder, not a file of aliases"));
  }
  std::ifstream in(file, std::ios::binary);
  if (!in) {
    return std::unexpected(
        one_problem(file, "cannot be opened; make the file, or leave out \"file\" in [aliases]"));
  }
  std::string text;
  std::string block(std::size_t{64} << 10, '\0');
  while (in && text.size() <= kLargestAliasFile) {
    in.read(block.data(), static_cast<std::streamsize>(block.size()));
    text.append(block, 0, static_cast<std::size_t>(in.gcount()));
  }
  if (in.bad()) return std::unexpected(one_problem(file, "cannot be read"));
  if (text.size() > kLargestAliasFile) return std::unexpected(one_problem(file, "is larger than 16 MiB"));
  return text;
}

}  // namespace

AliasesResult load_aliases(const Config& config, const RouteTable& routes) {
  const AliasConfig& wanted = config.aliases;
  if (!wanted.file) {
    if (wanted.tag.empty()) return nullptr;
    return std::make_shared<const AliasTable>(std::vector<AliasLine>(), wanted.tag);
  }
  const auto text = read_whole(*wanted.file);
  if (!text) return std::unexpected(text.error());
  const std::string name = wanted.file->native();
  auto lines = parse_aliases(*text, name);
  if (!lines) return std::unexpected(std::move(lines).error());
  if (lines->empty() && wanted.tag.empty()) return nullptr;
  auto table = std::make_shared<const AliasTable>(*std::move(lines), wanted.tag);
  auto flaws = table->flaws(name, routes, config.hostname);
  if (!flaws.empty()) return std::unexpected(std::move(flaws));
  return table;
}

std::string to_text(const std::vector<ConfigProblem>& problems) {
  std::string out;
  for (const ConfigProblem& problem : problems) out += (out.empty() ? "" : "; ") + problem.to_text();
  return out;
}

}  // namespace postrider::agent
