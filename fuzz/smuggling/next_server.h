// The server behind the relay: takes everything, ends data at CRLF "." CRLF alone, and keeps the octets as
// they came, dots and all. SMTP and LMTP, in clear.
//
//   NextServer next(loop, network, patience);
//   const auto at = next.listen(address);
//   ... next.taken() ...
//   next.stop();
//
// Bounds: kMostMessages of kMostMessage octets; a connection that says nothing for `patience` is closed. What
// it offers is 8BITMIME and SIZE: without CHUNKING a relay has to write DATA, which is what is looked at.
// `loop` and `network` outlive it, and it outlives the loop's tasks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "postrider/fuzz/wire/wire.h"
#include "postrider/transport/loop.h"
#include "postrider/transport/network.h"

namespace postrider::fuzz {

// One transaction that came to its end.
struct TakenMessage {
  std::size_t connection = 0;  // from 0
  std::string sender;          // the argument of MAIL, as it came
  std::vector<std::string> recipients;
  std::string raw;  // between the 354 and the final dot, as on the wire
};

class NextServer {
 public:
  static constexpr std::size_t kMostMessage = std::size_t{1} << 20;
  static constexpr std::size_t kMostMessages = 4096;

  NextServer(transport::Loop& loop, transport::Network& network, transport::Duration patience)
      : loop_(loop), network_(network), patience_(patience) {}

  // Where it listens; port 0 picks one. Once.
  std::expected<transport::Endpoint, transport::error_code> listen(const transport::Endpoint& at);
  // Takes no connection more; those that are there end at their next command.
  void stop() noexcept;

  const std::vector<TakenMessage>& taken() const noexcept { return taken_; }
  // When something came last.
  transport::SteadyTime last_heard() const noexcept { return last_heard_; }
  std::size_t connections() const noexcept { return connections_; }

 private:
  struct Session;

  static Task<void> accept(NextServer& self);
  static Task<void> serve(NextServer& self, std::unique_ptr<transport::Stream> stream);
  Task<bool> command(Session& session, std::string_view line);
  Task<bool> content(Session& session);
  Task<bool> say(Session& session, std::string reply);

  transport::Loop& loop_;
  transport::Network& network_;
  transport::Duration patience_;
  std::unique_ptr<transport::Listener> listener_;
  std::vector<TakenMessage> taken_;
  transport::SteadyTime last_heard_{};
  std::size_t connections_ = 0;
  bool stopping_ = false;
};

}  // namespace postrider::fuzz
