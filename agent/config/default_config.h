// The embedded defaults: the commented text that `postrider config default` prints, and that every
// configuration file is read over.
#pragma once

#include <string_view>

namespace postrider::agent {

std::string_view default_config_text() noexcept;

}  // namespace postrider::agent
