// A ClientSession and a ServerSession talk to one another over two wires that cut and delay their octets;
// what each of them believes, and what a reader of the wires alone believes, must be the same in the end.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "postrider/fuzz/support/choices.h"
#include "postrider/fuzz/support/client_driver.h"
#include "postrider/fuzz/support/require.h"
#include "postrider/fuzz/support/server_driver.h"
#include "postrider/fuzz/support/transcript.h"

namespace postrider::fuzz {

// Octets under way in one direction.
class Wire {
 public:
  explicit Wire(Choices& choices) : choices_(choices) {}

  void put(std::string_view octets) { octets_ += octets; }
  [[nodiscard]] bool empty() const { return octets_.empty(); }
  // What arrives now: all, nothing, one octet, or some.
  std::string take() {
    if (octets_.empty()) return {};
    std::size_t n = octets_.size();
    switch (choices_.below(8)) {
      case 4: n = 0; break;
      case 5: n = 1; break;
      case 6:
      case 7: n = 1 + choices_.below(static_cast<std::uint32_t>(std::min<std::size_t>(n, 256))); break;
      default: break;
    }
    n = std::min(n, octets_.size());
    std::string arrived = octets_.substr(0, n);
    octets_.erase(0, n);
    return arrived;
  }

 private:
  Choices& choices_;
  std::string octets_;
};

class Conversation {
 public:
  enum class Break : std::uint8_t { never, client_vanishes, server_vanishes, server_stops };

  struct Sources {
    Choices& actions;  // of the client
    Choices& answers;  // of the server's handler
    Choices& network;  // how octets are cut, and whether something breaks
  };

  Conversation(const protocol::ServerProfile& profile, const protocol::Limits& client_limits, Sources sources)
      : profile_(profile),
        client_limits_(client_limits),
        sources_(sources),
        client_(client_limits, profile->flavor, sources.actions),
        server_(profile, sources.answers),
        to_server_(sources.network),
        to_client_(sources.network) {}

  // Runs to the end and compares.
  void run(const protocol::ReplyView& greeting) {
    if (sources_.network.once_in(8)) {
      break_ = static_cast<Break>(1 + sources_.network.below(3));
      rounds_left_ = sources_.network.below(64);
    }
    server_.greet(greeting);
    server_.receive({});
    std::size_t idle = 0;
    for (std::size_t rounds = 0; !client_.over(); ++rounds) {
      require(rounds < 20000, "a conversation ends");
      const bool moved = round();
      if (break_ != Break::never && rounds_left_ != 0) --rounds_left_;
      if (break_ != Break::never && rounds_left_ == 0 && !in_handshake()) break_off();
      idle = moved ? 0 : idle + 1;
      if (idle > 64) settle();
    }
    if (!server_.closed()) server_.end_of_input();
    compare();
  }

  [[nodiscard]] const ClientDriver& client() const { return client_; }
  [[nodiscard]] const ServerDriver& server() const { return server_; }
  [[nodiscard]] std::uint32_t most_in_flight() const { return most_in_flight_; }
  // Did one of the two go before the end?
  [[nodiscard]] bool broke_off() const { return broken_; }

 private:
  // Both sides do what they can, and the wires move something. False: nothing moved.
  bool round() {
    bool moved = false;
    for (std::uint32_t left = 1 + sources_.network.below(8); left != 0 && client_.act(); --left) moved = true;
    most_in_flight_ = std::max(most_in_flight_, client_.session().in_flight());
    require(most_in_flight_ <= client_limits_.in_flight, "what is unanswered is bounded");
    to_server_.put(client_.take_wire());
    const std::string request = to_server_.take();
    if (!request.empty() && !server_gone_) server_.receive(request);
    to_client_.put(server_.take_written());
    const std::string response = to_client_.take();
    if (!response.empty()) client_.receive(response);
    moved = moved || !request.empty() || !response.empty();
    if (!moved && to_server_.empty() && to_client_.empty()) settle();
    check_quiet();
    return moved;
  }

  // Nothing moves any more: one of them has closed, or both have said all.
  void settle() {
    if (client_.over() || !to_server_.empty() || !to_client_.empty()) return;
    require(server_.closed() || server_gone_ || client_.session().in_flight() == 0,
            "a server that waits owes no reply");
    if (!server_.closed()) server_.end_of_input();
    to_client_.put(server_.take_written());
    client_.receive(to_client_.take());
    if (to_client_.empty()) client_.end_of_input();
  }

  // One side is encrypted already. What is said from there on must not arrive together with what was said
  // before.
  [[nodiscard]] bool in_handshake() const {
    return client_.session().encrypted() != server_.session().encrypted();
  }

