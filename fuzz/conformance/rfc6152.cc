// RFC 6152: 8BITMIME.
#include <array>

#include "postrider/fuzz/conformance/catalogue.h"

namespace postrider::fuzz::conformance {
namespace {

using enum Level;

constexpr std::array kChecks{
    Check{"rfc6152-2-no-parameter", "RFC 6152 2", must, "The keyword has no parameter", "8BITMIME",
          "connect\n> EHLO client.example\n< 250\nis no-parameter-8BITMIME"},
    Check{"rfc6152-3-8bitmime", "RFC 6152 3", must, "MAIL takes BODY=8BITMIME", "8BITMIME",
          "hello\n> MAIL FROM:<{sender}> BODY=8BITMIME\n< 250"},
    Check{"rfc6152-3-7bit", "RFC 6152 3", must, "MAIL takes BODY=7BIT", "8BITMIME",
          "hello\n> MAIL FROM:<{sender}> BODY=7BIT\n< 250"},
    Check{"rfc6152-3-case", "RFC 6152 3", must, "Keyword and value may be in lower case", "8BITMIME",
          "hello\n> MAIL FROM:<{sender}> body=8bitmime\n< 250"},
    Check{"rfc6152-3-invalid", "RFC 6152 3", should, "Another value of BODY is refused", "8BITMIME",
          "hello\n> MAIL FROM:<{sender}> BODY=9BIT\n< 5"},
    Check{"rfc6152-3-no-value", "RFC 6152 3", should, "BODY without a value is refused", "8BITMIME",
          "hello\n> MAIL FROM:<{sender}> BODY\n< 5"},
    Check{"rfc6152-3-twice", "RFC 6152 3", should, "BODY may be given once", "8BITMIME",
          "hello\n> MAIL FROM:<{sender}> BODY=7BIT BODY=8BITMIME\n< 5"},
    Check{"rfc6152-3-message", "RFC 6152 3", must, "A message with all octets of text above 127 is taken",
          "8BITMIME recipient",
          "hello\n> MAIL FROM:<{sender}> BODY=8BITMIME\n< 250\nrcpt\ndata\n>> MIME-Version: "
          "1.0\\r\\nContent-Type: text/plain; "
          "charset=iso-8859-1\\r\\nContent-Transfer-Encoding: "
          "8bit\\r\\n\\r\\n\\x80\\x8d\\x8a\\xa0\\xe4\\xfe\\xff\\r\\n.\\r\\n\n< "
          "250\nsilent"},
};

}  // namespace

std::span<const Check> eight_bit_checks() { return kChecks; }

}  // namespace postrider::fuzz::conformance
