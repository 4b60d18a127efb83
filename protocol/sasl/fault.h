// Why an exchange of SASL came to nothing, as a value; both sides.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace postrider::protocol::sasl {

enum class Fault : std::uint8_t {
  // What was said
  bad_base64,
  malformed,          // not the message that the mechanism has at this place
  too_long,           // above a bound of bounds.h
  forbidden_octets,   // a name, password or token with control characters and the like: see prepare.h
  out_of_order,       // a message when none was due
  unknown_extension,  // SCRAM: m=, RFC 5802 5.1
  bad_nonce,          // SCRAM: not the one that was agreed on
  bad_iterations,     // SCRAM, client: fewer than are safe, or more than we compute
  binding_mismatch,   // SCRAM: another channel than the one that was bound, RFC 5802 6
  binding_unknown,    // SCRAM: a type of binding that we do not have
  downgraded,         // SCRAM, server: the client believes that we cannot bind, RFC 5802 6
  // What came of it
  refused,            // wrong password, unknown user, bad token: never said which
  not_authorized,     // proven, but may not act as somebody else
  unavailable,        // the credentials could not be checked; try again later
  server_not_proven,  // client: the server did not show that it knows the password
  server_refused,     // SCRAM, client: e=
  // What was wanted
  no_common_mechanism,
  unknown_mechanism,
  encryption_required,
  no_credentials,  // client: nothing to authenticate with
  misuse,          // the local caller broke the contract
};
inline constexpr std::size_t kFaultCount = static_cast<std::size_t>(Fault::misuse) + 1;

// The name of the enumerator, for logs.
std::string_view to_string(Fault fault) noexcept;

}  // namespace postrider::protocol::sasl
