// One end of TLS in the hand of a test: what it says is ciphertext that the test may cut, hold back or put
// anything behind. Nothing is sent by itself.
//
//   TlsPeer peer(context->engine());
//   send(peer.hear(""));                          // a client's first flight
//   send(peer.hear(receive()));                   // and so on, until peer.established()
//   send(peer.say("NOOP\r\n").substr(0, 7));      // half a record
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "postrider/transport/clock.h"
#include "postrider/transport/tls/provider.h"

namespace postrider::tests {

class TlsPeer {
 public:
  explicit TlsPeer(std::unique_ptr<transport::TlsEngine> engine) : engine_(std::move(engine)) {}

  // Takes what came from the other end, and gives what is to be said to that.
  std::string hear(std::string_view ciphertext) {
    const std::string given(ciphertext);
    engine_->give(given);
    for (;;) {
      const std::size_t before = engine_->input_left();
      if (!established_) established_ = step(engine_->handshake());
      std::array<char, 4096> text;
      while (established_ && read(text)) {
      }
      if (failed_ || closed_ || engine_->input_left() == before) break;
    }
    return take_output();
  }

  std::string say(std::string_view plaintext) {
    while (!plaintext.empty()) {
      const transport::TlsEngine::Step written = engine_->write(plaintext);
      if (!step(written)) break;
      plaintext.remove_prefix(written.octets);
    }
    return take_output();
  }

  std::string close_notify() {
    engine_->shutdown();
    return take_output();
  }

  bool established() const noexcept { return established_; }
  bool closed() const noexcept { return closed_; }
  bool failed() const noexcept { return failed_; }
  const std::string& heard() const noexcept { return heard_; }

 private:
  bool step(const transport::TlsEngine::Step& step) {
    failed_ = failed_ || step.status == transport::TlsEngine::Status::failed;
    closed_ = closed_ || step.status == transport::TlsEngine::Status::closed;
    return step.done();
  }
  bool read(std::array<char, 4096>& text) {
    const transport::TlsEngine::Step got = engine_->read(text);
    if (!step(got)) return false;
    heard_.append(text.data(), got.octets);
    return true;
  }
  std::string take_output() {
    std::string out(engine_->output());
    engine_->sent(out.size());
    return out;
  }

  std::unique_ptr<transport::TlsEngine> engine_;
  std::string heard_;
  bool established_ = false;
  bool closed_ = false;
  bool failed_ = false;
};

// How a peer leaves without being asked to.
enum class TlsEnding {
  close_notify,             // and leaves the connection open
  close_notify_clear_text,  // and goes on in clear, CVE-2026-45185
  cut,                      // the connection ends without close_notify
  truncated,                // in the middle of a record
};
inline constexpr std::array kTlsEndings{TlsEnding::close_notify, TlsEnding::close_notify_clear_text,
                                        TlsEnding::cut, TlsEnding::truncated};

constexpr std::string_view to_string(TlsEnding ending) noexcept {
  switch (ending) {
    case TlsEnding::close_notify: return "close_notify";
    case TlsEnding::close_notify_clear_text: return "close_notify and clear text";
    case TlsEnding::cut: return "cut";
    case TlsEnding::truncated: break;
  }
  return "truncated record";
}

constexpr bool is_lawful(TlsEnding ending) noexcept {
  return ending == TlsEnding::close_notify || ending == TlsEnding::close_notify_clear_text;
}

// What goes over the wire; after an unlawful one the connection is to be closed. `rest` is what the peer
// would have said.
inline std::string octets_of(TlsEnding ending, TlsPeer& peer, std::string_view rest) {
  switch (ending) {
    case TlsEnding::close_notify: return peer.close_notify();
    case TlsEnding::close_notify_clear_text: return peer.close_notify() + std::string(rest) + "\r\n.\r\n";
    case TlsEnding::cut: return {};
    case TlsEnding::truncated: break;
  }
  const std::string record = peer.say(std::string(rest) + "\r\n.\r\n");
  return record.substr(0, record.size() / 2);
}

// A provider's two contexts with a certificate that nobody checks.
struct TlsContexts {
  explicit TlsContexts(const transport::TlsProvider& provider) {
    const auto made = provider
                          .self_signed(transport::SelfSignedOptions(
                              "mx.test", transport::RealClock::instance().system_now()))
                          .value();
    transport::TlsServerConfig config;
    config.certificates.emplace_back(transport::PemSource::text(made.certificate_pem),
                                     transport::PemSource::text(made.key_pem));
    server = provider.server(config).value();
    client = provider.client(transport::TlsClientConfig()).value();
    target.name = "mx.test";
    target.policy = transport::TlsPolicy::none;
  }

  std::unique_ptr<transport::TlsEngine> client_engine() const { return client->engine(target).value(); }

  std::shared_ptr<const transport::TlsServerContext> server;
  std::shared_ptr<const transport::TlsClientContext> client;
  transport::TlsTarget target;
};

}  // namespace postrider::tests
