// The two octet streams of one whole conversation, read as RFC 5321 and RFC 3030 have them: each reply tied
// to what it answers. It looks at octets alone and knows nothing of the sessions, so that they can be held
// against it.
//
//   const BothSides said = read_transcript(from_client, from_server, {.flavor = Flavor::smtp});
//   said.fault is empty when every reply has an owner and every owner its replies
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "postrider/fuzz/support/dot_reference.h"
#include "postrider/fuzz/support/extensions.h"
#include "postrider/fuzz/support/require.h"
#include "postrider/protocol/framing/reply_reader.h"
#include "postrider/protocol/grammar/command.h"
#include "postrider/protocol/session/flavor.h"

namespace postrider::fuzz {

// Something that has replies of its own.
struct Exchange {
  enum class Kind : std::uint8_t { greeting, command, auth_line, content, chunk, unasked };
  Kind kind = Kind::command;
  std::string line;          // of the client, without its ending; of content after DATA: empty
  std::string octets;        // content as it stood on the wire
  bool whole = true;         // the client has sent all of it
  std::size_t expected = 1;  // replies that it has in the end
  std::vector<protocol::Reply> replies{};
};

struct TranscriptOptions {
  protocol::Flavor flavor = protocol::Flavor::smtp;
  protocol::Limits limits{};
  bool bare_line_feed_in_command = false;
  bool convert_bare_endings = false;
};

// A message whose end a server has seen.
struct ReceivedMessage {
  std::string sender;
  std::vector<std::string> recipients;
  std::string octets;
  std::vector<protocol::ReplyCode> verdicts{};  // of its handler: one, or in LMTP one for each recipient
};

// A message that a client has sent whole.
struct SentMessage {
  std::string sender;
  std::vector<std::string> recipients;  // those that were accepted
  std::string octets;
  std::vector<protocol::ReplyCode> verdicts{};
};

struct BothSides {
  std::vector<Exchange> exchanges;
  std::vector<SentMessage> messages;
  std::string fault;   // what is wrong with the replies; empty: nothing
  bool ended = false;  // by a 421, by QUIT, or by a line end that is none
};

class TranscriptReader {
 public:
  TranscriptReader(std::string_view client, std::string_view server, const TranscriptOptions& options)
      : client_(client), options_(options) {
    read_replies(server);
  }

  BothSides read() && {
    if (out_.fault.empty() && next_reply_ < replies_.size()) {
      add({.kind = Exchange::Kind::greeting, .line = "", .octets = ""});
    }
    while (out_.fault.empty() && !out_.ended && read_line()) {
    }
    if (out_.fault.empty() && next_reply_ < replies_.size()) read_unasked();
    return std::move(out_);
  }

 private:
  using Kind = Exchange::Kind;
  using Reply = protocol::Reply;

  void read_replies(std::string_view server) {
    protocol::ReplyReader reader({.reply_line = 4096, .reply_text = 1 << 20, .reply_lines = 1 << 16});
    while (!server.empty()) {
      const protocol::ReplyReader::Read read = reader.next(server);
      if (!read.reply || !*read.reply) return fail("the server wrote something that is no reply");
      replies_.emplace_back(**read.reply);
      if (!protocol::ReplyCode::from(replies_.back().code().value())) return fail("a code is out of range");
      server.remove_prefix(read.consumed);
    }
  }

  void fail(std::string_view what) { out_.fault = what; }

  // Gives the exchange the replies that it must have, as far as there are any.
  const Exchange& add(Exchange exchange) {
    while (exchange.replies.size() < exchange.expected && next_reply_ < replies_.size()) {
      exchange.replies.push_back(replies_[next_reply_++]);
      if (exchange.replies.back().code() == protocol::code::service_not_available) {
        closed_ = out_.ended = true;
        break;
      }
    }
    if (exchange.replies.size() < exchange.expected) out_.ended = true;
    if (!exchange.whole) out_.ended = true;
    out_.exchanges.push_back(std::move(exchange));
    return out_.exchanges.back();
  }

