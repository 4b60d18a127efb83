#include "postrider/agent/queue/spool_message.h"

namespace postrider::agent {

client::MessageFacts message_facts(const queue::ContentFacts& facts) noexcept {
  client::MessageFacts out;
  out.octets = facts.octets;
  out.inspected = true;
  out.flaws.eight_bit = facts.eight_bit;
  out.flaws.bare_cr = facts.bare_cr;
  out.flaws.bare_lf = facts.bare_lf;
  out.flaws.nul = facts.nul;
  out.flaws.long_line = facts.long_line;
  out.ends_with_line = facts.ends_with_line;
  out.binary = facts.binary;
  return out;
}

client::MessageFacts SpoolMessage::facts() const { return message_facts(facts_); }

client::Task<client::MessageSource::SliceResult> SpoolMessage::next() {
  const queue::SpoolResult<std::string_view> slice = body_->next();
  if (!slice) co_return std::unexpected(transport::error_code(transport::error::broken_pipe));
  given_ += slice->size();
  Slice out;
  out.octets = *slice;
  out.last = slice->empty() || given_ >= facts_.octets;
  co_return out;
}

transport::error_code SpoolMessage::rewind() {
  body_->rewind();
  given_ = 0;
  return {};
}

}  // namespace postrider::agent
