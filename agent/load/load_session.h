// One session of a load run: connects, sends messages as fast as the server takes them, and connects anew
// when the connection ends or has carried its share.
//
// With PIPELINING the end of a message and the whole envelope of the next one leave in one write, and the
// verdict on the one and the replies to the other come in one read: a message costs one write and one read.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "postrider/agent/load/load_counts.h"
#include "postrider/agent/load/load_job.h"
#include "postrider/protocol/framing/input_buffer.h"
#include "postrider/protocol/session/client_session.h"
#include "postrider/transport/loop.h"
#include "postrider/transport/network.h"
#include "postrider/transport/stream.h"
#include "postrider/transport/task.h"

namespace postrider::agent {

class LoadSession {
 public:
  // Everything outlives the session.
  LoadSession(transport::Loop& loop, transport::Network& network, LoadJob& job, LoadCounts& counts);

  // Until no message is left, or the server could not be reached several times in a row.
  transport::Task<void> run();

 private:
  // What is to be said next.
  enum class Step : std::uint8_t {
    hello,
    start_tls,
    mail,
    rcpt,
    data,
    content,
    reset,
    quit,
    hello_said,
    tls_said,
    quit_said
  };
  // A message under way: at most two, of which one has been sent and the other's envelope follows it.
  struct Message {
    transport::SteadyTime begun;
    std::optional<protocol::ReplyCode> refused;  // by the first command that was
  };
  using Answer = protocol::ClientSession::Answer;
  // What the reply that ends a message answers.
  enum class Verdict : bool { none, content };

  transport::Task<bool> connect();
  transport::Task<bool> encrypt();
  transport::Task<void> converse();
  void fill();
  bool fill_step();
  bool say(const protocol::Command& command, Step next);
  bool begin_message();
  void finish_message(protocol::ReplyCode code, Verdict verdict);
  bool has_another() noexcept;
  bool write();
  bool read();
  void take_answers();
  void on_answer(const Answer& answer);
  void on_command_answer(const Answer& answer);
  void on_hello_answer();
  void after_refused_envelope();
  void lost(std::string_view what);

  transport::Loop& loop_;
  transport::Network& network_;
  LoadJob& job_;
  LoadCounts& counts_;

  std::unique_ptr<transport::Stream> stream_;
  std::optional<protocol::ClientSession> session_;
  std::array<char, 4096> memory_;
  protocol::InputBuffer in_;
  std::array<std::string_view, 2> content_;  // in front of session_.output(), the first shortened already
  transport::SteadyTime now_{};              // of this turn

  std::array<Message, 2> messages_;
  std::uint32_t first_message_ = 0;
  std::uint32_t message_count_ = 0;
  std::uint64_t sent_here_ = 0;  // messages begun on this connection
  std::uint32_t failures_ = 0;   // connections in a row that brought nothing
  Step step_ = Step::hello;
  bool greeted_ = false;
  bool encrypted_ = false;
  bool handshake_ = false;  // is due: STARTTLS was answered 220
  bool taken_ = false;      // a message was taken from the job and is not begun yet
  bool over_ = false;       // this connection
};

}  // namespace postrider::agent
