#include "postrider/fuzz/smuggling/smuggling.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "postrider/tests/support/run_task.h"
#include "postrider/tests/support/virtual_time.h"
#include "postrider/transport/memory_network.h"

namespace postrider::fuzz {
namespace {

using transport::Endpoint;

constexpr std::string_view kRelayAt = "192.0.2.1:25";
constexpr std::string_view kNextAt = "192.0.2.2:25";

// A relay with a reader and a writer of the test's choice.
struct Relay {
  Relay(transport::Loop& its_loop, transport::MemoryNetwork& its_network)
      : loop(its_loop), network(its_network) {}

  // Where in the data its end begins and what is behind it; nullopt: not yet.
  struct End {
    std::size_t begin;
    std::size_t behind;
  };
  std::function<std::optional<End>(std::string_view)> find_end;
  std::function<std::string(std::string_view)> rewrite = [](std::string_view raw) {
    return std::string(raw);
  };
  std::function<bool(std::string_view)> refuses = [](std::string_view) { return false; };
  bool forwards = true;
  bool silent = false;  // after the data
  bool lmtp = false;    // to the next server
  bool pipelining = true;

  transport::Loop& loop;
  transport::MemoryNetwork& network;
  std::unique_ptr<transport::Listener> listener;
};

std::optional<Relay::End> find(std::string_view data, std::string_view end) {
  const std::size_t at = data.find(end);
  if (at == std::string_view::npos) return std::nullopt;
  return Relay::End{at, at + end.size()};
}

Task<void> say(Wire& wire, std::string text) {
  const WireResult sent = co_await wire.send(std::move(text), wire.in(std::chrono::seconds(5)));
  (void)sent;
}

Task<void> ask(Wire& wire, std::string text) {
  co_await say(wire, std::move(text));
  const WireReply reply = co_await wire.read_reply(wire.in(std::chrono::seconds(5)));
  (void)reply;
}

Task<void> forward(Relay& relay, std::string content) {
  Wire wire(relay.loop, relay.network);
  const Endpoint next = *Endpoint::parse(kNextAt);
  const WireResult connected = co_await wire.connect(next, wire.in(std::chrono::seconds(5)));
  if (!connected.ok()) co_return;
  co_await ask(wire, "");
  const std::string hello = relay.lmtp ? "LHLO relay\r\n" : "EHLO relay\r\n";
  co_await ask(wire, hello);
  co_await ask(wire, "MAIL FROM:<a@example.org>\r\n");
  co_await ask(wire, "RCPT TO:<b@example.net>\r\n");
  co_await ask(wire, "DATA\r\n");
  co_await ask(wire, relay.rewrite(content) + "\r\n.\r\n");
  co_await ask(wire, "QUIT\r\n");
}

Task<bool> take_data(Relay& relay, Wire& wire, std::string& in) {
  co_await say(wire, "354 go on\r\n");
  in.insert(0, "\r\n");
  std::optional<Relay::End> end = relay.find_end(in);
  while (!end) {
    const WireOctets more = co_await wire.read_available(wire.in(std::chrono::minutes(10)));
    if (!more.ok()) co_return false;
    in += more.octets;
    end = relay.find_end(in);
  }
  const std::string content = end->begin < 2 ? std::string() : in.substr(2, end->begin - 2);
  in.erase(0, end->behind);
  if (relay.silent) co_await transport::sleep_until(relay.loop, wire.in(std::chrono::hours(1)));
  const bool refused = relay.refuses(content);
  const std::string verdict = refused ? "554 5.6.0 Bare line ends\r\n" : "250 2.0.0 taken\r\n";
  co_await say(wire, verdict);
  if (!refused && relay.forwards) relay.loop.spawn(forward(relay, content));
  co_return !refused;
}

Task<void> serve(Relay& relay, std::unique_ptr<transport::Stream> stream) {
  Wire wire(relay.loop, std::move(stream), WireRole::server);
  co_await say(wire, "220 relay\r\n");
  std::string in;
  for (;;) {
    const std::size_t end = in.find("\r\n");
    if (end == std::string::npos) {
      const WireOctets more = co_await wire.read_available(wire.in(std::chrono::minutes(10)));
      if (!more.ok()) co_return;
      in += more.octets;
      continue;
    }
    const std::string line = in.substr(0, end);
    in.erase(0, end + 2);
    if (line == "DATA") {
      const bool on = co_await take_data(relay, wire, in);
      if (!on) co_return;
    } else if (line == "QUIT") {
      co_await say(wire, "221 bye\r\n");
      co_return;
    } else {
      const bool hello = line.starts_with("EHLO");
      const std::string reply =
          hello && relay.pipelining ? "250-relay\r\n250 PIPELINING\r\n" : "250 fine\r\n";
      co_await say(wire, reply);
    }
  }
}

Task<void> accept(Relay& relay) {
  for (;;) {
    transport::StreamResult accepted = co_await relay.listener->accept();
    if (!accepted) co_return;
    relay.loop.spawn(serve(relay, std::move(*accepted)));
  }
}

class SmugglingTest : public ::testing::Test {
 protected:
  SmugglingTest() {
    relay.find_end = [](std::string_view data) { return find(data, "\r\n.\r\n"); };
    options.inbound.relay = *Endpoint::parse(kRelayAt);
    options.outbound = *Endpoint::parse(kNextAt);
  }