  void break_off() {
    switch (break_) {
      case Break::client_vanishes: client_.end_of_input(); break;
      case Break::server_vanishes:
        server_gone_ = true;
        server_.end_of_input();
        break;
      case Break::server_stops:
        if (!server_.closed()) server_.shut_down();
        break;
      case Break::never: break;
    }
    broken_ = true;
    break_ = Break::never;
  }

  // With nothing under way both sides stand at the same place.
  void check_quiet() {
    if (!to_server_.empty() || !to_client_.empty() || server_.closed() || client_.over()) return;
    if (client_.session().in_flight() != 0 || client_.session().in_content()) return;
    require_equal(client_.session().accepted_recipients(), server_.session().accepted_recipients(),
                  "both count the same recipients");
    require(client_.session().encrypted() == server_.session().encrypted() &&
                client_.session().authenticated() == server_.session().authenticated(),
            "both know whether they are encrypted and authenticated");
    if (server_.session().extended_hello() && !client_.hello_refused()) {
      require(client_.session().capabilities() == server_.session().offered(),
              "the client sees what the server offers");
    }
  }

  // ---- The three books ----

  void compare() {
    const TranscriptOptions reading{.flavor = profile_->flavor, .limits = profile_->limits};
    const BothSides wires = read_transcript(client_.said(), server_.written(), reading);
    require(wires.fault.empty(), wires.fault + "\n  client: " + visible(client_.said()) +
                                     "\n  server: " + visible(server_.written()));
    compare_exchanges(wires);
    compare_messages(wires);
    require_equal(client_.session().in_flight() <= client_limits_.in_flight, true,
                  "what is unanswered is bounded");
  }

  void compare_exchanges(const BothSides& wires) {
    const std::vector<Exchange>& said = client_.exchanges();
    for (std::size_t i = 0; i < said.size(); ++i) {
      const Exchange& mine = said[i];
      if (i >= wires.exchanges.size()) {
        require(mine.replies.empty(), "a reply that the client has read was written");
        continue;
      }
      const Exchange& theirs = wires.exchanges[i];
      require(mine.kind == theirs.kind, "the wires have the same exchanges");
      require_equal(mine.line, theirs.line, "with the same lines");
      require(mine.replies.size() <= theirs.replies.size(), "no reply was made up");
      for (std::size_t k = 0; k < mine.replies.size(); ++k) {
        require_equal(mine.replies[k].code().value(), theirs.replies[k].code().value(),
                      "each reply belongs to the same command: " + mine.line);
        require_equal(mine.replies[k].text(), theirs.replies[k].text(), "with its text");
        check_owner(i, mine.kind, mine.replies[k]);
      }
      if (!broken_ && !server_.closed()) {
        require(mine.replies.size() == mine.expected || mine.kind == Exchange::Kind::content,
                "all was answered");
      }
    }
  }

  // The text of an answer says which question it answers.
  void check_owner(std::size_t place, Exchange::Kind kind, const protocol::Reply& reply) {
    const std::string& text = reply.text();
    const std::string& expected = client_.questions()[place];
    const bool tagged = text.size() > 1 && text[0] == 'q' && text[1] >= '0' && text[1] <= '9';
    if (!tagged) return;
    const std::size_t number = static_cast<std::size_t>(std::stoul(text.substr(1)));
    require(number < server_.questions().size(), "the question was asked");
    const std::string& question = server_.questions()[number];
    if (kind == Exchange::Kind::chunk || kind == Exchange::Kind::content) {
      const bool whole = kind == Exchange::Kind::content && question == "message";
      return require(whole || question.starts_with("ChunkBegin("), "content is answered as content");
    }
    require_equal(question, expected, "each reply answers what its command asked");
  }

  void compare_messages(const BothSides& wires) {
    require_same_messages(wires.messages, server_.messages());
    // The client's own, as far as it knows what became of them.
    std::size_t next = 0;
    for (const SentMessage& message : client_.messages()) {
      const bool taken = std::any_of(message.verdicts.begin(), message.verdicts.end(),
                                     [](protocol::ReplyCode code) { return code.positive(); });
      if (!taken) continue;
      const auto& received = server_.messages();
      while (next < received.size() && !same_message(message, received[next])) ++next;
      require(next < received.size(),
              "what the client believes to be taken was taken: " + shown_message(message));
      ++next;
    }
  }

  const protocol::ServerProfile& profile_;
  const protocol::Limits client_limits_;
  Sources sources_;
  ClientDriver client_;
  ServerDriver server_;
  Wire to_server_;
  Wire to_client_;
  Break break_ = Break::never;
  std::uint32_t rounds_left_ = 0;
  std::uint32_t most_in_flight_ = 0;
  bool server_gone_ = false;
  bool broken_ = false;
};

}  // namespace postrider::fuzz
