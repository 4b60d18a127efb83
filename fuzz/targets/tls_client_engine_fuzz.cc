// Whatever a server sends, a client engine of either backend trusts nobody but the right one and reads what
// was said.
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

constexpr std::string_view kSaid = "220 mx.example\r\n";

void raw(const TlsProvider& provider, TlsPolicy policy, std::string_view octets) {
  TlsEnd whole(tls_peers(provider).client_engine(policy));
  whole.receive(octets, octets.size());
  (void)whole.take_output();
  require(!whole.established(), "nobody has a handshake without the keys");
  require(whole.read().empty(), "nothing was said");
  if (octets.size() > 600) return;
  TlsEnd single(tls_peers(provider).client_engine(policy));
  single.receive(octets, 1);
  require(single.status() == whole.status(), "the cut makes no difference");
}

// A true server whose octets are changed on the way.
void changed(const TlsProvider& provider, TlsPolicy policy, std::string_view edits) {
  TlsEnd server(tls_peers(provider).server->engine());
  TlsEnd client(tls_peers(provider).client_engine(policy));
  client.receive({}, 1);
  for (int round = 0; round < 6; ++round) {
    server.receive(client.take_output(), 1 << 20);
    server.say(kSaid);
    const std::size_t count = round < 5 ? edits.size() / 2 / 3 * 3 : edits.size();
    client.receive(edited(server.take_output(), edits.substr(0, count)), 1 << 20);
    edits.remove_prefix(count);
  }
  for (std::size_t at = 0; at < client.read().size(); ++at) {
    require(client.read()[at] == kSaid[at % kSaid.size()], "only what was said is read");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  if (size > 20000) return 0;
  FuzzInput in(octets, size);
  const std::string_view settings = in.line();
  const TlsPolicy policy = settings.ends_with('2') ? TlsPolicy::opportunistic : TlsPolicy::pkix;
  for (const TlsProvider* provider : postrider::transport::tls_providers()) {
    settings.starts_with('1') ? changed(*provider, policy, in.rest()) : raw(*provider, policy, in.rest());
  }
  return 0;
}
