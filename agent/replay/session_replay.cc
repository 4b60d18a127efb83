#include "postrider/agent/replay/session_replay.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>

#include "postrider/protocol/framing/data_codec.h"
#include "postrider/protocol/session/client_session.h"
#include "postrider/protocol/session/server_session.h"

namespace postrider::agent {
namespace {

using namespace protocol;
using fuzz::ReplayDifference;
using fuzz::ReplayReport;
using fuzz::Transcript;
using fuzz::TranscriptEvent;
using fuzz::TranscriptKind;
using fuzz::WireReply;

constexpr std::size_t kMostShown = 100;
constexpr unsigned kChallenge = 334;

Reply to_reply(const WireReply& recorded) {
  const auto code = ReplyCode::from(static_cast<std::uint16_t>(recorded.code));
  std::string text;
  for (const std::string& line : recorded.lines) {
    std::string_view rest = line;
    if (recorded.status) (void)parse_enhanced_status(rest);
    text.append(text.empty() ? "" : "\n").append(rest);
  }
  std::optional<EnhancedDetail> status;
  if (recorded.status) status = recorded.status->code;
  return Reply(code.value_or(code::ok), status, text);
}

// ---- The server's place ----

class ServerReplay {
 public:
  ServerReplay(const Transcript& transcript, bool exact, ReplayReport& report)
      : transcript_(transcript),
        exact_(exact),
        report_(report),
        recorded_(fuzz::replies_in(fuzz::sent_by(TranscriptKind::server, transcript))),
        profile_(options_of(recorded_)),
        session_(profile_) {}

  void run() {
    const Reply greeting =
        recorded_.empty() ? Reply(code::service_ready, "localhost ESMTP") : to_reply(recorded_[0]);
    session_.greet(greeting.view());
    for (const TranscriptEvent& event : transcript_.events) {
      if (event.kind == TranscriptKind::client) {
        after_ = fuzz::escaped(std::string_view(event.octets).substr(0, kMostShown));
        input_ += event.octets;
      }
      if (event.kind == TranscriptKind::tls && handshake_) {
        session_.tls_established();
        handshake_ = false;
      }
      if (event.kind == TranscriptKind::client_closed) session_.end_of_input();
      advance();
    }
    compare(said_.size());
    for (; compared_ < recorded_.size(); ++compared_) differ(recorded_[compared_].text(), "(nothing)");
  }

 private:
  // What the transcript's server offered, before and after TLS.
  static ServerOptions options_of(const std::vector<WireReply>& recorded) {
    ServerOptions options;
    bool first = true;
    for (const WireReply& reply : recorded) {
      if (reply.code != 250 || reply.lines.size() < 2) continue;
      const auto offered = parse_ehlo_reply(to_reply(reply).view());
      if (!offered) continue;
      if (std::exchange(first, false)) options.capabilities = *offered;
      options.capabilities_after_tls = *offered;
      const std::string& name = reply.lines.front();
      options.hostname = name.substr(0, name.find(' '));
    }
    // Without EHLO: what the replies show.
    const bool statuses =
        std::ranges::any_of(recorded, [](const WireReply& reply) { return reply.status.has_value(); });
    if (first && statuses) options.capabilities.offer(Extension::enhanced_status_codes);
    return options;
  }

  void advance() {
    while (!over_ && !handshake_) {
      const ServerSession::Step step = session_.next(input_);
      input_.erase(0, step.consumed);
      handshake_ = std::holds_alternative<ev::TlsHandshake>(step.event);
      over_ = std::holds_alternative<ev::Closed>(step.event);
      if (session_.question_open()) answer();
      write();
      if (std::holds_alternative<ev::NeedInput>(step.event)) return;
    }
  }

  void answer() {
    write();
    const std::size_t at = said_.size();
    if (at >= recorded_.size()) return session_.reply({code::ok, status::other, "Ok"});
    const WireReply& recorded = recorded_[at];
    if (recorded.code == kChallenge) return session_.challenge(recorded.lines.front());
    const Reply reply = to_reply(recorded);
    session_.reply(reply.view());
  }

  void write() {
    for (std::string_view output = session_.output(); !output.empty(); output = session_.output()) {
      pending_ += output;
      session_.output_sent(output.size());
    }
    for (std::size_t length = fuzz::reply_length(pending_, SIZE_MAX); length != 0;
         length = fuzz::reply_length(pending_, SIZE_MAX)) {
      said_.push_back(fuzz::read_wire_reply(std::string_view(pending_).substr(0, length)));
      pending_.erase(0, length);
    }
    compare(said_.size());
  }

  void compare(std::size_t count) {
    for (; compared_ < count; ++compared_) {
      ++report_.replies;
      if (compared_ >= recorded_.size()) {
        differ("(nothing)", said_[compared_].text());
      } else if (!fuzz::same_reply(recorded_[compared_], said_[compared_], exact_)) {
        differ(recorded_[compared_].text(), said_[compared_].text());
      }
    }
  }

  void differ(std::string recorded, std::string now) {
    report_.differences.push_back(
        ReplayDifference{0, compared_, after_, std::move(recorded), std::move(now)});
  }

