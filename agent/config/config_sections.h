// The tables of the configuration, one reader each: TOML in, typed fields out. For config_reader alone.
#pragma once

#include "postrider/agent/config/config.h"
#include "postrider/agent/config/table_reader.h"

namespace postrider::agent {

// Reads the whole document over `config`, which holds the defaults. Problems and origins go to `context`.
void read_sections(const toml::table& root, ReadContext& context, Config& config);

}  // namespace postrider::agent
