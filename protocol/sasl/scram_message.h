// The messages of SCRAM, RFC 5802 7: recognised and written. Views point into the text that was read.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "postrider/protocol/sasl/fault.h"
#include "postrider/protocol/sasl/primitives.h"

namespace postrider::protocol::sasl {

// gs2-cbind-flag, RFC 5802 7
enum class BindingFlag : std::uint8_t {
  no,           // "n": the client does not bind
  unsupported,  // "y": the client would, but thinks that the server cannot
  bound,        // "p=TYPE"
};

struct ClientFirst {
  BindingFlag flag = BindingFlag::no;
  std::string_view binding;   // its type, when bound
  std::string authorization;  // a=, unescaped; may be empty
  std::string user;           // n=, unescaped
  std::string_view nonce;     // r=
  std::string_view gs2_header;
  std::string_view bare;  // all behind the header
};
struct ServerFirst {
  std::string_view nonce;
  std::string salt;  // octets
  std::uint32_t iterations = 0;
};
struct ClientFinal {
  std::string binding;  // c=, octets
  std::string_view nonce;
  Sha256 proof{};
  std::string_view without_proof;  // all before ",p="
};
struct ServerFinal {
  std::string_view error;  // e=; empty: there is a signature
  Sha256 signature{};      // v=
};

// Errors: malformed, too_long, forbidden_octets (names), unknown_extension (m=). Names are checked by
// is_prepared(). Extensions that may be ignored are.
std::expected<ClientFirst, Fault> parse_client_first(std::string_view text);
std::expected<ServerFirst, Fault> parse_server_first(std::string_view text);
std::expected<ClientFinal, Fault> parse_client_final(std::string_view text);
std::expected<ServerFinal, Fault> parse_server_final(std::string_view text);

// The name in a gs2-header "n,a=NAME," or "y,,", without anything behind it; empty when it has none. Bindings
// are not for those who ask this: RFC 7628 3.1.
std::expected<std::string, Fault> read_gs2_user(std::string_view header);

// "," and "=" as "=2C" and "=3D".
std::string escape_name(std::string_view name);
// Only %x21-2B / %x2D-7E, not empty, at most kMaxNonce.
bool is_nonce(std::string_view text) noexcept;

}  // namespace postrider::protocol::sasl
