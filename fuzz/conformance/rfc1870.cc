// RFC 1870: SIZE.
#include <array>

#include "postrider/fuzz/conformance/catalogue.h"

namespace postrider::fuzz::conformance {
namespace {

using enum Level;

constexpr std::array kChecks{
    Check{"rfc1870-3-size-value", "RFC 1870 3", must,
          "SIZE has no parameter, or a number of at most 20 digits", "SIZE",
          "connect\n> EHLO client.example\n< 250\nis size-value"},
    Check{"rfc1870-4-mail-size", "RFC 1870 4", must, "MAIL takes SIZE", "SIZE",
          "hello\n> MAIL FROM:<{sender}> SIZE=1000\n< 250"},
    Check{"rfc1870-6-size-zero", "RFC 1870 6", must, "MAIL takes a size of 0", "SIZE",
          "hello\n> MAIL FROM:<{sender}> SIZE=0\n< 250"},
    Check{"rfc1870-6-null-sender-size", "RFC 1870 6", must, "MAIL takes SIZE with the null reverse-path",
          "SIZE", "hello\n> MAIL FROM:<> SIZE=1000\n< 250"},
    Check{"rfc1870-6-size-lower-case", "RFC 1870 6", must, "The keyword may be written in lower case", "SIZE",
          "hello\n> MAIL FROM:<{sender}> size=1000\n< 250"},
    Check{"rfc1870-6.1-too-large", "RFC 1870 6.1", should,
          "A size above the one that is offered is refused by 552", "SIZE",
          "hello\n?below 999999999999\n> MAIL FROM:<{sender}> SIZE={over_size}\n< 552"},
    Check{"rfc1870-6.1-too-large-opens-nothing", "RFC 1870 6.1", must,
          "After MAIL that was refused for its size there is no transaction", "SIZE recipient",
          "hello\n?below 999999999999\n> MAIL FROM:<{sender}> SIZE={over_size}\n?< 5\n> RCPT "
          "TO:<{recipient}>\n< 503"},
    Check{"rfc1870-3-twenty-digits", "RFC 1870 3", should,
          "A size of twenty digits is refused, and not read as a small one", "SIZE",
          "hello\n?below 999999999999\n> MAIL FROM:<{sender}> SIZE=99999999999999999999\n< 552 501 452"},
    Check{"rfc1870-3-no-number", "RFC 1870 3", should, "A size that is no number is refused", "SIZE",
          "hello\n> MAIL FROM:<{sender}> SIZE=large\n< 5"},
    Check{"rfc1870-3-negative", "RFC 1870 3", should, "A negative size is refused", "SIZE",
          "hello\n> MAIL FROM:<{sender}> SIZE=-1\n< 5"},
    Check{"rfc1870-3-no-value", "RFC 1870 3", should, "SIZE without a value is refused", "SIZE",
          "hello\n> MAIL FROM:<{sender}> SIZE\n< 5"},
    Check{"rfc1870-6-twice", "RFC 1870 6", should, "SIZE may be given once", "SIZE",
          "hello\n> MAIL FROM:<{sender}> SIZE=10 SIZE=20\n< 5"},
    Check{"rfc1870-6-size-is-no-end", "RFC 1870 6", must, "The size does not say where the mail data ends",
          "SIZE recipient",
          "hello\n> MAIL FROM:<{sender}> SIZE=20\n< 250\nrcpt\ndata\n>> Subject: "
          "a\\r\\n\\r\\n{x*70}\\r\\n{x*70}\\r\\n\nsilent\n>> "
          ".\\r\\n\n< 250 552\nsilent"},
    Check{"rfc1870-6-smaller-than-declared", "RFC 1870 6", must,
          "A message may be smaller than it was declared", "SIZE recipient",
          "hello\n> MAIL FROM:<{sender}> SIZE=5000\n< 250\nrcpt\ndata\nbody 100\n< 250\nsilent"},
    Check{"rfc1870-4-message-too-large", "RFC 1870 4", must,
          "A message above the size that is offered is refused by 552", "SIZE recipient",
          "hello\n?below 4000000\nmail\nrcpt\ndata\nbody 4100000\n< 552"},
};

}  // namespace

std::span<const Check> size_checks() { return kChecks; }

}  // namespace postrider::fuzz::conformance
