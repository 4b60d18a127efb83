// One session between a stream and a handler: the server's driver. Internal to server; use Sessions or
// Server.
//
// Everything but waiting happens in plain functions that say what is needed next; the one coroutine of a
// connection, Sessions::serve(), only waits for it. So a turn costs one suspension, and an idle session holds
// the session object, one waiting operation and no receive buffer. What is left of a command line meanwhile
// is kept in a string of its size.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "postrider/server/sessions.h"
#include "postrider/transport/buffer_pool.h"

namespace postrider::server {

class Connection {
 public:
  enum class Need : std::uint8_t {
    nothing,  // within the driver: go on at once
    input,    // wait_readable(), then input_ready()
    output,   // wait_writable(), then output_ready()
    handler,  // await_handler(), then answered()
    upgrade,  // await_upgrade(), then upgraded()
    closing,  // close() the stream as closing() says; then it is over
    over,
  };

  Connection(Sessions& sessions, std::unique_ptr<transport::Stream> stream, Admission::Ticket ticket);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Each of these goes as far as possible without waiting. An exception comes from the handler: call
  // failed().
  Need begin();
  Need input_ready(const transport::error_code& waited);
  Need output_ready(const transport::error_code& waited);
  Task<void> await_handler();
  Need answered();
  Task<void> await_upgrade();
  Need upgraded();
  Need failed() noexcept;  // 421 and the end

  transport::Stream& stream() noexcept { return *stream_; }
  transport::Closing closing() const noexcept { return closing_; }

  // The group is stopping: look up from waiting.
  void nudge() noexcept;

 private:
  friend class Sessions;

  // What the handler answers with a Task<Reply>.
  enum class Question : std::uint8_t { greeting, command, content };

  Need advance();
  Need handle(const protocol::ServerEvent& event);
  Need handle_rare(const protocol::ServerEvent& event);
  Need greet();
  Need ask(Question question, Answer answer);
  Need open(Soon<Opened> opened);
  Need authenticate(Soon<AuthStep> step);
  Need write_body(std::string_view octets);
  Need finish_body();
  Need start_upgrade();
  Need need_input();
  Need close_session(protocol::ev::Closed::Cause cause);
  Need lost(const transport::error_code& error);
  Need finish();

  void take(Question question, const ReplyView& reply);
  void take(Opened opened);
  void take(const AuthStep& step);

  Need flush();  // nothing: all is written
  Need read();   // nothing: there is something new; input: there is not
  void park();
  void drop_sink() noexcept;
  bool in_transaction() const noexcept;
  bool in_content() const noexcept;
  void set_input_deadline();
  void expires_after(transport::Duration wait);

  Sessions& sessions_;
  Connection* previous_ = nullptr;
  Connection* next_ = nullptr;
  std::shared_ptr<const Service> service_;
  std::unique_ptr<transport::Stream> stream_;
  const Standing standing_;
  protocol::ServerSession session_;
  ServedClient client_;
  ConnectionInfo info_;
  std::unique_ptr<Handler> handler_;
  std::unique_ptr<MessageSink> sink_;

  // Input that the session has not taken lies in the buffer, or in parked_ while nothing is borrowed.
  transport::BufferPool::Buffer buffer_;
  std::string parked_;
  std::string_view input_;

  std::variant<std::monostate, Task<Reply>, Task<Opened>, Task<AuthStep>, Task<void>> pending_;
  protocol::ev::BodyEnd body_end_{};
  std::size_t recipient_ = 0;  // whose reply is next, after the end of the content

  transport::SteadyTime phase_deadline_ = transport::kNever;
  transport::SteadyTime session_deadline_ = transport::kNever;
  std::uint64_t octets_since_wait_ = 0;  // of content
  SessionEnd end_;
  transport::Closing closing_ = transport::Closing::at_once;
  Question question_ = Question::greeting;
  bool greeted_ = false;
  bool content_ = false;        // the deadline in force is one for content
  bool replied_ = true;         // since the last wait: the time for the next command begins anew
  bool more_input_ = false;     // the last read filled the buffer
  bool waiting_ = false;        // in input, output or closing: nudge() may end it
  bool writing_ = false;        // output has a deadline already
  bool upgrading_ = false;      // upgrade once the output is written
  bool over_ = false;           // the session has ended; what is left is writing and closing
  bool message_taken_ = false;  // a recipient's reply was positive
  bool in_finish_ = false;      // the handler was asked within finish_body()
  bool threw_ = false;
  bool orphaned_ = false;  // its Sessions is gone: the loop was halted and destroys what was left
  std::uint8_t reads_in_a_row_ = 0;
};

}  // namespace postrider::server
