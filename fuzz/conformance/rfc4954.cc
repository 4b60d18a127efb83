// RFC 4954: AUTH.
#include <array>

#include "postrider/fuzz/conformance/catalogue.h"

namespace postrider::fuzz::conformance {
namespace {

using enum Level;

constexpr std::array kChecks{
    Check{"rfc4954-4-unknown-mechanism", "RFC 4954 4", must,
          "A mechanism that is not known is refused by 504", "AUTH", "ehlo\n> AUTH X-FROB\n< 504"},
    Check{"rfc4954-4-no-mechanism", "RFC 4954 4", should, "AUTH without a mechanism is refused by 501",
          "AUTH", "ehlo\n> AUTH\n< 501"},
    Check{"rfc4954-4-challenge", "RFC 4954 4", must,
          "A challenge is 334 with base64, or with nothing behind a space", "AUTH:PLAIN",
          "ehlo\n> AUTH PLAIN\n< 334\nis challenge"},
    Check{"rfc4954-4-cancel", "RFC 4954 4", must, "An exchange that the client cancels is refused by 501",
          "AUTH:PLAIN", "ehlo\n> AUTH PLAIN\n< 334\n> *\n< 501\n> NOOP\n< 250"},
    Check{"rfc4954-4-bad-base64", "RFC 4954 4", must, "A response that is no base64 is refused by 501",
          "AUTH:PLAIN", "ehlo\n> AUTH PLAIN\n< 334\n> !!!!\n< 501"},
    Check{"rfc4954-4-bad-base64-initial", "RFC 4954 4", must,
          "An initial response that is no base64 is refused by 501", "AUTH:PLAIN",
          "ehlo\n> AUTH PLAIN !!!!\n< 501"},
    Check{"rfc4954-4-empty-response", "RFC 4954 4", must,
          "An initial response of '=' is an empty one, and lets nobody in", "AUTH:PLAIN",
          "ehlo\n> AUTH PLAIN =\n< 5\n> NOOP\n< 250"},
    Check{"rfc4954-4-refused", "RFC 4954 4", should, "A wrong password is refused by 535", "AUTH:PLAIN",
          "ehlo\n> AUTH PLAIN {wrong}\n< 535"},
    Check{"rfc4954-4-refused-changes-nothing", "RFC 4954 4", must,
          "After a refusal the session goes on as before", "AUTH:PLAIN",
          "ehlo\n> AUTH PLAIN {wrong}\n< 4 5\n> RSET\n< 250\n> NOOP\n< 250"},
    Check{"rfc4954-4-long-line", "RFC 4954 4", should, "A line of 12288 octets is not too long", "AUTH:PLAIN",
          "ehlo\n> AUTH PLAIN\n< 334\n> {A*12284}\n< 4 5 !500"},
    Check{"rfc4954-4-in-transaction", "RFC 4954 4", must, "AUTH in a transaction is refused by 503",
          "AUTH:PLAIN", "ehlo\n> MAIL FROM:<{sender}>\n?< 250\n> AUTH PLAIN {wrong}\n< 503"},
    Check{"rfc4954-4-login", "RFC 4954 4", must, "A login with an initial response is answered by 235",
          "AUTH:PLAIN login", "ehlo\n> AUTH PLAIN {plain}\n< 235"},
    Check{"rfc4954-4-login-in-two-steps", "RFC 4954 4", must, "A login after a challenge is answered by 235",
          "AUTH:PLAIN login", "ehlo\n> AUTH PLAIN\n< 334\n> {plain}\n< 235"},
    Check{"rfc4954-4-login-again", "RFC 4954 4", must, "After a login AUTH is refused by 503",
          "AUTH:PLAIN login", "ehlo\nlogin\n> AUTH PLAIN {plain}\n< 503"},
    Check{"rfc4954-4-login-then-mail", "RFC 4954 4", must,
          "After a login mail can be sent without a new EHLO", "AUTH:PLAIN login",
          "ehlo\nlogin\n> MAIL FROM:<{sender}>\n< 250"},
    Check{"rfc4954-6-status", "RFC 4954 6", should, "The reply to a login has the status 2.7.0",
          "AUTH:PLAIN login ENHANCEDSTATUSCODES", "ehlo\n> AUTH PLAIN {plain}\n< 235\nis status"},
    Check{"rfc4954-6-login-required", "RFC 4954 6", should, "MAIL that needs a login is refused by 530",
          "AUTH", "ehlo\n> MAIL FROM:<{sender}>\n?< 5\n> MAIL FROM:<{sender}>\n< 530"},
    Check{"rfc4954-5-mail-nobody", "RFC 4954 5", must, "MAIL takes AUTH=<>", "AUTH",
          "hello\n> MAIL FROM:<{sender}>\n?< 250\n> RSET\n< 250\n> MAIL FROM:<{sender}> AUTH=<>\n< 250"},
    Check{"rfc4954-5-mail-somebody", "RFC 4954 5", must, "MAIL takes AUTH with a mailbox as xtext", "AUTH",
          "hello\n> MAIL FROM:<{sender}>\n?< 250\n> RSET\n< 250\n> MAIL FROM:<{sender}> "
          "AUTH=e+3Dmc2@example.com\n< 250"},
    Check{"rfc4954-5-mail-invalid", "RFC 4954 5", should, "AUTH that is no xtext is refused", "AUTH",
          "hello\n> MAIL FROM:<{sender}>\n?< 250\n> RSET\n< 250\n> MAIL FROM:<{sender}> AUTH=a+zz\n< 5"},
};

}  // namespace

std::span<const Check> auth_checks() { return kChecks; }

}  // namespace postrider::fuzz::conformance
