// Handshakes and bulk of the TLS engines against the libraries by themselves: client and server in memory on
// one core, TLS 1.3, an ECDSA P-256 certificate. A handshake counts both sides; bulk is encrypted and
// decrypted.
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>
#include <malloc.h>

#include "postrider/bench/transport/tls/raw_loop.h"
#include "postrider/tests/transport/tls/certificate_factory.h"
#include "postrider/transport/tls/backends/backends.h"

namespace postrider::bench {
namespace {

using namespace transport;

constexpr std::size_t kMessage = std::size_t{64} * 1024;

const Identity& identity() {
  static const Identity made = [] {
    tests::CertificateOptions of_root;
    of_root.common = "Root";
    of_root.authority = true;
    const tests::TestCertificate root(of_root);
    const tests::TestCertificate leaf(tests::CertificateOptions({"mx.example"}), &root);
    return Identity{leaf.pem(), leaf.key_pem(), root.pem()};
  }();
  return made;
}

// The same as a RawLoop, by our engines.
class EngineLoop {
 public:
  explicit EngineLoop(const TlsProvider& provider) {
    TlsServerConfig of_server;
    of_server.certificates = {
        TlsCertificate(PemSource::text(identity().certificate_pem), PemSource::text(identity().key_pem))};
    server_context_ = provider.server(of_server).value();
    TlsClientConfig of_client;
    of_client.roots = TlsRoots::given(PemSource::text(identity().root_pem));
    resuming_ = provider.client(of_client).value();
    of_client.cached_sessions = 0;
    fresh_ = provider.client(of_client).value();
    target_.name = "mx.example";
  }

  void connect(bool resume) {
    // OpenSSL resumes no session that was cut off.
    if (client) client->shutdown();
    if (server) server->shutdown();
    client = (resume ? resuming_ : fresh_)->engine(target_).value();
    server = server_context_->engine();
    bool client_done = false;
    bool server_done = false;
    while (!client_done || !server_done) {
      client_done = client->handshake().done();
      pass(*client, *server);
      server_done = server->handshake().done();
      pass(*server, *client);
    }
    char nothing;
    (void)client->read(std::span(&nothing, 1));
  }
  void carry(std::string_view text) {
    while (!text.empty()) {
      text.remove_prefix(client->write(text).octets);
      server->give(client->output());
      while (server->read(into_).done()) {
      }
      client->sent(client->output().size());
    }
  }

  std::unique_ptr<TlsEngine> client;
  std::unique_ptr<TlsEngine> server;

 private:
  static void pass(TlsEngine& from, TlsEngine& to) {
    static std::string octets;
    octets.assign(from.output());
    from.sent(octets.size());
    if (!octets.empty() && to.input_left() == 0) to.give(octets);
    if (!octets.empty()) (void)to.handshake();
  }

  std::shared_ptr<const TlsServerContext> server_context_;
  std::shared_ptr<const TlsClientContext> resuming_;
  std::shared_ptr<const TlsClientContext> fresh_;
  TlsTarget target_;
  std::vector<char> into_ = std::vector<char>(kMessage);
};

void engine_handshakes(benchmark::State& state, const TlsProvider* provider, bool resume) {
  EngineLoop loop(*provider);
  loop.connect(resume);
  for (auto _ : state) loop.connect(resume);
  if (loop.client->info().resumed != resume) state.SkipWithError("not the kind of handshake that was wanted");
  state.SetItemsProcessed(state.iterations());
  state.SetLabel(loop.client->info().group);
}

void engine_bulk(benchmark::State& state, const TlsProvider* provider) {
  EngineLoop loop(*provider);
  loop.connect(false);
  const std::string text(kMessage, 'x');
  for (auto _ : state) loop.carry(text);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(kMessage));
  state.SetLabel(loop.client->info().cipher);
}

using MakeRaw = std::unique_ptr<RawLoop> (*)(const Identity&);

void raw_handshakes(benchmark::State& state, MakeRaw make, bool resume) {
  const auto loop = make(identity());
  loop->connect(false);
  for (auto _ : state) loop->connect(resume);
  if (loop->resumed() != resume) state.SkipWithError("not the kind of handshake that was wanted");
  state.SetItemsProcessed(state.iterations());
}

void raw_bulk(benchmark::State& state, MakeRaw make) {
  const auto loop = make(identity());
  loop->connect(false);
  const std::string text(kMessage, 'x');
  for (auto _ : state) loop->carry(text);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(kMessage));
}

// Heap for each idle session, both ends kept: by our engines and by the library.
std::size_t heap() { return mallinfo2().uordblks + mallinfo2().hblkhd; }
constexpr int kIdle = 200;

void engine_memory(benchmark::State& state, const TlsProvider* provider) {
  for (auto _ : state) {
    EngineLoop loop(*provider);
    std::vector<std::unique_ptr<TlsEngine>> kept;
    kept.reserve(2 * kIdle);
    loop.connect(false);
    const std::size_t before = heap();
    for (int session = 0; session < kIdle; ++session) {
      loop.connect(false);
      loop.carry("EHLO client.example\r\n");
      kept.push_back(std::move(loop.client));
      kept.push_back(std::move(loop.server));
    }
    state.counters["heap_both_ends"] = static_cast<double>(heap() - before) / kIdle;
  }
}

void raw_memory(benchmark::State& state, MakeRaw make) {
  for (auto _ : state) {
    std::vector<std::unique_ptr<RawLoop>> kept;
    std::size_t contexts = heap();
    for (int session = 0; session < kIdle; ++session) kept.push_back(make(identity()));
    const std::size_t before = heap();
    contexts = before - contexts;
    for (const auto& loop : kept) {
      loop->connect(false);
      loop->carry("EHLO client.example\r\n");
    }
    state.counters["heap_both_ends"] = static_cast<double>(heap() - before) / kIdle;
  }
}

void add_raw(const TlsProvider* provider, MakeRaw make) {
  const std::string name(provider->name());
  const auto add = [&name](const char* what, auto function) {
    return benchmark::RegisterBenchmark(("tls/" + name + "/" + what + "/library").c_str(), function);
  };
  add("full", [=](benchmark::State& state) { raw_handshakes(state, make, false); });
  add("resumed", [=](benchmark::State& state) { raw_handshakes(state, make, true); });
  add("bulk", [=](benchmark::State& state) { raw_bulk(state, make); });
  add("memory", [=](benchmark::State& state) { raw_memory(state, make); })->Iterations(1);
}

const bool kRegistered = [] {
  for (const TlsProvider* const provider : tls_providers()) {
    const std::string name(provider->name());
    const auto add = [&name](const char* what, auto function) {
      return benchmark::RegisterBenchmark(("tls/" + name + "/" + what + "/engine").c_str(), function);
    };
    add("full", [=](benchmark::State& state) { engine_handshakes(state, provider, false); });
    add("resumed", [=](benchmark::State& state) { engine_handshakes(state, provider, true); });
    add("bulk", [=](benchmark::State& state) { engine_bulk(state, provider); });
    add("memory", [=](benchmark::State& state) { engine_memory(state, provider); })->Iterations(1);
    add_raw(provider, name == "openssl" ? raw_openssl : raw_wolfssl);
  }
  return true;
}();

}  // namespace
}  // namespace postrider::bench
