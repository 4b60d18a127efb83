// Verbs and MAIL/RCPT parameters that a user of the library adds to those that the core knows, such as
// XCLIENT.
//
//   ExtensionTable extensions;
//   extensions.add_verb({.name = "XCLIENT", .argument = Presence::required, .ehlo_keyword = "XCLIENT",
//                        .moment = VerbExtension::Moment::between_transactions,
//                        .restarts_session = true});
//   extensions.add_parameter({.keyword = "XTRACE", .on = ParameterExtension::On::mail,
//                             .value = Presence::required, .ehlo_keyword = "XTRACE",
//                             .accepts = is_trace_id});
//
// Filled once at start-up, then shared, unchanged, by every session; adding allocates, looking up does not.
// Sessions keep pointers into it, so it must outlive them. Names are upper-case, 1 to 32 octets; adding a
// name that the core or the table has already, or that is no keyword (RFC 5321 4.1.1.1: ehlo-keyword),
// returns false and changes nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

namespace postrider::protocol {

enum class Presence : std::uint8_t { forbidden, optional, required };

struct VerbExtension {
  // When the command may come; at another moment it is answered 503 5.5.1 without being shown to the handler.
  enum class Moment : std::uint8_t {
    always,                // any time after the greeting
    after_hello,           // after EHLO or HELO, also inside a transaction
    outside_transaction,   // after EHLO or HELO, and not between MAIL and the end of the message
    between_transactions,  // any time after the greeting, but not between MAIL and the end of the message
  };

  std::string name{};
  Presence argument = Presence::optional;
  std::string ehlo_keyword{};  // what EHLO must offer for the verb to exist; empty: nothing
  Moment moment = Moment::after_hello;
  bool last_in_group = false;     // nothing may be pipelined behind it, RFC 2920 3.1
  bool restarts_session = false;  // a positive reply puts the session back to where the greeting left it
};

struct ParameterExtension {
  enum class On : std::uint8_t { mail, rcpt, both };

  std::string keyword{};
  On on = On::mail;
  Presence value = Presence::optional;
  std::string ehlo_keyword{};  // what EHLO must offer for the parameter to be allowed; empty: nothing
  // Is this value well formed? Not called when there is none. nullptr: every esmtp-value is.
  bool (*accepts)(std::string_view value) noexcept = nullptr;
};

class ExtensionTable {
 public:
  bool add_verb(VerbExtension verb);
  bool add_parameter(ParameterExtension parameter);

  // Any case; nullptr when there is none.
  [[nodiscard]] const VerbExtension* find_verb(std::string_view word) const noexcept;
  [[nodiscard]] const ParameterExtension* find_parameter(std::string_view keyword,
                                                         ParameterExtension::On on) const noexcept;

 private:
  std::deque<VerbExtension> verbs_;  // deque: its elements stay where they are
  std::deque<ParameterExtension> parameters_;
};

}  // namespace postrider::protocol
