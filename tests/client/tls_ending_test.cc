// A server that ends TLS, or the connection under it, at every octet of what it has to say, in its handshake
// and while it is being sent a message: the client ends, takes no half reply for a reply, reads nothing that
// comes behind close_notify, and says "delivered" and "may have been delivered" when that is so.
// CVE-2026-45185

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "postrider/client/client.h"
#include "postrider/tests/client/client_fixture.h"
#include "postrider/tests/support/run_task.h"
#include "postrider/tests/support/tls_peer.h"
#include "postrider/transport/memory_stream.h"
#include "postrider/transport/tls/backends/backends.h"
#include "postrider/transport/tls/error.h"

namespace postrider::client::testing {
namespace {

using protocol::Decision;
using protocol::Flavor;
using tests::settle;
using tests::TlsEnding;
using tests::TlsPeer;
using transport::MemoryStream;
using transport::TlsProvider;

// A multi-line reply: its first line alone is none.
constexpr std::string_view kTaken = "250-2.0.0 Taken\r\n250 2.0.0 for b";
constexpr std::string_view kTakenToo = "250 2.0.0 Taken for d";
constexpr std::string_view kRefused = "550 5.1.1 No c here";
constexpr std::string_view kHelloEnd = "250 CHUNKING\r\n";

struct Way {
  std::string name;
  Flavor flavor = Flavor::smtp;
  Chunking chunking = Chunking::when_needed;
  bool pipelining = true;
  bool in_pieces = false;  // a chunk for each
};

const std::vector<Way>& ways() {
  static const std::vector<Way> kWays{
      {.name = "DATA"},
      {.name = "DATA in turns", .pipelining = false},
      {.name = "LMTP", .flavor = Flavor::lmtp},
      {.name = "one chunk", .chunking = Chunking::always},
      {.name = "chunk at once", .chunking = Chunking::at_once},
      {.name = "chunks", .chunking = Chunking::always, .in_pieces = true},
      {.name = "chunks in turns", .chunking = Chunking::always, .pipelining = false, .in_pieces = true},
  };
  return kWays;
}

// A message whose length is not known beforehand, in three pieces.
class Pieces final : public MessageSource {
 public:
  explicit Pieces(std::string_view octets) : octets_(octets), rest_(octets) {}
  MessageFacts facts() const override { return {}; }
  Task<SliceResult> next() override {
    Slice slice;
    slice.octets = rest_.substr(0, octets_.size() / 3 + 1);
    rest_.remove_prefix(slice.octets.size());
    slice.last = rest_.empty();
    co_return slice;
  }
  transport::error_code rewind() override {
    rest_ = octets_;
    return {};
  }

 private:
  std::string_view octets_;
  std::string_view rest_;
};

std::string take(MemoryStream& stream, bool& ended) {
  std::string text;
  std::array<char, 8192> buffer;
  for (;;) {
    const transport::IoResult result = stream.try_read(buffer);
    ended =
        ended || result.status == transport::IoStatus::end || result.status == transport::IoStatus::failed;
    if (!result.done()) return text;
    text.append(buffer.data(), result.octets);
  }
}

std::size_t put(MemoryStream& stream, std::string_view text) {
  return text.empty() ? 0 : stream.try_write(std::span(&text, 1)).octets;
}

// When the server ends, and how.
struct Plan {
  TlsEnding ending = TlsEnding::cut;
  std::size_t most_said = std::string::npos;   // so many octets of its replies get out
  std::size_t most_heard = std::string::npos;  // or once it has heard so many
  bool together = false;                       // the ending leaves with the last of these octets
  std::string_view rest;                       // what the server would have said
  // Instead of `ending`: so many octets of the record that says `rest`, then the connection is cut.
  std::optional<std::size_t> of_record = {};
};

// Puts TLS in front of a server in clear, until the time has come to end it.
class Front {
 public:
  Front(transport::Loop& loop, std::unique_ptr<transport::TlsEngine> engine,
        std::unique_ptr<MemoryStream> outside, std::unique_ptr<MemoryStream> inside, Plan plan)
      : loop_(loop),
        peer_(std::move(engine)),
        outside_(std::move(outside)),
        inside_(std::move(inside)),
        plan_(plan) {}

