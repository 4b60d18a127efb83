// RFC 5321: DATA, where the mail data ends, and what comes after it.
#include <array>

#include "postrider/fuzz/conformance/catalogue.h"

namespace postrider::fuzz::conformance {
namespace {

using enum Level;

// "unended": a reply that takes what is no end for the end. When nothing comes, the true end has one reply.
#define POSTRIDER_NO_END(id, title, octets)                               \
  Check{"rfc5321-4.1.1.4-" id,                                            \
        "RFC 5321 4.1.1.4",                                               \
        must,                                                             \
        title,                                                            \
        "recipient",                                                      \
        "hello\nmail\nrcpt\ndata\n>> Subject: a\\r\\n\\r\\nbefore" octets \
        "NOOP smuggled\\r\\n\nunended\n>> .\\r\\n\n< 2 4 5\nparting"}

constexpr std::array kChecks{
    Check{"rfc5321-4.3.2-data", "RFC 5321 4.3.2", must, "DATA is answered by 354", "recipient",
          "hello\nmail\nrcpt\n> DATA\n< 354"},
    Check{"rfc5321-4.1.1-data-argument", "RFC 5321 4.1.1", should, "DATA with an argument is refused by 501",
          "recipient", "hello\nmail\nrcpt\n> DATA now\n< 501"},
    Check{"rfc5321-4.1.1.4-message", "RFC 5321 4.1.1.4", must, "A message is taken by 250", "recipient",
          "hello\nmail\nrcpt\ndata\nbody 300\n< 250\nsilent"},
    Check{"rfc5321-4.1.1.4-buffers-are-cleared", "RFC 5321 4.1.1.4", must,
          "After a message there are no recipients", "recipient",
          "hello\nmail\nrcpt\ndata\nbody 100\n< 250\n> DATA\n< 503 554"},
    Check{"rfc5321-4.1.1.4-sender-is-cleared", "RFC 5321 4.1.1.4", must, "After a message there is no sender",
          "recipient", "hello\nmail\nrcpt\ndata\nbody 100\n< 250\n> RCPT TO:<{recipient}>\n< 503"},
    Check{"rfc5321-4.1.4-second-message", "RFC 5321 4.1.4", must, "A session may have several transactions",
          "recipient", "hello\nmail\nrcpt\ndata\nbody 100\n< 250\nmail\nrcpt\ndata\nbody 100\n< 250"},
    Check{"rfc5321-4.1.1.4-data-again-in-content", "RFC 5321 4.1.1.4", must, "Commands in a message are text",
          "recipient",
          "hello\nmail\nrcpt\ndata\n>> Subject: a\\r\\n\\r\\nRSET\\r\\nQUIT\\r\\nDATA\\r\\n\nsilent\n>> "
          ".\\r\\n\n< "
          "250\nsilent\n> NOOP\n< 250"},
    Check{"rfc5321-4.1.1.4-no-mail-data", "RFC 5321 4.1.1.4", must,
          "A dot directly behind 354 ends the mail data", "recipient",
          "hello\nmail\nrcpt\ndata\n>> .\\r\\n\n< 2 4 5\nsilent\n> NOOP\n< 250"},
    Check{"rfc5321-4.5.2-stuffed-dots", "RFC 5321 4.5.2", must,
          "Lines that begin with doubled dots do not end a message", "recipient",
          "hello\nmail\nrcpt\ndata\n>> Subject: a\\r\\n\\r\\n..\\r\\n...\\r\\n..x\\r\\n\nsilent\n>> "
          ".\\r\\n\n< 250\nsilent"},
    Check{"rfc5321-4.5.2-dot-and-text", "RFC 5321 4.5.2", must,
          "A line of a dot and text does not end a message", "recipient",
          "hello\nmail\nrcpt\ndata\n>> Subject: a\\r\\n\\r\\n.x\\r\\n. \\r\\n.\\t\\r\\n\nsilent\n>> "
          ".\\r\\n\n< 250\nsilent"},
    Check{"rfc5321-4.1.1.4-end-in-pieces", "RFC 5321 4.1.1.4", must,
          "The end of the mail data may come in pieces", "recipient",
          "hello\nmail\nrcpt\ndata\n>> Subject: a\\r\\n\\r\\nb\\r\n>> \\n\n>> .\nsilent\n>> \\r\nsilent\n>> "
          "\\n\n< "
          "250\nsilent"},
    Check{"rfc5321-4.1.1.4-no-reply-before-the-end", "RFC 5321 4.1.1.4", must,
          "Nothing is said before the end has come", "recipient",
          "hello\nmail\nrcpt\ndata\n>> Subject: a\\r\\n\\r\\nb\\r\\n.\\r\nsilent\n>> \\n\n< 250"},
    // ---- What is no end: the ways to smuggle ----
    POSTRIDER_NO_END("lf-dot-lf", "LF . LF does not end the mail data", "\\n.\\n"),
    POSTRIDER_NO_END("lf-dot-crlf", "LF . CRLF does not end the mail data", "\\n.\\r\\n"),
    POSTRIDER_NO_END("crlf-dot-lf", "CRLF . LF does not end the mail data", "\\r\\n.\\n"),
    POSTRIDER_NO_END("crlf-dot-cr", "CRLF . CR does not end the mail data", "\\r\\n.\\r"),
    POSTRIDER_NO_END("cr-dot-cr", "CR . CR does not end the mail data", "\\r.\\r"),
    POSTRIDER_NO_END("cr-dot-crlf", "CR . CRLF does not end the mail data", "\\r.\\r\\n"),
    POSTRIDER_NO_END("cr-dot-lf", "CR . LF does not end the mail data", "\\r.\\n"),
    POSTRIDER_NO_END("lf-dot-cr", "LF . CR does not end the mail data", "\\n.\\r"),
    POSTRIDER_NO_END("crcrlf-dot-crcrlf", "CR CRLF . CR CRLF does not end the mail data",
                     "\\r\\r\\n.\\r\\r\\n"),
    POSTRIDER_NO_END("nul-dot", "CRLF NUL . CRLF does not end the mail data", "\\r\\n\\x00.\\r\\n"),
    POSTRIDER_NO_END("dot-nul", "CRLF . NUL CRLF does not end the mail data", "\\r\\n.\\x00\\r\\n"),
    // ---- Sizes ----
    Check{"rfc5321-4.5.3.1.6-line-of-1000", "RFC 5321 4.5.3.1.6", must,
          "A line of a message may have 1000 octets", "recipient",
          "hello\nmail\nrcpt\ndata\n>> Subject: a\\r\\n\\r\\n{x*998}\\r\\n.\\r\\n\n< 250\nsilent"},
    Check{"rfc5321-4.5.3.1.6-line-of-1000-with-a-dot", "RFC 5321 4.5.3.1.6", must,
          "The dot that is doubled does not count for a line's length", "recipient",
          "hello\nmail\nrcpt\ndata\n>> Subject: a\\r\\n\\r\\n..{x*997}\\r\\n.\\r\\n\n< 250\nsilent"},
    Check{"rfc5321-4.5.3.1.6-long-line", "RFC 5321 4.5.3.1.6", must,
          "A line of 10000 octets has one reply, at the end", "recipient",
          "hello\nmail\nrcpt\ndata\n>> Subject: a\\r\\n\\r\\n{x*10000}\\r\\n.\\r\\n\n< 2 5\nsilent"},
    Check{"rfc5321-4.5.3.1.7-64k", "RFC 5321 4.5.3.1.7", must, "A message may have 64K octets", "recipient",
          "hello\nmail\nrcpt\ndata\nbody 65536\n< 250"},
    Check{"rfc5321-4.5.3.1.7-1m", "RFC 5321 4.5.3.1.7", should, "A message may have a million octets",
          "recipient", "hello\nmail\nrcpt\ndata\nbody 1000000\n< 250"},
    Check{"rfc5321-3.3-defects-are-no-reason", "RFC 5321 3.3", should, "A message without a header is taken",
          "recipient", "hello\nmail\nrcpt\ndata\n>> only text\\r\\n.\\r\\n\n< 250"},
    Check{"rfc5321-4.5.2-controls", "RFC 5321 4.5.2", should,
          "The text of a message may have control characters", "recipient",
          "hello\nmail\nrcpt\ndata\n>> Subject: a\\r\\n\\r\\na\\x01\\x0b\\x0c\\x7fb\\tc\\r\\n.\\r\\n\n< 250"},
    Check{"rfc5321-4.1.1.10-closing-in-data", "RFC 5321 4.1.1.10", must,
          "A client that goes away in the middle of a message leaves the server working", "recipient",
          "hello\nmail\nrcpt\ndata\n>> Subject: a\\r\\n\\r\\nhalf\nhello\n> NOOP\n< 250"},
};

#undef POSTRIDER_NO_END

}  // namespace

std::span<const Check> content_checks() { return kChecks; }

}  // namespace postrider::fuzz::conformance