  const Transcript& transcript_;
  bool exact_;
  ReplayReport& report_;
  std::vector<WireReply> recorded_;
  ServerProfile profile_;
  ServerSession session_;
  std::string input_;
  std::string pending_;
  std::vector<WireReply> said_;
  std::size_t compared_ = 0;
  std::string after_ = "the connection";
  bool handshake_ = false;
  bool over_ = false;
};

// ---- The client's place ----

class ClientReplay {
 public:
  ClientReplay(const Transcript& transcript, ReplayReport& report)
      : transcript_(transcript), report_(report), session_(limits(), Flavor::smtp) {}

  void run() {
    for (const TranscriptEvent& event : transcript_.events) {
      switch (event.kind) {
        case TranscriptKind::client:
          said_ += event.octets;
          say();
          break;
        case TranscriptKind::server:
          heard_ += event.octets;
          hear();
          break;
        case TranscriptKind::tls: session_.tls_established(); break;
        case TranscriptKind::server_closed: session_.end_of_input(); break;
        default: break;
      }
      if (broken_) return;
    }
  }

 private:
  static Limits limits() {
    Limits limits;
    limits.in_flight = 1024;  // the transcript's client knew what it did
    return limits;
  }

  void say() {
    while (!said_.empty() && !broken_) {
      if (chunk_ != 0) {
        const std::size_t part = static_cast<std::size_t>(std::min<std::uint64_t>(chunk_, said_.size()));
        said_.erase(0, part);
        chunk_ -= part;
      } else if (session_.in_content()) {
        if (!say_content()) return;
      } else {
        const std::size_t end = said_.find("\r\n");
        if (end == said_.npos) return;
        say_line(said_.substr(0, end));
        said_.erase(0, end + 2);
      }
      session_.output_sent(session_.output().size());
    }
  }

  void say_line(const std::string& line) {
    after_ = fuzz::escaped(std::string_view(line).substr(0, kMostShown));
    if (std::exchange(in_auth_, false)) {
      const auto sent = session_.send_auth_line(line);
      if (!sent) (void)session_.cancel_auth();  // the secret was taken out
      return;
    }
    ParsedLine parsed = parse_command(line, Syntax{.utf8 = Utf8::yes, .leniency = {}, .extensions = nullptr});
    if (!parsed.command)
      return differ("'" + after_ + "' was sent", "ours does not send it: " + why(parsed.command.error()));
    if (auto* bdat = std::get_if<Bdat>(&*parsed.command)) {
      chunk_ = bdat->size;
      const auto sent = session_.send_chunk(bdat->size, bdat->last);
      if (!sent) differ("'" + after_ + "' was sent", "ours does not send it now: " + why(sent.error()));
      return;
    }
    const auto sent = session_.send(*parsed.command);
    if (!sent) differ("'" + after_ + "' was sent", "ours does not send it now: " + why(sent.error()));
  }

  // Whole lines up to the one with the dot; false: more is needed.
  bool say_content() {
    std::string text;
    while (true) {
      const std::size_t end = said_.find("\r\n");
      if (end == said_.npos) break;
      std::string line = said_.substr(0, end + 2);
      said_.erase(0, end + 2);
      if (line == ".\r\n") {
        send_content(text);
        std::string_view wire;
        const auto ended = session_.end_content(wire);
        if (!ended) differ("the end of data was sent", "ours does not send it: " + why(ended.error()));
        return true;
      }
      text += line.starts_with('.') ? line.substr(1) : line;
    }
    send_content(text);
    return false;
  }

  void send_content(std::string_view text) {
    while (!text.empty()) {
      const auto piece = session_.content(text);
      if (!piece) return differ("the content was sent", "ours does not send it: " + why(piece.error()));
      text.remove_prefix(piece->consumed);
    }
  }

  void hear() {
    while (!broken_) {
      const ClientSession::Step step = session_.next(heard_);
      const auto* answer = std::get_if<ClientSession::Answer>(&step.event);
      if (answer != nullptr) {
        ++report_.replies;
        in_auth_ = answer->reply.code.value() == kChallenge;
      }
      if (const auto* broken = std::get_if<ClientSession::Broken>(&step.event)) {
        differ("'" + fuzz::escaped(std::string_view(heard_).substr(0, kMostShown)) + "' was received",
               "ours gives up: " + why(broken->why));
        broken_ = true;
      }
      heard_.erase(0, step.consumed);
      if (answer == nullptr) return;
    }
  }

  static std::string why(const Error& error) { return std::string(to_string(error.code)); }

  void differ(std::string recorded, std::string now) {
    report_.differences.push_back(
        ReplayDifference{0, report_.replies, after_, std::move(recorded), std::move(now)});
  }

  const Transcript& transcript_;
  ReplayReport& report_;
  ClientSession session_;
  std::string said_;
  std::string heard_;
  std::uint64_t chunk_ = 0;
  std::string after_ = "the connection";
  bool in_auth_ = false;
  bool broken_ = false;
};

}  // namespace

ReplayReport replay_into_server(const Transcript& transcript, bool exact) {
  ReplayReport report;
  ServerReplay(transcript, exact, report).run();
  return report;
}

ReplayReport replay_into_client(const Transcript& transcript) {
  ReplayReport report;
  ClientReplay(transcript, report).run();
  return report;
}

}  // namespace postrider::agent
