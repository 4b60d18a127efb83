// How the content goes: chunks, sources that fail, and both against the project's own server session.
#include "postrider/client/transaction.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "postrider/client/client.h"
#include "postrider/tests/client/client_fixture.h"
#include "postrider/tests/client/session_server.h"

namespace postrider::client::testing {
namespace {

using protocol::Decision;
using protocol::Stage;
using Lines = std::vector<std::string>;

// Gives slices as listed, then the end or an error.
class SlicedMessage final : public MessageSource {
 public:
  explicit SlicedMessage(Lines slices, MessageFacts facts = {}, transport::error_code failure = {})
      : slices_(std::move(slices)), facts_(facts), failure_(failure) {}

  MessageFacts facts() const override { return facts_; }
  Task<SliceResult> next() override {
    if (at_ == slices_.size()) co_return std::unexpected(failure_);
    Slice slice;
    slice.octets = slices_[at_++];
    slice.last = at_ == slices_.size() && !failure_;
    co_return slice;
  }
  transport::error_code rewind() override {
    at_ = 0;
    return can_rewind ? transport::error_code()
                      : transport::error_code(transport::error::operation_not_supported);
  }

  bool can_rewind = true;

 private:
  Lines slices_;
  MessageFacts facts_;
  transport::error_code failure_;
  std::size_t at_ = 0;
};

MessageFacts inspected(std::uint64_t octets) {
  MessageFacts facts;
  facts.octets = octets;
  facts.inspected = true;
  return facts;
}

class TransactionTest : public ClientTest {
 protected:
  const Envelope one = make_envelope("a@example.org", {"b@example.net"});
};

// ---- Chunks ----

// A server that offers CHUNKING and reads the chunk behind refused recipients as commands would run what the
// message says.
TEST_F(TransactionTest, SendsNoTextBeforeARecipientIsAcceptedUnlessTold) {
  for (const Chunking chunking : {ClientConfig().chunking, Chunking::always}) {
    config.chunking = chunking;
    FakeServer server;
    server.offer({"PIPELINING", "CHUNKING"})
        .answer("RCPT", {"550 5.1.1 No"})
        .answer("DATA", {"554 5.5.1 Nobody"});
    play(server, one, "MAIL FROM:<evil@example.org>\r\n");
    EXPECT_EQ(std::ranges::count(server.lines, "MAIL FROM:<evil@example.org>"), 0);
    EXPECT_TRUE(server.messages.empty());
  }
}

TEST_F(TransactionTest, SendsASmallMessageInOneWriteWithItsEnvelope) {
  config.chunking = Chunking::at_once;
  FakeServer server;
  server.offer({"PIPELINING", "CHUNKING"});
  const Session session = play(server, one, "Subject: x\r\n\r\n.hello\r\n", 2);
  EXPECT_TRUE(session.report->all_delivered());
  EXPECT_EQ(
      server.reads[1],
      "MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.net>\r\nBDAT 22 LAST\r\nSubject: x\r\n\r\n.hello\r\n");
  EXPECT_EQ(server.messages, Lines(2, "Subject: x\r\n\r\n.hello\r\n"));
  EXPECT_EQ(std::ranges::count(server.lines, "RSET"), 0);
}

TEST_F(TransactionTest, EndsTheLastLineOfAChunk) {
  config.chunking = Chunking::at_once;
  FakeServer server;
  server.offer({"PIPELINING", "CHUNKING"});
  play(server, one, "Subject: x\r\n\r\nhello");
  EXPECT_EQ(server.messages, Lines{"Subject: x\r\n\r\nhello\r\n"});
  FakeServer other;
  other.offer({"PIPELINING", "CHUNKING"});
  config.chunking = Chunking::always;
  SlicedMessage unknown({"Subject: x\r\n", "\r\nhello"});
  EXPECT_TRUE(play(other, one, unknown).report->all_delivered());
  EXPECT_EQ(other.lines[4], "BDAT 9 LAST");
  EXPECT_EQ(other.messages, Lines{"Subject: x\r\n\r\nhello\r\n"});
}

TEST_F(TransactionTest, TakesBackATransactionWhoseChunkFailed) {
  config.chunking = Chunking::at_once;
  FakeServer server;
  server.offer({"PIPELINING", "CHUNKING"});
  server.answer("RCPT", {"550 5.1.1 No", "250 2.1.5 Yes"})
      .answer("BDAT", {"503 5.5.1 No recipient", "250 2.0.0 Ok"});
  const Session session = play(server, one, "x\r\n", 2);
  EXPECT_EQ(session.report->text(0), "550 5.1.1 No");
  EXPECT_EQ(session.more[0].text(0), "250 2.0.0 Ok");
  EXPECT_EQ(server.lines[4], "RSET") << "RFC 3030 2";
}

TEST_F(TransactionTest, SendsALargeMessageAsAChunkOnlyToWhomTakesIt) {
  config.chunking = Chunking::always;
  const std::string text = make_text(100'000);
  FakeServer server;
  server.offer({"PIPELINING", "CHUNKING"}).answer("RCPT", {"550 5.1.1 No", "250 2.1.5 Yes"});
  const Session session = play(server, one, text, 2);
  EXPECT_EQ(session.report->text(0), "550 5.1.1 No");
  EXPECT_TRUE(session.more[0].all_delivered());
  EXPECT_EQ(server.lines, (Lines{"EHLO localhost", "MAIL FROM:<a@example.org>", "RCPT TO:<b@example.net>",
                                 "RSET", "MAIL FROM:<a@example.org>", "RCPT TO:<b@example.net>",
                                 "BDAT " + std::to_string(text.size()) + " LAST", "QUIT"}));
  EXPECT_EQ(server.messages, Lines{text});
}

TEST_F(TransactionTest, StopsAfterAChunkThatWasRefused) {
  config.chunking = Chunking::always;
  config.pipelining = false;
  FakeServer server;
  server.offer({"CHUNKING"}).answer("BDAT", {"250 2.0.0 Ok", "552 5.3.4 Too big"});
  SlicedMessage message({"a\r\n", "b\r\n", "c\r\n", "d\r\n"});
  const Session session = play(server, one, message, 1);
  EXPECT_EQ(session.report->text(0), "552 5.3.4 Too big");
  EXPECT_EQ(session.report->recipients[0].stage, Stage::content);
  EXPECT_FALSE(session.report->failure) << "the connection is sound";
  EXPECT_TRUE(server.messages.empty());
}

TEST_F(TransactionTest, SendsBinaryContentVerbatim) {
  using namespace std::string_view_literals;
  constexpr std::string_view kBinary = "Subject: x\r\n\r\n\0\n.\n\r\xff"sv;
  FakeServer server;
  server.offer({"PIPELINING", "CHUNKING", "BINARYMIME", "8BITMIME"});
  MemoryMessage message(kBinary, MemoryMessage::Content::binary);
  EXPECT_TRUE(play(server, one, message).report->all_delivered());
  EXPECT_EQ(server.lines[1], "MAIL FROM:<a@example.org> BODY=BINARYMIME");
  EXPECT_EQ(server.messages, Lines{std::string(kBinary)});
}

TEST_F(TransactionTest, NoticesARefusalInTheMiddleOfAChunk) {
  config.chunking = Chunking::always;
  FakeServer server;
  server.offer({"PIPELINING", "CHUNKING"});
  server.early_after = 100'000;
  server.early_reply = "552 5.3.4 Too big";
  server.deaf_after_early = true;
  const Session session = play(server, one, make_text(900'000));
  EXPECT_EQ(session.report->text(0), "552 5.3.4 Too big");
  EXPECT_LT(session.took, std::chrono::seconds(5));
}

// ---- Sources ----

TEST_F(TransactionTest, CutsTheConnectionWhenTheMessageCannotBeReadToItsEnd) {
  for (const bool chunks : {false, true}) {
    config.chunking = chunks ? Chunking::always : Chunking::when_needed;
    FakeServer server;
    server.offer({"PIPELINING", "CHUNKING"});
    SlicedMessage message({"Subject: x\r\n"}, {}, transport::system_error(EIO));
    const Session session = play(server, one, message);
    ASSERT_TRUE(session.report->failure);
    EXPECT_TRUE(session.report->failure->message_fault);
    EXPECT_EQ(session.report->recipients[0].decision, Decision::retry_later);
    EXPECT_FALSE(session.report->recipients[0].may_have_been_delivered);
    EXPECT_TRUE(server.messages.empty()) << "half a message must never be ended";
  }
}

TEST_F(TransactionTest, NeverEndsTextWithABareLineEndThatNobodyLookedFor) {
  for (const bool chunks : {false, true}) {
    for (const std::string bad : {"a\n.\nb\r\n", "a\rb\r\n", "a\r"}) {
      config.chunking = chunks ? Chunking::always : Chunking::when_needed;
      FakeServer server;
      server.offer({"PIPELINING", "CHUNKING"});
      SlicedMessage message({"Subject: x\r\n\r\n", bad});
      const Session session = play(server, one, message);
      EXPECT_EQ(session.report->recipients[0].decision, Decision::fail_message) << bad;
      EXPECT_TRUE(server.messages.empty());
    }
  }
}

TEST_F(TransactionTest, SendsNoMessageThatIsNotAsLongAsItWas) {
  for (const std::uint64_t said : {10U, 14U}) {
    for (const Chunking chunking : {Chunking::at_once, Chunking::always}) {
      config.chunking = chunking;
      config.pipelining = chunking == Chunking::at_once;
      FakeServer server;
      server.offer({"PIPELINING", "CHUNKING"});
      SlicedMessage message({"Subject", ": x\r\n"}, inspected(said));
      const Session session = play(server, one, message);
      EXPECT_TRUE(session.report->failure->message_fault);
      EXPECT_EQ(session.report->recipients[0].decision, Decision::retry_later);
      EXPECT_TRUE(server.messages.empty());
      // What goes at once is read before anything is said, so that the connection can go on.
      EXPECT_EQ(server.lines.back() == "QUIT", chunking == Chunking::at_once);
    }
  }
}

TEST_F(TransactionTest, SaysWhoIsLeftWhenTheMessageCannotBeReadAgain) {
  FakeServer server;
  server.offer({"PIPELINING", "LIMITS RCPTMAX=1"});
  SlicedMessage message({"x\r\n"});
  message.can_rewind = false;
  const Session session =
      play(server, make_envelope("a@example.org", {"b@example.net", "c@example.net"}), message);
  EXPECT_TRUE(session.report->recipients[0].delivered());
  EXPECT_FALSE(session.report->recipients[1].delivered());
  ASSERT_TRUE(session.report->failure);
  EXPECT_TRUE(session.report->failure->message_fault);
}

TEST_F(TransactionTest, SendsLinesOfDotsInFewWrites) {
  std::string text;
  for (int line = 0; line < 20'000; ++line) text.append(".\r\n");
  FakeServer server;
  const Session session = play(server, one, text);
  EXPECT_TRUE(session.report->all_delivered());
  EXPECT_EQ(server.messages, Lines{text});
  EXPECT_LT(client_script.writes, 30U);
}

// ---- Against the project's own server session ----

TEST_F(TransactionTest, AgreesWithTheServerSessionOnEveryMessage) {
  const std::vector<std::string> texts = {
      "", "\r\n", ".\r\n", ".", "a", "..\r\n.\r\n", "a\r\n.b\r\n..\r\n", make_text(40'000)};
  for (const Chunking chunking : {Chunking::when_needed, Chunking::at_once, Chunking::always}) {
    for (const bool pipelining : {true, false}) {
      for (const std::size_t most_read : {std::size_t{1}, std::size_t{1} << 16}) {
        for (const std::string& text : texts) {
          config.chunking = chunking;
          config.pipelining = pipelining;
          client_script = {};
          server_script = {};
          client_script.most_read = most_read;
          server_script.most_read = text.size() > 1000 ? 1000 : most_read;
          SessionServer server;
          MemoryMessage message(text);
          const Session session =
              play(server, make_envelope("", {"b@example.net", "\"c d\"@[192.0.2.1]"}), message, 2);
          EXPECT_TRUE(session.report->all_delivered()) << session.report->text(0);
          const std::string ended = text.empty() || text.ends_with("\r\n") ? text : text + "\r\n";
          const SessionServer::Message expected{"", {"b@example.net", "\"c d\"@[192.0.2.1]"}, ended};
          EXPECT_EQ(server.messages, std::vector<SessionServer::Message>(2, expected));
        }
      }
    }
  }
}

TEST_F(TransactionTest, AgreesWithTheServerSessionInLmtp) {
  config.flavor = protocol::Flavor::lmtp;
  for (const Chunking chunking : {Chunking::when_needed, Chunking::at_once}) {
    config.chunking = chunking;
    SessionServer server(SessionServer::options(protocol::Flavor::lmtp));
    server.refusals["c@example.net"] = protocol::Reply(protocol::code::mailbox_unavailable, "No");
    MemoryMessage message("x\r\n");
    const Session session =
        play(server, make_envelope("a@example.org", {"b@example.net", "c@example.net", "d@example.net"}),
             message, 2);
    EXPECT_TRUE(session.report->recipients[0].delivered());
    EXPECT_FALSE(session.report->recipients[1].delivered());
    EXPECT_TRUE(session.report->recipients[2].delivered());
    EXPECT_EQ(server.messages.size(), 2U);
  }
}

TEST_F(TransactionTest, AgreesWithTheServerSessionWhenNobodyIsTaken) {
  for (const Chunking chunking : {Chunking::when_needed, Chunking::at_once, Chunking::always}) {
    config.chunking = chunking;
    SessionServer server;
    server.refusals["b@example.net"] = protocol::Reply(protocol::code::mailbox_unavailable, "No");
    MemoryMessage message("RSET\r\nMAIL FROM:<evil@example.org>\r\n");
    const Session session = play(server, one, message, 3);
    EXPECT_EQ(session.report->text(0), "550 5.0.0 No");
    ASSERT_EQ(session.more.size(), 2U);
    EXPECT_EQ(session.more[1].text(0), "550 5.0.0 No");
    EXPECT_FALSE(session.more[1].failure);
    EXPECT_TRUE(server.messages.empty());
  }
}

}  // namespace
}  // namespace postrider::client::testing
