#include "postrider/agent/send/compose.h"

#include <regex>

#include <gtest/gtest.h>

namespace postrider::agent {
namespace {

Draft example() {
  return Draft{"a@example.net",
               {"b@example.org", "c@example.org"},
               "Hi",
               "one\ntwo",
               {},
               "client.example",
               transport::SystemTime(std::chrono::seconds(1795300264))};
}

TEST(Compose, MakesAWholeMessage) {
  const auto text = compose(example());
  ASSERT_TRUE(text);
  const std::regex expected(
      "Date: Sat, 21 Nov 2026 22:31:04 \\+0000\r\nFrom: a@example\\.net\r\nTo: b@example\\.org,\r\n "
      "c@example\\.org\r\n"
      "Subject: Hi\r\nMessage-ID: <[0-9a-f.]+@client\\.example>\r\nMIME-Version: 1\\.0\r\n"
      "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 7bit\r\n\r\none\r\ntwo\r\n");
  EXPECT_TRUE(std::regex_match(*text, expected)) << *text;
}

TEST(Compose, OwnHeadersReplaceTheMadeOnes) {
  Draft draft = example();
  draft.headers = {"subject: Other", "X-New: 1"};
  const auto text = compose(draft);
  ASSERT_TRUE(text);
  EXPECT_EQ(text->find("Subject: Hi"), std::string::npos);
  EXPECT_NE(text->find("subject: Other\r\nX-New: 1\r\n\r\n"), std::string::npos);
}

TEST(Compose, EncodesASubjectThatIsNotAscii) {
  Draft draft = example();
  draft.subject =
      "Gr\xc3\xbc\xc3\x9f"
      "e";
  draft.body = "\xc3\xa4";
  const auto text = compose(draft);
  ASSERT_TRUE(text);
  EXPECT_NE(text->find("Subject: =?UTF-8?B?R3LDvMOfZQ==?=\r\n"), std::string::npos) << *text;
  EXPECT_NE(text->find("Content-Transfer-Encoding: 8bit\r\n"), std::string::npos);
  draft.subject.clear();
  for (int i = 0; i < 100; ++i) draft.subject += "\xe2\x82\xac";
  const auto lines = compose(draft);
  ASSERT_TRUE(lines);
  std::size_t longest = 0;
  for (std::size_t at = 0, end; (end = lines->find("\r\n", at)) != std::string::npos; at = end + 2) {
    longest = std::max(longest, end - at);
  }
  EXPECT_LE(longest, 85U);
}

TEST(Compose, RefusesWhatWouldBreakAHeader) {
  for (const char* header : {"X", ": v", "X Y: v", "X: a\r\nBcc: b", "X: a\nb", "X: \x01", "\xc3\xa4: v"}) {
    EXPECT_FALSE(header_lines({header})) << header;
  }
  EXPECT_FALSE(header_lines({"X: " + std::string(1000, 'x')}));
  Draft draft = example();
  draft.subject = "a\r\nBcc: x@y";
  EXPECT_FALSE(compose(draft));
  EXPECT_EQ(header_lines({"X: 1", "Y:2"}), "X: 1\r\nY:2\r\n");
}

}  // namespace
}  // namespace postrider::agent
