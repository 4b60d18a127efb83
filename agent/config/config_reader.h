// Reads a configuration: TOML over the embedded defaults, checked key by key.
//
// An unknown key or a bad value is a problem, and all problems of a file are reported together. A file that
// is not TOML is reported alone, since what the rest of it means is not known then.
//
// Ownership: everything is returned by value. Errors: problems are the result, nothing throws.
#pragma once

#include <expected>
#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

#include "postrider/agent/config/config.h"
#include "postrider/agent/config/config_report.h"

namespace postrider::agent {

struct LoadedConfig {
  Config config;
  ConfigOrigins origins;  // of the keys in the file
  std::string file;       // as named in messages; "embedded defaults" without a file
  bool embedded = false;  // no file: the defaults alone
};

using ConfigResult = std::expected<LoadedConfig, std::vector<ConfigProblem>>;

// `file` is the name for messages, `folder` what relative paths are taken from.
ConfigResult read_config(std::string_view toml, std::string file, const std::filesystem::path& folder);

// The defaults alone, relative to the working folder.
LoadedConfig embedded_config();

// The file that was asked for; else ./postrider.toml if it exists; else the embedded defaults.
ConfigResult load_config(const std::optional<std::filesystem::path>& asked);

}  // namespace postrider::agent
