// A server that does as it is told: the peer of a client in tests. It speaks with the client over one end of
// a MemoryStream, keeps what it was told, and answers from a list.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "postrider/transport/loop.h"
#include "postrider/transport/stream.h"
#include "postrider/transport/task.h"
#include "postrider/transport/tls/engine.h"

namespace postrider::client::testing {

// Instead of a reply, or behind one: closes the connection.
inline constexpr std::string_view kClose = "<close>";
// No reply at all.
inline constexpr std::string_view kSilence = "<silence>";

class FakeServer {
 public:
  explicit FakeServer(bool lmtp = false);

  // The replies to a command, in turn; the last one for ever. `command` is "greeting", a verb, the beginning
  // of a line ("RCPT TO:<b@"), which goes before the verb, or "." for the end of the message. A reply is
  // without its last CRLF, and may end in kClose.
  FakeServer& answer(const std::string& command, std::vector<std::string> replies);
  // The keywords of EHLO, one a line.
  FakeServer& offer(const std::vector<std::string>& keywords);

  // Once `octets` of a message have come: says this, once.
  std::size_t early_after = std::string::npos;
  std::string early_reply;
  // Stops reading after it.
  bool deaf_after_early = false;

  // Makes the engine that STARTTLS, once answered by 220, encrypts with.
  std::function<std::unique_ptr<transport::TlsEngine>()> tls;
  bool tls_at_once = false;  // from the first octet on, instead
  bool encrypted = false;

  transport::Task<void> serve(transport::Loop& loop, std::unique_ptr<transport::Stream> stream);

  std::vector<std::string> lines;     // commands, without CRLF
  std::vector<std::string> reads;     // what came at a time
  std::vector<std::string> messages;  // that ended, dots removed
  std::size_t delivered = 0;          // of them, those to which a positive reply was written whole
  bool closed_by_client = false;      // the client's side ended

 private:
  bool process();  // false: need more
  bool process_line(std::string_view line);
  bool process_content();
  bool process_chunk();
  void reply(std::string_view text);
  std::string next_answer(const std::string& command);
  std::string choose_answer(std::string_view line, const std::string& verb);
  void end_message(std::string_view verb);

  enum class Mode { command, content, chunk, closing, handshake };

  std::map<std::string, std::vector<std::string>> answers_;
  std::map<std::string, std::size_t> used_;
  bool lmtp_;
  std::string in_;
  std::string out_;
  std::string content_;
  std::size_t chunk_left_ = 0;
  bool chunk_last_ = false;
  std::size_t recipients_ = 0;
  std::size_t positive_pending_ = 0;
  Mode mode_ = Mode::command;
};

}  // namespace postrider::client::testing
