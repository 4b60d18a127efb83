#include "postrider/fuzz/hostile/hostile_session.h"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <utility>

#include "postrider/protocol/grammar/octets.h"
#include "postrider/transport/signal.h"

namespace postrider::fuzz {
namespace {

constexpr std::string_view kGreeting = "220 mx.example ESMTP\r\n";
constexpr std::size_t kLongestLine = std::size_t{64} << 10;
constexpr std::size_t kMostLines = 1000;
constexpr std::size_t kBlock = std::size_t{16} << 10;

bool has_verb(std::string_view line, std::string_view verb) noexcept {
  return line.size() >= verb.size() && protocol::equal_ignoring_case(line.substr(0, verb.size()), verb);
}

// Of "MAIL FROM:<a@b>": a.
std::string_view local_part(std::string_view line) noexcept {
  const std::size_t begin = line.find('<');
  if (begin == std::string_view::npos) return {};
  const std::string_view rest = line.substr(begin + 1);
  return rest.substr(0, rest.find_first_of("@>"));
}

bool positive(std::string_view reply) noexcept { return positive_replies(reply) != 0; }

WireOptions wire_options(const HostileLimits& limits) {
  WireOptions options;
  options.most_recorded = limits.recorded;
  options.most_received = std::size_t{1} << 30;
  return options;
}

class Session {
 public:
  Session(transport::Loop& loop, std::unique_ptr<transport::Stream> stream, HostileOptions options,
          HostileMemory& memory)
      : loop_(loop),
        options_(std::move(options)),
        memory_(memory),
        wire_(loop, std::move(stream), WireRole::server, wire_options(options_.limits)),
        ends_(wire_.in(options_.limits.most)) {
    choose(options_.behaviour != nullptr ? *options_.behaviour : behaviours().front());
  }

  Task<HostileOutcome> run();

 private:
  void choose(const Behaviour& behaviour);
  void choose_by(std::string_view line);
  Act next_act(Stage stage);
  std::string hello(std::string_view line) const;

  Task<bool> read_line(std::string& line);
  Task<bool> read_more();
  Task<void> command(const std::string& line);
  Task<void> mail(const std::string& line);
  Task<void> rcpt(const std::string& line);
  Task<void> start_tls(const std::string& line);
  Task<void> data(const std::string& line);
  Task<void> chunk(const std::string& line);
  Task<void> finish_message(const std::string& line);
  Task<std::string> act(Stage stage, std::string ordinary, const std::string& line);
  Task<std::string> perform(Act act, std::string ordinary, const std::string& line);
  Task<bool> say(std::string octets);
  Task<void> say_slowly(std::string octets);
  Task<void> flood(std::string octets);
  Task<void> drain();

  void stop(std::string_view why) {
    if (on_) outcome_.end = why;
    on_ = false;
  }
  transport::SteadyTime limit() const { return std::min(wire_.in(options_.limits.patience), ends_); }
  HostileMessage& message() { return outcome_.messages.back(); }
  void keep(std::string_view octets);
  bool heard_before(const std::string& line);