  void play() {
    if (listening) {
      relay.listener = std::move(*network.listen(*Endpoint::parse(kRelayAt), {}));
      loop.spawn(accept(relay));
    }
    run.emplace(loop, network, options);
    ASSERT_TRUE(run->listen());
    bool done = false;
    loop.spawn(tests::note_end(run->play(), done));
    EXPECT_TRUE(tests::run_in_virtual_time(loop, clock, done, std::chrono::hours(2)));
  }

  void TearDown() override {
    if (relay.listener) relay.listener->close();
    while (loop.poll()) {
    }
  }

  const Verdict& verdict(std::string_view name) const {
    const auto found = std::ranges::find_if(
        run->cases(), [name](const SmugglingCase& each) { return each.variant->name == name; });
    return found->verdict;
  }

  transport::ManualClock clock;
  transport::Loop loop{clock};
  transport::MemoryNetwork network{loop};
  Relay relay{loop, network};
  SmugglingOptions options;
  std::optional<SmugglingRun> run;
  bool listening = true;
};

// Removes the dots that RFC 5321 4.5.2 has a receiver remove, makes every line end CRLF, and doubles dots.
std::string strict_sender(std::string_view raw) {
  std::string out;
  bool begins = true;  // a line
  for (std::size_t at = 0; at < raw.size(); ++at) {
    const bool removed = raw[at] == '.' && (at == 0 || raw.substr(at < 2 ? 0 : at - 2, 2) == "\r\n");
    if (removed) continue;
    const bool crlf = raw.substr(at, 2) == "\r\n";
    const bool line_end = crlf || raw[at] == '\r' || raw[at] == '\n';
    if (crlf) ++at;
    if (begins && raw[at] == '.') out += '.';
    out += line_end ? "\r\n" : std::string(1, raw[at]);
    begins = line_end;
  }
  return out;
}

TEST_F(SmugglingTest, FindsNothingWithARelayThatIsStrict) {
  relay.rewrite = strict_sender;
  play();
  const SmugglingSums sums = run->sums();
  EXPECT_EQ(sums.smuggled, 0U);
  EXPECT_EQ(sums.lost_ends, 0U);
  EXPECT_TRUE(sums.arrived);
  EXPECT_EQ(verdict("lf-dot-lf").received, Received::normalised);
  EXPECT_EQ(verdict("crlf-dot-crlf").sent, Sent::two);
  EXPECT_EQ(verdict("split-everywhere").sent, Sent::two);
  EXPECT_EQ(verdict("empty-message").received, Received::ended);
  EXPECT_EQ(verdict("bdat-crlf-dot-crlf").received, Received::not_offered);
}

TEST_F(SmugglingTest, SeesARelayThatEndsDataAtLfDotLf) {
  relay.find_end = [](std::string_view data) {
    const auto strict = find(data, "\r\n.\r\n");
    const auto lenient = find(data, "\n.\n");
    return lenient && (!strict || lenient->begin < strict->begin) ? lenient : strict;
  };
  relay.lmtp = true;
  play();
  EXPECT_TRUE(verdict("lf-dot-lf").smuggled);
  EXPECT_EQ(verdict("lf-dot-lf").sent, Sent::two);
  EXPECT_TRUE(verdict("split-lf-dot-lf").smuggled);
  EXPECT_FALSE(verdict("cr-dot-cr").smuggled);
  EXPECT_FALSE(verdict("crlf-dot-crlf").disagreement());
}

TEST_F(SmugglingTest, SaysTheCommandsInAWriteOfTheirOwnWithoutPipelining) {
  relay.pipelining = false;
  relay.rewrite = strict_sender;
  options.only = {"crlf-dot-crlf", "lf-dot-lf"};
  play();
  EXPECT_EQ(verdict("crlf-dot-crlf").sent, Sent::two);
  EXPECT_EQ(verdict("lf-dot-lf").received, Received::normalised);
  EXPECT_FALSE(run->sums().disagreement());
}

TEST_F(SmugglingTest, SeesARelayThatHandsOnWhatItShouldNot) {
  play();
  EXPECT_EQ(run->sums().smuggled, 0U);
  EXPECT_EQ(verdict("lf-dot-lf").leaks, std::vector<std::string>{"\n.\n"});
  EXPECT_EQ(verdict("cr-dot-crlf").sent, Sent::as_it_came);
  EXPECT_FALSE(verdict("cr-dot-crlf").leaks.empty());
  EXPECT_TRUE(verdict("crlf-dot-dot-crlf").leaks.empty());
}

TEST_F(SmugglingTest, SeesARelayThatRefusesBareLineEnds) {
  relay.refuses = [](std::string_view content) {
    for (std::size_t at = 0; at < content.size(); ++at) {
      const bool bare_cr = content[at] == '\r' && content.substr(at, 2) != "\r\n";
      const bool bare_lf = content[at] == '\n' && (at == 0 || content[at - 1] != '\r');
      if (bare_cr || bare_lf) return true;
    }
    return false;
  };
  play();
  EXPECT_EQ(verdict("lf-dot-lf").received, Received::refused);
  EXPECT_EQ(verdict("lf-dot-lf").reply, "554 5.6.0 Bare line ends");
  EXPECT_EQ(verdict("crlf-dot-crlf").sent, Sent::two);
}

TEST_F(SmugglingTest, SaysThatNobodyAnswers) {
  listening = false;
  play();
  EXPECT_FALSE(run->sums().reached);
  EXPECT_NE(verdict("crlf-dot-crlf").problem.find("refused"), std::string::npos)
      << verdict("crlf-dot-crlf").problem;
}

TEST_F(SmugglingTest, DoesNotWaitForeverForWhatIsNeverHandedOn) {
  relay.forwards = false;
  play();
  EXPECT_TRUE(run->sums().accepted);
  EXPECT_FALSE(run->sums().arrived);
  EXPECT_EQ(verdict("lf-dot-lf").received, Received::content);
}

TEST_F(SmugglingTest, DoesNotWaitForeverForAReply) {
  relay.silent = true;
  options.only = {"crlf-dot-crlf", "lf-dot-lf"};
  play();
  ASSERT_EQ(run->cases().size(), 2U);
  EXPECT_EQ(verdict("lf-dot-lf").received, Received::no_reply);
}

}  // namespace
}  // namespace postrider::fuzz
