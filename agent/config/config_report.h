// What is wrong with a configuration: every problem with file, line and key, in the order of the file.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace postrider::agent {

struct ConfigProblem {
  std::string file;
  std::uint32_t line = 0;  // from 1; 0 when the problem has no line (the file cannot be read)
  std::string key;         // "listen[1].role"; empty when no key is concerned
  std::string text;

  // "postrider.toml:12: listen[1].role: …"
  std::string to_text() const;
};

// Into the order of the file; problems of one line keep theirs.
void sort_by_line(std::vector<ConfigProblem>& problems);

// Where each key of a file stands, so that a later check can name it. Keys that only the defaults set are
// absent.
class ConfigOrigins {
 public:
  void add(std::string key, std::uint32_t line) { lines_.insert_or_assign(std::move(key), line); }
  bool has(std::string_view key) const { return lines_.find(key) != lines_.end(); }
  // 0 when the key is not in the file.
  std::uint32_t line(std::string_view key) const;

 private:
  std::map<std::string, std::uint32_t, std::less<>> lines_;
};

}  // namespace postrider::agent
