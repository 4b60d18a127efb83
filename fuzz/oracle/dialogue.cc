#include "postrider/fuzz/oracle/dialogue.h"

#include <algorithm>
#include <string_view>

namespace postrider::fuzz {
namespace {

constexpr std::size_t kReplyLine = 512;  // RFC 5321 4.5.3.1.5

// Behind a 220 to STARTTLS a server speaks TLS (RFC 3207 4), if only to say by an alert that the client does
// not.
bool handshake_begun(std::string_view octets, const DialoguePhase& phase) noexcept {
  const bool ready = phase.replies.size() > 1 && phase.replies.back().code == 220;
  return ready && !octets.empty() && octets[0] >= 0x14 && octets[0] <= 0x17;
}

bool between(char c, char low, char high) noexcept { return c >= low && c <= high; }

// Takes whole replies from the beginning of `octets`.
class ReplyTaker {
 public:
  explicit ReplyTaker(Dialogue& dialogue) : dialogue_(dialogue) {}

  void take(std::string& octets, DialoguePhase& phase) {
    if (handshake_begun(octets, phase)) octets.clear();
    std::size_t end = 0;
    while (!dialogue_.malformed && (end = octets.find('\n')) != std::string::npos) {
      take_line(std::string_view(octets).substr(0, end + 1), phase);
      octets.erase(0, end + 1);
    }
    if (octets.size() + whole_.text.size() > kMostReplyOctets) {
      fail(Fault::unbounded_output, "RFC 5321 4.5.3.1.5", "a reply has more than 64 KiB",
           octets.substr(0, 64));
    }
  }

  // What is left at the end of a phase is no whole reply.
  void finish(const std::string& octets) {
    if (octets.empty() && !begun_) return;
    fail(Fault::malformed_reply, "RFC 5321 4.2", "the octets end inside a reply", octets);
  }

 private:
  void take_line(std::string_view line, DialoguePhase& phase) {
    const auto wrong = [&](std::string_view what) {
      fail(Fault::malformed_reply, "RFC 5321 4.2", what, line);
    };
    if (!line.ends_with("\r\n")) return wrong("a line of a reply ends in a bare LF");
    if (line.size() > kReplyLine) {
      return fail(Fault::malformed_reply, "RFC 5321 4.5.3.1.5", "a line of a reply has more than 512 octets",
                  line.substr(0, 64));
    }
    line.remove_suffix(2);
    if (line.size() < 3 || !between(line[0], '2', '5') || !between(line[1], '0', '5') ||
        !between(line[2], '0', '9')) {
      return wrong("a line does not begin with a code");
    }
    const bool more = line.size() > 3 && line[3] == '-';
    if (line.size() > 3 && !more && line[3] != ' ') return wrong("neither space nor hyphen follows the code");
    const std::string_view text = line.substr(std::min<std::size_t>(4, line.size()));
    // RFC 6531 3.7.4.2 lets UTF-8 into replies, so that octets above 127 are no fault here.
    const auto control = [](char c) { return (static_cast<unsigned char>(c) < 32 && c != '\t') || c == 127; };
    if (std::ranges::any_of(text, control)) return wrong("a control character stands in the text of a reply");
    const unsigned code = static_cast<unsigned>(line[0] - '0') * 100 +
                          static_cast<unsigned>(line[1] - '0') * 10 + static_cast<unsigned>(line[2] - '0');
    if (begun_ && code != whole_.code) {  // RFC 5321 4.2.1
      return fail(Fault::malformed_reply, "RFC 5321 4.2.1", "the lines of a reply have different codes",
                  line);
    }
    whole_.code = code;
    whole_.text.append(begun_ ? "\n" : "").append(text);
    whole_.lines = begun_ ? whole_.lines + 1 : 1;
    begun_ = more;
    if (more) return;
    whole_.sent = phase.client.size();
    phase.replies.push_back(whole_);
    whole_ = {};
  }

  void fail(Fault fault, std::string_view clause, std::string_view what, std::string_view octets) {
    if (dialogue_.malformed) return;
    dialogue_.malformed =
        Finding{.fault = fault, .clause = clause, .what = std::string(what) + ": " + escaped(octets)};
  }

  Dialogue& dialogue_;
  HeardReply whole_;
  bool begun_ = false;
};

}  // namespace

std::string_view to_string(Fault fault) noexcept {
  switch (fault) {
    case Fault::crash: return "crash";
    case Fault::hang: return "hang";
    case Fault::malformed_reply: return "malformed-reply";
    case Fault::unbounded_output: return "unbounded-output";
    case Fault::unasked_reply: return "unasked-reply";
    case Fault::closed_early: return "closed-early";
    case Fault::wrong_reply: return "wrong-reply";
    case Fault::out_of_sequence: return "out-of-sequence";
    case Fault::bare_line_end: return "bare-line-end";
    case Fault::early_end_of_data: return "early-end-of-data";
    case Fault::chunk_as_commands: return "chunk-as-commands";
    case Fault::injected_plaintext: return "injected-plaintext";
    case Fault::capability_leak: return "capability-leak";
    case Fault::cut_matters: return "cut-matters";
  }
  return "?";
}

Dialogue read_dialogue(const Transcript& transcript, std::size_t connection) {
  Dialogue dialogue;
  dialogue.phases.emplace_back();
  ReplyTaker taker(dialogue);
  std::string unread;
  std::size_t connections = 0;
  for (const TranscriptEvent& event : transcript.events) {
    if (event.kind == TranscriptKind::connected && ++connections > connection + 1) break;
    if (connections != 0 && connections <= connection) continue;
    switch (event.kind) {
      case TranscriptKind::client: dialogue.phases.back().client += event.octets; break;
      case TranscriptKind::server:
        unread += event.octets;
        taker.take(unread, dialogue.phases.back());
        break;
      case TranscriptKind::tls:
        unread.clear();  // a client drops it
        dialogue.phases.emplace_back();
        break;
      case TranscriptKind::client_closed:
        dialogue.client_closed |= dialogue.end == Dialogue::End::open;
        break;
      case TranscriptKind::server_closed: dialogue.end = Dialogue::End::closed; break;
      case TranscriptKind::reset: dialogue.end = Dialogue::End::reset; break;
      case TranscriptKind::timeout:
        if (dialogue.end == Dialogue::End::open) dialogue.end = Dialogue::End::timeout;
        break;
      case TranscriptKind::connected:
      case TranscriptKind::note: break;
    }
  }
  if (dialogue.end == Dialogue::End::closed) taker.finish(unread);
  return dialogue;
}

}  // namespace postrider::fuzz
