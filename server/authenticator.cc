#include "postrider/server/authenticator.h"

namespace postrider::server {

namespace code = protocol::code;
namespace status = protocol::status;

Reply auth_refusal(protocol::sasl::Fault fault) {
  using enum protocol::sasl::Fault;
  switch (fault) {
    case bad_base64:
    case malformed:
    case unknown_extension:
    case out_of_order: return {code::bad_arguments, status::syntax_error, "Not a message of this mechanism"};
    // RFC 4954 6
    case too_long: return {code::unrecognized_command, status::auth_line_too_long, "Message too long"};
    case unknown_mechanism:
    case no_common_mechanism:
      return {code::parameter_not_implemented, status::invalid_arguments, "Mechanism not offered, see EHLO"};
    case encryption_required:
      return {code::encryption_required, protocol::EnhancedDetail{7, 11},
              "Encryption required, see STARTTLS"};
    case unavailable:
    case misuse:
      return {code::temporary_auth_failure, status::security, "Cannot authenticate now, try again later"};
    case forbidden_octets:
    case bad_nonce:
    case bad_iterations:
    case binding_mismatch:
    case binding_unknown:
    case downgraded:
    case refused:
    case not_authorized:
    case server_not_proven:
    case server_refused:
    case no_credentials: break;
  }
  return {code::auth_failed, status::bad_credentials, "Credentials are not good"};
}

Reply auth_success() { return {code::authenticated, status::security, "Authenticated"}; }

}  // namespace postrider::server
