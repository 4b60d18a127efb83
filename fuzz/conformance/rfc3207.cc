// RFC 3207: STARTTLS.
#include <array>

#include "postrider/fuzz/conformance/catalogue.h"

namespace postrider::fuzz::conformance {
namespace {

using enum Level;

constexpr std::array kChecks{
    Check{"rfc3207-4-starttls", "RFC 3207 4", must, "STARTTLS is answered by 220, and TLS comes about",
          "STARTTLS", "ehlo\n> STARTTLS\n< 220\ntls"},
    Check{"rfc3207-4-lower-case", "RFC 3207 4", must, "STARTTLS may be written in lower case", "STARTTLS",
          "ehlo\n> starttls\n< 220\ntls"},
    Check{"rfc3207-4-argument", "RFC 3207 4", must, "STARTTLS with an argument is refused by 501", "STARTTLS",
          "ehlo\n> STARTTLS now\n< 501"},
    Check{"rfc3207-4.2-not-offered-again", "RFC 3207 4.2", must, "Under TLS STARTTLS is not offered",
          "STARTTLS", "ehlo\nstarttls\n> EHLO client.example\n< 250\noffers no STARTTLS"},
    Check{"rfc3207-4.2-not-taken-again", "RFC 3207 4.2", should, "Under TLS STARTTLS is refused", "STARTTLS",
          "ehlo\nstarttls\n> EHLO client.example\n< 250\n> STARTTLS\n< 5"},
    Check{"rfc3207-4.2-no-second-greeting", "RFC 3207 4.2", must, "After the handshake nothing comes unasked",
          "STARTTLS", "ehlo\nstarttls\nsilent\n> EHLO client.example\n< 250"},
    Check{
        "rfc3207-4.2-sender-is-forgotten", "RFC 3207 4.2", must, "A sender of before TLS is forgotten",
        "STARTTLS recipient",
        "ehlo\n> MAIL FROM:<{sender}>\n?< 250\n> STARTTLS\n?< 220\ntls\n> EHLO client.example\n< 250\n> RCPT "
        "TO:<{recipient}>\n< 503"},
    Check{"rfc3207-4.2-sender-is-forgotten-without-hello", "RFC 3207 4.2", must,
          "A transaction of before TLS does not go on under it", "STARTTLS recipient",
          "ehlo\n> MAIL FROM:<{sender}>\n?< 250\n> STARTTLS\n?< 220\ntls\n> RCPT TO:<{recipient}>\n< 5"},
    Check{"rfc3207-4.2-hello-is-forgotten", "RFC 3207 4.2", must,
          "EHLO of before TLS is forgotten, where MAIL needs one", "STARTTLS",
          "connect\n> MAIL FROM:<{sender}>\n?< 5\nehlo\nstarttls\n> MAIL FROM:<{sender}>\n< 5"},
    Check{"rfc3207-4.2-injected-command", "RFC 3207 4.2", must,
          "A command in the same write as STARTTLS is not obeyed under TLS", "STARTTLS",
          "ehlo\n&& STARTTLS\\r\\n\n> NOOP injected\n~< 220\n?tls\nsilent\n> NOOP\n< 250\nsilent"},
    Check{"rfc3207-4.2-injected-sender", "RFC 3207 4.2", must,
          "A sender in the same write as STARTTLS is none under TLS", "STARTTLS recipient",
          "ehlo\n&& STARTTLS\\r\\n\n> MAIL FROM:<{sender}>\n~< 220\n?tls\n> EHLO client.example\n< "
          "250\nsilent\n> RCPT TO:<{recipient}>\n< 503"},
    Check{"rfc3207-4.2-injected-part", "RFC 3207 4.2", must,
          "Half a command behind STARTTLS is not joined to what comes under TLS", "STARTTLS",
          "ehlo\n&& STARTTLS\\r\\n\n>> FROB\n~< 220\n?tls\n> NOOP\n< 250"},
    Check{"rfc3207-4-clear-text-after-220", "RFC 3207 4", should,
          "After 220 a command in clear is not obeyed", "STARTTLS",
          "ehlo\n> STARTTLS\n< 220\n> NOOP\nunended"},
    Check{"rfc3207-4.2-mail", "RFC 3207 4.2", must, "Under TLS a message is taken", "STARTTLS recipient",
          "ehlo\nstarttls\n> EHLO client.example\n< 250\n> MAIL FROM:<{sender}>\n?< 250\nrcpt\ndata\nbody "
          "5000\n< 250"},
    Check{"rfc3207-4.2-quit", "RFC 3207 4.2", must, "Under TLS QUIT is answered, and the connection closed",
          "STARTTLS", "ehlo\nstarttls\n> QUIT\n< 221\nclosed"},
};

}  // namespace

std::span<const Check> starttls_checks() { return kChecks; }

}  // namespace postrider::fuzz::conformance
