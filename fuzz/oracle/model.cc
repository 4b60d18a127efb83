#include "postrider/fuzz/oracle/model.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "postrider/fuzz/generator/mutation.h"

namespace postrider::fuzz {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kCommandLine = 512;  // RFC 5321 4.5.3.1.4; who sends more may be sent away
constexpr unsigned kManyErrors = 3;        // RFC 5321 7.8: after so many refusals a server may close
constexpr unsigned kClosing = 421;         // RFC 5321 3.8: at any time, to anything
constexpr unsigned kGoodbye = 221;         // RFC 5321 4.1.1.10

class Model {
 public:
  Model(const Dialogue& dialogue, const Reading& reading) : dialogue_(dialogue), reading_(reading) {}

  Account read() && {
    std::string left;
    for (const DialoguePhase& phase : dialogue_.phases) {
      encrypted_ = &phase != &dialogue_.phases.front();
      replies_ = &phase.replies;
      next_ = 0;
      octets_ = left + phase.client;
      at_ = 0;
      over_ = false;
      if (encrypted_) forget_all();  // RFC 3207 4.2
      if (!encrypted_) greeting();
      while (!over_ && !account_.finding && unit()) {
      }
      if (!account_.finding && !lost_ && next_ < replies_->size()) surplus();
      if (closed_ && dialogue_.end == Dialogue::End::timeout) {  // RFC 5321 4.1.1.10, and 3.8 for 421
        fail(Fault::hang, "RFC 5321 4.1.1.10", "the connection stays open behind the last reply");
      }
      left = reading_.plaintext_survives ? octets_.substr(at_) : "";
    }
    return std::move(account_);
  }

 private:
  // ---- Replies and their owners ----

  void fail(Fault fault, std::string_view clause, std::string what) {
    if (!account_.finding)
      account_.finding = Finding{.fault = fault, .clause = clause, .what = std::move(what)};
  }
  static std::string described(const HeardReply& reply, std::string_view unit) {
    return std::to_string(reply.code) + " to " + escaped(unit.substr(0, 60));
  }

  // RFC 5321 4.2: every command has exactly one reply. nullptr: none came, and nothing more will.
  const HeardReply* reply_to(std::string owner, std::string_view unit, bool whole = true) {
    SessionExchange exchange{
        .owner = std::move(owner), .state = state(), .line = escaped(unit.substr(0, 60)), .code = 0};
    const HeardReply* reply = next_ < replies_->size() ? &(*replies_)[next_++] : nullptr;
    if (reply != nullptr) exchange.code = reply->code;
    if (reply != nullptr || whole) account_.exchanges.push_back(exchange);
    if (reply == nullptr) {
      over_ = true;
      if (whole) unanswered(unit);
      return nullptr;
    }
    if (reply->sent > at_ && !may_pipeline(account_.exchanges.back().owner)) forgiven_ = account_.rude = true;
    if (reply->code >= 400 && ++errors_ >= kManyErrors) forgiven_ = true;
    if (reply->code == kClosing || reply->code == kGoodbye) over_ = closed_ = true;
    last_negative_ = reply->code >= 400;
    return reply;
  }

  // RFC 2920 3.1: these are the last of their group.
  [[nodiscard]] bool may_pipeline(std::string_view owner) const {
    static constexpr std::array kLast{"greeting"sv, "EHLO"sv, "HELO"sv,     "LHLO"sv,     "DATA"sv,
                                      "VRFY"sv,     "EXPN"sv, "TURN"sv,     "QUIT"sv,     "NOOP"sv,
                                      "AUTH"sv,     "?"sv,    "STARTTLS"sv, "AUTH line"sv};
    return pipelining_offered_ && std::ranges::find(kLast, owner) == kLast.end();
  }

  void unanswered(std::string_view unit) {
    using End = Dialogue::End;
    const std::string command = escaped(unit.substr(0, 60));
    if (dialogue_.end == End::timeout) {
      return fail(Fault::hang, "RFC 5321 4.2", "no reply to " + command);
    }
    const bool excused = forgiven_ && (last_negative_ || dialogue_.end == End::reset);
    if (dialogue_.end == End::open || dialogue_.client_closed || excused) return;
    fail(Fault::closed_early, "RFC 5321 3.8",
         "the connection ends without a 421 and without a reply to " + command);
  }

  // RFC 5321 3.8: a 421 may come unasked, and nothing behind it, or behind the reply to QUIT.
  void surplus() {
    const HeardReply& reply = (*replies_)[next_];
    if (reply.code == kClosing && !closed_ && next_ + 1 == replies_->size()) return;
    fail(Fault::unasked_reply, closed_ ? "RFC 5321 3.8"sv : "RFC 5321 4.2"sv,
         std::to_string(reply.code) + (closed_ ? " behind the last reply" : " belongs to no command"));
  }

