// A server made of the project's own ServerSession, in memory: the honest peer of a client in tests.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "postrider/protocol/session/server_session.h"
#include "postrider/transport/memory_stream.h"
#include "postrider/transport/task.h"

namespace postrider::client::testing {

class SessionServer {
 public:
  struct Message {
    std::string sender;
    std::vector<std::string> recipients;
    std::string content;
    friend bool operator==(const Message&, const Message&) = default;
  };

  // Everything that there is is offered.
  static protocol::ServerOptions options(protocol::Flavor flavor = protocol::Flavor::smtp);
  explicit SessionServer(protocol::ServerOptions with = options()) : profile_(std::move(with)) {}

  // The answer to a recipient, by its address; accepted otherwise.
  std::map<std::string, protocol::Reply> refusals;

  transport::Task<void> serve(transport::Loop& loop, std::unique_ptr<transport::MemoryStream> stream);

  std::vector<Message> messages;  // taken: the positive reply is queued

 private:
  void handle(const protocol::ServerEvent& event, protocol::ServerSession& session);

  protocol::ServerProfile profile_;
  Message message_;
  bool closed_ = false;
};

}  // namespace postrider::client::testing
