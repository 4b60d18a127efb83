#include "postrider/protocol/grammar/reply_code.h"

#include <gtest/gtest.h>

namespace postrider::protocol {
namespace {

// RFC 5321 4.2: Reply-code = %x32-35 %x30-35 %x30-39.
TEST(ReplyCode, TakesWhatTheGrammarAllowsAndNothingElse) {
  for (unsigned value = 0; value < 2000; ++value) {
    const bool allowed = value < 1000 && value / 100 >= 2 && value / 100 <= 5 && value / 10 % 10 <= 5;
    const std::optional<ReplyCode> code = ReplyCode::from(value);
    ASSERT_EQ(code.has_value(), allowed) << value;
    if (code) {
      EXPECT_EQ(code->value(), value);
    }
  }
}

TEST(ReplyCode, ReceivesAnySecondDigit) {
  for (unsigned value = 0; value < 2000; ++value) {
    ASSERT_EQ(ReplyCode::received(value).has_value(), value >= 200 && value <= 599) << value;
  }
  const ReplyCode courier = ReplyCode::received(571).value();
  EXPECT_EQ(courier.value(), 571);
  EXPECT_TRUE(courier.permanent());
}

TEST(ReplyCode, IsMadeOfItsThreeDigits) {
  constexpr ReplyCode code(Severity::transient_negative, Category::connections, 1);
  static_assert(code.value() == 421);
  EXPECT_EQ(code, code::service_not_available);
  EXPECT_EQ(code.severity(), Severity::transient_negative);
  EXPECT_EQ(code.category(), Category::connections);
  EXPECT_EQ(code.detail(), 1);
  EXPECT_EQ(ReplyCode(Severity::positive_completion, Category::mail_system, 255).value(),
            255);  // stays in range
}

TEST(ReplyCode, BelongsToOneSeverity) {
  for (unsigned value = 200; value < 560; ++value) {
    const std::optional<ReplyCode> code = ReplyCode::from(value);
    if (!code) continue;
    EXPECT_EQ(code->positive(), value / 100 == 2);
    EXPECT_EQ(code->intermediate(), value / 100 == 3);
    EXPECT_EQ(code->transient(), value / 100 == 4);
    EXPECT_EQ(code->permanent(), value / 100 == 5);
  }
}

TEST(ReplyCode, IsOrderedAndWellFormedByDefault) {
  EXPECT_EQ(ReplyCode(), code::ok);
  EXPECT_LT(code::ok, code::start_mail_input);
  EXPECT_EQ(code::domain_takes_no_mail.value(), 556);  // RFC 7504 3
}

}  // namespace
}  // namespace postrider::protocol
