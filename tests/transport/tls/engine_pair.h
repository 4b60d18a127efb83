// Two engines that talk to each other in memory.
#pragma once

#include <array>
#include <cstddef>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "postrider/transport/tls/engine.h"

namespace postrider::tests {

using namespace transport;

// One end, with what has arrived for it and what it has read.
class Side {
 public:
  explicit Side(std::unique_ptr<TlsEngine> engine) : engine_(std::move(engine)) {}

  TlsEngine& engine() noexcept { return *engine_; }
  bool established() const noexcept { return established_; }
  bool closed() const noexcept { return last_.status == TlsEngine::Status::closed; }
  bool failed() const noexcept { return last_.status == TlsEngine::Status::failed; }
  const std::string& received() const noexcept { return received_; }
  std::string& arrived() noexcept { return arrived_; }

  // Works on at most `most` octets of what has arrived; says whether it did anything.
  bool work(std::size_t most) {
    bool worked = false;
    if (engine_->input_left() == 0 && !arrived_.empty() && !failed()) {
      given_ = arrived_.substr(0, most);
      arrived_.erase(0, given_.size());
      engine_->give(given_);
      worked = true;
    }
    if (!established_) {
      last_ = engine_->handshake();
      established_ = last_.done();
      worked |= established_;
    }
    while (established_ && !failed()) {
      std::array<char, 4096> text;
      last_ = engine_->read(text);
      if (!last_.done()) break;
      received_.append(text.data(), last_.octets);
      worked = true;
    }
    return worked;
  }

  std::string take_output() {
    std::string octets(engine_->output());
    engine_->sent(octets.size());
    return octets;
  }

  // Encrypts it all; the output grows as it likes.
  bool say(std::string_view text) {
    while (!text.empty()) {
      const TlsEngine::Step step = engine_->write(text);
      if (!step.done()) return false;
      text.remove_prefix(step.octets);
    }
    return true;
  }

 private:
  std::unique_ptr<TlsEngine> engine_;
  std::string arrived_;
  std::string given_;
  std::string received_;
  bool established_ = false;
  TlsEngine::Step last_;
};

struct EnginePair {
  EnginePair(std::unique_ptr<TlsEngine> of_client, std::unique_ptr<TlsEngine> of_server)
      : client(std::move(of_client)), server(std::move(of_server)) {}

  // Lets them talk until both have nothing more to say; `most` octets at a time.
  void talk(std::size_t most = std::numeric_limits<std::size_t>::max()) {
    for (bool going = true; going;) {
      going = client.work(most);
      going |= server.work(most);
      const std::string up = client.take_output();
      const std::string down = server.take_output();
      server.arrived() += up;
      client.arrived() += down;
      going |= !up.empty() || !down.empty();
    }
  }
  bool established() const noexcept { return client.established() && server.established(); }

  Side client;
  Side server;
};

}  // namespace postrider::tests
