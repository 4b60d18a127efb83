// RFC 6531: SMTPUTF8.
#include <array>

#include "postrider/fuzz/conformance/catalogue.h"

namespace postrider::fuzz::conformance {
namespace {

using enum Level;

constexpr std::array kChecks{
    Check{"rfc6531-3.1-8bitmime", "RFC 6531 3.1", must, "8BITMIME is offered too", "SMTPUTF8",
          "hello\noffers 8BITMIME"},
    Check{"rfc6531-3.1-mail", "RFC 6531 3.1", must, "MAIL takes SMTPUTF8", "SMTPUTF8",
          "hello\n> MAIL FROM:<{sender}> SMTPUTF8\n< 250"},
    Check{"rfc6531-3.1-mail-case", "RFC 6531 3.1", must, "The parameter may be in lower case", "SMTPUTF8",
          "hello\n> MAIL FROM:<{sender}> smtputf8\n< 250"},
    Check{"rfc6531-3.4-value", "RFC 6531 3.4", should, "SMTPUTF8 with a value is refused", "SMTPUTF8",
          "hello\n> MAIL FROM:<{sender}> SMTPUTF8=YES\n< 5"},
    Check{"rfc6531-3.2-sender", "RFC 6531 3.2", must, "A local-part of a sender may be UTF-8", "SMTPUTF8",
          "hello\n> MAIL FROM:<d\xC3\xB6rte@{sender_domain}> SMTPUTF8\n< 250"},
    Check{"rfc6531-3.2-recipient", "RFC 6531 3.2", must,
          "A local-part of a recipient in UTF-8 is no error of syntax", "SMTPUTF8 recipient",
          "hello\n> MAIL FROM:<{sender}> SMTPUTF8\n< 250\n> RCPT TO:<d\xC3\xB6rte@{recipient_domain}>\n< 2 4 "
          "5 !500 !501"},
    Check{"rfc6531-3.3-sender-not-utf-8", "RFC 6531 3.3", must, "A sender that is no UTF-8 is refused",
          "SMTPUTF8", "hello\n> MAIL FROM:<d\\xf6rte@{sender_domain}> SMTPUTF8\n< 5"},
    Check{"rfc6531-3.5-sender-without-parameter", "RFC 6531 3.5", should,
          "A sender in UTF-8 without SMTPUTF8 is refused", "SMTPUTF8",
          "hello\n> MAIL FROM:<d\xC3\xB6rte@{sender_domain}>\n< 5"},
    Check{"rfc6531-3.5-recipient-without-parameter", "RFC 6531 3.5", should,
          "A recipient in UTF-8 without SMTPUTF8 is refused", "SMTPUTF8 recipient",
          "hello\nmail\n> RCPT TO:<d\xC3\xB6rte@{recipient_domain}>\n< 5"},
    Check{"rfc6531-3.7.1-hello-ascii", "RFC 6531 3.7.1", must, "The reply to EHLO is ASCII", "SMTPUTF8",
          "connect\n> EHLO client.example\n< 250\nis ascii"},
    Check{"rfc6531-3.7.4.2-vrfy", "RFC 6531 3.7.4.2", should, "VRFY takes SMTPUTF8", "SMTPUTF8 recipient",
          "hello\n> VRFY {recipient} SMTPUTF8\n< 2 4 5 !500 !501 !502"},
    Check{"rfc6531-3.7.4.2-replies-are-ascii", "RFC 6531 3.7.4.2", must,
          "A refusal of a recipient in UTF-8 is ASCII", "SMTPUTF8 recipient",
          "hello\n> MAIL FROM:<{sender}> SMTPUTF8\n< 250\n> RCPT "
          "TO:<d\xC3\xB6rte.nobody@{recipient_domain}>\n< *\nis ascii"},
    Check{"rfc6531-3.6-message", "RFC 6531 3.6", must, "A message with a header in UTF-8 is taken",
          "SMTPUTF8 recipient",
          "hello\n> MAIL FROM:<{sender}> SMTPUTF8 BODY=8BITMIME\n< 250\nrcpt\ndata\n>> Subject: "
          "d\xC3\xB6rte\\r\\n\\r\\n\xC3\xA4\\r\\n.\\r\\n\n< 250\nsilent"},
};

}  // namespace

std::span<const Check> utf8_checks() { return kChecks; }

}  // namespace postrider::fuzz::conformance
