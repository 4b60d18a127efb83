#include "postrider/agent/queue/queue_json.h"

#include <gtest/gtest.h>

#include "postrider/tests/agent/queue/queue_fixture.h"

namespace postrider::agent {
namespace {

using std::chrono::minutes;

QueueEntry an_entry() {
  auto message = message_to(77, {"bob@example.org", "\"a b\"@example.net"});
  message.content.octets = 4'096;
  defer(message.recipients[1], minutes(14));
  message.recipients[1].last_reply = "450 4.2.1 \"busy\"";
  return entry_of(message, {}, kNow);
}

TEST(QueueJson, AListHasWhatTheInterfacePromises) {
  EXPECT_EQ(list_json(an_entry()),
            R"({"id":"000000000002d","sender":"alice@example.com","size":4096,)"
            R"("arrived":"2019-12-19T23:00:00.000Z","state":"ready","recipients":[)"
            R"({"address":"bob@example.org","state":"ready","attempts":0,)"
            R"("next_attempt":"2019-12-20T00:00:00.000Z","last_reply":null},)"
            R"({"address":"\"a b\"@example.net","state":"deferred","attempts":2,)"
            R"("next_attempt":"2019-12-20T00:14:00.000Z","last_reply":"450 4.2.1 \"busy\""}]})");
}

TEST(QueueJson, WhatIsHeldOrActiveHasNoNextAttempt) {
  auto message = message_to(1, {"bob@example.org"});
  EXPECT_NE(list_json(entry_of(message, {"mx:example.org"}, kNow))
                .find(R"("state":"active","attempts":0,"next_attempt":null)"),
            std::string::npos);
  message.held = true;
  EXPECT_NE(list_json(entry_of(message, {}, kNow)).find(R"("state":"held","attempts":0,"next_attempt":null)"),
            std::string::npos);
}

TEST(QueueJson, ADamagedOneSaysNullForWhatIsNotKnown) {
  const QueueEntry damaged = entry_of(queue::DamagedRecord{MessageId{3}, "the checksum is wrong"});
  EXPECT_EQ(
      list_json(damaged),
      R"({"id":"0000000000003","sender":null,"size":null,"arrived":null,"state":"damaged","recipients":[]})");
  EXPECT_NE(show_json(damaged).find(R"("why":"the checksum is wrong")"), std::string::npos);
}

TEST(QueueJson, TheNullSenderIsAnEmptyText) {
  auto message = message_to(1, {"bob@example.org"});
  message.mail = "MAIL FROM:<>";
  EXPECT_NE(list_json(entry_of(message, {}, kNow)).find(R"("sender":"")"), std::string::npos);
}

TEST(QueueJson, ShowTellsTheRest) {
  auto message = message_to(1, {"bob@example.org"});
  message.mail = "MAIL FROM:<alice@example.com> BODY=8BITMIME";
  message.user = "alice";
  message.recipients[0].original = "robert@example.org";
  EXPECT_EQ(
      show_json(entry_of(message, {}, kNow)),
      R"({"id":"0000000000001","sender":"alice@example.com","size":0,)"
      R"("arrived":"2019-12-19T23:00:00.000Z","state":"ready","why":null,)"
      R"("command":"MAIL FROM:<alice@example.com> BODY=8BITMIME","expires":"2019-12-25T00:00:00.000Z",)"
      R"("deliver_by":null,"returned_then":false,"priority":0,"report":false,"account":"alice","recipients":[)"
      R"({"address":"bob@example.org","state":"ready","attempts":0,)"
      R"("next_attempt":"2019-12-20T00:00:00.000Z","last_reply":null,"last_host":null,)"
      R"("command":"RCPT TO:<bob@example.org>","original":"robert@example.org",)"
      R"("destination":"mx:example.org","delay_reported":false}]})");
}

TEST(QueueJson, TimesAreReadAsTheyWereWritten) {
  for (const std::string_view text :
       {"2019-12-20T00:00:00.000Z", "1969-12-31T23:59:59.999Z", "2024-02-29T12:34:56.789Z",
        "0000-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z"}) {
    const auto time = parse_utc(text);
    ASSERT_TRUE(time) << text;
    EXPECT_EQ(utc_text(*time), text);
  }
  EXPECT_EQ(utc_text(queue::kNever), "9999-12-31T23:59:59.999Z");
  EXPECT_EQ(utc_text(queue::Time::min()), "0000-01-01T00:00:00.000Z");
}

TEST(QueueJson, WhatIsNoTimeIsNone) {
  for (const std::string_view text :
       {"", "2019-12-20", "2019-12-20T00:00:00Z", "2019-12-20 00:00:00.000Z", "2019-13-20T00:00:00.000Z",
        "2023-02-29T00:00:00.000Z", "2019-12-20T24:00:00.000Z", "2019-12-20T00:60:00.000Z",
        "2019-12-20T00:00:60.000Z", "2019-12-20T00:00:00.000z", "-019-12-20T00:00:00.000Z"}) {
    EXPECT_EQ(parse_utc(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace postrider::agent
