#include "postrider/agent/serve/header_completion.h"

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace postrider::agent {
namespace {

std::string completed(std::string_view message, std::size_t first, std::size_t second) {
  HeaderCompletion completion("Date: D\r\n", "Message-ID: <M>\r\n");
  std::string out;
  const auto put = [&out](std::string_view piece) { out += piece; };
  completion.feed(message.substr(0, first), put);
  completion.feed(message.substr(first, second - first), put);
  completion.feed(message.substr(second), put);
  completion.finish(put);
  return out;
}

struct Case {
  std::string message;
  std::string result;
};

TEST(HeaderCompletion, AddsWhatIsMissingHoweverTheMessageIsCut) {
  const std::vector<Case> table = {
      {"Subject: x\r\n\r\nbody\r\n", "Subject: x\r\nDate: D\r\nMessage-ID: <M>\r\n\r\nbody\r\n"},
      {"Date: then\r\nSubject: x\r\n\r\nbody\r\n",
       "Date: then\r\nSubject: x\r\nMessage-ID: <M>\r\n\r\nbody\r\n"},
      {"MESSAGE-ID: <1@x>\r\n\r\n", "MESSAGE-ID: <1@x>\r\nDate: D\r\n\r\n"},
      {"message-id : <1@x>\r\nDATE:\r\n then\r\n\r\n\r\n",
       "message-id : <1@x>\r\nDATE:\r\n then\r\n\r\n\r\n"},
      // Neither a longer name, nor a folded line, nor the body is the field.
      {"Resent-Date: x\r\nDates: x\r\nX: y\r\n Date: no\r\n\tMessage-ID: no\r\n\r\nDate: no\r\n\r\n",
       "Resent-Date: x\r\nDates: x\r\nX: y\r\n Date: no\r\n\tMessage-ID: no\r\nDate: D\r\nMessage-ID: <M>\r\n"
       "\r\nDate: no\r\n\r\n"},
      {"Message-IDs: no\r\nDate: then\r\n\r\n", "Message-IDs: no\r\nDate: then\r\nMessage-ID: <M>\r\n\r\n"},
      {"\r\nbody\r\n", "Date: D\r\nMessage-ID: <M>\r\n\r\nbody\r\n"},
      {"Subject: no body\r\n", "Subject: no body\r\nDate: D\r\nMessage-ID: <M>\r\n"},
      {"Subject: cut", "Subject: cut\r\nDate: D\r\nMessage-ID: <M>\r\n"},
      {"Date: a\r\nMessage-ID: b", "Date: a\r\nMessage-ID: b"},
      {"", "Date: D\r\nMessage-ID: <M>\r\n"},
      // BINARYMIME may bring anything.
      {"Subject: x\n\nbody\n", "Subject: x\nDate: D\r\nMessage-ID: <M>\r\n\nbody\n"},
      {"Subject: x\r\n\rbody\r\n", "Subject: x\r\n\rbody\r\nDate: D\r\nMessage-ID: <M>\r\n"},
      {"Subject: x\r\n\r", "Subject: x\r\n\r\r\nDate: D\r\nMessage-ID: <M>\r\n"},
  };
  for (const Case& each : table) {
    SCOPED_TRACE(testing::PrintToString(each.message));
    for (std::size_t first = 0; first <= each.message.size(); ++first) {
      for (std::size_t second = first; second <= each.message.size(); ++second) {
        ASSERT_EQ(completed(each.message, first, second), each.result) << first << ' ' << second;
      }
    }
  }
}

}  // namespace
}  // namespace postrider::agent
