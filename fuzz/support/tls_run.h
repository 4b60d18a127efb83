// What the fuzz targets of the TLS engines share: contexts made once, and an engine fed with octets of
// unknown origin.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "postrider/fuzz/support/require.h"
#include "postrider/transport/tls/backends/backends.h"

namespace postrider::fuzz {

// A server and a client of one backend that would agree if nobody came between.
struct TlsPeers {
  explicit TlsPeers(const transport::TlsProvider& provider) {
    using namespace transport;
    const auto made = provider.self_signed(SelfSignedOptions("mx.example", std::chrono::system_clock::now()));
    require(made.has_value(), "a certificate can be made");
    TlsServerConfig of_server;
    of_server.certificates = {
        TlsCertificate(PemSource::text(made->certificate_pem), PemSource::text(made->key_pem))};
    of_server.client_auth = TlsClientAuth::request;
    of_server.alpn = {"smtp"};
    server = provider.server(of_server).value();
    TlsClientConfig of_client;
    of_client.roots = TlsRoots::given(PemSource::text(made->certificate_pem));
    of_client.cached_sessions = 0;
    of_client.alpn = {"smtp"};
    client = provider.client(of_client).value();
  }

  std::unique_ptr<transport::TlsEngine> client_engine(transport::TlsPolicy policy) const {
    transport::TlsTarget target;
    target.name = "mx.example";
    target.policy = policy;
    return client->engine(target).value();
  }

  std::shared_ptr<const transport::TlsServerContext> server;
  std::shared_ptr<const transport::TlsClientContext> client;
};

inline const TlsPeers& tls_peers(const transport::TlsProvider& provider) {
  static std::map<std::string_view, TlsPeers> made;
  return made.try_emplace(provider.name(), provider).first->second;
}

// An engine, what it has read and what it has come to.
class TlsEnd {
 public:
  using Status = transport::TlsEngine::Status;

  explicit TlsEnd(std::unique_ptr<transport::TlsEngine> engine) : engine_(std::move(engine)) {}

  // Lets it work on these octets, at most `step` at a time.
  void receive(std::string_view octets, std::size_t step) {
    work();
    while (!octets.empty() && status_ != Status::failed && status_ != Status::closed) {
      const std::string_view part = octets.substr(0, step);
      octets.remove_prefix(part.size());
      engine_->give(part);
      work();
      require(engine_->input_left() == 0 || status_ == Status::failed || status_ == Status::closed,
              "what was given is used before more is asked for");
    }
  }
  std::string take_output() {
    // A flight of a handshake, an alert, answers: never much.
    require(engine_->output().size() < std::size_t{64} * 1024, "the output is bounded");
    std::string octets(engine_->output());
    engine_->sent(octets.size());
    return octets;
  }
  void say(std::string_view text) {
    if (established_ && status_ == Status::want_input) (void)engine_->write(text);
  }

  bool established() const { return established_; }
  Status status() const { return status_; }
  const std::string& read() const { return read_; }

 private:
  void work() {
    if (!established_) {
      status_ = engine_->handshake().status;
      established_ = status_ == Status::done;
    }
    std::array<char, 1024> text;
    while (established_) {
      const auto step = engine_->read(text);
      status_ = step.status;
      if (!step.done()) break;
      require(step.octets != 0 && step.octets <= text.size(), "something is read, and within bounds");
      read_.append(text.data(), step.octets);
    }
    require((status_ == Status::failed) == !engine_->failure().empty(), "a failure has a reason");
    (void)engine_->info();
  }

  std::unique_ptr<transport::TlsEngine> engine_;
  std::string read_;
  Status status_ = Status::want_input;
  bool established_ = false;
};

// Octets on the wire with changes that the fuzzer chose: three octets each, a position and what to mix in.
inline std::string edited(std::string_view wire, std::string_view edits) {
  std::string result(wire);
  for (; edits.size() >= 3 && !result.empty(); edits.remove_prefix(3)) {
    const auto high = static_cast<std::uint8_t>(edits[0]);
    const auto low = static_cast<std::uint8_t>(edits[1]);
    char& octet = result[(std::size_t{high} << 8 | low) % result.size()];
    octet = static_cast<char>(octet ^ edits[2]);
  }
  return result;
}

}  // namespace postrider::fuzz
