// The client's half of SCRAM-SHA-256 and SCRAM-SHA-256-PLUS, RFC 5802 and RFC 7677.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "postrider/protocol/sasl/client.h"
#include "postrider/protocol/sasl/scram_message.h"

namespace postrider::protocol::sasl {

class ScramClient final : public ClientMechanism {
 public:
  // How it is bound: a binding for -PLUS; without one `flag` says whether we could have.
  struct Binding {
    BindingFlag flag = BindingFlag::no;
    ChannelBinding channel;
  };

  // `nonce` is printable and not to be guessed (is_nonce()); only tests choose it.
  ScramClient(const Primitives& primitives, const Credentials& credentials, Binding binding,
              std::uint32_t least_iterations, std::string nonce);

  std::optional<Secret> initial() override;
  std::expected<Secret, Fault> respond(std::string_view challenge) override;
  bool proven() const noexcept override { return state_ == State::proven; }
  std::string_view complaint() const noexcept override { return complaint_; }

 private:
  enum class State : std::uint8_t { begun, first_sent, final_sent, proven, failed };

  std::expected<Secret, Fault> answer_first(std::string_view challenge);
  std::expected<Secret, Fault> answer_final(std::string_view challenge);

  const Primitives& primitives_;
  Secret password_;
  std::uint32_t least_iterations_;
  std::string nonce_;
  std::string gs2_header_;
  std::string bound_;  // the header and the octets of the channel: what c= stands for
  std::string bare_;
  Sha256 signature_{};  // what the server has to say
  std::string complaint_;
  State state_ = State::begun;
};

// Random and printable.
std::string make_nonce(const Primitives& primitives);

}  // namespace postrider::protocol::sasl
