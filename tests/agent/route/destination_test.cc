#include "postrider/agent/route/destination.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace postrider::agent {
namespace {

TEST(Destination, ReadsEveryForm) {
  const auto path = MaildirPath::parse("/var/mail/{domain}/{local}");
  struct Case {
    std::string_view text;
    Destination expected;
    bool relay;
  };
  const std::vector<Case> table{
      {"maildir:/var/mail/{domain}/{local}", ToMaildir{path.value()}, false},
      {"discard", Discard{}, false},
      {"reject:No such place", Reject{"No such place"}, false},
      {"mx", ToMx{25}, true},
      {"mx:2525", ToMx{2525}, true},
      {"smtp://relay.example:587", ToSmartHost{{"relay.example", 587}, false}, true},
      {"smtp://relay.example", ToSmartHost{{"relay.example", 25}, false}, true},
      {"smtp://[::1]:26/", ToSmartHost{{"::1", 26}, false}, true},
      {"smtps://relay.example", ToSmartHost{{"relay.example", 465}, true}, true},
      {"lmtp://127.0.0.1:24", ToLmtp{{"127.0.0.1", 24}}, true},
      {"lmtp+unix:/run/lmtp.sock", ToLmtpSocket{"/run/lmtp.sock"}, true},
  };
  for (const Case& each : table) {
    const auto parsed = parse_destination(each.text);
    ASSERT_TRUE(parsed) << each.text << ": " << parsed.error();
    EXPECT_TRUE(*parsed == each.expected) << each.text;
    EXPECT_EQ(is_relay(*parsed), each.relay) << each.text;
  }
}

TEST(Destination, RefusesEverythingElse) {
  for (const std::string& text : std::vector<std::string>{"",
                                                          "Discard",
                                                          "discard:",
                                                          "maildir:",
                                                          "maildir",
                                                          "maildir:{user}",
                                                          "maildir:a{local",
                                                          "maildir:a}b",
                                                          "reject:",
                                                          "reject",
                                                          "reject:a\r\nb",
                                                          "reject:\xc3\xa4",
                                                          "reject:" + std::string(481, 'x'),
                                                          "mx:",
                                                          "mx:0",
                                                          "mx:65536",
                                                          "smtp:host",
                                                          "smtp://",
                                                          "smtp://host:0",
                                                          "smtp://a@b:25",
                                                          "http://host",
                                                          "lmtp+unix:",
                                                          "lmtp://",
                                                          std::string("maildir:a\0b", 11)}) {
    EXPECT_FALSE(parse_destination(text)) << text;
  }
}

}  // namespace
}  // namespace postrider::agent
