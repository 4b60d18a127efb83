#include "postrider/agent/replay/session_replay.h"

#include <string>

#include <gtest/gtest.h>

namespace postrider::agent {
namespace {

using fuzz::ReplayReport;

fuzz::Transcript transcript(std::string_view text) {
  const auto read = fuzz::parse_transcript(std::string(fuzz::kTranscriptHeader).append(text));
  EXPECT_TRUE(read) << read.error().line << ": " << read.error().text;
  return read.value_or(fuzz::Transcript());
}

std::string shown(const ReplayReport& report) {
  std::string out = std::to_string(report.replies);
  for (const auto& each : report.differences)
    out += "; after " + each.after + ": " + each.recorded + " | " + each.now;
  return out;
}

constexpr std::string_view kMessage =
    "0.000000 connected 127.0.0.1:25\n"
    "0.000001 S: 220 mx.example ESMTP\\r\\n\n"
    "0.000002 C: EHLO a\\r\\n\n"
    "0.000003 S: 250-mx.example\\r\\n250-PIPELINING\\r\\n250-ENHANCEDSTATUSCODES\\r\\n250 SIZE 1000\\r\\n\n"
    "0.000004 C: MAIL FROM:<a@b.example> SIZE=10\\r\\nRCPT TO:<c@d.example>\\r\\nDATA\\r\\n\n"
    "0.000005 S: 250 2.1.0 ok\\r\\n250 2.1.5 ok\\r\\n354 go\\r\\n\n"
    "0.000006 C: Subject: x\\r\\n\\r\\n..dot\\r\\n.\\r\n"
    "0.000007 C: \\nQUIT\\r\\n\n"
    "0.000008 S: 250 2.0.0 taken\\r\\n221 2.0.0 bye\\r\\n\n"
    "0.000009 server-closed\n";

TEST(SessionReplay, TheServerSaysTheSame) {
  EXPECT_EQ(shown(replay_into_server(transcript(kMessage), false)), "7");
}

TEST(SessionReplay, TheClientSaysTheSame) { EXPECT_EQ(shown(replay_into_client(transcript(kMessage))), "7"); }

TEST(SessionReplay, AServerThatTookSomethingOutOfOrderIsDifferentFromOurs) {
  const ReplayReport report = replay_into_server(
      transcript("0.0"
                 "00000 connected a\n0.000001 S: 220 mx\\r\\n\n0.000002 C: EHLO a\\r\\n\n0.000003 S: "
                 "250-mx\\r\\n250 "
                 "SIZE\\r\\n\n0.000004 C: RCPT TO:<c@d.example>\\r\\n\n0.000005 S: 250 ok\\r\\n\n"),
      false);
  ASSERT_EQ(report.differences.size(), 1U) << shown(report);
  EXPECT_EQ(report.differences[0].recorded, "250 ok");
  EXPECT_TRUE(report.differences[0].now.starts_with("503")) << report.differences[0].now;
}

TEST(SessionReplay, AReplyThatNeverCameIsDifferent) {
  const ReplayReport report =
      replay_into_server(transcript("0.000000 connected a\n0.000001 S: 220 mx\\r\\n\n0.000002 C: "
                                    "QUIT\\r\\n\n0.000003 S: 221 bye\\r\\n250 "
                                    "more\\r\\n\n"),
                         false);
  ASSERT_EQ(report.differences.size(), 1U) << shown(report);
  EXPECT_EQ(report.differences[0].recorded, "250 more");
  EXPECT_EQ(report.differences[0].now, "(nothing)");
}

TEST(SessionReplay, TlsAndALoginGoAlong) {
  const std::string_view text =
      "0.000000 connected a\n"
      "0.000001 S: 220 mx\\r\\n\n"
      "0.000002 C: EHLO a\\r\\n\n"
      "0.000003 S: 250-mx\\r\\n250 STARTTLS\\r\\n\n"
      "0.000004 C: STARTTLS\\r\\n\n"
      "0.000005 S: 220 go\\r\\n\n"
      "0.000006 tls TLSv1.3 X\n"
      "0.000007 C: EHLO a\\r\\n\n"
      "0.000008 S: 250-mx\\r\\n250 AUTH PLAIN\\r\\n\n"
      "0.000009 C: AUTH PLAIN\\r\\n\n"
      "0.000010 S: 334 \\r\\n\n"
      "0.000011 C: AGEAYQ==\\r\\n\n"
      "0.000012 S: 235 ok\\r\\n\n"
      "0.000013 C: QUIT\\r\\n\n"
      "0.000014 S: 221 bye\\r\\n\n";
  EXPECT_EQ(shown(replay_into_server(transcript(text), false)), "7");
  EXPECT_EQ(shown(replay_into_client(transcript(text))), "7");
}

TEST(SessionReplay, AReplyThatIsNoneBreaksTheClient) {
  const ReplayReport report = replay_into_client(
      transcript("0.000000 connected a\n0.000001 S: 220 mx\\r\\n\n0.000002 C: EHLO a\\r\\n\n"
                 "0.000003 S: nonsense\\r\\n\n0.000004 C: QUIT\\r\\n\n"));
  ASSERT_EQ(report.differences.size(), 1U) << shown(report);
  EXPECT_TRUE(report.differences[0].now.starts_with("ours gives up")) << report.differences[0].now;
}

TEST(SessionReplay, WhatOursWouldNotSendIsDifferent) {
  const ReplayReport report = replay_into_client(
      transcript("0.000000 connected a\n0.000001 S: 220 mx\\r\\n\n0.000002 C: EHLO a\\r\\n\n"
                 "0.000003 S: 250 mx\\r\\n\n0.000004 C: RCPT TO:<a@b.example>\\r\\n\n"));
  ASSERT_EQ(report.differences.size(), 1U) << shown(report);
  EXPECT_TRUE(report.differences[0].now.starts_with("ours does not send it now"))
      << report.differences[0].now;
}

}  // namespace
}  // namespace postrider::agent
