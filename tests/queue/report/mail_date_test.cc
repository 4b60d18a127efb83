#include "postrider/queue/report/mail_date.h"

#include <chrono>

#include <gtest/gtest.h>

namespace postrider::queue {
namespace {

Time at(std::int64_t seconds) { return Time(std::chrono::seconds(seconds)); }

TEST(MailDateTest, IsWrittenInUtc) {
  EXPECT_EQ(write_mail_date(at(0)), "Thu, 01 Jan 1970 00:00:00 +0000");
  EXPECT_EQ(write_mail_date(at(1'790'000'000)), "Mon, 21 Sep 2026 14:13:20 +0000");
  EXPECT_EQ(write_mail_date(at(-1)), "Wed, 31 Dec 1969 23:59:59 +0000");
  EXPECT_EQ(write_mail_date(Time(std::chrono::milliseconds(999))), "Thu, 01 Jan 1970 00:00:00 +0000");
}

TEST(MailDateTest, OfTimesFarAwayIsTheNearest) {
  EXPECT_EQ(write_mail_date(kNever), "Fri, 31 Dec 9999 23:59:59 +0000");
  EXPECT_EQ(write_mail_date(Time::min()), "Mon, 01 Jan 1900 00:00:00 +0000");
}

TEST(MailDateTest, ReadsWhatItWrites) {
  for (std::int64_t each = -2'000'000'000; each < 5'000'000'000; each += 123'456'789) {
    EXPECT_EQ(read_mail_date(write_mail_date(at(each))), at(each));
  }
}

TEST(MailDateTest, ReadsWhatOthersWrite) {
  const Time time = at(1'790'000'000);
  for (const char* text :
       {"Mon, 21 Sep 2026 16:13:20 +0200", "Mon, 21 Sep 2026 09:13:20 -0500 (CDT)", "21 Sep 26 14:13:20 GMT",
        "mon,21 SEP 2026 14:13:20", "Monday, 21 September 2026 14:13:20 UT", "21 Sep 2026 10:13:20 EDT",
        " (a (nested) comment) Mon, 21 Sep\r\n 2026 14:13:20 +0000", "21 Sep 2026 07:13:20 pdt"}) {
    EXPECT_EQ(read_mail_date(text), time) << text;
  }
  EXPECT_EQ(read_mail_date("Mon, 21 Sep 2026 14:13 +0000"), at(1'790'000'000 - 20));
  // A zone that nobody knows is -0000, RFC 5322 4.3.
  EXPECT_EQ(read_mail_date("21 Sep 2026 14:13:20 XYZ"), time);
  EXPECT_EQ(read_mail_date("1 Jan 70 00:00:00 Z"), at(0));
}

TEST(MailDateTest, RefusesWhatIsNoDate) {
  for (const char* text :
       {"", "now", "Mon", "Mon, 21", "Mon, 21 Sep", "Mon, 21 Sep 2026", "Mon, 21 Sep 2026 14",
        "Mon, 31 Feb 2026 14:13:20 +0000", "Mon, 21 Sep 2026 24:00:00 +0000",
        "Mon, 21 Sep 2026 14:60:00 +0000", "Mon, 21 Sep 2026 14:13:61 +0000",
        "Mon, 21 Xyz 2026 14:13:20 +0000", "Mon, 0 Sep 2026 14:13:20 +0000", "1 Jan 1899 00:00:00 +0000",
        "2026-09-21T14:13:20Z", "((((("}) {
    EXPECT_EQ(read_mail_date(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace postrider::queue
