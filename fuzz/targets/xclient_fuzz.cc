// What XCLIENT says of a client is taken or refused by a reply that is one good line; what is taken is clean,
// fits a log line, and comes over from one command to the next, or is forgotten at TLS, as Postfix's
// XCLIENT_README says.
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "postrider/agent/serve/xclient.h"
#include "postrider/fuzz/support/alphabet.h"
#include "postrider/fuzz/support/fuzz_input.h"
#include "postrider/fuzz/support/require.h"

namespace {

using namespace postrider::agent;
using namespace postrider::fuzz;

constexpr std::array<std::string_view, 32> kWords = {"NAME=",
                                                     "ADDR=",
                                                     "PORT=",
                                                     "PROTO=",
                                                     "HELO=",
                                                     "LOGIN=",
                                                     "DESTADDR=",
                                                     "DESTPORT=",
                                                     "REVERSE_NAME=",
                                                     " ",
                                                     "[UNAVAILABLE]",
                                                     "[TEMPUNAVAIL]",
                                                     "192.0.2.1",
                                                     "IPV6:2001:db8::1",
                                                     "IPV6:",
                                                     "::1",
                                                     "25",
                                                     "65536",
                                                     "ESMTP",
                                                     "SMTP",
                                                     "spike.example.org",
                                                     "under_score.example",
                                                     "fred",
                                                     "+40",
                                                     "+0D+0A",
                                                     "+",
                                                     "=",
                                                     "name=",
                                                     "\xC3\xA9",
                                                     "\xFF",
                                                     std::string_view("\0", 1),
                                                     "\t"};

void check_text(const std::optional<std::string>& text) {
  if (!text) return;
  require(text->size() <= 255, "a value has its bound");
  for (const char c : *text) require(static_cast<unsigned char>(c) >= 32 && c != 127, "and no controls");
}

void check(std::string_view octets) {
  const ExactCopy copy(octets);
  auto said = parse_xclient(copy.view());
  if (!said) {
    require(said.error().code() == postrider::protocol::code::bad_arguments,
            "what cannot be read is bad arguments");
    return;
  }
  for (const auto* text : {&said->name, &said->reverse_name, &said->hello, &said->login}) check_text(*text);
  require(!said->address || said->address->port() == 0, "an address is without its port");
  require(!said->port || octets.size() > 5, "a port was said");
  XclientAttributes kept;
  kept.login = "before";
  kept.update(*said);
  require(kept.login == (said->login ? said->login : std::optional<std::string>("before")),
          "what is said last counts");
  const auto real = postrider::transport::Endpoint::parse("127.0.0.1:9");
  const auto peer = kept.peer(*real);
  kept.forget_at_tls();
  require(!kept.hello && !kept.extended, "what was learned in clear is forgotten");
  require(kept.peer(*real) == peer, "where it comes from is not");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  if (size > 2048) return 0;
  const std::string_view text = FuzzInput::as_text(octets, size);
  check(text);
  if (size <= 64) check(spell(text, kWords));
  return 0;
}