  // ---- Units of the client ----

  // Up to the first end of a line under this reading; false: there is none.
  bool take_line(std::string_view& line) {
    const std::string_view rest = std::string_view(octets_).substr(at_);
    for (std::size_t at = rest.find_first_of("\r\n"); at != std::string_view::npos;
         at = rest.find_first_of("\r\n", at + 1)) {
      const bool crlf = rest.substr(at, 2) == "\r\n";
      const bool bare =
          rest[at] == '\n' ? reading_.lf_ends_commands : reading_.cr_ends_commands && at + 1 < rest.size();
      if (!crlf && !bare) continue;
      line = rest.substr(0, at);
      at_ += at + (crlf ? 2 : 1);
      const bool odd =
          line.find_first_of("\r\n\0"sv) != std::string_view::npos || line.size() + 2 > kCommandLine || !crlf;
      if (odd) forgiven_ = true;
      return true;
    }
    return false;
  }

  bool unit() {
    std::string_view line;
    if (!take_line(line)) return refused_unfinished();
    const std::string text(line);  // the reply may need it after octets_ has moved on
    if (in_auth_) {
      auth_line(text);
    } else {
      command(text);
    }
    return true;
  }

  // Who sees that a line will be wrong need not wait for its end. False: nothing more is to be read.
  bool refused_unfinished() {
    const std::string_view rest = std::string_view(octets_).substr(at_);
    const bool odd = rest.find_first_of("\r\n\0"sv) != std::string_view::npos || rest.size() > kCommandLine;
    if (!odd || next_ == replies_->size() || (*replies_)[next_].code < 400) return false;
    at_ = octets_.size();
    reply_to("?", rest);
    over_ = true;
    return false;
  }

  void greeting() {
    if (replies_->empty() && octets_.empty() && dialogue_.end == Dialogue::End::open) return;
    const HeardReply* reply = reply_to("greeting", "the connection");
    if (reply == nullptr) return;
    turned_away_ = reply->code >= 400;
    if (turned_away_) forgiven_ = true;  // RFC 5321 3.1: it waits for QUIT, or says 421
    if (reply->code < 400 && reply->code != 220) {
      fail(Fault::wrong_reply, "RFC 5321 4.3.2", "the greeting is " + std::to_string(reply->code));
    }
  }

  void auth_line(std::string_view line) {
    in_auth_ = false;
    if (const HeardReply* reply = reply_to("AUTH line", line)) after_auth(*reply, line);
  }

  void command(std::string_view line) {
    std::string verb(line.substr(0, line.find_first_of(" \t:")));
    for (char& c : verb) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 0x20) : c;
    if (verb.size() > 10 || verb.find_first_of("\r\n\0"sv) != std::string::npos) verb = "?";
    if (verb == "BDAT") return chunk(line);
    const HeardReply* reply = reply_to(verb, line);
    if (reply == nullptr || reply->code == kClosing) return;
    check_class(verb, line, *reply);
    const bool yes = reply->code / 100 == 2;
    if (yes && turned_away_ && verb != "QUIT") {
      fail(Fault::out_of_sequence, "RFC 5321 3.1",
           described(*reply, line) + ", though the greeting was a refusal");
    }
    if (verb == "EHLO" || verb == "LHLO" || verb == "HELO") return yes ? after_hello(verb, *reply) : void();
    if (verb == "MAIL" && yes) return after_mail(line, *reply);
    if (verb == "RCPT" && yes) return after_rcpt(line, *reply);
    if (verb == "RSET" && yes) forget_transaction();
    if (verb == "DATA" && reply->code == 354) content(line, *reply);
    if (verb == "AUTH" && reply->code < 400) after_auth(*reply, line);
    if (verb == "STARTTLS" && reply->code == 220) after_starttls(line, *reply);
  }

  // ---- RFC 5321 4.3.2: what each command may be answered ----