  transport::Loop& loop_;
  HostileOptions options_;
  HostileMemory& memory_;
  Wire wire_;
  transport::SteadyTime ends_;
  Script script_;
  std::array<std::size_t, kStages> used_{};
  std::string in_;        // read and not used
  std::size_t kept_ = 0;  // octets of content
  HostileOutcome outcome_;
  bool on_ = true;
  bool lmtp_ = false;
  bool open_ = false;           // a transaction
  bool content_begun_ = false;  // of the message at hand: its act has been
};

Task<HostileOutcome> Session::run() {
  const std::string nothing;
  (void)co_await act(Stage::connect, std::string(kGreeting), nothing);
  while (on_) {
    std::string line;
    const bool read = co_await read_line(line);
    if (!read) break;
    if (script_.drops_group) in_.clear();
    if (outcome_.commands.size() < HostileOutcome::kMostCommands) outcome_.commands.push_back(line);
    co_await command(line);
  }
  wire_.close();
  outcome_.transcript = wire_.take_transcript();
  co_return std::move(outcome_);
}

void Session::choose(const Behaviour& behaviour) {
  script_ = behaviour.script(options_.seed);
  outcome_.behaviour = behaviour.name;
  used_ = {};
}

void Session::choose_by(std::string_view line) {
  if (options_.behaviour != nullptr) return;
  const Behaviour* wanted = find_behaviour(local_part(line));
  if (wanted != nullptr && wanted->name != outcome_.behaviour) choose(*wanted);
}

// ---- Reading ----

Task<bool> Session::read_more() {
  WireOctets more = co_await wire_.read_available(limit());
  if (!more.ok()) {
    stop("the client " + std::string(to_string(more.outcome)));
    co_return false;
  }
  in_ += more.octets;
  co_return true;
}

Task<bool> Session::read_line(std::string& line) {
  std::size_t end = in_.find('\n');
  while (end == std::string::npos) {
    if (in_.size() > kLongestLine) {
      stop("the client sent a line that is too long");
      co_return false;
    }
    const bool read = co_await read_more();
    if (!read) co_return false;
    end = in_.find('\n');
  }
  line = in_.substr(0, end);
  if (line.ends_with('\r')) line.pop_back();
  in_.erase(0, end + 1);
  co_return true;
}

void Session::keep(std::string_view octets) {
  const HostileLimits& limits = options_.limits;
  std::string& content = message().content;
  message().octets += octets.size();
  octets = octets.substr(0, limits.kept - std::min(content.size(), limits.kept));
  octets = octets.substr(0, limits.kept_in_all - std::min(kept_, limits.kept_in_all));
  content.append(octets);
  kept_ += octets.size();
}

bool Session::heard_before(const std::string& line) {
  if (memory_.heard.contains(line) || memory_.heard.size() == HostileMemory::kMostHeard) return true;
  memory_.heard.insert(line);
  return false;
}

// ---- Commands ----

Task<void> Session::command(const std::string& line) {
  if (has_verb(line, "EHLO") || has_verb(line, "HELO") || has_verb(line, "LHLO")) {
    lmtp_ = has_verb(line, "LHLO");
    open_ = false;
    (void)co_await act(Stage::hello, hello(line), line);
  } else if (has_verb(line, "STARTTLS")) {
    co_await start_tls(line);
  } else if (has_verb(line, "AUTH")) {
    (void)co_await act(Stage::auth, "235 2.7.0 Come in\r\n", line);
  } else if (has_verb(line, "MAIL FROM:")) {
    co_await mail(line);
  } else if (has_verb(line, "RCPT TO:")) {
    co_await rcpt(line);
  } else if (has_verb(line, "DATA")) {
    co_await data(line);
  } else if (has_verb(line, "BDAT ")) {
    co_await chunk(line);
  } else if (has_verb(line, "RSET")) {
    open_ = false;
    (void)co_await act(Stage::reset, "250 2.0.0 Ok\r\n", line);
  } else if (has_verb(line, "QUIT")) {
    const std::string said = co_await act(Stage::quit, "221 2.0.0 Bye\r\n", line);
    if (said.starts_with("221")) stop("the client said QUIT");
  } else {
    const bool known = has_verb(line, "NOOP") || has_verb(line, "VRFY");
    std::string reply = known ? "252 2.0.0 Well\r\n" : "500 5.5.1 What?\r\n";
    (void)co_await act(Stage::other, std::move(reply), line);
  }
}

std::string Session::hello(std::string_view line) const {
  if (has_verb(line, "HELO")) return "250 mx.example\r\n";
  std::vector<std::string> offers = {"mx.example"};
  const bool other = outcome_.encrypted && !script_.offers_encrypted.empty();
  for (const std::string& offer : other ? script_.offers_encrypted : script_.offers) {
    // Without a certificate it cannot be meant.
    const bool hidden = offer == "STARTTLS" && ((outcome_.encrypted && !other) || options_.tls == nullptr);
    if (!hidden) offers.push_back(offer);
  }
  std::string reply;
  for (const std::string& offer : offers) {
    reply.append(&offer == &offers.back() ? "250 " : "250-").append(offer).append("\r\n");
  }
  return reply;
}

Task<void> Session::start_tls(const std::string& line) {
  if (options_.tls == nullptr) {
    (void)co_await say("502 5.5.1 Not here\r\n");
    co_return;
  }
  const std::string said = co_await act(Stage::start_tls, "220 2.0.0 Go ahead\r\n", line);
  if (!on_ || !said.starts_with("220")) co_return;
  const std::string octets = script_.tls_octets;
  switch (script_.tls) {
    case TlsDeed::handshake: {
      std::unique_ptr<transport::TlsEngine> engine = options_.tls->engine();
      in_.clear();
      const WireResult done = co_await wire_.start_tls(std::move(engine), limit());
      outcome_.encrypted = done.ok();
      if (!done.ok()) stop("TLS did not come about: " + done.detail);
      co_return;
    }
    case TlsDeed::say: (void)co_await say(octets); co_return;
    case TlsDeed::close: (void)co_await perform(Act(Deed::close), octets, line); co_return;
    case TlsDeed::reset: (void)co_await perform(Act(Deed::reset), octets, line); co_return;
    case TlsDeed::silent: (void)co_await perform(Act(Deed::silent), octets, line); co_return;
    case TlsDeed::endless: (void)co_await perform(Act(Deed::endless, octets), octets, line); co_return;
  }
}

Task<void> Session::mail(const std::string& line) {
  if (outcome_.messages.size() == options_.limits.messages) {
    const Act enough(Deed::close, "421 4.3.2 That is enough\r\n");
    const std::string nothing;
    (void)co_await perform(enough, nothing, line);
    co_return;
  }
  // What one transaction asked for is not for the next one on the same connection.
  if (options_.behaviour == nullptr) choose(behaviours().front());
  choose_by(line);
  if (script_.order == Order::transaction) used_ = {};
  const std::string said = co_await act(Stage::mail, "250 2.1.0 Ok\r\n", line);
  open_ = positive(said);
  if (!open_) co_return;
  outcome_.messages.emplace_back();
  message().sender = line.substr(std::string_view("MAIL FROM:").size());
  content_begun_ = false;
}

Task<void> Session::rcpt(const std::string& line) {
  if (!open_) {
    (void)co_await say("503 5.5.1 From whom?\r\n");
    co_return;
  }
  choose_by(line);
  const std::string said = co_await act(Stage::rcpt, "250 2.1.5 Ok\r\n", line);
  if (positive(said)) message().recipients.push_back(line.substr(std::string_view("RCPT TO:").size()));
}

Task<void> Session::data(const std::string& line) {
  const bool ready = open_ && !message().recipients.empty();
  std::string ordinary = ready ? "354 Go on\r\n" : "503 5.5.1 To whom?\r\n";
  const std::string said = co_await act(Stage::data, std::move(ordinary), line);
  if (!on_ || !said.starts_with('3') || !open_) co_return;
  // The CRLF of DATA is the one before the dot of an empty message.
  std::string raw = "\r\n";
  std::size_t end = std::string::npos;
  while (end == std::string::npos) {
    if (in_.empty()) {
      const bool read = co_await read_more();
      if (!read) co_return;
    }
    const std::size_t from = raw.size() < 4 ? 0 : raw.size() - 4;
    raw += std::exchange(in_, {});
    if (!std::exchange(content_begun_, true)) (void)co_await act(Stage::content, "", line);
    if (!on_) co_return;
    end = raw.find("\r\n.\r\n", from);
    if (raw.size() > kMostContent) stop("the content is too long");
    if (!on_) co_return;
  }
  in_ = raw.substr(end + 5);
  keep(std::string_view(raw).substr(2, end < 2 ? 0 : end));
  co_await finish_message(line);
}

Task<void> Session::chunk(const std::string& line) {
  const std::string_view argument = std::string_view(line).substr(5);
  std::size_t size = 0;
  const auto [rest, error] = std::from_chars(argument.data(), argument.data() + argument.size(), size);
  const bool last =
      std::string_view(rest, argument.data() + argument.size()).find("LAST") != std::string_view::npos;
  if (error != std::errc() || size > kMostContent) {
    (void)co_await say("501 5.5.4 What size?\r\n");
    co_return;
  }
  const bool ready = open_ && !message().recipients.empty();
  while (size != 0) {
    if (in_.empty()) {
      const bool read = co_await read_more();
      if (!read) co_return;
    }
    const std::size_t part = std::min(size, in_.size());
    if (ready) keep(std::string_view(in_).substr(0, part));
    in_.erase(0, part);
    size -= part;
    if (!std::exchange(content_begun_, true)) (void)co_await act(Stage::content, "", line);
    if (!on_) co_return;
  }
  if (!ready) {
    (void)co_await say("503 5.5.1 To whom?\r\n");
  } else if (last) {
    co_await finish_message(line);
  } else {
    (void)co_await act(Stage::chunk, "250 2.0.0 More\r\n", line);
  }
}

Task<void> Session::finish_message(const std::string& line) {
  message().complete = true;
  open_ = false;
  std::string ordinary;
  const std::size_t replies = lmtp_ ? message().recipients.size() : 1;
  for (std::size_t at = 0; at < replies; ++at) ordinary += "250 2.0.0 Taken\r\n";
  const std::string said = co_await act(Stage::final_dot, std::move(ordinary), line);
  message().positive_replies = std::min(positive_replies(said), replies);
}

// ---- Acts ----

Act Session::next_act(Stage stage) {
  const Script::Acts& acts = script_.at(stage);
  if (acts.empty() || (script_.only_tls && !outcome_.encrypted)) return Act();
  if (script_.order == Order::server) {
    std::size_t& used = memory_.used[stage];
    return used < acts.size() ? acts[used++] : Act();
  }
  const std::size_t at = used_[static_cast<std::size_t>(stage)]++;
  return script_.order == Order::cycle ? acts[at % acts.size()] : acts[std::min(at, acts.size() - 1)];
}

// What was said, as far as it counts: "" when nothing was.
Task<std::string> Session::act(Stage stage, std::string ordinary, const std::string& line) {
  Act next = next_act(stage);
  std::string said = co_await perform(std::move(next), std::move(ordinary), line);
  co_return said;
}

Task<std::string> Session::perform(Act act, std::string ordinary, const std::string& line) {
  std::string said = act.octets;
  switch (act.deed) {
    case Deed::ordinary: said = ordinary; break;
    case Deed::twice: said = ordinary + ordinary; break;
    case Deed::echo: said = line + "\r\n"; break;
    case Deed::greylist: said = heard_before(line) ? ordinary : act.octets; break;
    case Deed::swallow: co_return std::string();
    case Deed::drip: co_await say_slowly(ordinary); co_return ordinary;
    case Deed::endless: co_await flood(said); co_return said;
    default: break;
  }
  const bool sent = co_await say(said);
  if (!sent) co_return std::string();
  switch (act.deed) {
    case Deed::close:
      wire_.close();
      stop("closed, as it should");
      break;
    case Deed::reset:
      wire_.reset();
      stop("broken off, as it should");
      break;
    case Deed::half_close:
      wire_.half_close();
      co_await drain();
      break;
    case Deed::silent: co_await drain(); break;
    case Deed::deaf:
      co_await transport::sleep_until(loop_, limit());
      stop("deaf, as it should");
      break;
    default: break;
  }
  co_return said;
}

// False, and the session is over, when it could not be sent.
Task<bool> Session::say(std::string octets) {
  if (octets.empty()) co_return true;
  if (script_.slow) {
    co_await say_slowly(std::move(octets));
    co_return on_;
  }
  const WireResult sent = co_await wire_.send(std::move(octets), limit());
  if (!sent.ok()) stop("the client " + std::string(to_string(sent.outcome)));
  co_return sent.ok();
}

Task<void> Session::say_slowly(std::string octets) {
  for (const char octet : octets) {
    const WireResult sent = co_await wire_.send(std::string(1, octet), limit());
    if (!sent.ok()) stop("the client " + std::string(to_string(sent.outcome)));
    if (!on_) co_return;
    co_await transport::sleep_until(loop_, wire_.in(options_.limits.rest));
  }
}

Task<void> Session::flood(std::string octets) {
  std::string block;
  while (block.size() < kBlock) block += octets;
  for (std::size_t left = options_.limits.flood; on_ && left > block.size(); left -= block.size()) {
    const WireResult sent = co_await wire_.send(block, limit());
    if (!sent.ok()) stop("the client " + std::string(to_string(sent.outcome)));
  }
  if (on_) co_await drain();
}

// Reads and forgets until the client has had enough.
Task<void> Session::drain() {
  bool more = true;
  while (more) {
    more = co_await read_more();
    in_.clear();
  }
}

}  // namespace

Task<HostileOutcome> run_behaviour(transport::Loop& loop, std::unique_ptr<transport::Stream> stream,
                                   HostileOptions options, HostileMemory& memory) {
  Session session(loop, std::move(stream), std::move(options), memory);
  HostileOutcome outcome = co_await session.run();
  co_return outcome;
}

std::size_t positive_replies(std::string_view octets) noexcept {
  std::size_t count = 0;
  while (!octets.empty()) {
    const std::size_t length = reply_length(octets, kMostLines);
    if (length == 0) break;
    const std::string_view reply = octets.substr(0, length);
    // The last line decides: some change the code on the way.
    const std::size_t last = reply.substr(0, reply.size() - 1).rfind('\n');
    const char digit = reply[last == std::string_view::npos ? 0 : last + 1];
    if (digit != '2' || !reply.starts_with('2')) break;
    ++count;
    octets.remove_prefix(length);
  }
  return count;
}

}  // namespace postrider::fuzz
