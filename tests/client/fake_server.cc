#include "postrider/tests/client/fake_server.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "postrider/transport/signal.h"
#include "postrider/transport/tls/tls_stream.h"

namespace postrider::client::testing {
namespace {

std::string upper(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) {
    return static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  });
  return out;
}

std::string without_dots(std::string_view wire) {
  std::string out;
  bool line_start = true;
  for (std::size_t at = 0; at < wire.size(); ++at) {
    if (line_start && wire[at] == '.') {
      line_start = false;
      continue;
    }
    out.push_back(wire[at]);
    line_start = wire[at] == '\n';
  }
  return out;
}

}  // namespace

FakeServer::FakeServer(bool lmtp) : lmtp_(lmtp) {
  answer("greeting", {"220 mx.example.org ESMTP"});
  offer({"PIPELINING", "8BITMIME", "SIZE 1000000"});
  answer("HELO", {"250 mx.example.org"});
  answer("MAIL", {"250 2.1.0 Ok"});
  answer("RCPT", {"250 2.1.5 Ok"});
  answer("DATA", {"354 Go on"});
  answer("BDAT", {"250 2.0.0 Chunk"});
  answer(".", {"250 2.0.0 Taken"});
  answer("RSET", {"250 2.0.0 Ok"});
  answer("QUIT", {"221 2.0.0 Bye<close>"});
}

FakeServer& FakeServer::answer(const std::string& command, std::vector<std::string> replies) {
  answers_[command] = std::move(replies);
  return *this;
}

FakeServer& FakeServer::offer(const std::vector<std::string>& keywords) {
  std::string reply = keywords.empty() ? "250 mx.example.org" : "250-mx.example.org";
  for (std::size_t at = 0; at < keywords.size(); ++at) {
    reply.append(at + 1 == keywords.size() ? "\r\n250 " : "\r\n250-").append(keywords[at]);
  }
  return answer(lmtp_ ? "LHLO" : "EHLO", {reply});
}

transport::Task<void> FakeServer::serve(transport::Loop& loop, std::unique_ptr<transport::Stream> stream) {
  if (tls_at_once) {
    auto engine = tls();
    auto started =
        co_await transport::start_tls(loop, std::move(stream), std::move(engine), transport::kNever);
    if (!started) co_return;
    stream = std::move(*started);
    encrypted = true;
  }
  reply(next_answer("greeting"));
  std::array<char, 8192> buffer;
  for (;;) {
    if (!out_.empty()) {
      const transport::error_code failure = co_await stream->write_all(out_);
      out_.clear();
      if (!failure) delivered += positive_pending_;
      positive_pending_ = 0;
      if (failure) co_return;
    }
    if (mode_ == Mode::handshake) {
      auto engine = tls();
      auto started =
          co_await transport::start_tls(loop, std::move(stream), std::move(engine), transport::kNever);
      if (!started) co_return;
      stream = std::move(*started);
      encrypted = true;
      mode_ = Mode::command;
    }
    if (mode_ == Mode::closing) {
      co_await stream->close(transport::Closing::at_once);
      co_return;
    }
    const transport::IoResult result = co_await stream->read_some(buffer);
    if (!result.done()) {
      closed_by_client = true;
      co_return;
    }
    reads.emplace_back(buffer.data(), result.octets);
    in_.append(buffer.data(), result.octets);
    while (process()) {
    }
    if (deaf_after_early && early_after == std::string::npos && !early_reply.empty()) {
      const transport::error_code failure = co_await stream->write_all(out_);
      out_.clear();
      if (failure) co_return;
      co_await transport::sleep_until(loop, transport::later(loop.now(), std::chrono::hours(24)));
      co_return;
    }
  }
}

bool FakeServer::process() {
  switch (mode_) {
    case Mode::closing:
    case Mode::handshake: return false;
    case Mode::content: return process_content();
    case Mode::chunk: return process_chunk();
    case Mode::command: break;
  }
  const std::size_t end = in_.find("\r\n");
  if (end == std::string::npos) return false;
  const std::string line = in_.substr(0, end);
  in_.erase(0, end + 2);
  lines.push_back(line);
  return process_line(line);
}

bool FakeServer::process_line(std::string_view line) {
  const std::string verb = upper(line.substr(0, line.find(' ')));
  if (verb == "BDAT") {
    const std::string_view argument = line.substr(5);
    chunk_left_ = std::stoul(std::string(argument));
    chunk_last_ = argument.ends_with(" LAST");
    mode_ = Mode::chunk;
    return true;
  }
  const std::string answered = choose_answer(line, verb);
  if (verb == "MAIL") recipients_ = 0;
  if (verb == "RCPT" && answered.starts_with('2')) ++recipients_;
  reply(answered);
  if (verb == "STARTTLS" && answered.starts_with("220") && tls) mode_ = Mode::handshake;
  if (verb == "DATA" && answered.starts_with('3') && mode_ != Mode::closing) mode_ = Mode::content;
  return true;
}

bool FakeServer::process_content() {
  if (in_.size() >= early_after) {
    early_after = std::string::npos;
    reply(early_reply);
    if (deaf_after_early) return false;
  }
  std::size_t end = in_.starts_with(".\r\n") ? 0 : in_.find("\r\n.\r\n");
  if (end == std::string::npos) return false;
  if (end != 0 || !in_.starts_with(".\r\n")) end += 2;
  content_ = without_dots(std::string_view(in_).substr(0, end));
  in_.erase(0, end + 3);
  mode_ = Mode::command;
  end_message(".");
  return true;
}

bool FakeServer::process_chunk() {
  const std::size_t part = std::min(chunk_left_, in_.size());
  content_.append(in_, 0, part);
  in_.erase(0, part);
  chunk_left_ -= part;
  if (content_.size() >= early_after) {
    early_after = std::string::npos;
    reply(early_reply);
    if (deaf_after_early) return false;
  }
  if (chunk_left_ != 0) return false;
  mode_ = Mode::command;
  if (chunk_last_) {
    end_message("BDAT");
  } else {
    reply(next_answer("BDAT"));
  }
  return true;
}

// LMTP: a reply for each recipient.
void FakeServer::end_message(std::string_view verb) {
  messages.push_back(std::exchange(content_, {}));
  const std::size_t replies = lmtp_ ? std::max<std::size_t>(recipients_, 1) : 1;
  for (std::size_t at = 0; at < replies && mode_ != Mode::closing; ++at) {
    const std::string answered = next_answer(std::string(verb));
    if (answered.starts_with('2')) ++positive_pending_;
    reply(answered);
  }
}

void FakeServer::reply(std::string_view text) {
  const bool close = text.ends_with(kClose);
  if (close) {
    text.remove_suffix(kClose.size());
    mode_ = Mode::closing;
  }
  if (text.empty() || text == kSilence) return;
  out_.append(text).append("\r\n");
}

std::string FakeServer::choose_answer(std::string_view line, const std::string& verb) {
  for (const auto& [command, replies] : answers_) {
    if (command.find(' ') != std::string::npos && line.starts_with(command)) return next_answer(command);
  }
  return next_answer(verb);
}

std::string FakeServer::next_answer(const std::string& command) {
  const auto found = answers_.find(command);
  if (found == answers_.end() || found->second.empty()) return "502 5.5.1 Unknown";
  const std::vector<std::string>& replies = found->second;
  std::size_t& used = used_[command];
  return replies[std::min(used++, replies.size() - 1)];
}

}  // namespace postrider::client::testing
