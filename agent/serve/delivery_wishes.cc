#include "postrider/agent/serve/delivery_wishes.h"

#include <absl/strings/string_view.h>
#include <absl/time/time.h>

namespace postrider::agent {
namespace {

protocol::Reply refusal(std::string_view text) {
  return protocol::Reply(protocol::code::bad_arguments, protocol::status::invalid_arguments, text);
}

// RFC 2852 4: within so many seconds from now.
queue::DeliverBy deadline(const protocol::DeliverBy& by, transport::SystemTime now) {
  queue::DeliverBy out;
  out.at = std::chrono::floor<queue::Duration>(now) + std::chrono::seconds(by.seconds);
  out.returns = by.mode == protocol::DeliverBy::Mode::return_mail;
  out.trace = by.trace;
  return out;
}

}  // namespace

std::expected<DeliveryWishes, protocol::Reply> delivery_wishes(const protocol::MailParameters& parameters,
                                                               transport::SystemTime now) {
  DeliveryWishes out;
  out.priority = parameters.mt_priority.value_or(0);
  if (parameters.deliver_by) out.deliver_by = deadline(*parameters.deliver_by, now);
  if (!parameters.future_release) return out;
  const protocol::FutureRelease& hold = *parameters.future_release;
  transport::SystemTime until = now + std::chrono::seconds(hold.seconds);
  if (!hold.until.empty()) {
    absl::Time time;
    const absl::string_view text(hold.until.view().data(), hold.until.size());
    if (!absl::ParseTime(absl::RFC3339_full, text, &time, nullptr)) {
      return std::unexpected(refusal("HOLDUNTIL= is no date and time"));
    }
    until = absl::ToChronoTime(time);
  }
  if (until - now > kLongestHold) {
    return std::unexpected(refusal("A message is held for at most " +
                                   std::to_string(std::chrono::seconds(kLongestHold).count()) + " seconds"));
  }
  if (until > now) out.hold_until = until;
  if (out.deliver_by && out.deliver_by->returns && until >= out.deliver_by->at) {
    return std::unexpected(refusal("The message would be held until its time for delivery is over"));
  }
  return out;
}

std::string future_release_bounds() {
  return std::to_string(std::chrono::seconds(kLongestHold).count()) + " 9999-12-31T23:59:59Z";
}

}  // namespace postrider::agent