  void check_class(const std::string& verb, std::string_view line, const HeardReply& reply) {
    const unsigned code = reply.code;
    const auto wrong = [&](std::string_view clause) {
      fail(Fault::wrong_reply, clause, described(reply, line));
    };
    const bool bare = line.size() == verb.size() && !turned_away_ && !forgiven_;
    if (code >= 400) {
      if (bare && verb == "RSET") wrong("RFC 5321 4.1.1.5");   // MUST be 250
      if (bare && verb == "NOOP") wrong("RFC 5321 4.1.1.9");   // is 250, whatever went before
      if (bare && verb == "QUIT") wrong("RFC 5321 4.1.1.10");  // MUST be 221
      return;
    }
    if (verb == "DATA" ? code != 354 : code == 354) return wrong("RFC 5321 4.3.2");
    if (verb == "AUTH" ? code != 334 && code != 235 : code == 334 || code == 235) return wrong("RFC 4954 4");
    if (verb == "STARTTLS" && code != 220) return wrong("RFC 3207 4");
    if (verb == "QUIT" && code != 221) return wrong("RFC 5321 4.1.1.10");
    const bool known_220 = verb == "STARTTLS" || verb == "TURN";
    if (code / 100 == 3 && code != 354 && code != 334) return wrong("RFC 5321 4.3.2");
    if ((code == 220 && !known_220) || (code == 221 && verb != "QUIT")) wrong("RFC 5321 4.3.2");
  }

  // ---- The session, RFC 5321 3 and 4.1.4 ----

  void after_hello(const std::string& verb, const HeardReply& reply) {
    forget_transaction();
    hello_ = true;
    const std::string text = "\n" + upper(reply.text) + "\n";
    const auto offers = [&](std::string_view keyword) {
      const std::size_t at = text.find("\n" + std::string(keyword));
      return at != std::string::npos && " \n"sv.find(text[at + 1 + keyword.size()]) != std::string_view::npos;
    };
    const bool extended = verb != "HELO";
    chunking_offered_ = extended && offers("CHUNKING");
    pipelining_offered_ = extended && offers("PIPELINING");
    if (!extended && (offers("PIPELINING") || offers("8BITMIME") || offers("SIZE"))) {
      fail(Fault::wrong_reply, "RFC 5321 4.1.1.1", "HELO is answered as EHLO is");
    }
    if (encrypted_ && extended && offers("STARTTLS")) {
      fail(Fault::capability_leak, "RFC 3207 4.2", "STARTTLS is offered inside TLS");
    }
  }

  void after_mail(std::string_view line, const HeardReply& reply) {
    if (mail_ && !uncertain_) {
      fail(Fault::out_of_sequence, "RFC 5321 4.1.4", described(reply, line) + " inside a transaction");
    }
    forget_transaction();
    mail_ = true;
  }
  void after_rcpt(std::string_view line, const HeardReply& reply) {
    if (!mail_ && !uncertain_) {
      fail(Fault::out_of_sequence, "RFC 5321 4.1.4", described(reply, line) + " without MAIL");
    }
    ++recipients_;
  }

  void content(std::string_view line, const HeardReply& go_ahead) {
    if (chunked_) fail(Fault::out_of_sequence, "RFC 3030 2", described(go_ahead, line) + " behind BDAT");
    const std::size_t end = end_of_content();
    const bool whole = end != std::string::npos;
    at_ = whole ? end : octets_.size();
    forgiven_ = true;  // flaws of content are a reason to part
    if (const HeardReply* reply = reply_to("content", "the end of the message", whole)) after_content(*reply);
    if (!whole) over_ = true;
  }
  std::size_t end_of_content() const {
    const std::string text = "\r\n" + octets_.substr(at_);
    const std::size_t right = text.find("\r\n.\r\n");
    std::size_t end = right == std::string::npos ? right : right + 5;
    const std::string_view other = kEndsOfData[reading_.end_of_data];
    const std::size_t early = text.find(other);
    if (early != std::string::npos && early != right) end = std::min(end, early + other.size());
    return end == std::string::npos ? end : at_ + end - 2;
  }
  void after_content(const HeardReply& reply) {
    const std::string what = std::to_string(reply.code) + " to a message";
    if (reply.code < 400 && reply.code / 100 != 2) fail(Fault::wrong_reply, "RFC 5321 4.3.2", what);
    if (reply.code / 100 == 2 && (!mail_ || recipients_ == 0) && !uncertain_) {
      fail(Fault::out_of_sequence, "RFC 5321 3.3", what + " without a recipient");
    }
    forget_transaction();
    uncertain_ = reply.code >= 400;
  }

