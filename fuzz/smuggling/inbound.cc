#include "postrider/fuzz/smuggling/inbound.h"

#include <algorithm>
#include <chrono>
#include <string_view>
#include <utility>

#include "postrider/protocol/grammar/octets.h"
#include "postrider/transport/signal.h"

namespace postrider::fuzz {
namespace {

// Replies behind the content: those to a second message, and some more. Stops: a relay that never ends.
constexpr std::size_t kMostReplies = 64;
constexpr unsigned kClosing = 221;

bool offers(const WireReply& hello, std::string_view keyword) noexcept {
  return std::ranges::any_of(hello.lines, [keyword](std::string_view line) {
    return protocol::equal_ignoring_case(line.substr(0, line.find(' ')), keyword);
  });
}

class Conversation {
 public:
  Conversation(transport::Loop& loop, transport::Network& network, const InboundOptions& options,
               const Variant& variant, const ProbeMessage& probe)
      : loop_(loop), wire_(loop, network), options_(options), variant_(variant), probe_(probe) {}

  Task<InboundResult> run();

 private:
  Task<bool> begin();
  Task<bool> hello();
  Task<bool> ask(std::string_view what, std::string line, unsigned digit);
  Task<void> send_content();
  Task<void> read_replies();
  transport::SteadyTime limit() const { return wire_.in(options_.wait); }

  transport::Loop& loop_;
  Wire wire_;
  const InboundOptions& options_;
  const Variant& variant_;
  const ProbeMessage& probe_;
  WireReply last_;
  bool eight_bit_ = false;
  bool pipelining_ = false;
  InboundResult result_;
};

Task<InboundResult> Conversation::run() {
  const bool begun = co_await begin();
  if (begun) {
    co_await send_content();
    co_await read_replies();
  }
  wire_.close();
  co_return std::move(result_);
}

// Up to where the content may be sent.
Task<bool> Conversation::begin() {
  const WireResult connected = co_await wire_.connect(options_.relay, limit());
  result_.reached = connected.ok();
  if (!connected.ok()) {
    result_.problem = "connecting: " + (connected.detail.empty() ? std::string(to_string(connected.outcome))
                                                                 : connected.detail);
    co_return false;
  }
  const bool greeted = co_await ask("greeting", "", 2);
  if (!greeted) co_return false;
  const bool known = co_await hello();
  if (!known) co_return false;
  const std::string sequence = variant_.sequence();
  const bool needs_eight = std::ranges::any_of(sequence, [](char octet) { return (octet & 0x80) != 0; });
  const std::string parameter = needs_eight && eight_bit_ ? " BODY=8BITMIME" : "";
  const bool from = co_await ask("MAIL", "MAIL FROM:<" + probe_.sender + ">" + parameter + "\r\n", 2);
  if (!from) co_return false;
  const bool to = co_await ask("RCPT", "RCPT TO:<" + probe_.recipient + ">\r\n", 2);
  if (!to) co_return false;
  if (variant_.carrier == Carrier::bdat) co_return true;
  const bool wanted = co_await ask("DATA", "DATA\r\n", 3);
  co_return wanted;
}

Task<bool> Conversation::hello() {
  const std::string verb = options_.lmtp ? "LHLO" : "EHLO";
  bool known = co_await ask(verb, verb + " smuggle.example\r\n", 2);
  const bool older = !known && last_.first_digit() == 5 && !options_.lmtp;
  if (older) {
    result_.problem.clear();
    known = co_await ask("HELO", "HELO smuggle.example\r\n", 2);
    last_.lines.clear();
  }
  if (!known) co_return false;
  eight_bit_ = offers(last_, "8BITMIME");
  pipelining_ = offers(last_, "PIPELINING");
  if (variant_.carrier == Carrier::bdat && !offers(last_, "CHUNKING")) {
    result_.not_offered = true;
    result_.problem = "CHUNKING is not offered";
    co_return false;
  }
  co_return true;
}

// Says `line`, and whether the answer begins with `digit`.
Task<bool> Conversation::ask(std::string_view what, std::string line, unsigned digit) {
  if (!line.empty()) {
    const WireResult sent = co_await wire_.send(std::move(line), limit());
    (void)sent;  // the reply tells more
  }
  last_ = co_await wire_.read_reply(limit());
  const bool wanted = last_.outcome == WireOutcome::done && last_.first_digit() == digit;
  if (!wanted) result_.problem = std::string(what) + ": " + last_.text();
  co_return wanted;
}

Task<void> Conversation::send_content() {
  bool first = true;
  for (const std::string& octets : probe_.writes) {
    if (!std::exchange(first, false)) {
      co_await transport::sleep_until(loop_, transport::later(loop_.now(), options_.pause));
    }
    // A relay without PIPELINING (RFC 2920) breaks off where commands follow in one write, and so hides what
    // it took for an end.
    const std::size_t commands = pipelining_ ? std::string::npos : octets.find(kBehindMark);
    const bool apart = variant_.carrier == Carrier::data && commands != std::string::npos && commands != 0;
    const std::string head = apart ? octets.substr(0, commands) : octets;
    const WireResult sent = co_await wire_.send(head, limit());
    if (!sent.ok()) co_return;  // what it did not want to hear it may have said
    if (!apart) continue;
    co_await transport::sleep_until(loop_, transport::later(loop_.now(), options_.pause));
    const std::string tail = octets.substr(commands);
    const WireResult rest = co_await wire_.send(tail, limit());
    if (!rest.ok()) co_return;
  }
}

// All that is answered up to the end of the session. QUIT goes out once the message has its reply.
Task<void> Conversation::read_replies() {
  bool quit = false;
  while (result_.replies.size() < kMostReplies) {
    WireReply reply = co_await wire_.read_reply(limit());
    result_.end = reply.outcome;
    if (reply.outcome != WireOutcome::done) co_return;
    if (quit && reply.code == kClosing) co_return;
    // 421 behind everything else is the end of the session, and no answer (RFC 5321 3.8).
    if (reply.code == 421 && result_.replies.size() >= probe_.replies) co_return;
    result_.replies.push_back({reply.code, reply.text()});
    if (quit || result_.replies.size() < probe_.replies) continue;
    quit = true;
    const WireResult sent = co_await wire_.send("QUIT\r\n", limit());
    (void)sent;
  }
}

}  // namespace

Task<InboundResult> send_probe(transport::Loop& loop, transport::Network& network,
                               const InboundOptions& options, const Variant& variant,
                               const ProbeMessage& probe) {
  Conversation conversation(loop, network, options, variant, probe);
  InboundResult result = co_await conversation.run();
  co_return result;
}

}  // namespace postrider::fuzz
