#include "postrider/client/delivery_report.h"

#include <algorithm>

namespace postrider::client {

bool DeliveryReport::all_delivered() const noexcept {
  return std::ranges::all_of(recipients, [](const RecipientResult& result) { return result.delivered(); });
}

std::string DeliveryReport::text(std::size_t index) const {
  const RecipientResult& result = recipients[index];
  if (result.reply) {
    std::string text = to_log_line(*result.reply);
    if (result.local) text.append(" (not asked)");
    return text;
  }
  return failure ? failure->text() : "not tried";
}

}  // namespace postrider::client
