// The examples that stand under the options of `--help`.
#pragma once

#include <string_view>

namespace postrider::agent {

// Of a subcommand; "" for the program itself. Empty for one that has none.
std::string_view help_examples(std::string_view subcommand) noexcept;

}  // namespace postrider::agent
