#include "postrider/protocol/error.h"

namespace postrider::protocol {

std::string_view to_string(Errc code) noexcept {
  switch (code) {
    case Errc::line_too_long: return "line_too_long";
    case Errc::bare_line_feed: return "bare_line_feed";
    case Errc::bare_carriage_return: return "bare_carriage_return";
    case Errc::nul_octet: return "nul_octet";
    case Errc::unknown_verb: return "unknown_verb";
    case Errc::verb_not_allowed_now: return "verb_not_allowed_now";
    case Errc::hello_required: return "hello_required";
    case Errc::bad_syntax: return "bad_syntax";
    case Errc::missing_argument: return "missing_argument";
    case Errc::unexpected_argument: return "unexpected_argument";
    case Errc::bad_path: return "bad_path";
    case Errc::bad_domain: return "bad_domain";
    case Errc::bad_address_literal: return "bad_address_literal";
    case Errc::local_part_too_long: return "local_part_too_long";
    case Errc::domain_too_long: return "domain_too_long";
    case Errc::path_too_long: return "path_too_long";
    case Errc::non_ascii_without_smtputf8: return "non_ascii_without_smtputf8";
    case Errc::bad_parameter: return "bad_parameter";
    case Errc::duplicate_parameter: return "duplicate_parameter";
    case Errc::unknown_parameter: return "unknown_parameter";
    case Errc::parameter_not_offered: return "parameter_not_offered";
    case Errc::parameter_value_missing: return "parameter_value_missing";
    case Errc::parameter_value_unexpected: return "parameter_value_unexpected";
    case Errc::parameter_not_implemented: return "parameter_not_implemented";
    case Errc::bad_xtext: return "bad_xtext";
    case Errc::message_too_big_declared: return "message_too_big_declared";
    case Errc::bad_base64: return "bad_base64";
    case Errc::auth_line_too_long: return "auth_line_too_long";
    case Errc::already_authenticated: return "already_authenticated";
    case Errc::unknown_mechanism: return "unknown_mechanism";
    case Errc::encryption_required: return "encryption_required";
    case Errc::not_implemented: return "not_implemented";
    case Errc::bad_chunk_size: return "bad_chunk_size";
    case Errc::chunk_out_of_sequence: return "chunk_out_of_sequence";
    case Errc::message_too_big: return "message_too_big";
    case Errc::bare_ending_in_data: return "bare_ending_in_data";
    case Errc::nul_in_data: return "nul_in_data";
    case Errc::text_line_too_long: return "text_line_too_long";
    case Errc::binary_needs_chunking: return "binary_needs_chunking";
    case Errc::no_valid_recipients: return "no_valid_recipients";
    case Errc::too_many_recipients: return "too_many_recipients";
    case Errc::bad_reply_code: return "bad_reply_code";
    case Errc::reply_code_changed: return "reply_code_changed";
    case Errc::reply_too_long: return "reply_too_long";
    case Errc::unsolicited_reply: return "unsolicited_reply";
    case Errc::plaintext_after_starttls: return "plaintext_after_starttls";
    case Errc::pipelining_violation: return "pipelining_violation";
    case Errc::early_talker: return "early_talker";
    case Errc::extension_not_offered: return "extension_not_offered";
    case Errc::too_many_errors: return "too_many_errors";
    case Errc::too_many_commands: return "too_many_commands";
    case Errc::misuse: return "misuse";
  }
  return "(no Errc)";
}

}  // namespace postrider::protocol
