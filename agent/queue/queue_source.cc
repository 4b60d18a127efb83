#include "postrider/agent/queue/queue_source.h"

namespace postrider::agent {

std::string_view to_string(QueueAction action) noexcept {
  switch (action) {
    case QueueAction::retry: return "retry";
    case QueueAction::hold: return "hold";
    case QueueAction::release: return "release";
    case QueueAction::drop: return "drop";
  }
  return "";
}

}  // namespace postrider::agent
