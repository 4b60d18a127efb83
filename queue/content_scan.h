// Learns, while a message streams by, what the next hop will have to be able to do, how many hops it has
// made, and whether it asks to be sent without regard to policies about TLS.
//
//   scan.feed(octets);                     // again and again, in any cuts
//   const ContentFacts facts = scan.finish();
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "postrider/protocol/framing/data_codec.h"
#include "postrider/queue/message.h"

namespace postrider::queue {

// RFC 5321 6.3 wants a large number, normally at least 100: a message that has passed so many servers goes in
// circles.
inline constexpr std::uint16_t kMostHops = 100;

class ContentScan {
 public:
  void feed(std::string_view octets) noexcept;
  // `binary` is left as it is: it is said by BODY=, not by the octets.
  ContentFacts finish() noexcept;

 private:
  void look_at_header(std::string_view octets) noexcept;
  void look_at(char octet) noexcept;
  void look_for_tls_required(char octet) noexcept;

  protocol::FlawScanner scanner_;
  std::uint64_t octets_ = 0;
  char last_[2] = {'\r', '\n'};
  std::size_t matched_ = 0;       // of "received:", in this line; kNoMatch: it is another field
  std::size_t tls_required_ = 0;  // the same of "tls-required:no"
  std::uint16_t hops_ = 0;
  bool tls_optional_ = false;
  bool at_line_start_ = true;
  bool header_is_over_ = false;
  bool eight_bit_header_ = false;
};

}  // namespace postrider::queue
