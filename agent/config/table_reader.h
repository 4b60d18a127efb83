// One TOML table read into typed fields: what is there must be of the right kind, and nothing may be left
// unread.
//
//   TableReader log(table, "log", context);
//   log.choice("level", kLevels, config.level);
//   log.finish();                                 // reports every key that nobody asked for
//
// A key that is absent leaves its field as it is. This header is for the reader alone: it pulls in toml++.
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <toml++/toml.h>

#include "postrider/agent/config/config_report.h"

namespace postrider::agent {

// What all tables of one file share.
struct ReadContext {
  std::string file;
  std::filesystem::path folder;
  std::vector<ConfigProblem> problems{};
  ConfigOrigins origins{};
};

template <class T>
struct Choice {
  std::string_view name;
  T value;
};

class TableReader {
 public:
  // `path` names the table in messages ("listen[0]"), empty at the top. Both references must outlive the
  // reader.
  TableReader(const toml::table& table, std::string path, ReadContext& context);

  // A problem with `key`, at its line or at the table's when the key is absent.
  void problem(std::string_view key, std::string text);

  bool has(std::string_view key) const { return table_.contains(key); }

  std::optional<std::string> text(std::string_view key);
  std::optional<std::vector<std::string>> texts(std::string_view key);
  void path(std::string_view key, std::filesystem::path& out);
  void path(std::string_view key, std::optional<std::filesystem::path>& out);
  void size(std::string_view key, std::uint64_t least, std::uint64_t& out);
  void duration(std::string_view key, std::chrono::seconds& out);
  void durations(std::string_view key, std::vector<std::chrono::seconds>& out);

  template <std::unsigned_integral T>
  void count(std::string_view key, T least, T most, T& out) {
    const std::optional<std::uint64_t> read = whole_number(key, least, most);
    if (read) out = static_cast<T>(*read);
  }

  template <class T, std::size_t kCount>
  void choice(std::string_view key, const std::array<Choice<T>, kCount>& choices, T& out) {
    const std::optional<std::string> read = text(key);
    if (!read) return;
    std::string names;
    for (const Choice<T>& each : choices) {
      if (each.name == *read) {
        out = each.value;
        return;
      }
      names += (names.empty() ? "" : ", ") + std::string(each.name);
    }
    problem(key, quoted(*read) + " is not one of " + names);
  }

  // Each text through `parse` (text -> expected<T, words>), all failures reported. The list may be empty.
  template <class T, class Parse>
  void parsed_list(std::string_view key, Parse parse, std::vector<T>& out) {
    const auto read = texts(key);
    if (!read) return;
    out.clear();
    for (const std::string& each : *read) {
      auto value = parse(each);
      if (value) {
        out.push_back(*std::move(value));
      } else {
        problem(key, quoted(each) + " " + value.error());
      }
    }
  }

  // The table below `key`, or nullptr when it is absent or no table (which is reported).
  const toml::table* table(std::string_view key);
  // The tables of an array below `key`; nullopt when absent or not that (which is reported).
  std::optional<std::vector<const toml::table*>> tables(std::string_view key);

  void finish();

  static std::string quoted(std::string_view text);

 private:
  const toml::node* find(std::string_view key);
  std::optional<std::uint64_t> whole_number(std::string_view key, std::uint64_t least, std::uint64_t most);
  std::string full_key(std::string_view key) const;

  const toml::table& table_;
  std::string path_;
  ReadContext& context_;
  std::vector<std::string> known_;
};

}  // namespace postrider::agent
