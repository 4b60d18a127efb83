#include "postrider/client/outcome.h"

#include <gtest/gtest.h>

#include "postrider/client/timeouts.h"

namespace postrider::client {
namespace {

using protocol::Decision;

Failure failure_of(transport::error_code error, Phase phase = Phase::mail) {
  Failure failure;
  failure.phase = phase;
  failure.error = error;
  return failure;
}

TEST(FailureTest, SaysWhatToDoNext) {
  EXPECT_EQ(failure_of(transport::error::connection_refused, Phase::connect).decision(),
            Decision::try_next_host);
  EXPECT_EQ(failure_of(transport::error::timed_out).decision(), Decision::try_next_host);
  EXPECT_EQ(failure_of(transport::error::operation_aborted).decision(), Decision::retry_later);

  Failure perhaps = failure_of(transport::error::eof, Phase::end_of_content);
  perhaps.may_have_been_delivered = true;
  EXPECT_EQ(perhaps.decision(), Decision::retry_later);

  Failure unread = failure_of(transport::system_error(EIO), Phase::content);
  unread.message_fault = true;
  EXPECT_EQ(unread.decision(), Decision::retry_later);
  unread.protocol = protocol::Error{.code = protocol::Errc::bare_line_feed};
  EXPECT_EQ(unread.decision(), Decision::fail_message);

  Failure refused;
  refused.phase = Phase::greeting;
  refused.reply = protocol::Reply(protocol::code::transaction_failed, "Go away");
  EXPECT_EQ(refused.decision(), Decision::try_next_host);
}

TEST(FailureTest, IsOneLineForPeople) {
  EXPECT_EQ(failure_of(transport::error::timed_out).text(), "timed out while waiting for the reply to MAIL");
  Failure failure = failure_of(transport::error::eof, Phase::content);
  failure.reply =
      protocol::Reply(protocol::code::service_not_available, protocol::status::not_accepting, "Bye");
  EXPECT_EQ(failure.text(),
            "server said \"421 4.3.2 Bye\", then connection closed by the server while sending the message");
  failure.error = {};
  failure.protocol = protocol::Error{.code = protocol::Errc::bad_reply_code};
  EXPECT_EQ(
      failure.text(),
      "server said \"421 4.3.2 Bye\", then server out of step: bad_reply_code while sending the message");
  for (std::size_t phase = 0; phase < kPhaseCount; ++phase) {
    EXPECT_FALSE(to_string(static_cast<Phase>(phase)).empty());
  }
}

// RFC 5321 4.5.3.2
TEST(TimeoutsTest, AreThoseOfTheStandard) {
  using namespace std::chrono_literals;
  const Timeouts timeouts;
  EXPECT_EQ(timeouts.of(Phase::greeting), 5min);
  EXPECT_EQ(timeouts.of(Phase::mail), 5min);
  EXPECT_EQ(timeouts.of(Phase::rcpt), 5min);
  EXPECT_EQ(timeouts.of(Phase::data), 2min);
  EXPECT_EQ(timeouts.of(Phase::content), 3min);
  EXPECT_EQ(timeouts.of(Phase::end_of_content), 10min);
}

}  // namespace
}  // namespace postrider::client
