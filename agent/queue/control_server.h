// The control socket of a running agent, STATE/control.sock: `postrider queue` asks it, in the words of
// control_protocol.h.
//
//   ControlServer control(loop, network, state / "control.sock", access, log);
//   if (auto started = control.start(); !started) …   // before loop.run(), or on its thread
//   control.stop();                                   // from any thread: the loop may end
//
// The file has mode 0600 from its first moment, since whoever can connect may read and drop mail; one that an
// agent left behind which is gone is replaced, and one behind which somebody listens is not. At most
// kMaxClients are served at a time, one request of each; further ones are told to come again. A client that
// says nothing or takes nothing for kPatience is gone.
#pragma once

#include <chrono>
#include <cstddef>
#include <expected>
#include <filesystem>
#include <memory>
#include <vector>

#include "postrider/agent/log/log.h"
#include "postrider/agent/queue/control_channel.h"
#include "postrider/agent/queue/control_protocol.h"
#include "postrider/agent/queue/queue_operations.h"
#include "postrider/agent/serve/start_failure.h"
#include "postrider/transport/network.h"

namespace postrider::agent {

inline constexpr std::string_view kControlSocket = "control.sock";  // in the folder of the agent's state

class ControlServer {
 public:
  static constexpr std::size_t kMaxClients = 16;
  // Somebody may be reading the list a screen at a time.
  static constexpr transport::Duration kPatience = std::chrono::minutes(5);

  // The references outlive the server, and the server the loop's run().
  ControlServer(transport::Loop& loop, transport::Network& network, std::filesystem::path socket,
                QueueAccess& access, Log& log);
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;

  std::expected<void, StartFailure> start();
  // What is being changed is changed to the end; whoever waits for more is cut off.
  void stop();

  std::size_t clients() const noexcept { return clients_; }  // on the loop's thread

 private:
  transport::Task<void> accept();
  transport::Task<void> talk(std::unique_ptr<transport::Stream> stream);
  transport::Task<void> turn_away(std::unique_ptr<transport::Stream> stream);
  transport::Task<bool> answer(ControlChannel& channel, ControlRequest request);
  transport::Task<bool> answer_list(ControlChannel& channel, queue::MessageId after);
  transport::Task<bool> answer_entry(ControlChannel& channel, const QueueEntry& entry);
  transport::Task<bool> answer_content(ControlChannel& channel, queue::MessageId id, std::uint64_t limit);
  transport::Task<bool> fail(ControlChannel& channel, QueueFailure failure);

  transport::Loop& loop_;
  transport::Network& network_;
  std::filesystem::path socket_;
  QueueOperations operations_;
  Log& log_;
  std::unique_ptr<transport::Listener> listener_;
  std::size_t clients_ = 0;
  std::vector<ControlChannel*> channels_;  // of those clients
  bool stopping_ = false;
};

}  // namespace postrider::agent