  // RFC 5321 3.8: a 421 may come without being asked for; nothing comes behind it, nor behind the reply to
  // QUIT.
  void read_unasked() {
    if (closed_) return fail("a reply comes behind the last one");
    add({.kind = Kind::unasked, .line = "", .octets = ""});
    if (!closed_ || next_reply_ < replies_.size()) fail("a reply belongs to nothing");
  }

  // False: no whole line is left.
  bool read_line() {
    const std::size_t limit = in_auth_ ? options_.limits.auth_line : options_.limits.command_line;
    const std::size_t at = client_.find_first_of(std::string_view("\r\n\0", 3));
    if (at == std::string_view::npos || (client_[at] == '\r' && at + 1 == client_.size())) return false;
    const bool crlf = client_[at] == '\r' && client_[at + 1] == '\n';
    const bool bare = client_[at] == '\n' && options_.bare_line_feed_in_command;
    const std::size_t size = at + (crlf ? 2 : 1);
    const std::string_view line = client_.substr(0, at);
    client_.remove_prefix(size);
    if (!crlf && !bare) {  // it closes the session, and what is behind it is not read
      add({.kind = Kind::command, .line = std::string(line), .octets = ""});
      closed_ = out_.ended = true;
      return false;
    }
    if (in_auth_) {
      read_auth_line(line);
    } else if (size > limit) {
      add({.kind = Kind::command, .line = std::string(line), .octets = ""});
    } else {
      read_command(line);
    }
    return true;
  }

  void read_auth_line(std::string_view line) {
    in_auth_ = false;
    const Exchange& said = add({.kind = Kind::auth_line, .line = std::string(line), .octets = ""});
    in_auth_ = challenged(said);
  }

  void read_command(std::string_view line) {
    using protocol::Verb;
    const protocol::ParsedLine parsed = protocol::parse_command(line, {protocol::Utf8::yes, {}, nullptr});
    if (parsed.command) {
      if (const auto* bdat = std::get_if<protocol::Bdat>(&*parsed.command)) return read_chunk(line, *bdat);
    }
    const Exchange& said = add({.kind = Kind::command, .line = std::string(line), .octets = ""});
    if (said.replies.empty()) return;
    const protocol::ReplyCode code = said.replies.front().code();
    switch (parsed.verb) {
      case Verb::mail:
        if (code.positive()) message_ = {.sender = path_in(line), .recipients = {}, .octets = ""};
        break;
      case Verb::rcpt:
        if (code.positive()) message_.recipients.push_back(path_in(line));
        break;
      case Verb::rset:
      case Verb::ehlo:
      case Verb::helo:
      case Verb::lhlo:
        if (code.positive()) message_ = {};
        break;
      case Verb::auth: in_auth_ = challenged(said); break;
      case Verb::data:
        if (code == protocol::code::start_mail_input) read_data();
        break;
      case Verb::quit:
        if (code == protocol::code::closing_channel) closed_ = out_.ended = true;
        break;
      case Verb::bdat: closed_ = out_.ended = true; break;  // a chunk of unknown size cannot be skipped
      default: break;
    }
  }

  static bool challenged(const Exchange& said) {
    return !said.replies.empty() && said.replies.front().code() == protocol::code::auth_continue;
  }

  // RFC 2033 4.2: in LMTP each accepted recipient has a reply of its own.
  [[nodiscard]] std::size_t content_replies() const {
    return options_.flavor == protocol::Flavor::lmtp ? std::max<std::size_t>(message_.recipients.size(), 1)
                                                     : 1;
  }

  // The path of MAIL or RCPT as the books of both sides have it.
  static std::string path_in(std::string_view line) {
    using protocol::Lenience;
    const protocol::Leniency lenient =
        protocol::Leniency().allow(Lenience::space_after_colon).allow(Lenience::missing_angle_brackets);
    const protocol::ParsedLine parsed =
        protocol::parse_command(line, {protocol::Utf8::yes, lenient, &extensions()});
    if (!parsed.command) return "(accepted, but wrong)";
    if (const auto* mail = std::get_if<protocol::Mail>(&*parsed.command)) {
      return mail->from.null ? "<>" : std::string(mail->from.mailbox.text());
    }
    const auto& to = std::get<protocol::Rcpt>(*parsed.command).to;
    return to.postmaster ? "Postmaster" : std::string(to.mailbox.text());
  }

