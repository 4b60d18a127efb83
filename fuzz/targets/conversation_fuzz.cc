// Client and server agree on senders, recipients, octets and the owner of each reply, whatever is cut or
// refused.
#include <cstddef>
#include <cstdint>

#include "postrider/fuzz/support/choices.h"
#include "postrider/fuzz/support/conversation.h"
#include "postrider/fuzz/support/fuzz_input.h"
#include "postrider/fuzz/support/server_settings.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  using namespace postrider::fuzz;
  if (size > 1024) return 0;
  FuzzInput in(octets, size);
  OctetChoices settings(in.line());
  OctetChoices answers(in.line());
  OctetChoices network(in.line());
  OctetChoices actions(in.rest());
  const postrider::protocol::ServerProfile profile(choose_server(settings));
  postrider::protocol::Limits limits;
  limits.in_flight = 32 - settings.below(32);
  Conversation conversation(profile, limits, {actions, answers, network});
  conversation.run(choose_greeting(settings));
  return 0;
}
