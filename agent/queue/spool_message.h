// A message of the queue as the client sends it: its slices as the spool gives them.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "postrider/client/message_source.h"
#include "postrider/queue/message.h"
#include "postrider/queue/spool.h"

namespace postrider::agent {

class SpoolMessage final : public client::MessageSource {
 public:
  SpoolMessage(std::unique_ptr<queue::Body> body, const queue::ContentFacts& facts)
      : body_(std::move(body)), facts_(facts) {}

  client::MessageFacts facts() const override;
  client::Task<SliceResult> next() override;
  transport::error_code rewind() override;

 private:
  std::unique_ptr<queue::Body> body_;
  queue::ContentFacts facts_;
  std::uint64_t given_ = 0;
};

// What the client is told of content with these facts.
client::MessageFacts message_facts(const queue::ContentFacts& facts) noexcept;

}  // namespace postrider::agent