  void read_data() {
    // Where the end is does not depend on what becomes of bare endings.
    const DecodedData data = decode_data(client_);
    const std::string_view wire = client_.substr(0, data.consumed);
    client_.remove_prefix(data.consumed);
    message_.octets = options_.convert_bare_endings ? decode_data_converting(wire).body : data.body;
    end_message({.kind = Kind::content, .line = "", .octets = std::string(wire), .whole = data.ended});
  }

  // RFC 3030 2: as many octets as it says, whatever the reply.
  void read_chunk(std::string_view line, const protocol::Bdat& bdat) {
    const bool whole = bdat.size <= client_.size();
    const std::size_t size = whole ? static_cast<std::size_t>(bdat.size) : client_.size();
    const std::string_view octets = client_.substr(0, size);
    client_.remove_prefix(size);
    if (!message_.recipients.empty()) message_.octets += octets;
    Exchange chunk{.kind = bdat.last ? Kind::content : Kind::chunk,
                   .line = std::string(line),
                   .octets = std::string(octets),
                   .whole = whole};
    if (bdat.last) return end_message(std::move(chunk));
    add(std::move(chunk));
  }

  void end_message(Exchange content) {
    content.expected = content_replies();
    const Exchange& said = add(std::move(content));
    for (const Reply& reply : said.replies) message_.verdicts.push_back(reply.code());
    if (message_.recipients.empty()) {  // 503: the sender may still get recipients
      message_ = {.sender = message_.sender, .recipients = {}, .octets = ""};
      return;
    }
    if (said.whole) out_.messages.push_back(message_);
    message_ = {};
  }

  std::string_view client_;
  TranscriptOptions options_;
  std::vector<Reply> replies_;
  std::size_t next_reply_ = 0;
  SentMessage message_;  // of the transaction
  bool in_auth_ = false;
  bool closed_ = false;  // the last reply was one that ends the session
  BothSides out_;
};

inline BothSides read_transcript(std::string_view client, std::string_view server,
                                 const TranscriptOptions& options) {
  return TranscriptReader(client, server, options).read();
}

// Did the server ask its handler about this message, and send what it was told?
inline bool same_message(const SentMessage& sent, const ReceivedMessage& received) {
  if (sent.sender != received.sender || sent.recipients != received.recipients) return false;
  if (sent.octets != received.octets) return false;
  for (std::size_t i = 0; i < sent.verdicts.size(); ++i) {
    if (sent.verdicts[i] == protocol::code::service_not_available) return true;
    if (i == received.verdicts.size() || sent.verdicts[i] != received.verdicts[i]) return false;
  }
  return true;
}

template <class Message>
std::string shown_message(const Message& message) {
  std::string text = message.sender + " to";
  for (const std::string& recipient : message.recipients) text += " " + recipient;
  text += ": \"" + visible(message.octets) + "\"";
  for (const protocol::ReplyCode code : message.verdicts) text += " " + std::to_string(code.value());
  return text;
}

// What the server took is what the client sent, in that order: nothing that was answered positively is
// missing, and nothing came from nowhere.
inline void require_same_messages(const std::vector<SentMessage>& sent,
                                  const std::vector<ReceivedMessage>& received) {
  std::size_t next = 0;
  for (const SentMessage& message : sent) {
    const bool known = next < received.size() && same_message(message, received[next]);
    const bool taken = std::any_of(message.verdicts.begin(), message.verdicts.end(),
                                   [](protocol::ReplyCode code) { return code.positive(); });
    if (known) ++next;
    require(known || !taken, "a message that was taken is one that was sent\n  " + shown_message(message) +
                                 "\n  " + (next < received.size() ? shown_message(received[next]) : "none"));
  }
  require(next == received.size(), "a message that was received was sent");
}

}  // namespace postrider::fuzz
