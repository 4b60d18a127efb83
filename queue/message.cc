#include "postrider/queue/message.h"

#include <algorithm>

namespace postrider::queue {

bool has_deadline_ahead(const QueuedMessage& message) noexcept {
  if (!message.deliver_by) return false;
  if (message.deliver_by->returns) return !message.recipients.empty();
  if (message.deliver_by->at <= message.arrived) return false;
  return std::ranges::any_of(message.recipients,
                             [](const QueuedRecipient& each) { return !each.delay_reported; });
}

bool is_too_late(const QueuedMessage& message, Time now) noexcept {
  return message.deliver_by && message.deliver_by->returns && now >= message.deliver_by->at;
}

// A path of a command that was read ends in the last ">" before its parameters; a quoted local part may hold
// one as well (RFC 5321 4.1.2), and no domain or literal can.
std::string_view address_of(std::string_view command) noexcept {
  const std::size_t open = command.find('<');
  if (open == std::string_view::npos) return {};
  bool quoted = false;
  for (std::size_t at = open + 1; at < command.size(); ++at) {
    if (quoted && command[at] == '\\') {
      ++at;
    } else if (command[at] == '"') {
      quoted = !quoted;
    } else if (!quoted && command[at] == '>') {
      return command.substr(open + 1, at - open - 1);
    }
  }
  return {};
}

}  // namespace postrider::queue