  // Until nobody has more to say. With `until_ended` also no longer than that.
  void run(bool until_ended) {
    for (bool moved = true; moved && !(until_ended && ended_);) {
      const bool heard = hear();
      const bool said = speak();
      moved = heard || said;
    }
  }

  const std::string& said() const noexcept { return said_; }
  std::size_t heard() const noexcept { return peer_.heard().size(); }
  bool ended() const noexcept { return ended_; }
  bool client_gone() const noexcept { return client_gone_; }

 private:
  bool hear() {
    settle(loop_);
    const std::string ciphertext = take(*outside_, client_gone_);
    if (!ciphertext.empty()) put(*outside_, peer_.hear(ciphertext));
    const std::size_t passed = put(*inside_, std::string_view(peer_.heard()).substr(passed_));
    passed_ += passed;
    if (!ended_ && peer_.heard().size() >= plan_.most_heard) end();
    return !ciphertext.empty() || passed != 0;
  }

  bool speak() {
    settle(loop_);
    if (ended_ || !peer_.established()) return false;
    bool server_gone = false;
    const std::string words = take(*inside_, server_gone);
    if (words.empty()) return false;
    const std::size_t room = plan_.most_said - said_.size();
    const bool last = words.size() >= room;
    const std::string_view part = std::string_view(words).substr(0, room);
    said_.append(part);
    std::string ciphertext = part.empty() ? std::string() : peer_.say(part);
    if (!last || !plan_.together) {
      put(*outside_, ciphertext);
      ciphertext.clear();
    }
    if (!last) return true;
    if (!plan_.together) {
      while (hear()) {
      }
    }
    held_ = std::move(ciphertext);
    end();
    return true;
  }

  void end() {
    if (plan_.of_record) {
      put(*outside_, held_ + peer_.say(plan_.rest).substr(0, *plan_.of_record));
    } else {
      put(*outside_, held_ + octets_of(plan_.ending, peer_, plan_.rest));
    }
    if (plan_.of_record || !tests::is_lawful(plan_.ending)) outside_->finish_writing();
    ended_ = true;
    settle(loop_);
  }

  transport::Loop& loop_;
  TlsPeer peer_;
  std::unique_ptr<MemoryStream> outside_;
  std::unique_ptr<MemoryStream> inside_;
  Plan plan_;
  std::string said_;  // replies that got out
  std::string held_;
  std::size_t passed_ = 0;  // of what was heard
  bool ended_ = false;
  bool client_gone_ = false;
};

// What the client had to say about it.
struct Told {
  Outcome<void> started;
  std::optional<DeliveryReport> report;
  bool usable = false;
  std::optional<DeliveryReport> again;  // of another attempt after a failure
  Outcome<void> reset;
  bool done = false;
};

Task<void> converse(Client& client, std::unique_ptr<transport::Stream> stream, const Envelope& envelope,
                    MessageSource& message, Told& told) {
  told.started = co_await client.start(std::move(stream));
  if (told.started) {
    DeliveryReport report = co_await client.send(envelope, message);
    told.report.emplace(std::move(report));
  }
  told.usable = client.usable();
  if (!told.started || told.report->failure) {
    DeliveryReport again = co_await client.send(envelope, message);
    told.again.emplace(std::move(again));
    told.reset = co_await client.reset();
  }
  co_await client.quit();
  told.done = true;
}

void expect_of_no_more_use(const Told& told) {
  EXPECT_FALSE(told.usable);
  ASSERT_TRUE(told.again);
  EXPECT_TRUE(told.again->failure);
  EXPECT_FALSE(told.again->recipients[0].delivered());
  EXPECT_FALSE(told.again->recipients[0].may_have_been_delivered);
  EXPECT_FALSE(told.reset);
}

// What is so after the client has gone. `said`: the replies that reached it; `taken`: the server has the
// whole message.
void check(const Told& told, Flavor flavor, std::string_view said, bool taken) {
  ASSERT_TRUE(told.report);
  const std::string first = std::string(kTaken) + "\r\n";
  const std::string second = flavor == Flavor::lmtp ? std::string(kTakenToo) + "\r\n" : first;
  const std::array<bool, 3> taken_for{said.contains(first), false, said.contains(second)};
  const bool refused = said.contains(std::string(kRefused) + "\r\n");
  ASSERT_EQ(told.report->recipients.size(), 3U);
  for (std::size_t index = 0; index < 3; ++index) {
    SCOPED_TRACE("recipient " + std::to_string(index));
    const RecipientResult& result = told.report->recipients[index];
    const bool heard = taken_for[index] || (index == 1 && refused);
    EXPECT_EQ(result.delivered(), taken_for[index]);
    EXPECT_EQ(result.may_have_been_delivered, taken && !heard);
    EXPECT_EQ(result.reply.has_value(), heard) << result.reply->text();
    Decision expected = taken ? Decision::retry_later : Decision::try_next_host;
    if (heard) expected = taken_for[index] ? Decision::delivered : Decision::fail_recipient;
    EXPECT_EQ(result.decision, expected);
  }
  const bool all = taken_for[0] && taken_for[2];
  EXPECT_EQ(told.report->failure.has_value(), !all);
  if (told.report->failure) {
    EXPECT_EQ(told.report->failure->may_have_been_delivered, taken);
    EXPECT_FALSE(told.report->failure->reply);
    expect_of_no_more_use(told);
  }
}

class TlsEndingTest : public ::testing::TestWithParam<const TlsProvider*> {
 protected:
  TlsEndingTest() {
    config_.tls.use = TlsUse::implicit;
    config_.tls.context = contexts_.client;
    config_.tls.target = contexts_.target;
  }

