#include "postrider/agent/version.h"

namespace postrider::agent {

const std::string_view kVersion = POSTRIDER_VERSION;

}  // namespace postrider::agent
