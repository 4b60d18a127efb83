// RFC 3461: DSN.
#include <array>

#include "postrider/fuzz/conformance/catalogue.h"

namespace postrider::fuzz::conformance {
namespace {

using enum Level;

constexpr std::array kChecks{
    Check{"rfc3461-4.3-ret-full", "RFC 3461 4.3", must, "MAIL takes RET=FULL", "DSN",
          "hello\n> MAIL FROM:<{sender}> RET=FULL\n< 250"},
    Check{"rfc3461-4.3-ret-hdrs", "RFC 3461 4.3", must, "MAIL takes RET=HDRS", "DSN",
          "hello\n> MAIL FROM:<{sender}> RET=HDRS\n< 250"},
    Check{"rfc3461-4.3-ret-case", "RFC 3461 4.3", must, "The values of RET may be in lower case", "DSN",
          "hello\n> MAIL FROM:<{sender}> ret=hdrs\n< 250"},
    Check{"rfc3461-5.1-ret-invalid", "RFC 3461 5.1", must, "Another value of RET is refused by 501", "DSN",
          "hello\n> MAIL FROM:<{sender}> RET=SOME\n< 501"},
    Check{"rfc3461-5.1-ret-twice", "RFC 3461 5.1", must, "RET given twice is refused by 501", "DSN",
          "hello\n> MAIL FROM:<{sender}> RET=FULL RET=HDRS\n< 501"},
    Check{"rfc3461-4.3-ret-no-value", "RFC 3461 4.3", must, "RET without a value is refused", "DSN",
          "hello\n> MAIL FROM:<{sender}> RET\n< 5"},
    Check{"rfc3461-4.4-envid", "RFC 3461 4.4", must, "MAIL takes ENVID", "DSN",
          "hello\n> MAIL FROM:<{sender}> ENVID=QQ314159\n< 250"},
    Check{"rfc3461-4.4-envid-xtext", "RFC 3461 4.4", must, "ENVID may have octets in hexadecimal", "DSN",
          "hello\n> MAIL FROM:<{sender}> ENVID=a+2Bb+3Dc\n< 250"},
    Check{"rfc3461-5.1-envid-invalid", "RFC 3461 5.1", must, "ENVID that is no xtext is refused by 501",
          "DSN", "hello\n> MAIL FROM:<{sender}> ENVID=a+zz\n< 501"},
    Check{"rfc3461-5.1-envid-twice", "RFC 3461 5.1", must, "ENVID given twice is refused by 501", "DSN",
          "hello\n> MAIL FROM:<{sender}> ENVID=a ENVID=b\n< 501"},
    Check{"rfc3461-4.4-envid-of-100", "RFC 3461 4.4", must, "ENVID may have 100 characters", "DSN",
          "hello\n> MAIL FROM:<{sender}> ENVID={x*94}\n< 250"},
    Check{"rfc3461-4.1-notify-never", "RFC 3461 4.1", must, "RCPT takes NOTIFY=NEVER", "DSN recipient",
          "hello\nmail\n> RCPT TO:<{recipient}> NOTIFY=NEVER\n< 25"},
    Check{"rfc3461-4.1-notify-list", "RFC 3461 4.1", must, "RCPT takes a list of conditions", "DSN recipient",
          "hello\nmail\n> RCPT TO:<{recipient}> NOTIFY=FAILURE,DELAY\n< 25"},
    Check{"rfc3461-4.1-notify-case", "RFC 3461 4.1", must, "The values of NOTIFY may be in any case",
          "DSN recipient", "hello\nmail\n> RCPT TO:<{recipient}> notify=Failure,delay\n< 25"},
    Check{"rfc3461-4.1-notify-never-and-more", "RFC 3461 4.1", should,
          "NEVER with another condition is refused by 501", "DSN recipient",
          "hello\nmail\n> RCPT TO:<{recipient}> NOTIFY=NEVER,FAILURE\n< 501"},
    Check{"rfc3461-5.1-notify-invalid", "RFC 3461 5.1", should, "Another value of NOTIFY is refused by 501",
          "DSN recipient", "hello\nmail\n> RCPT TO:<{recipient}> NOTIFY=SOMETIMES\n< 501"},
    Check{"rfc3461-5.1-notify-twice", "RFC 3461 5.1", should, "NOTIFY given twice is refused by 501",
          "DSN recipient", "hello\nmail\n> RCPT TO:<{recipient}> NOTIFY=NEVER NOTIFY=FAILURE\n< 501"},
    Check{"rfc3461-4.1-notify-no-value", "RFC 3461 4.1", should, "NOTIFY without a value is refused",
          "DSN recipient", "hello\nmail\n> RCPT TO:<{recipient}> NOTIFY\n< 5"},
    Check{"rfc3461-4.2-orcpt", "RFC 3461 4.2", must, "RCPT takes ORCPT", "DSN recipient",
          "hello\nmail\n> RCPT TO:<{recipient}> ORCPT=rfc822;somebody@example.org\n< 25"},
    Check{"rfc3461-4.2-orcpt-xtext", "RFC 3461 4.2", must, "ORCPT may have octets in hexadecimal",
          "DSN recipient", "hello\nmail\n> RCPT TO:<{recipient}> ORCPT=rfc822;some+2Bbody@example.org\n< 25"},
    Check{"rfc3461-4.2-orcpt-of-500", "RFC 3461 4.2", must, "ORCPT may have 500 characters", "DSN recipient",
          "hello\nmail\n> RCPT TO:<{recipient}> ORCPT=rfc822;{x*475}@example.org\n< 25"},
    Check{"rfc3461-5.1-orcpt-no-type", "RFC 3461 5.1", should, "ORCPT without a type is refused by 501",
          "DSN recipient", "hello\nmail\n> RCPT TO:<{recipient}> ORCPT=somebody\n< 501"},
    Check{"rfc3461-5.1-orcpt-invalid", "RFC 3461 5.1", should, "ORCPT that is no xtext is refused by 501",
          "DSN recipient", "hello\nmail\n> RCPT TO:<{recipient}> ORCPT=rfc822;a+zz\n< 501"},
    Check{"rfc3461-5.1-orcpt-twice", "RFC 3461 5.1", should, "ORCPT given twice is refused by 501",
          "DSN recipient", "hello\nmail\n> RCPT TO:<{recipient}> ORCPT=rfc822;a ORCPT=rfc822;b\n< 501"},
    Check{"rfc3461-5.1-message", "RFC 3461 5.1", must, "A message with all of them is taken", "DSN recipient",
          "hello\n> MAIL FROM:<{sender}> RET=HDRS ENVID=a1\n< 250\n> RCPT TO:<{recipient}> NOTIFY=NEVER "
          "ORCPT=rfc822;b@example.org\n< 25\ndata\nbody 100\n< 250"},
};

}  // namespace

std::span<const Check> dsn_checks() { return kChecks; }

}  // namespace postrider::fuzz::conformance
