#include "postrider/agent/config/config_report.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace postrider::agent {

std::string ConfigProblem::to_text() const {
  std::string out = file;
  if (line != 0) out += ":" + std::to_string(line);
  if (!key.empty()) out += ": " + key;
  out += ": " + text;
  // Keys and parts of the file are echoed to a terminal: no control octet may reach it.
  for (char& c : out) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  return out;
}

// Not by std::stable_sort: the library of g++ 12 calls something there that C++23 deprecates, and clang says
// so.
void sort_by_line(std::vector<ConfigProblem>& problems) {
  std::vector<std::pair<std::uint32_t, std::size_t>> order;
  for (std::size_t i = 0; i < problems.size(); ++i) order.emplace_back(problems[i].line, i);
  std::ranges::sort(order);
  std::vector<ConfigProblem> sorted;
  sorted.reserve(problems.size());
  for (const auto& [line, index] : order) sorted.push_back(std::move(problems[index]));
  problems = std::move(sorted);
}

std::uint32_t ConfigOrigins::line(std::string_view key) const {
  const auto found = lines_.find(key);
  return found == lines_.end() ? 0 : found->second;
}

}  // namespace postrider::agent
