// RFC 3030: CHUNKING and BINARYMIME.
#include <array>

#include "postrider/fuzz/conformance/catalogue.h"

namespace postrider::fuzz::conformance {
namespace {

using enum Level;

constexpr std::array kChecks{
    Check{"rfc3030-2-no-parameter", "RFC 3030 2", must, "CHUNKING has no parameter", "CHUNKING",
          "connect\n> EHLO client.example\n< 250\nis no-parameter-CHUNKING"},
    Check{"rfc3030-2-last-chunk", "RFC 3030 2", must, "A message in one chunk is taken by 250",
          "CHUNKING recipient",
          "hello\nmail\nrcpt\n>> BDAT 17 LAST\\r\\nSubject: a\\r\\n\\r\\nb\\r\\n\n< 250\nsilent"},
    Check{"rfc3030-2-chunks", "RFC 3030 2", must, "Each chunk is answered by 250", "CHUNKING recipient",
          "hello\nmail\nrcpt\n>> BDAT 14\\r\\nSubject: a\\r\\n\\r\\n\n< 250\n>> BDAT 3 LAST\\r\\nb\\r\\n\n< "
          "250\nsilent"},
    Check{"rfc3030-2-empty-last-chunk", "RFC 3030 2", must, "The last chunk may be empty",
          "CHUNKING recipient",
          "hello\nmail\nrcpt\n>> BDAT 17\\r\\nSubject: a\\r\\n\\r\\nb\\r\\n\n< 250\n> BDAT 0 LAST\n< "
          "250\nsilent"},
    Check{"rfc3030-2-lower-case", "RFC 3030 2", must, "BDAT and LAST may be written in lower case",
          "CHUNKING recipient",
          "hello\nmail\nrcpt\n>> bdat 17 last\\r\\nSubject: a\\r\\n\\r\\nb\\r\\n\n< 250\nsilent"},
    Check{"rfc3030-2-chunk-in-pieces", "RFC 3030 2", must, "A chunk may come in pieces", "CHUNKING recipient",
          "hello\nmail\nrcpt\n>> BDAT 17 LAST\\r\n>> \\nSubje\nsilent\n>> ct: a\\r\\n\\r\\nb\\r\nsilent\n>> "
          "\\n\n< 250\nsilent"},
    Check{"rfc3030-2-dots-are-text", "RFC 3030 2", must, "A dot alone on a line does not end a chunk",
          "CHUNKING recipient",
          "hello\nmail\nrcpt\n>> BDAT 26 LAST\\r\\nSubject: a\\r\\n\\r\\nb\\r\\n.\\r\\nNOOP\\r\\n\n< "
          "250\nsilent"},
    Check{"rfc3030-2-octets-are-counted", "RFC 3030 2", must,
          "A command directly behind a chunk is one, also without a line end", "CHUNKING recipient",
          "hello\nmail\nrcpt\n>> BDAT 15 LAST\\r\\nSubject: a\\r\\n\\r\\nbNOOP\\r\\n\n< 250\n< 250\nsilent"},
    Check{"rfc3030-2-no-mail", "RFC 3030 2", must,
          "BDAT without MAIL is refused, and its octets are passed over", "CHUNKING",
          "hello\n>> BDAT 6\\r\\nRSET\\r\\n\n< 5\nsilent\n> NOOP\n< 250"},
    Check{"rfc3030-2-no-recipients", "RFC 3030 2", must,
          "BDAT without recipients is refused, and its octets are passed over", "CHUNKING",
          "hello\nmail\n>> BDAT 6 LAST\\r\\nRSET\\r\\n\n< 5\nsilent\n> NOOP\n< 250"},
    Check{"rfc3030-2-chunks-behind-a-refusal", "RFC 3030 2", must,
          "Chunks in the pipeline behind a refused one are passed over", "CHUNKING PIPELINING",
          "hello\nmail\n&& BDAT 6\\r\\nRSET\\r\\n\n>> BDAT 6 LAST\\r\\nRSET\\r\\n\n< 5\n< 5\nsilent\n> "
          "RSET\n< 250"},
    Check{"rfc3030-2-pipelined", "RFC 3030 2", must, "Chunks may be pipelined",
          "CHUNKING PIPELINING recipient",
          "hello\nmail\nrcpt\n&& BDAT 14\\r\\nSubject: a\\r\\n\\r\\n\n>> BDAT 3 LAST\\r\\nb\\r\\n\n< 250\n< "
          "250\nsilent"},
    Check{"rfc3030-2-data-after-chunk", "RFC 3030 2", must, "DATA after BDAT is refused by 503",
          "CHUNKING recipient",
          "hello\nmail\nrcpt\n>> BDAT 14\\r\\nSubject: a\\r\\n\\r\\n\n< 250\n> DATA\n< 503"},
    Check{
        "rfc3030-2-chunk-after-last", "RFC 3030 2", must, "BDAT after the last chunk is refused by 503",
        "CHUNKING recipient",
        "hello\nmail\nrcpt\n>> BDAT 17 LAST\\r\\nSubject: a\\r\\n\\r\\nb\\r\\n\n< 250\n> BDAT 0 LAST\n< 503"},
    Check{"rfc3030-2-rset-forgets-chunks", "RFC 3030 2", must, "RSET between chunks ends the transaction",
          "CHUNKING recipient",
          "hello\nmail\nrcpt\n>> BDAT 14\\r\\nSubject: a\\r\\n\\r\\n\n< 250\n> RSET\n< 250\n> BDAT 0 LAST\n< "
          "5\n> NOOP\n< 250"},
    Check{"rfc3030-2-data-goes-on", "RFC 3030 2", must, "DATA is still supported", "CHUNKING recipient",
          "hello\nmail\nrcpt\ndata\nbody 100\n< 250"},
    Check{"rfc3030-2-transactions-may-differ", "RFC 3030 2", must, "A session may use DATA and BDAT in turn",
          "CHUNKING recipient",
          "hello\nmail\nrcpt\n>> BDAT 17 LAST\\r\\nSubject: a\\r\\n\\r\\nb\\r\\n\n< "
          "250\nmail\nrcpt\ndata\nbody 100\n< 250"},
    Check{"rfc3030-2-no-size", "RFC 3030 2", should, "BDAT without a size is refused", "CHUNKING recipient",
          "hello\nmail\nrcpt\n> BDAT\n< 5"},
    Check{"rfc3030-2-size-is-no-number", "RFC 3030 2", should,
          "BDAT with a size that is no number is refused", "CHUNKING recipient",
          "hello\nmail\nrcpt\n> BDAT many LAST\n< 5"},
    Check{"rfc3030-2-large-chunk", "RFC 3030 2", should, "A chunk may have a hundred thousand octets",
          "CHUNKING recipient",
          "hello\nmail\nrcpt\n&& BDAT 100014 LAST\\r\\nSubject: a\\r\\n\\r\\n\nrepeat 99 && "
          "{x*998}\\r\\n\n>> {x*998}\\r\\n\n< "
          "250\nsilent"},
    Check{"rfc3030-3-binary-needs-chunking", "RFC 3030 3", must, "BINARYMIME is offered with CHUNKING alone",
          "BINARYMIME", "hello\noffers CHUNKING"},
    Check{"rfc3030-3-no-parameter", "RFC 3030 3", must, "BINARYMIME has no parameter", "BINARYMIME",
          "connect\n> EHLO client.example\n< 250\nis no-parameter-BINARYMIME"},
    Check{"rfc3030-3-body", "RFC 3030 3", must, "MAIL takes BODY=BINARYMIME", "BINARYMIME",
          "hello\n> MAIL FROM:<{sender}> BODY=BINARYMIME\n< 250"},
    Check{"rfc3030-3-data-is-refused", "RFC 3030 3", must, "DATA after BODY=BINARYMIME is refused by 503",
          "BINARYMIME recipient",
          "hello\n> MAIL FROM:<{sender}> BODY=BINARYMIME\n< 250\nrcpt\n> DATA\n< 503"},
    Check{"rfc3030-3-binary", "RFC 3030 3", must, "A chunk of any octets is taken", "BINARYMIME recipient",
          "hello\n> MAIL FROM:<{sender}> BODY=BINARYMIME\n< 250\nrcpt\n>> BDAT 21 LAST\\r\\nSubject: "
          "a\\r\\n\\r\\na\\x00\\r\\xff\\nb\\x80\n< 250\nsilent"},
};

}  // namespace

std::span<const Check> chunking_checks() { return kChecks; }

}  // namespace postrider::fuzz::conformance