  // RFC 3030 2: as many octets as it says, whatever the reply.
  void chunk(std::string_view line) {
    std::string_view rest = line.substr(4);
    std::uint64_t size = 0;
    std::size_t digits = 0;
    bool right = rest.starts_with(' ');
    for (rest.remove_prefix(right ? 1 : 0);
         digits < rest.size() && rest[digits] >= '0' && rest[digits] <= '9'; ++digits) {
      size = std::min<std::uint64_t>(size * 10 + static_cast<std::uint64_t>(rest[digits] - '0'),
                                     octets_.size() + 1);
    }
    const std::string tail = upper(rest.substr(digits));
    right = right && digits != 0 && digits < 19 && (tail.empty() || tail == " LAST");
    if (!right) {
      (void)reply_to("BDAT", line, false);
      over_ = lost_ = true;  // how many octets follow nobody knows
      return;
    }
    const unsigned code = next_ < replies_->size() ? (*replies_)[next_].code : 0;
    // Who takes one chunk knows them all, offered or not; of who refuses the first one it cannot be told.
    const bool known = chunking_offered_ || chunking_seen_;
    const bool content = known ? !reading_.other_chunks : code / 100 == 2 || reading_.other_chunks;
    chunking_seen_ = chunking_seen_ || code / 100 == 2;
    if (reading_.other_chunks && chunking_offered_ && size != 0) account_.chunk_read_wrongly = true;
    const std::size_t left = octets_.size() - at_;
    const bool whole = !content || size <= left;
    if (content) at_ += whole ? static_cast<std::size_t>(size) : left;
    const HeardReply* reply = reply_to("BDAT", line, whole);
    if (!whole) over_ = true;
    if (reply == nullptr || reply->code == kClosing) return;
    after_chunk(line, *reply, !tail.empty());
  }
  void after_chunk(std::string_view line, const HeardReply& reply, bool last) {
    if (reply.code < 400 && reply.code / 100 != 2)
      fail(Fault::wrong_reply, "RFC 3030 2", described(reply, line));
    if (reply.code / 100 != 2) {
      chunk_failed_ = !last && (chunk_failed_ || chunked_ || (mail_ && recipients_ != 0));
      uncertain_ = uncertain_ || mail_;
      return;
    }
    if (chunk_failed_)
      fail(Fault::out_of_sequence, "RFC 3030 2", described(reply, line) + " behind a chunk that was refused");
    if ((!mail_ || recipients_ == 0) && !uncertain_) {
      fail(Fault::out_of_sequence, "RFC 3030 2", described(reply, line) + " without a recipient");
    }
    chunked_ = true;
    if (last) forget_transaction();
  }

  void after_auth(const HeardReply& reply, std::string_view line) {
    in_auth_ = reply.code == 334;
    const bool yes = reply.code == 235;
    if (!in_auth_ && !yes && reply.code < 400) fail(Fault::wrong_reply, "RFC 4954 4", described(reply, line));
    if ((in_auth_ || yes) && authenticated_)
      fail(Fault::out_of_sequence, "RFC 4954 4", described(reply, line) + " a second time");
    if ((in_auth_ || yes) && mail_)
      fail(Fault::out_of_sequence, "RFC 4954 4", described(reply, line) + " inside a transaction");
    authenticated_ = authenticated_ || yes;
  }

  void after_starttls(std::string_view line, const HeardReply& reply) {
    if (encrypted_) fail(Fault::out_of_sequence, "RFC 3207 4.2", described(reply, line) + " inside TLS");
    over_ = true;  // of what is in clear
  }

  // ---- ----

  static std::string upper(std::string_view text) {
    std::string out(text);
    for (char& c : out) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 0x20) : c;
    return out;
  }
  [[nodiscard]] std::string state() const {
    return chunked_ ? "chunks" : recipients_ != 0 ? "rcpt" : mail_ ? "mail" : hello_ ? "hello" : "new";
  }
  void forget_transaction() {
    mail_ = chunked_ = chunk_failed_ = uncertain_ = false;
    recipients_ = 0;
  }
  void forget_all() {
    forget_transaction();
    hello_ = authenticated_ = in_auth_ = chunking_offered_ = chunking_seen_ = pipelining_offered_ = false;
  }

  const Dialogue& dialogue_;
  const Reading& reading_;
  Account account_;
  const std::vector<HeardReply>* replies_ = nullptr;
  std::size_t next_ = 0;
  std::string octets_;
  std::size_t at_ = 0;
  unsigned errors_ = 0;
  std::size_t recipients_ = 0;
  bool encrypted_ = false, over_ = false, closed_ = false, forgiven_ = false, last_negative_ = false;
  bool turned_away_ = false, hello_ = false, mail_ = false, chunked_ = false, chunk_failed_ = false;
  bool lost_ = false;       // what the client says can no longer be told
  bool uncertain_ = false;  // content was refused: the transaction may be over, or not
  bool in_auth_ = false, authenticated_ = false;
  bool chunking_offered_ = false, chunking_seen_ = false, pipelining_offered_ = false;
};

}  // namespace

Account read_session(const Dialogue& dialogue, const Reading& reading) {
  return Model(dialogue, reading).read();
}

}  // namespace postrider::fuzz
