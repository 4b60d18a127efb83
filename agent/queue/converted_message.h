// A message of the queue in a form for next hops that take 7-bit content alone, converted as it is sent:
// RFC 6152 3.
//
//   auto plan = plan_conversion(**body);            // reads it through
//   if (!plan) …                                    // why it cannot be converted
//   body->rewind();
//   ConvertedMessage message(std::move(body), *plan);
#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "postrider/client/message_source.h"
#include "postrider/queue/content/seven_bit.h"
#include "postrider/queue/spool.h"

namespace postrider::agent {

using ConversionFailure = std::variant<queue::ConversionRefusal, queue::SpoolFailure>;
std::expected<queue::SevenBitPlan, ConversionFailure> plan_conversion(queue::Body& body);

class ConvertedMessage final : public client::MessageSource {
 public:
  // The body stands at its beginning.
  ConvertedMessage(std::unique_ptr<queue::Body> body, queue::SevenBitPlan plan)
      : body_(std::move(body)), plan_(std::move(plan)) {
    converter_.emplace(plan_);
  }

  // How long it will be is not known.
  client::MessageFacts facts() const override { return {}; }
  client::Task<SliceResult> next() override;
  transport::error_code rewind() override;

 private:
  std::unique_ptr<queue::Body> body_;
  queue::SevenBitPlan plan_;
  std::optional<queue::SevenBitConverter> converter_;  // made afresh for each time
  std::string slice_;
};

}  // namespace postrider::agent
