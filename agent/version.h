// The version of the program, from the build.
#pragma once

#include <string_view>

namespace postrider::agent {

extern const std::string_view kVersion;  // "0.1.0"

}  // namespace postrider::agent
