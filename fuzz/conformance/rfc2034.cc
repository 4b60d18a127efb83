// RFC 2034: ENHANCEDSTATUSCODES.
#include <array>

#include "postrider/fuzz/conformance/catalogue.h"

namespace postrider::fuzz::conformance {
namespace {

using enum Level;

constexpr std::array kChecks{
    Check{"rfc2034-3-no-parameter", "RFC 2034 3", must, "The keyword has no parameter", "ENHANCEDSTATUSCODES",
          "connect\n> EHLO client.example\n< 250\nis no-parameter-ENHANCEDSTATUSCODES"},
    Check{"rfc2034-4-greeting", "RFC 2034 4", must, "The greeting has no status", "ENHANCEDSTATUSCODES",
          "connect\nis no-status"},
    Check{"rfc2034-4-ehlo", "RFC 2034 4", must, "The reply to EHLO has no status", "ENHANCEDSTATUSCODES",
          "connect\n> EHLO client.example\n< 250\nis no-status"},
    Check{"rfc2034-4-helo", "RFC 2034 4", must, "The reply to HELO has no status", "ENHANCEDSTATUSCODES",
          "connect\n> HELO client.example\n< 250\nis no-status"},
    Check{"rfc2034-4-mail", "RFC 2034 4", must, "The reply to MAIL has a status", "ENHANCEDSTATUSCODES",
          "hello\n> MAIL FROM:<{sender}>\n< 2\nis status"},
    Check{"rfc2034-4-rcpt", "RFC 2034 4", must, "The reply to RCPT has a status",
          "ENHANCEDSTATUSCODES recipient", "hello\nmail\n> RCPT TO:<{recipient}>\n< 2\nis status"},
    Check{"rfc2034-4-rcpt-refused", "RFC 2034 4", must, "A refusal of RCPT has a status",
          "ENHANCEDSTATUSCODES refused", "hello\nmail\n> RCPT TO:<{refused}>\n< 5\nis status"},
    Check{"rfc2034-4-message", "RFC 2034 4", must, "The reply to a message has a status",
          "ENHANCEDSTATUSCODES recipient", "hello\nmail\nrcpt\ndata\nbody 100\n< 250\nis status"},
    Check{"rfc2034-4-rset", "RFC 2034 4", must, "The reply to RSET has a status", "ENHANCEDSTATUSCODES",
          "hello\n> RSET\n< 250\nis status"},
    Check{"rfc2034-4-noop", "RFC 2034 4", must, "The reply to NOOP has a status", "ENHANCEDSTATUSCODES",
          "hello\n> NOOP\n< 250\nis status"},
    Check{"rfc2034-4-vrfy", "RFC 2034 4", must, "The reply to VRFY has a status",
          "ENHANCEDSTATUSCODES recipient", "hello\n> VRFY {recipient}\n< 2 4 5\nis status"},
    Check{"rfc2034-4-help", "RFC 2034 4", must, "Each line of the reply to HELP has the same status",
          "ENHANCEDSTATUSCODES", "hello\n> HELP\n< 2 5\nis status"},
    Check{"rfc2034-4-quit", "RFC 2034 4", must, "The reply to QUIT has a status", "ENHANCEDSTATUSCODES",
          "hello\n> QUIT\n< 221\nis status"},
    Check{"rfc2034-4-unknown-command", "RFC 2034 4", must,
          "The reply to a command that is not known has a status", "ENHANCEDSTATUSCODES",
          "hello\n> FROB\n< 5\nis status"},
    Check{"rfc2034-4-bad-sequence", "RFC 2034 4", must, "The reply to a command out of order has a status",
          "ENHANCEDSTATUSCODES", "hello\n> DATA\n< 5\nis status"},
    Check{"rfc2034-4-bad-syntax", "RFC 2034 4", must, "The reply to an argument that is wrong has a status",
          "ENHANCEDSTATUSCODES", "hello\n> MAIL FROM:<a@@b>\n?< 5\nis status"},
    Check{"rfc2034-4-after-helo", "RFC 2034 4", must, "After HELO replies have a status too",
          "ENHANCEDSTATUSCODES", "helo\n> MAIL FROM:<{sender}>\n< 2\nis status"},
    Check{"rfc2034-4-before-hello", "RFC 2034 4", must, "Before EHLO replies have a status too",
          "ENHANCEDSTATUSCODES", "connect\n> NOOP\n< 2 5\nis status"},
};

}  // namespace

std::span<const Check> status_checks() { return kChecks; }

}  // namespace postrider::fuzz::conformance