  // Nothing may be left, whatever happened.
  void TearDown() override {
    settle(loop_);
    EXPECT_EQ(loop_.tasks(), 0U);
    EXPECT_EQ(loop_.buffers().borrowed(), 0U);
  }

  struct End {
    Told told;
    std::string said;
    std::size_t heard = 0;
    bool taken = false;
    bool ended = false;
    bool greeted = false;
    bool client_gone = false;
    bool capable = false;
  };

  // One connection of a client to a server that follows the plan. No time passes.
  End play(const Way& way, std::string_view text, const Plan& plan,
           std::size_t capacity = MemoryStream::kCapacity) {
    FakeServer server(way.flavor == Flavor::lmtp);
    server.offer({"PIPELINING", "CHUNKING"}).answer("RCPT TO:<c@", {std::string(kRefused)});
    server.answer(".", {std::string(kTaken), std::string(kTakenToo)});
    server.answer("BDAT", {std::string(kTaken), std::string(kTakenToo)});
    if (way.in_pieces)
      server.answer("BDAT", {"250-2.0.0 A\r\n250 chunk", "250 Another", std::string(kTaken)});
    config_.flavor = way.flavor;
    config_.chunking = way.chunking;
    config_.pipelining = way.pipelining;
    End end;
    const Envelope envelope =
        make_envelope("a@example.org", {"b@example.net", "c@example.net", "d@example.net"});
    MemoryMessage whole(text);
    Pieces pieces(text);
    MessageSource& message = way.in_pieces ? static_cast<MessageSource&>(pieces) : whole;
    {
      auto [mine, outside] = MemoryStream::make_pair(loop_, capacity);
      auto [inside, served] = MemoryStream::make_pair(loop_);
      Client client(loop_, config_);
      Front front(loop_, contexts_.server->engine(), std::move(outside), std::move(inside), plan);
      loop_.spawn(server.serve(loop_, std::move(served)));
      loop_.spawn(converse(client, std::move(mine), envelope, message, end.told));
      front.run(true);
      settle(loop_);
      end.heard = front.heard();
      EXPECT_TRUE(end.told.done) << "waits for nothing";
      front.run(false);  // what had left before
      end.said = front.said();
      end.ended = front.ended();
      end.client_gone = front.client_gone();
      end.greeted = client.greeting().has_value();
      end.capable = client.capabilities().has(protocol::Extension::chunking);
      if (!end.told.done) client.cancel();
    }
    settle(loop_);
    end.taken = !server.messages.empty();
    if (end.taken) {
      EXPECT_EQ(server.messages[0], text);
    }
    return end;
  }

