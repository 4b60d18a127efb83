// BDAT takes exactly the octets that it announces, taken or refused: what looks like a command in them is
// none.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "postrider/fuzz/support/choices.h"
#include "postrider/fuzz/support/fuzz_input.h"
#include "postrider/fuzz/support/require.h"
#include "postrider/fuzz/support/server_run.h"
#include "postrider/fuzz/support/server_settings.h"
#include "postrider/fuzz/support/splits.h"

namespace {

using namespace postrider::protocol;
using namespace postrider::fuzz;

// A dialogue and the lines that are commands in it.
struct Dialogue {
  std::string wire;
  std::vector<std::string> lines;

  void say(std::string line, std::string_view octets = {}) {
    wire += line + "\r\n";
    wire += octets;
    lines.push_back(std::move(line));
  }
};

// Chunks of `content`, in and out of order, as the plan wants them.
Dialogue make_dialogue(Flavor flavor, Choices& plan, std::string_view content) {
  Dialogue dialogue;
  const auto envelope = [&] {
    dialogue.say(plan.once_in(4) ? "MAIL FROM:<a@b.example> BODY=BINARYMIME" : "MAIL FROM:<a@b.example>");
    for (std::uint32_t i = plan.below(3); i < 3; ++i) dialogue.say("RCPT TO:<c@d.example>");
  };
  const auto chunk = [&](bool last) {
    std::size_t size = plan.below(64);
    if (size > content.size()) size = content.size();
    dialogue.say("BDAT " + std::to_string(size) + (last ? " LAST" : ""), content.substr(0, size));
    content.remove_prefix(size);
  };
  dialogue.say(flavor == Flavor::lmtp ? "LHLO client.example" : "EHLO client.example");
  envelope();
  for (std::size_t steps = 0; plan.more() && steps < 64; ++steps) {
    switch (plan.below(10)) {
      case 6:
      case 7: chunk(true); break;
      case 8: dialogue.say(plan.once_in(2) ? "RSET" : "NOOP"); break;
      case 9: envelope(); break;
      default: chunk(false); break;
    }
  }
  chunk(true);
  dialogue.say("QUIT");
  return dialogue;
}

void check_lines(const Dialogue& dialogue, const BothSides& transcript) {
  std::size_t next = 0;
  for (const Exchange& exchange : transcript.exchanges) {
    if (exchange.kind == Exchange::Kind::greeting || exchange.kind == Exchange::Kind::unasked) continue;
    require(next < dialogue.lines.size(), "no more commands than were sent");
    require_equal(exchange.line, dialogue.lines[next], "each command is one that was sent, in its place");
    ++next;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  if (size > 1024) return 0;
  FuzzInput in(octets, size);
  OctetChoices settings(in.line());
  const std::string_view answers = in.line();
  OctetChoices plan(in.line());
  ServerOptions options = choose_server(settings);
  // A NOOP may come behind what ends a group, but nothing ends the session before its time.
  options.leniency.allow(Lenience::octets_after_group_end);
  const Dialogue dialogue = make_dialogue(options.flavor, plan, in.rest());
  const ReplyView greeting(code::service_ready, "mx.example.org ESMTP");

  const std::string_view wire = dialogue.wire;
  const ServerRun whole = play(options, answers, greeting, wire, {}, Ending::end_of_input);
  check_lines(dialogue, whole.transcript);
  for (const Cuts& cuts : {octet_by_octet(wire.size()), random_cuts(wire.size(), settings)}) {
    require_same(whole, play(options, answers, greeting, wire, cuts, Ending::end_of_input));
  }
  return 0;
}
