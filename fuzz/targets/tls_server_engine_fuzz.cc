// Whatever a client sends, a server engine of either backend reads nothing that was not said, in any cut, and
// ends.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "postrider/fuzz/support/fuzz_input.h"
#include "postrider/fuzz/support/tls_run.h"

namespace {

using namespace postrider::fuzz;
using postrider::transport::TlsPolicy;
using postrider::transport::TlsProvider;

constexpr std::string_view kSaid = "EHLO client.example\r\n";

// Octets of a stranger alone: no handshake can come of them.
void raw(const TlsProvider& provider, std::string_view octets) {
  TlsEnd whole(tls_peers(provider).server->engine());
  whole.receive(octets, octets.size());
  (void)whole.take_output();
  require(!whole.established(), "nobody has a handshake without the keys");
  require(whole.read().empty(), "nothing was said");
  if (octets.size() > 600) return;
  TlsEnd single(tls_peers(provider).server->engine());
  single.receive(octets, 1);
  require(single.status() == whole.status(), "the cut makes no difference");
}

// A true client whose octets are changed on the way.
void changed(const TlsProvider& provider, std::string_view edits) {
  TlsEnd server(tls_peers(provider).server->engine());
  TlsEnd client(tls_peers(provider).client_engine(TlsPolicy::pkix));
  client.receive({}, 1);
  for (int round = 0; round < 6; ++round) {
    const std::size_t count = round < 5 ? edits.size() / 2 / 3 * 3 : edits.size();
    server.receive(edited(client.take_output(), edits.substr(0, count)), 1 << 20);
    edits.remove_prefix(count);
    client.receive(server.take_output(), 1 << 20);
    client.say(kSaid);
  }
  // What was said once a round comes in this order, as far as it comes.
  for (std::size_t at = 0; at < server.read().size(); ++at) {
    require(server.read()[at] == kSaid[at % kSaid.size()], "only what was said is read");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  if (size > 20000) return 0;
  FuzzInput in(octets, size);
  const bool edits = in.line() == "1";
  for (const TlsProvider* provider : postrider::transport::tls_providers()) {
    edits ? changed(*provider, in.rest()) : raw(*provider, in.rest());
  }
  return 0;
}
