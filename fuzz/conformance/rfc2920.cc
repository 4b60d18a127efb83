// RFC 2920: PIPELINING.
#include <array>

#include "postrider/fuzz/conformance/catalogue.h"

namespace postrider::fuzz::conformance {
namespace {

using enum Level;

constexpr std::array kChecks{
    Check{"rfc2920-2-no-parameter", "RFC 2920 2", must, "The keyword has no parameter", "PIPELINING",
          "connect\n> EHLO client.example\n< 250\nis no-parameter-PIPELINING"},
    Check{"rfc2920-3.2-order", "RFC 2920 3.2", must, "A group of commands has its replies in order",
          "PIPELINING recipient",
          "hello\n& RSET\n& MAIL FROM:<{sender}>\n& RCPT TO:<{recipient}>\n& FROB\n> DATA\n< 250\n< 250\n< "
          "25\n< 5\n< 354"},
    Check{"rfc2920-3.2-refused-in-a-group", "RFC 2920 3.2", must,
          "A recipient that is refused in a group has its own reply", "PIPELINING recipient refused",
          "hello\n& MAIL FROM:<{sender}>\n& RCPT TO:<{refused}>\n& RCPT TO:<{recipient}>\n& RCPT "
          "TO:<{refused}>\n> DATA\n< "
          "250\n< 5\n< 25\n< 5\n< 354"},
    Check{"rfc2920-3.2-data-without-recipients", "RFC 2920 3.2", should,
          "DATA in a group is refused when every recipient was", "PIPELINING refused",
          "hello\n& MAIL FROM:<{sender}>\n& RCPT TO:<{refused}>\n> DATA\n< 250\n< 5\n< 5"},
    Check{
        "rfc2920-3.2-nothing-is-sent-to-nobody", "RFC 2920 3.2", must,
        "An empty message for nobody after 354 is not taken", "PIPELINING refused",
        "hello\n& MAIL FROM:<{sender}>\n& RCPT TO:<{refused}>\n> DATA\n< 250\n< 5\n?< 354\n>> .\\r\\n\n< 5"},
    Check{"rfc2920-3.2-pending-replies-are-sent", "RFC 2920 3.2", must,
          "What is pending is sent when there is no more input", "PIPELINING recipient",
          "hello\n& MAIL FROM:<{sender}>\n> RCPT TO:<{recipient}>\n< 250\n< 25\nsilent"},
    Check{"rfc2920-3.2-nothing-is-lost", "RFC 2920 3.2", must,
          "Of a hundred commands in one write none is lost", "PIPELINING recipient",
          "hello\n& MAIL FROM:<{sender}>\nrepeat 98 & RCPT TO:<{recipient}>\n> RSET\n< 250\nrepeat 98 < "
          "25\n< 250\nsilent"},
    Check{"rfc2920-3.2-nothing-is-lost-after-an-error", "RFC 2920 3.2", must,
          "What comes behind a command that is not known is not lost", "PIPELINING",
          "hello\n& FROB\n& RSET\n> NOOP\n< 5\n< 250\n< 250\nsilent"},
    Check{"rfc2920-3.2-group-in-pieces", "RFC 2920 3.2", must, "A group may come in pieces",
          "PIPELINING recipient",
          "hello\n>> MAIL FROM:<{sender}>\\r\\nRC\n>> PT TO:<{recipient}>\\r\n>> \\nNO\n>> OP\\r\\n\n< "
          "250\n< 25\n< 250\nsilent"},
    Check{"rfc2920-3.1-message-begins-a-group", "RFC 2920 3.1", must,
          "The next transaction may stand behind a message", "PIPELINING recipient",
          "hello\nmail\nrcpt\ndata\n&& Subject: a\\r\\n\\r\\nb\\r\\n.\\r\\n\n& MAIL FROM:<{sender}>\n& RCPT "
          "TO:<{recipient}>\n> "
          "DATA\n< 250\n< 250\n< 25\n< 354"},
    Check{"rfc2920-3.1-quit-ends-a-group", "RFC 2920 3.1", must, "QUIT may be the last of a group",
          "PIPELINING", "hello\n& MAIL FROM:<{sender}>\n& RSET\n> QUIT\n< 250\n< 250\n< 221\nclosed"},
    Check{"rfc2920-3.1-ehlo-ends-a-group", "RFC 2920 3.1", must, "EHLO may be the last of a group",
          "PIPELINING", "hello\n& RSET\n> EHLO client.example\n< 250\n< 250\nsilent"},
    Check{"rfc2920-3.1-quit-behind-a-message", "RFC 2920 3.1", must, "QUIT may stand behind a message",
          "PIPELINING recipient",
          "hello\nmail\nrcpt\ndata\n&& Subject: a\\r\\n\\r\\nb\\r\\n.\\r\\n\n> QUIT\n< 250\n< 221\nclosed"},
};

}  // namespace

std::span<const Check> pipelining_checks() { return kChecks; }

}  // namespace postrider::fuzz::conformance
