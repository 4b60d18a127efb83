// Reply codes. RFC 5321 4.2.1: the three digits are severity, category and detail.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>

namespace postrider::protocol {

enum class Severity : std::uint8_t {
  positive_completion = 2,
  positive_intermediate = 3,
  transient_negative = 4,
  permanent_negative = 5,
};

enum class Category : std::uint8_t {
  syntax = 0,
  information = 1,
  connections = 2,
  unspecified_3 = 3,
  unspecified_4 = 4,
  mail_system = 5,
};

class ReplyCode {
 public:
  // 250, so that a default-made reply is well formed.
  constexpr ReplyCode() noexcept = default;
  constexpr ReplyCode(Severity severity, Category category, std::uint8_t detail) noexcept
      : value_(static_cast<std::uint16_t>(static_cast<unsigned>(severity) * 100 +
                                          static_cast<unsigned>(category) * 10 + detail % 10u)) {}
  // First digit 2 to 5, second 0 to 5 (RFC 5321 4.2: Reply-code); nullopt for every other number.
  static constexpr std::optional<ReplyCode> from(unsigned value) noexcept {
    if (value < 200 || value > 559 || value / 10 % 10 > 5) return std::nullopt;
    ReplyCode code;
    code.value_ = static_cast<std::uint16_t>(value);
    return code;
  }

  // What a client takes from a server: any second digit. Courier's filters answer 571, others 471, and RFC
  // 5321 4.2 has a client test the first digit. category() is then beyond the named ones; such a code is
  // never written (see write_reply).
  static constexpr std::optional<ReplyCode> received(unsigned value) noexcept {
    if (value < 200 || value > 599) return std::nullopt;
    ReplyCode code;
    code.value_ = static_cast<std::uint16_t>(value);
    return code;
  }

  [[nodiscard]] constexpr std::uint16_t value() const noexcept { return value_; }
  [[nodiscard]] constexpr Severity severity() const noexcept { return static_cast<Severity>(value_ / 100); }
  [[nodiscard]] constexpr Category category() const noexcept {
    return static_cast<Category>(value_ / 10 % 10);
  }
  [[nodiscard]] constexpr std::uint8_t detail() const noexcept {
    return static_cast<std::uint8_t>(value_ % 10);
  }

  [[nodiscard]] constexpr bool positive() const noexcept { return value_ < 300; }
  [[nodiscard]] constexpr bool intermediate() const noexcept { return value_ >= 300 && value_ < 400; }
  [[nodiscard]] constexpr bool transient() const noexcept { return value_ >= 400 && value_ < 500; }
  [[nodiscard]] constexpr bool permanent() const noexcept { return value_ >= 500; }

  friend constexpr auto operator<=>(ReplyCode, ReplyCode) noexcept = default;

 private:
  std::uint16_t value_ = 250;
};

// The codes that Postrider sends or looks for, each with its source.
namespace code {
namespace detail {
consteval ReplyCode make(unsigned value) { return ReplyCode::from(value).value(); }
}  // namespace detail

inline constexpr ReplyCode system_status = detail::make(211);           // RFC 5321 4.2.3
inline constexpr ReplyCode help_message = detail::make(214);            // RFC 5321 4.2.3
inline constexpr ReplyCode service_ready = detail::make(220);           // RFC 5321 4.2.3; RFC 3207 4
inline constexpr ReplyCode closing_channel = detail::make(221);         // RFC 5321 4.2.3
inline constexpr ReplyCode authenticated = detail::make(235);           // RFC 4954 6
inline constexpr ReplyCode ok = detail::make(250);                      // RFC 5321 4.2.3
inline constexpr ReplyCode will_forward = detail::make(251);            // RFC 5321 4.2.3
inline constexpr ReplyCode cannot_verify = detail::make(252);           // RFC 5321 4.2.3
inline constexpr ReplyCode auth_continue = detail::make(334);           // RFC 4954 4
inline constexpr ReplyCode start_mail_input = detail::make(354);        // RFC 5321 4.2.3
inline constexpr ReplyCode service_not_available = detail::make(421);   // RFC 5321 4.2.3 and 3.8
inline constexpr ReplyCode mailbox_busy = detail::make(450);            // RFC 5321 4.2.3
inline constexpr ReplyCode local_error = detail::make(451);             // RFC 5321 4.2.3
inline constexpr ReplyCode insufficient_storage = detail::make(452);    // RFC 5321 4.2.3 and 4.5.3.1.10
inline constexpr ReplyCode temporary_auth_failure = detail::make(454);  // RFC 4954 6; RFC 3207 4
inline constexpr ReplyCode unrecognized_command = detail::make(500);  // RFC 5321 4.2.3; also "line too long"
inline constexpr ReplyCode bad_arguments = detail::make(501);         // RFC 5321 4.2.3
inline constexpr ReplyCode not_implemented = detail::make(502);       // RFC 5321 4.2.3 and 4.2.4
inline constexpr ReplyCode bad_sequence = detail::make(503);          // RFC 5321 4.2.3
inline constexpr ReplyCode parameter_not_implemented = detail::make(504);  // RFC 5321 4.2.3
inline constexpr ReplyCode auth_required = detail::make(530);              // RFC 4954 6; RFC 3207 4
inline constexpr ReplyCode auth_failed = detail::make(535);                // RFC 4954 6
inline constexpr ReplyCode encryption_required = detail::make(538);        // RFC 4954 6
inline constexpr ReplyCode mailbox_unavailable = detail::make(550);        // RFC 5321 4.2.3
inline constexpr ReplyCode not_local = detail::make(551);                  // RFC 5321 4.2.3
inline constexpr ReplyCode exceeded_storage = detail::make(552);           // RFC 5321 4.2.3; RFC 1870 6
inline constexpr ReplyCode bad_mailbox_name = detail::make(553);           // RFC 5321 4.2.3
inline constexpr ReplyCode transaction_failed = detail::make(554);         // RFC 5321 4.2.3
inline constexpr ReplyCode parameters_not_recognized = detail::make(555);  // RFC 5321 4.1.1.11
inline constexpr ReplyCode domain_takes_no_mail = detail::make(556);       // RFC 7504 3
}  // namespace code

}  // namespace postrider::protocol
