// Plays a ServerSession as a driver would, with answers that a test sets, and writes down what happened.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "postrider/protocol/session/server_session.h"

namespace postrider::protocol::testing {

class ServerScript {
 public:
  static ServerOptions default_options();

  explicit ServerScript(ServerOptions options = default_options(),
                        const ReplyView& greeting = {code::service_ready, "mx.example.org ESMTP"});

  // What the driver answers to a question: "hello", "mail", "rcpt", "data", "chunk", "content", "query",
  // "auth", "starttls", "extended". Default: yes. Several answers are used in turn, the last one for ever.
  ServerScript& answer(const std::string& question, std::vector<Reply> replies);

  // Hands in octets, as one read, and returns what the session wrote in answer to them. What is not consumed
  // is handed in again with the next ones.
  std::string feed(std::string_view octets);
  // Runs the session on what is there already.
  std::string run();

  // The events since the last call of events(), without NeedInput and Body: "Mail(a@b)",
  // "Refused(MAIL,bad_path,501)".
  std::vector<std::string> events();
  // The content of all messages so far, each ended by "|".
  [[nodiscard]] const std::string& content() const { return content_; }
  [[nodiscard]] bool closed() const { return closed_; }
  [[nodiscard]] std::size_t unconsumed() const { return input_.size(); }
  ServerSession& session() { return session_; }

 private:
  Reply next_answer(const std::string& question, const ReplyView& otherwise);
  void handle(const ServerEvent& event);
  std::string take_output();

  ServerProfile profile_;
  ServerSession session_;
  std::map<std::string, std::vector<Reply>> answers_;
  std::string input_;
  std::string content_;
  std::vector<std::string> events_;
  bool closed_ = false;
};

}  // namespace postrider::protocol::testing