  // The server ends after `octets` of `replies`, which is all that it says when nothing goes wrong.
  void end_after(const Way& way, std::string_view replies, std::size_t octets, TlsEnding ending,
                 bool together) {
    SCOPED_TRACE(way.name + ", " + std::string(to_string(ending)) + " after " + std::to_string(octets) +
                 " octets" + (together ? ", in one write" : ""));
    const End end =
        play(way, kText,
             {.ending = ending, .most_said = octets, .together = together, .rest = replies.substr(octets)});
    EXPECT_TRUE(end.ended);
    EXPECT_TRUE(end.client_gone);
    EXPECT_EQ(end.said, replies.substr(0, octets));
    const std::size_t greeting = replies.find('\n') + 1;
    const std::size_t hello = replies.find(kHelloEnd) + kHelloEnd.size();
    EXPECT_EQ(end.greeted, octets >= greeting);
    EXPECT_EQ(end.capable, octets >= hello);
    EXPECT_EQ(end.told.started.has_value(), octets >= hello);
    const auto why = tests::is_lawful(ending) ? transport::error_code(transport::error::eof)
                                              : transport::error_code(transport::TlsError::truncated);
    if (end.told.started) {
      check(end.told, way.flavor, end.said, end.taken);
      if (end.told.report->failure) {
        EXPECT_EQ(end.told.report->failure->error, why);
      }
    } else {
      EXPECT_EQ(end.told.started.error().error, why);
      EXPECT_EQ(end.told.started.error().phase, octets < greeting ? Phase::greeting : Phase::hello);
      EXPECT_FALSE(end.told.started.error().reply);
      expect_of_no_more_use(end.told);
    }
  }

  static constexpr std::string_view kText = "Subject: x\r\n\r\n.hello\r\nthere\r\n";

