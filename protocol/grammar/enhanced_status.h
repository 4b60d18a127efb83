// Enhanced mail system status codes, RFC 3463: class "." subject "." detail.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string_view>

namespace postrider::protocol {

// Subject and detail: what a reply says beside its class. The class is the first digit of the reply code and
// is taken from there when the reply is written, so the two cannot disagree (RFC 2034 4).
struct EnhancedDetail {
  std::uint16_t subject = 0;  // 0 to 999, RFC 3463 2
  std::uint16_t detail = 0;   // 0 to 999

  friend constexpr auto operator<=>(const EnhancedDetail&, const EnhancedDetail&) noexcept = default;
};

struct EnhancedStatus {
  std::uint8_t klass = 2;  // 2, 4 or 5
  EnhancedDetail code;

  friend constexpr auto operator<=>(const EnhancedStatus&, const EnhancedStatus&) noexcept = default;
};

// Reads "5.7.1" and the one space behind it, if `text` begins with a status that ends there or at the end of
// the text, and removes both from `text`; else nullopt and `text` unchanged. No leading zeros, RFC 3463 2.
std::optional<EnhancedStatus> parse_enhanced_status(std::string_view& text) noexcept;

// The ones that Postrider sends, RFC 3463 3 and the IANA registry.
namespace status {
inline constexpr EnhancedDetail other{0, 0};
inline constexpr EnhancedDetail other_address{1, 0};
inline constexpr EnhancedDetail bad_mailbox{1, 1};
inline constexpr EnhancedDetail bad_system{1, 2};
inline constexpr EnhancedDetail bad_mailbox_syntax{1, 3};
inline constexpr EnhancedDetail address_valid{1, 5};
inline constexpr EnhancedDetail sender_ok{1, 0};
inline constexpr EnhancedDetail bad_sender_syntax{1, 7};
inline constexpr EnhancedDetail null_mx{1, 10};  // RFC 7505 4.1
inline constexpr EnhancedDetail mailbox_full{2, 2};
inline constexpr EnhancedDetail mail_system{3, 0};
inline constexpr EnhancedDetail system_full{3, 1};
inline constexpr EnhancedDetail not_accepting{3, 2};
inline constexpr EnhancedDetail message_too_big{3, 4};
inline constexpr EnhancedDetail congestion{4, 5};
inline constexpr EnhancedDetail other_protocol{5, 0};
inline constexpr EnhancedDetail invalid_command{5, 1};
inline constexpr EnhancedDetail syntax_error{5, 2};
inline constexpr EnhancedDetail too_many_recipients{5, 3};
inline constexpr EnhancedDetail invalid_arguments{5, 4};
inline constexpr EnhancedDetail auth_line_too_long{5, 6};  // RFC 4954 6
inline constexpr EnhancedDetail other_content{6, 0};
inline constexpr EnhancedDetail non_ascii_addresses{6, 7};  // RFC 6531 4
inline constexpr EnhancedDetail security{7, 0};
inline constexpr EnhancedDetail not_authorized{7, 1};
inline constexpr EnhancedDetail bad_credentials{7, 8};       // RFC 4954 6
inline constexpr EnhancedDetail encryption_required{7, 11};  // RFC 4954 6
inline constexpr EnhancedDetail too_many_connections{4, 5};
}  // namespace status

}  // namespace postrider::protocol
