#include "postrider/agent/queue/converted_message.h"

namespace postrider::agent {

std::expected<queue::SevenBitPlan, ConversionFailure> plan_conversion(queue::Body& body) {
  queue::SevenBitScan scan(queue::ContentTarget::seven_bit);
  while (true) {
    const queue::SpoolResult<std::string_view> slice = body.next();
    if (!slice) return std::unexpected(slice.error());
    if (slice->empty()) break;
    scan.put(*slice);
  }
  auto plan = scan.finish();
  if (!plan) return std::unexpected(plan.error());
  return *std::move(plan);
}

client::Task<client::MessageSource::SliceResult> ConvertedMessage::next() {
  slice_.clear();
  Slice out;
  // A slice may be swallowed whole, as the beginning of a header is.
  while (slice_.empty() && !out.last) {
    const queue::SpoolResult<std::string_view> read = body_->next();
    if (!read) co_return std::unexpected(transport::error_code(transport::error::broken_pipe));
    out.last = read->empty();
    if (out.last) {
      converter_->finish(slice_);
    } else {
      converter_->put(*read, slice_);
    }
  }
  out.octets = slice_;
  co_return out;
}

transport::error_code ConvertedMessage::rewind() {
  body_->rewind();
  converter_.emplace(plan_);
  return {};
}

}  // namespace postrider::agent