  tests::TlsContexts contexts_{*GetParam()};
  transport::ManualClock clock_;
  transport::Loop loop_{clock_};
  ClientConfig config_;
};

std::vector<const TlsProvider*> all_providers() {
  return {transport::tls_providers().begin(), transport::tls_providers().end()};
}
std::string provider_name(const ::testing::TestParamInfo<const TlsProvider*>& info) {
  return std::string(info.param->name());
}
INSTANTIATE_TEST_SUITE_P(Tls, TlsEndingTest, ::testing::ValuesIn(all_providers()), provider_name);

// All endings at all octets in all ways, with both backends, would take ten times as long. So the endings
// take turns, and all of them come where a line is complete, since there it is decided what has been said;
// what is said before MAIL does not depend on the way; and since ways differ in what the client waits for,
// not in how an ending reaches it, each backend takes the first way and its share of the others.
TEST_P(TlsEndingTest, AtEveryOctetOfTheRepliesIsNoReply) {
  constexpr std::size_t kEndings = tests::kTlsEndings.size();
  std::size_t turn = 0;
  for (std::size_t index = 0; index < ways().size(); ++index) {
    if (index != 0 && all_providers()[index % all_providers().size()] != GetParam()) continue;
    const Way& way = ways()[index];
    SCOPED_TRACE(way.name);
    const End whole = play(way, kText, {});
    const std::string replies = whole.said;
    ASSERT_TRUE(replies.ends_with("221 2.0.0 Bye\r\n")) << replies;
    ASSERT_TRUE(whole.taken);
    check(whole.told, way.flavor, replies, true);
    for (std::size_t octets = index == 0 ? 0 : replies.find(kHelloEnd); octets <= replies.size(); ++octets) {
      const bool decided = octets != 0 && replies[octets - 1] == '\n';
      for (std::size_t left = decided ? kEndings : 1; left != 0; --left, ++turn) {
        end_after(way, replies, octets, tests::kTlsEndings[turn % kEndings], turn / kEndings % 2 == 0);
      }
      if (HasFailure()) return;
    }
  }
}

// The last record is whole or nothing, too, and then the verdict in it counts.
TEST_P(TlsEndingTest, AtEveryOctetOfTheRecordWithTheVerdictDeliversWithTheLastOne) {
  const Way& way = ways().front();
  const std::string replies = play(way, kText, {}).said;
  const std::string verdict = std::string(kTaken) + "\r\n";
  Plan plan;
  plan.most_said = replies.find(verdict);
  plan.rest = verdict;
  std::size_t octets = 0;
  for (bool delivered = false; !delivered; ++octets) {
    SCOPED_TRACE("after " + std::to_string(octets) + " octets of the record");
    ASSERT_LT(octets, verdict.size() + 100);
    plan.of_record = octets;
    const End end = play(way, kText, plan);
    ASSERT_TRUE(end.taken);
    ASSERT_TRUE(end.told.report);
    delivered = end.told.report->recipients[0].delivered();
    check(end.told, way.flavor, delivered ? replies : end.said, true);
    if (HasFailure()) return;
  }
  EXPECT_GT(octets, verdict.size());
}

TEST_P(TlsEndingTest, WhileTheMessageIsBeingSentEndsTheClient) {
  constexpr std::size_t kCapacity = 8192;
  const std::string text = make_text(150'000);
  for (const Way& way : ways()) {
    if (way.flavor == Flavor::lmtp || !way.pipelining || way.chunking == Chunking::at_once) continue;
    for (const TlsEnding ending : tests::kTlsEndings) {
      for (std::size_t octets = 1000; octets < text.size(); octets += 24'000) {
        SCOPED_TRACE(way.name + ", " + std::string(to_string(ending)) + " once " + std::to_string(octets) +
                     " octets were heard");
        const End end = play(
            way, text, {.ending = ending, .most_heard = octets, .rest = "250 2.0.0 Taken\r\n"}, kCapacity);
        ASSERT_TRUE(end.ended);
        ASSERT_TRUE(end.told.report);
        ASSERT_TRUE(end.told.report->failure);
        EXPECT_FALSE(end.told.report->failure->reply);
        EXPECT_TRUE(end.client_gone);
        // What the client's TLS and the connection still hold counts as sent.
        const bool on_its_way = end.heard + transport::TlsEngine::kMaxOutput + 3 * kCapacity >= text.size();
        for (const std::size_t index : {0U, 2U}) {
          const RecipientResult& result = end.told.report->recipients[index];
          EXPECT_FALSE(result.delivered());
          EXPECT_FALSE(result.reply);
          EXPECT_TRUE(result.may_have_been_delivered || !end.taken);
          EXPECT_TRUE(on_its_way || !result.may_have_been_delivered);
        }
        expect_of_no_more_use(end.told);
        if (HasFailure()) return;
      }
    }
  }
}

// ---- STARTTLS ----

// A client that knows of STARTTLS and has to use it.
class Upgrade {
 public:
  Upgrade(transport::Loop& loop, const ClientConfig& config)
      : loop_(loop), client_(loop, config), envelope_(make_envelope("a@example.org", {"b@example.net"})) {
    auto [mine, outside] = MemoryStream::make_pair(loop);
    outside_ = std::move(outside);
    loop.spawn(converse(client_, std::move(mine), envelope_, message_, told_));
    EXPECT_EQ(say("220 mx.test ESMTP\r\n"), "EHLO localhost\r\n");
    EXPECT_EQ(say("250-mx.test\r\n250 STARTTLS\r\n"), "STARTTLS\r\n");
  }
  ~Upgrade() {
    if (!told_.done) client_.cancel();
    outside_.reset();
    settle(loop_);
  }

  // What the client answers to it, or has said before.
  std::string say(std::string_view octets) {
    put(*outside_, octets);
    settle(loop_);
    return take(*outside_, gone_);
  }
  void cut() {
    outside_->finish_writing();
    settle(loop_);
    take(*outside_, gone_);
  }
  void expect_failure(Phase phase) const {
    ASSERT_TRUE(told_.done) << "waits for nothing";
    EXPECT_TRUE(gone_);
    ASSERT_FALSE(told_.started);
    EXPECT_EQ(told_.started.error().phase, phase) << told_.started.error().text();
    EXPECT_FALSE(told_.started.error().reply);
    EXPECT_FALSE(told_.started.error().may_have_been_delivered);
    expect_of_no_more_use(told_);
  }

 private:
  transport::Loop& loop_;
  Client client_;
  Envelope envelope_;
  MemoryMessage message_{"Subject: x\r\n\r\nhello\r\n"};
  Told told_;
  std::unique_ptr<MemoryStream> outside_;
  bool gone_ = false;
};

constexpr std::string_view kGoAhead = "220 Go ahead\r\n";
// An alert as anybody on the way can make it.
constexpr std::string_view kCloseInClear("\x15\x03\x03\x00\x02\x01\x00", 7);
constexpr std::string_view kRepliesInClear =
    "250-mx.test\r\n250 CHUNKING\r\n250 Ok\r\n250 Ok\r\n354 Go on\r\n";

// RFC 8446 5.1
std::size_t record_size(std::string_view octets, std::size_t at) {
  return 5U + 256U * static_cast<unsigned char>(octets.at(at + 3)) +
         static_cast<unsigned char>(octets.at(at + 4));
}

class StartTlsEndingTest : public TlsEndingTest {
 protected:
  StartTlsEndingTest() { config_.tls.use = TlsUse::required; }
};
INSTANTIATE_TEST_SUITE_P(Tls, StartTlsEndingTest, ::testing::ValuesIn(all_providers()), provider_name);

TEST_P(StartTlsEndingTest, AtEveryOctetOfTheReplyToStarttlsIsNoPermission) {
  for (std::size_t octets = 0; octets < kGoAhead.size(); ++octets) {
    SCOPED_TRACE("after " + std::to_string(octets) + " octets");
    Upgrade upgrade(loop_, config_);
    EXPECT_EQ(upgrade.say(kGoAhead.substr(0, octets)), "");
    upgrade.cut();
    upgrade.expect_failure(Phase::start_tls);
  }
}

// The length of a signature differs from one handshake to the next, and so does that of the flight.
TEST_P(StartTlsEndingTest, AtEveryOctetOfTheServersFlightEndsTheClient) {
  std::size_t octets = 0;
  for (;; ++octets) {
    SCOPED_TRACE("after " + std::to_string(octets) + " octets");
    Upgrade upgrade(loop_, config_);
    TlsPeer peer(contexts_.server->engine());
    const std::string flight = peer.hear(upgrade.say(kGoAhead));
    if (octets >= flight.size()) break;
    upgrade.say(std::string_view(flight).substr(0, octets));
    upgrade.cut();
    upgrade.expect_failure(Phase::start_tls);
    if (HasFailure()) return;
  }
  EXPECT_GT(octets, 500U);
}

// Where a record could begin; elsewhere an alert is but a part of what it interrupts.
TEST_P(StartTlsEndingTest, InClearBetweenTheServersRecordsEndsTheClient) {
  std::size_t records = 0;
  for (bool in_flight = true; in_flight; ++records) {
    SCOPED_TRACE("after " + std::to_string(records) + " records");
    Upgrade upgrade(loop_, config_);
    TlsPeer peer(contexts_.server->engine());
    const std::string flight = peer.hear(upgrade.say(kGoAhead));
    std::size_t octets = 0;
    for (std::size_t record = 0; record < records; ++record) octets += record_size(flight, octets);
    upgrade.say(flight.substr(0, octets) + std::string(kCloseInClear) + std::string(kRepliesInClear));
    upgrade.say("");
    upgrade.expect_failure(Phase::start_tls);
    if (HasFailure()) return;
    in_flight = octets + record_size(flight, octets) < flight.size();
  }
  EXPECT_GT(records, 1U);
}

TEST_P(StartTlsEndingTest, InOneWriteWithTheReplyToStarttlsEndsTheClient) {
  Upgrade upgrade(loop_, config_);
  EXPECT_EQ(upgrade.say(std::string(kGoAhead) + std::string(kCloseInClear) + std::string(kRepliesInClear)),
            "");
  upgrade.expect_failure(Phase::start_tls);
}

TEST_P(StartTlsEndingTest, BetweenTheHandshakeAndTheReplyToEhloEndsTheClient) {
  for (const TlsEnding ending : tests::kTlsEndings) {
    SCOPED_TRACE(to_string(ending));
    Upgrade upgrade(loop_, config_);
    TlsPeer peer(contexts_.server->engine());
    std::string words(kGoAhead);
    while (!words.empty()) words = peer.hear(upgrade.say(words));
    ASSERT_TRUE(peer.established());
    EXPECT_EQ(peer.heard(), "EHLO localhost\r\n");
    upgrade.say(octets_of(ending, peer, kRepliesInClear));
    if (!tests::is_lawful(ending)) upgrade.cut();
    upgrade.say("");
    upgrade.expect_failure(Phase::hello);
  }
}

}  // namespace
}  // namespace postrider::client::testing
