// Message content in a session: DATA and BDAT.
#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "postrider/protocol/session/server_session.h"
#include "postrider/tests/protocol/support/server_script.h"

namespace postrider::protocol {
namespace {

using ::testing::ElementsAre;
using testing::ServerScript;
using ::testing::StartsWith;

constexpr std::string_view kEhlo = "EHLO client.example\r\n";
constexpr std::string_view kEnvelope = "MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\n";

void with_envelope(ServerScript& script) {
  script.run();
  script.feed(kEhlo);
  script.feed(kEnvelope);
  script.events();
}

TEST(ServerSessionContent, TooBigAMessageIsReadToItsEndAndRefused) {
  ServerScript script;
  with_envelope(script);
  script.feed("DATA\r\n");
  std::string big;
  for (int i = 0; i < 100; ++i) big += "0123456789abcdef\r\n";
  EXPECT_EQ(script.feed(big), "");
  EXPECT_THAT(script.feed(".\r\nNOOP\r\n"), ::testing::MatchesRegex("552 5.3.4 [^\r]*\r\n250 2.0.0 Ok\r\n"));
  EXPECT_THAT(script.events(), ElementsAre("DataBegin", "BodyRefused(message_too_big)"));
}

// CVE-2023-51764, -51765, -51766: end of data that is not CRLF "." CRLF.
TEST(ServerSessionContent, SmtpSmugglingSequencesDoNotEndTheData) {
  for (const char* end :
       {"\n.\n", "\n.\r\n", "\r\n.\n", "\r.\r", "\r\n.\r\r\n", "\r.\r\n", "\n.\r", "\r\n.\r"}) {
    ServerScript script;
    with_envelope(script);
    script.feed("DATA\r\n");
    const std::string smuggled = std::string("innocent") + end + "MAIL FROM:<evil@e.example>\r\n";
    EXPECT_EQ(script.feed(smuggled), "");
    EXPECT_THAT(script.feed("\r\n.\r\n"), StartsWith("550 5.5.2"));
    EXPECT_THAT(script.events(),
                ElementsAre("DataBegin", "BodyRefused(bare_ending_in_data)", "Closed(bad_ending)"));
  }
}

TEST(ServerSessionContent, ConvertedEndingsAreCountedAndDoNotEndTheData) {
  ServerOptions options = ServerScript::default_options();
  options.leniency.allow(Lenience::convert_bare_endings);
  ServerScript script(std::move(options));
  with_envelope(script);
  script.feed("DATA\r\n");
  EXPECT_EQ(script.feed("one\n.\ntwo\r\n.\r\n"), "250 2.0.0 Ok\r\n");
  EXPECT_EQ(script.content(), "one\r\n.\r\ntwo\r\n|");
  EXPECT_EQ(script.session().leniency_used()[Lenience::convert_bare_endings], 1);
}

TEST(ServerSessionContent, LongTextLineIsAPolicy) {
  const std::string message = std::string(1200, 'x') + "\r\n.\r\n";
  ServerOptions options = ServerScript::default_options();
  options.limits.message_octets = 0;
  ServerScript strict(options);
  with_envelope(strict);
  strict.feed("DATA\r\n");
  EXPECT_THAT(strict.feed(message), StartsWith("554 5.6.0"));
  options.leniency.allow(Lenience::long_text_line);
  ServerScript lenient(std::move(options));
  with_envelope(lenient);
  lenient.feed("DATA\r\n");
  EXPECT_THAT(lenient.feed(message), StartsWith("250 "));
  EXPECT_EQ(lenient.session().leniency_used()[Lenience::long_text_line], 1);
}

TEST(ServerSessionContent, RefusedDataLeavesTheTransaction) {
  ServerScript script;
  with_envelope(script);
  script.answer(
      "data", {Reply(code::local_error, status::mail_system, "Later"), Reply(code::start_mail_input, "Go")});
  EXPECT_EQ(script.feed("DATA\r\n"), "451 4.3.0 Later\r\n");
  EXPECT_EQ(script.feed("DATA\r\n"), "354 Go\r\n");
}

TEST(ServerSessionContent, LmtpAnswersForEachRecipient) {
  ServerOptions options = ServerScript::default_options();
  options.flavor = Flavor::lmtp;
  ServerScript script(std::move(options));
  script.run();
  script.feed("LHLO client.example\r\n");
  script.answer("rcpt", {Reply(code::ok, "1"), Reply(code::mailbox_unavailable, "2"), Reply(code::ok, "3")});
  script.answer("content",
                {Reply(code::ok, "first"), Reply(code::insufficient_storage, status::mailbox_full, "third")});
  script.feed("MAIL FROM:<>\r\nRCPT TO:<a@d.example>\r\nRCPT TO:<b@d.example>\r\nRCPT TO:<c@d.example>\r\n");
  script.feed("DATA\r\n");
  EXPECT_EQ(script.feed("x\r\n.\r\n"), "250 2.0.0 first\r\n452 4.2.2 third\r\n");
  EXPECT_THAT(script.feed("MAIL FROM:<>\r\n"), StartsWith("250 "));
}

TEST(ServerSessionContent, LmtpRefusesForEachRecipient) {
  ServerOptions options = ServerScript::default_options();
  options.flavor = Flavor::lmtp;
  ServerScript script(std::move(options));
  script.run();
  script.feed("LHLO client.example\r\n");
  script.feed("MAIL FROM:<>\r\nRCPT TO:<a@d.example>\r\nRCPT TO:<b@d.example>\r\n");
  script.feed("DATA\r\n");
  const std::string replies = script.feed("a\nb\r\n.\r\n");
  EXPECT_THAT(replies, ::testing::MatchesRegex("550 5.5.2 [^\r]*\r\n550 5.5.2 [^\r]*\r\n"));
}

// RFC 2033 4.2: with many recipients of one message over their quota nobody's reply may become a 421.
TEST(ServerSessionContent, LmtpMessageRefusedForManyIsOneError) {
  ServerOptions options = ServerScript::default_options();
  options.flavor = Flavor::lmtp;
  options.limits.errors = 2;
  ServerScript script(std::move(options));
  script.run();
  script.feed("LHLO client.example\r\n");
  script.feed("MAIL FROM:<>\r\nRCPT TO:<a@d>\r\nRCPT TO:<b@d>\r\nRCPT TO:<c@d>\r\nRCPT TO:<d@d>\r\n");
  script.feed("DATA\r\n");
  const Reply full(code::exceeded_storage, status::mailbox_full, "Full");
  script.answer("content", {full, full, full, full});
  EXPECT_EQ(script.feed("x\r\n.\r\n"),
            "552 5.2.2 Full\r\n552 5.2.2 Full\r\n552 5.2.2 Full\r\n552 5.2.2 Full\r\n");
  EXPECT_EQ(script.session().errors(), 1U);
}

// ---- BDAT, RFC 3030 ----

TEST(ServerSessionContent, Chunks) {
  ServerScript script;
  with_envelope(script);
  EXPECT_THAT(script.feed("BDAT 5\r\nab\r\ncBDAT 4\r\nd.\r\nBDAT 0 LAST\r\n"),
              ::testing::MatchesRegex("250 2.0.0 Chunk[^\r]*\r\n250 2.0.0 Chunk[^\r]*\r\n250 2.0.0 Ok\r\n"));
  EXPECT_EQ(script.content(), "ab\r\ncd.\r\n|");
  EXPECT_THAT(script.events(), ElementsAre("ChunkBegin(5)", "ChunkEnd", "ChunkEnd", "BodyEnd(9)"));
}

TEST(ServerSessionContent, ChunkOutOfSequenceIsSwallowed) {
  ServerScript script;
  script.run();
  script.feed(kEhlo);
  EXPECT_THAT(script.feed("BDAT 6 LAST\r\nQUIT\r\nNOOP\r\n"),
              ::testing::MatchesRegex("503 5.5.1 [^\r]*\r\n250 2.0.0 Ok\r\n"));
}

TEST(ServerSessionContent, AfterAFailedChunkAllAreRefusedUntilRset) {
  ServerScript script;
  with_envelope(script);
  script.answer("chunk", {Reply(code::insufficient_storage, status::system_full, "Full")});
  EXPECT_EQ(script.feed("BDAT 3\r\nabc"), "452 4.3.1 Full\r\n");
  EXPECT_THAT(script.feed("BDAT 3\r\nabc"), StartsWith("503 5.5.1"));
  EXPECT_THAT(script.feed("MAIL FROM:<>\r\n"), StartsWith("503 5.5.1"));
  EXPECT_THAT(script.feed("RSET\r\n"), StartsWith("250 "));
  EXPECT_THAT(script.feed("MAIL FROM:<>\r\n"), StartsWith("250 "));
  EXPECT_EQ(script.content(), "");
}

// A client that has sent its last chunk believes the message to be over, and would take a 503 to its next
// MAIL for a verdict about the next message.
TEST(ServerSessionContent, TheLastChunkEndsAFailedMessage) {
  ServerScript script;
  with_envelope(script);
  script.answer("chunk", {Reply(code::insufficient_storage, status::system_full, "Full")});
  EXPECT_EQ(script.feed("BDAT 3\r\nabc"), "452 4.3.1 Full\r\n");
  EXPECT_THAT(script.feed("BDAT 3 LAST\r\nabc"), StartsWith("503 5.5.1"));
  EXPECT_THAT(script.feed("MAIL FROM:<>\r\nRCPT TO:<c@d.example>\r\n"), StartsWith("250 "));
  EXPECT_EQ(script.feed("BDAT 3 LAST\r\nabc"), "452 4.3.1 Full\r\n");
  EXPECT_THAT(script.feed("MAIL FROM:<>\r\n"), StartsWith("250 "));
}

TEST(ServerSessionContent, AChunkThatCannotBeSkippedCloses) {
  ServerScript script;
  with_envelope(script);
  EXPECT_THAT(script.feed("BDAT 99999999999999999999999\r\n"), StartsWith("501 5.5.4"));
  EXPECT_THAT(script.events(), ElementsAre("Refused(BDAT,bad_chunk_size,501)", "Closed(bad_chunk_size)"));
}

// Exim 4.96 cut this size to 32 bits and ran the rest of the chunk as commands.
TEST(ServerSessionContent, ChunkSizeIsNotCutTo32Bits) {
  ServerScript script;
  with_envelope(script);
  EXPECT_EQ(script.feed("BDAT 4294967297\r\nxQUIT\r\nNOOP\r\n"), "");
  EXPECT_EQ(script.session().state(), State::chunk);
}

TEST(ServerSessionContent, TooBigInChunks) {
  ServerScript script;
  with_envelope(script);
  const std::string part(600, 'x');
  EXPECT_THAT(script.feed("BDAT 600\r\n" + part), StartsWith("250 "));
  EXPECT_THAT(script.feed("BDAT 600\r\n" + part), StartsWith("552 5.3.4"));
  EXPECT_THAT(script.feed("BDAT 1 LAST\r\nx"), StartsWith("503 "));
  EXPECT_THAT(script.events(), ::testing::Contains("BodyRefused(message_too_big)"));
}

TEST(ServerSessionContent, BareEndingsInChunksAreRefusedUnlessBinary) {
  ServerScript script;
  with_envelope(script);
  EXPECT_THAT(script.feed("BDAT 4 LAST\r\na\nb\n"), StartsWith("550 5.5.2"));
  EXPECT_TRUE(script.closed());
  ServerScript binary;
  binary.run();
  binary.feed(kEhlo);
  binary.feed("MAIL FROM:<a@b.example> BODY=BINARYMIME\r\nRCPT TO:<c@d.example>\r\n");
  EXPECT_THAT(binary.feed("DATA\r\n"), StartsWith("503 "));  // RFC 3030 3
  EXPECT_THAT(binary.feed(std::string_view("BDAT 4 LAST\r\na\nb\0", 17)), StartsWith("250 "));
}

TEST(ServerSessionContent, RefusedOnlyChunkEndsTheTransaction) {
  ServerScript script;
  with_envelope(script);
  script.answer("content", {Reply(code::transaction_failed, status::not_authorized, "No")});
  EXPECT_THAT(script.feed("BDAT 3 LAST\r\nabc"), StartsWith("554 5.7.1"));
  EXPECT_THAT(script.feed("MAIL FROM:<>\r\n"), StartsWith("250 "));
}

}  // namespace
}  // namespace postrider::protocol
