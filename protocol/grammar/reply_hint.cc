#include "postrider/protocol/grammar/reply_hint.h"

namespace postrider::protocol {
namespace {

// What only a client meets, or a fault of the local program: nothing that the peer could mend.
constexpr ReplyView kLocalError{code::local_error, status::mail_system, "Local error, try again later"};

// RFC 4954 6
constexpr ReplyView kEncryptionRequired{code::encryption_required, status::encryption_required,
                                        "Encryption required, send STARTTLS first"};
// RFC 5321 4.2.4: 502, a command that is known and not offered.
constexpr ReplyView kNotImplemented{code::not_implemented, status::invalid_command,
                                    "Command not implemented"};

// RFC 5321 3.8 and 4.2.3: 421 to any command when the server must close; X.7.0, RFC 3463 3.8: for reasons of
// security.
constexpr ReplyView closing(std::string_view text) noexcept {
  return {code::service_not_available, status::security, text};
}
// RFC 5321 4.2.4: "500" is for what cannot be read as a command at all.
constexpr ReplyView unreadable(std::string_view text) noexcept {
  return {code::unrecognized_command, status::syntax_error, text};
}
constexpr ReplyView bad_argument(std::string_view text) noexcept {
  return {code::bad_arguments, status::invalid_arguments, text};
}
constexpr ReplyView out_of_order(std::string_view text) noexcept {
  return {code::bad_sequence, status::invalid_command, text};
}
// RFC 5321 4.2.3: 553, mailbox name not allowed, "e.g. mailbox syntax incorrect". Which of sender and
// recipient it was is known to the caller alone.
constexpr ReplyView bad_address(std::string_view text) noexcept {
  return {code::bad_mailbox_name, status::bad_mailbox_syntax, text};
}
// RFC 5321 4.2.3: 504, command parameter not implemented.
constexpr ReplyView not_implemented(std::string_view text) noexcept {
  return {code::parameter_not_implemented, status::invalid_arguments, text};
}
// RFC 5321 4.1.1.11: 555, MAIL or RCPT parameters not recognized or not implemented.
constexpr ReplyView unknown_parameter(std::string_view text) noexcept {
  return {code::parameters_not_recognized, status::invalid_arguments, text};
}
constexpr ReplyView failed(std::string_view text) noexcept {
  return {code::transaction_failed, status::invalid_command, text};
}
// Content that cannot be passed on as it is: X.6.0, RFC 3463 3.7.
constexpr ReplyView bad_content(std::string_view text) noexcept {
  return {code::transaction_failed, status::other_content, text};
}

}  // namespace

// A switch without default: the compiler tells when an Errc has no reply.
ReplyView reply_hint(Errc code) noexcept {
  switch (code) {
    // Lines. RFC 5321 4.5.3.1.9: "500 Line too long"; 2.3.8: CR and LF only together.
    case Errc::line_too_long: return unreadable("Line too long");
    case Errc::bare_line_feed: return unreadable("LF without CR, end every line with CRLF");
    case Errc::bare_carriage_return: return unreadable("CR without LF, end every line with CRLF");
    case Errc::nul_octet: return unreadable("NUL octet in a line");
    // Commands
    case Errc::unknown_verb:
      return {code::unrecognized_command, status::invalid_command, "Command not recognized"};
    case Errc::verb_not_allowed_now: return out_of_order("Command not allowed now, check the order");
    case Errc::hello_required: return out_of_order("Send EHLO or HELO first");  // RFC 5321 4.1.4
    case Errc::bad_syntax: return bad_argument("Syntax error in arguments");
    case Errc::missing_argument: return bad_argument("Argument missing");
    case Errc::unexpected_argument: return bad_argument("This command takes no argument");
    // Addresses. RFC 3463 3.2: X.1.3, bad destination mailbox syntax.
    case Errc::bad_path: return bad_address("Bad address syntax");
    case Errc::bad_domain: return bad_address("Bad domain syntax");
    case Errc::bad_address_literal:
      return bad_address("Bad address literal, as in [192.0.2.1] or [IPv6:2001:db8::1]");
    case Errc::local_part_too_long: return bad_address("Local part longer than 64 octets");
    case Errc::domain_too_long: return bad_address("Domain longer than 255 octets");
    case Errc::path_too_long: return bad_address("Path longer than 256 octets");
    // RFC 6531 3.5: 553 to RCPT, 550 to MAIL.
    case Errc::non_ascii_without_smtputf8:
      return {code::bad_mailbox_name, status::non_ascii_addresses,
              "Not an ASCII address, MAIL needs SMTPUTF8"};
    // ESMTP parameters
    case Errc::bad_parameter: return bad_argument("Malformed parameter, or value out of its range");
    case Errc::duplicate_parameter: return bad_argument("Parameter given twice");
    case Errc::unknown_parameter: return unknown_parameter("Parameter not recognized");
    case Errc::parameter_not_offered: return unknown_parameter("Parameter not offered in the reply to EHLO");
    case Errc::parameter_value_missing: return bad_argument("Parameter needs a value");
    case Errc::parameter_value_unexpected: return bad_argument("Parameter takes no value");
    case Errc::parameter_not_implemented: return not_implemented("Parameter value not implemented");
    case Errc::bad_xtext:
      return bad_argument("Bad xtext in a parameter");  // RFC 3461 4
    // AUTH, RFC 4954 4 and 6
    case Errc::bad_base64: return {code::bad_arguments, status::syntax_error, "Not valid base64"};
    case Errc::auth_line_too_long:
      return {code::unrecognized_command, status::auth_line_too_long, "Authentication line too long"};
    case Errc::already_authenticated: return out_of_order("Already authenticated");
    case Errc::unknown_mechanism: return not_implemented("Mechanism not offered, see EHLO");
    case Errc::encryption_required: return kEncryptionRequired;
    case Errc::not_implemented: return kNotImplemented;
    // Message content
    case Errc::bad_chunk_size: return bad_argument("Bad chunk size, closing");
    case Errc::chunk_out_of_sequence: return out_of_order("BDAT not allowed now, send RSET");  // RFC 3030 2
    case Errc::message_too_big_declared:                                                       // RFC 1870 6.1
    case Errc::message_too_big:                                                                // RFC 1870 6.3
      return {code::exceeded_storage, status::message_too_big, "Message exceeds the size limit"};
    case Errc::bare_ending_in_data:  // RFC 5321 2.3.8 and 4.1.1.4
      return {code::mailbox_unavailable, status::syntax_error, "CR or LF alone in the message, use CRLF"};
    case Errc::nul_in_data: return bad_content("Message has NUL octets, encode it");
    case Errc::text_line_too_long:  // RFC 5321 4.5.3.1.6
      return bad_content("Message has over-long lines, encode it or fold to 998 octets");
    case Errc::binary_needs_chunking:  // RFC 3030 3: 503 to DATA after BODY=BINARYMIME
      return out_of_order("BINARYMIME needs BDAT instead of DATA");
    case Errc::no_valid_recipients: return failed("No valid recipients");  // RFC 5321 3.3
    case Errc::too_many_recipients:                                        // RFC 5321 4.5.3.1.10
      return {code::insufficient_storage, status::too_many_recipients,
              "Too many recipients, send the rest later"};
    // Sessions
    case Errc::plaintext_after_starttls: return failed("Commands after STARTTLS before TLS");
    case Errc::pipelining_violation:
      return {code::bad_sequence, status::other_protocol,
              "Wait for the reply to this command before sending more"};
    case Errc::early_talker: return failed("Wait for the greeting before sending");  // RFC 5321 4.3.1
    case Errc::too_many_errors: return closing("Too many errors, closing");
    case Errc::too_many_commands: return closing("Too many commands without mail, closing");
    // Met by clients alone, or by nobody.
    case Errc::bad_reply_code:
    case Errc::reply_code_changed:
    case Errc::reply_too_long:
    case Errc::unsolicited_reply:
    case Errc::extension_not_offered:
    case Errc::misuse: return kLocalError;
  }
  return kLocalError;
}

}  // namespace postrider::protocol
