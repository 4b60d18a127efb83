// The driver under a client: one stream, one ClientSession, and the octets between them. Internal to client.
//
// Whoever uses it sends commands and queues content, which costs no wait, then calls turn(), which writes and
// waits, and in between takes the answers that have come:
//
//   channel.send(mail);
//   while (!done) {
//     while (const std::optional<Answer> answer = channel.next_answer()) on(*answer);
//     if (channel.lost()) break;
//     co_await channel.turn(Phase::mail, Until::input);
//   }
//
// A connection that breaks is reported as late as possible: what the server said before is handed out first,
// since servers say why (a 421, a 552 in the middle of the content) and then close.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "postrider/client/config.h"
#include "postrider/client/outcome.h"
#include "postrider/protocol/framing/input_buffer.h"
#include "postrider/protocol/session/client_session.h"
#include "postrider/transport/loop.h"
#include "postrider/transport/signal.h"
#include "postrider/transport/stream.h"
#include "postrider/transport/task.h"
#include "postrider/transport/tls/engine.h"

namespace postrider::client {

using transport::Task;

class Channel {
 public:
  using Answer = protocol::ClientSession::Answer;

  enum class Until {
    written,  // all is written, or there is input to look at
    input,    // there is input to look at
  };

  Channel(transport::Loop& loop, const ClientConfig& config, std::unique_ptr<transport::Stream> stream);
  ~Channel();

  const protocol::ClientSession& session() const noexcept { return session_; }
  bool lmtp() const noexcept { return config_.flavor == protocol::Flavor::lmtp; }

  // ---- Sending: nothing is written before turn() ----

  protocol::Result<protocol::CommandId> send(const protocol::Command& command);
  protocol::Result<protocol::CommandId> send_chunk(std::uint64_t size, bool last);
  // The next line of an AUTH exchange, after a 334; nullopt cancels it.
  protocol::Result<protocol::CommandId> send_auth_line(std::optional<std::string_view> base64);
  // Content for an open DATA: takes from the beginning of `message` what fits into one write, encoded, and
  // says how much that was; all is written before the next call, and `message` lives until then.
  protocol::Result<std::size_t> queue_text(std::string_view message);
  protocol::Result<void> end_text();
  // Content for a chunk, as it is. There is room for kMaxPieces pieces in a write.
  void queue_octets(std::string_view octets);
  bool all_written() const noexcept;

  // ---- Waiting and receiving ----

  // Writes what waits, and waits, until that has come about or the connection is lost.
  Task<void> turn(Phase phase, Until until);
  // Reads what has come, without waiting.
  void look();
  // The next answer in what was read. The reply in it is valid until the next call of anything here.
  std::optional<Answer> next_answer();
  // Nothing more will come; failure() says why.
  bool lost() const noexcept { return lost_; }
  Failure failure() const;

  // A second bound on every wait but the one for the verdict on the content; kNever for none.
  void set_deadline(transport::SteadyTime at) noexcept { transaction_deadline_ = at; }

  // Encrypts the connection: after the 220 to STARTTLS, or before anything was said. A failure loses it.
  Task<Outcome<void>> encrypt(std::unique_ptr<transport::TlsEngine> engine);
  // nullptr in clear.
  const transport::TlsInfo* tls() const noexcept { return stream_ ? stream_->tls() : nullptr; }

  // ---- Ending ----

  // The caller gives up on the connection, for a reason of its own.
  void abandon() noexcept;
  void cancel() noexcept;
  // Closes politely, for after QUIT.
  Task<void> close();
  // Gives the receive buffer back while nobody waits.
  void rest() noexcept;

 private:
  static constexpr std::size_t kMaxPieces = 15;
  static constexpr std::size_t kStaged = 16 * 1024;
  // Pieces below this are copied together: a message that is nothing but dots would else need a write for
  // each handful of lines.
  static constexpr std::size_t kCopyBelow = 1024;
  static constexpr std::size_t kMostInWrite = 256 * 1024;

  enum class Progress { all, blocked, failed };

  Progress write();
  void account(std::size_t octets);
  bool has_room(std::size_t octets) const noexcept;
  void put(std::string_view piece);
  void read();
  void set_wait_deadline(Phase phase) noexcept;
  void lose(const transport::error_code& why) noexcept;
  void tell(Direction direction, std::string_view octets) const;

  transport::Loop& loop_;
  const ClientConfig& config_;
  std::unique_ptr<transport::Stream> stream_;
  protocol::ClientSession session_;
  transport::BufferPool::Buffer buffer_;
  protocol::InputBuffer in_;

  // Content that follows session_.output(): pieces from first_piece_ on, the first of them shortened already.
  std::array<std::string_view, kMaxPieces> pieces_;
  std::size_t first_piece_ = 0;
  std::size_t piece_count_ = 0;
  std::string staged_;  // small pieces; reserved once

  std::optional<transport::Signal> shaking_hands_;  // meanwhile there is no stream: how cancel() reaches it
  transport::SteadyTime transaction_deadline_ = transport::kNever;
  Phase phase_ = Phase::greeting;
  transport::error_code error_;
  std::optional<protocol::Error> broken_;
  std::optional<protocol::Reply> closing_reply_;  // a 421
  bool write_failed_ = false;
  bool input_over_ = false;  // nothing more can be read
  bool lost_ = false;
  bool cancelled_ = false;
};

}  // namespace postrider::client
