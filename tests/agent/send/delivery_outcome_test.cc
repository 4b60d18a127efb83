#include "postrider/agent/send/delivery_outcome.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace postrider::agent {
namespace {

using client::RecipientResult;
using protocol::Decision;
using protocol::Reply;

RecipientResult result(Decision decision, unsigned code, protocol::EnhancedDetail status) {
  RecipientResult out;
  out.decision = decision;
  out.reply = Reply(protocol::ReplyCode::from(code).value(), status, "text");
  return out;
}

const RecipientResult kAccepted = result(Decision::delivered, 250, {0, 0});
const RecipientResult kNoUser = result(Decision::fail_recipient, 550, {1, 1});
const RecipientResult kDenied = result(Decision::fail_recipient, 550, {7, 1});
const RecipientResult kNoLogin = result(Decision::fail_message, 530, {5, 0});
const RecipientResult kLater = result(Decision::retry_later, 451, {3, 0});

TEST(DeliveryOutcome, GivesTheExitStatus) {
  struct Case {
    std::vector<RecipientResult> results;
    ExitCode code;
  };
  RecipientResult lost;
  RecipientResult unsure;
  unsure.may_have_been_delivered = true;
  for (const Case& each :
       {Case{{kAccepted, kAccepted}, ExitCode::done}, Case{{kAccepted, kNoUser}, ExitCode::bad_input},
        Case{{kNoUser, kLater}, ExitCode::bad_input}, Case{{kDenied, kAccepted}, ExitCode::permission},
        Case{{kNoLogin}, ExitCode::permission}, Case{{kAccepted, kLater}, ExitCode::temporary},
        Case{{kLater, kLater}, ExitCode::unavailable}, Case{{lost}, ExitCode::unavailable},
        Case{{unsure}, ExitCode::temporary}}) {
    client::DeliveryReport report;
    report.recipients = each.results;
    EXPECT_EQ(exit_code_of(report), each.code);
  }
}

TEST(DeliveryOutcome, PrintsALineForEachThatWasNotAccepted) {
  client::DeliveryReport report;
  report.recipients = {kAccepted, kNoUser, kLater};
  const std::vector<std::string> expected{"b@x: 550 5.1.1 text", "c@x: 451 4.3.0 text"};
  EXPECT_EQ(refusals(report, {"a@x", "b@x", "c@x"}), expected);
}

}  // namespace
}  // namespace postrider::agent
