// Whatever a client sends: each command has one well-formed reply, output is bounded, and cuts change
// nothing.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

// Two lines of choices, then octets of SMTP.
#define POSTRIDER_FUZZ_CHOICE_LINES 2
#include "postrider/fuzz/generator/custom_mutator.h"
#include "postrider/fuzz/support/alphabet.h"
#include "postrider/fuzz/support/choices.h"
#include "postrider/fuzz/support/fuzz_input.h"
#include "postrider/fuzz/support/server_run.h"
#include "postrider/fuzz/support/server_settings.h"
#include "postrider/fuzz/support/splits.h"

namespace {

using namespace postrider::protocol;
using namespace postrider::fuzz;

constexpr std::array<std::string_view, 64> kWords = {
    "EHLO client.example\r\n",
    "HELO c\r\n",
    "LHLO c\r\n",
    "MAIL FROM:<a@b.example>\r\n",
    "MAIL FROM:<>\r\n",
    "RCPT TO:<c@d.example>\r\n",
    "RCPT TO:<Postmaster>\r\n",
    "DATA\r\n",
    "BDAT 3\r\n",
    "BDAT 5 LAST\r\n",
    "BDAT 0 LAST\r\n",
    "RSET\r\n",
    "NOOP\r\n",
    "VRFY x\r\n",
    "HELP\r\n",
    "QUIT\r\n",
    "STARTTLS\r\n",
    "AUTH PLAIN\r\n",
    "AUTH X-OTHER AGEAYg==\r\n",
    "AGEAYg==\r\n",
    "*\r\n",
    "ETRN x\r\n",
    "XCLIENT a\r\n",
    "XNOTE\r\n",
    "XPING\r\n",
    ".\r\n",
    "\r\n.\r\n",
    "..\r\n",
    "text\r\n",
    "\r\n",
    "\r",
    "\n",
    ".",
    std::string_view("\0", 1),
    "MAIL FROM:",
    "RCPT TO:",
    "<a@b>",
    "<x@y.example>",
    " SIZE=",
    "99",
    "5000",
    " BODY=8BITMIME",
    " BODY=BINARYMIME",
    " SMTPUTF8",
    " NOTIFY=NEVER",
    " XTRACE=1",
    " XCOLOUR",
    "BDAT ",
    "18446744073709551616",
    "4294967297",
    " LAST",
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "\xC3\xA9",
    "\xFF",
    " ",
    "a",
    "@",
    "<",
    ">",
    "EHLO [192.0.2.1]\r\n",
    "mail from: a@b.example\r\n",
    "EHLO my_host\r\n",
    "DATA",
    "BDAT"};

void run(std::string_view settings, std::string_view answers, std::string_view wire) {
  OctetChoices choices(settings);
  const ServerOptions options = choose_server(choices);
  const ReplyView greeting = choose_greeting(choices);
  const Ending ending = choices.once_in(4) ? Ending::shut_down : Ending::end_of_input;
  const ServerRun whole = play(options, answers, greeting, wire, {}, ending);
  require_same(whole, play(options, answers, greeting, wire, random_cuts(wire.size(), choices), ending));
  if (wire.size() > 384) return;
  require_same(whole, play(options, answers, greeting, wire, octet_by_octet(wire.size()), ending));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  if (size > 1536) return 0;
  FuzzInput in(octets, size);
  const std::string_view settings = in.line();
  const std::string_view answers = in.line();
  run(settings, answers, in.rest());
  if (in.rest().size() <= 64) run(settings, answers, spell(in.rest(), kWords));
  return 0;
}
