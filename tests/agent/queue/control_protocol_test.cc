#include "postrider/agent/queue/control_protocol.h"

#include <random>

#include <gtest/gtest.h>

#include "postrider/tests/agent/queue/queue_fixture.h"

namespace postrider::agent {
namespace {

using What = ControlRequest::What;
using Kind = QueueFailure::Kind;

std::string_view without_end(const std::string& line) {
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  return std::string_view(line).substr(0, line.size() - 1);
}

QueueEntry an_entry() {
  auto message = message_to(77, {"bob@example.org", "carol@example.net"});
  message.mail = "MAIL FROM:<alice@example.com> BODY=8BITMIME";
  message.user = "alice";
  message.priority = -2;
  message.content.octets = 12'345;
  message.recipients[0].original = "b\"o\"b@example.org";
  message.recipients[0].delay_reported = true;
  defer(message.recipients[1], std::chrono::minutes(5));
  message.recipients[1].last_reply = "450 na\xc3\xafve\t\"quoted\"";
  return entry_of(message, {"mx:example.org"}, kNow);
}

// What the other side makes of the lines of an entry.
QueueEntry read_back(const std::vector<std::string>& lines) {
  QueueEntry entry;
  for (const std::string& each : lines) {
    EXPECT_LE(each.size(), kMaxControlAnswer);
    auto answer = parse_answer(without_end(each));
    EXPECT_TRUE(answer);
    if (!answer) return entry;
    if (auto* begun = std::get_if<QueueEntry>(&*answer)) {
      entry = std::move(*begun);
    } else if (auto* more = std::get_if<MoreRecipients>(&*answer)) {
      entry.recipients.insert(entry.recipients.end(), more->recipients.begin(), more->recipients.end());
    } else {
      ADD_FAILURE() << each;
    }
  }
  return entry;
}

std::vector<std::string> some_requests() {
  ControlRequest list(What::list);
  list.after = MessageId{5};
  ControlRequest content(What::content);
  content.id = MessageId{6};
  content.limit = 65'536;
  ControlRequest drop(What::act);
  drop.action = QueueAction::drop;
  drop.id = MessageId{7};
  ControlRequest all(What::retry_all);
  all.scope.domain = "example.org";
  all.scope.until = MessageId{9};
  return {to_line(list), to_line(content), to_line(drop), to_line(all)};
}

TEST(ControlProtocol, RequestsAreReadAsTheyWereWritten) {
  const std::vector<std::string> lines = some_requests();
  EXPECT_EQ(lines[0], "{\"do\":\"list\",\"after\":\"0000000000005\"}\n");
  const auto list = parse_request(without_end(lines[0])).value();
  EXPECT_EQ(list.what, What::list);
  EXPECT_EQ(list.after, MessageId{5});
  const auto content = parse_request(without_end(lines[1])).value();
  EXPECT_EQ(content.what, What::content);
  EXPECT_EQ(content.id, MessageId{6});
  EXPECT_EQ(content.limit, 65'536u);
  const auto drop = parse_request(without_end(lines[2])).value();
  EXPECT_EQ(drop.what, What::act);
  EXPECT_EQ(drop.action, QueueAction::drop);
  EXPECT_EQ(drop.id, MessageId{7});
  const auto all = parse_request(without_end(lines[3])).value();
  EXPECT_EQ(all.what, What::retry_all);
  EXPECT_EQ(all.scope.domain, "example.org");
  EXPECT_EQ(all.scope.after, MessageId{});
  EXPECT_EQ(all.scope.until, MessageId{9});
  for (const QueueAction action :
       {QueueAction::retry, QueueAction::hold, QueueAction::release, QueueAction::drop}) {
    ControlRequest act(What::act);
    act.action = action;
    EXPECT_EQ(parse_request(without_end(to_line(act))).value().action, action);
  }
}

TEST(ControlProtocol, MalformedRequestsAreRefusedWithAReason) {
  for (const std::string_view wrong : {"",
                                       "list",
                                       "[]",
                                       "null",
                                       "{",
                                       "{\"do\":1}",
                                       "{\"do\":\"explode\"}",
                                       "{\"do\":\"list\"}",
                                       "{\"do\":\"list\",\"after\":7}",
                                       "{\"do\":\"list\",\"after\":\"7\"}",
                                       "{\"do\":\"show\"}",
                                       "{\"do\":\"show\",\"id\":\"zzzzzzzzzzzzz\"}",
                                       "{\"do\":\"hold\",\"id\":null}",
                                       "{\"do\":\"content\",\"id\":\"0000000000001\"}",
                                       "{\"do\":\"content\",\"id\":\"0000000000001\",\"limit\":-1}",
                                       "{\"do\":\"content\",\"id\":\"0000000000001\",\"limit\":1.5}",
                                       "{\"do\":\"retry-all\",\"after\":\"0000000000000\"}",
                                       "{\"do\":\"list\",\"after\":\"0000000000000\"}x",
                                       "{\"do\":\"list\",\"after\":\"\xff\"}",
                                       "[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]"}) {
    const auto request = parse_request(wrong);
    ASSERT_FALSE(request) << wrong;
    EXPECT_FALSE(request.error().empty());
  }
}

TEST(ControlProtocol, EntriesAreReadAsTheyWereWritten) {
  const QueueEntry entry = an_entry();
  EXPECT_EQ(read_back(to_lines(entry)), entry);
  const QueueEntry damaged = entry_of(queue::DamagedRecord{MessageId{3}, "the checksum is wrong"});
  EXPECT_EQ(read_back(to_lines(damaged)), damaged);
}

TEST(ControlProtocol, ManyRecipientsGoInSeveralLines) {
  QueueEntry entry = an_entry();
  EntryRecipient large = entry.recipients[1];
  large.last_reply = std::string(2'000, '\x01');  // six octets each in JSON
  entry.recipients.resize(1'000, large);
  const std::vector<std::string> lines = to_lines(entry);
  EXPECT_GT(lines.size(), 100u);
  for (const std::string& each : lines) EXPECT_LT(each.size(), 2 * kControlPiece);
  EXPECT_EQ(read_back(lines), entry);
}

TEST(ControlProtocol, OctetsThatAreNoTextSpoilNothing) {
  QueueEntry entry = an_entry();
  entry.recipients[0].last_reply = "450 \xff\xfe\nx";
  EXPECT_EQ(read_back(to_lines(entry)).recipients[0].last_reply, "450 \xef\xbf\xbd\xef\xbf\xbd\nx");
}

TEST(ControlProtocol, ContentIsAnyOctets) {
  std::string octets;
  for (int i = 0; i < 256; ++i) octets += static_cast<char>(i);
  const auto answer = parse_answer(without_end(content_line(octets)));
  ASSERT_TRUE(answer);
  EXPECT_EQ(std::get<ContentPart>(*answer).octets, octets);
  EXPECT_LT(content_line(std::string(kControlPiece, 'x')).size(), kMaxControlAnswer);
}

TEST(ControlProtocol, EndsAreReadAsTheyWereWritten) {
  ControlDone done;
  done.changed = true;
  done.progress = RetryProgress{200, 17, MessageId{200}, MessageId{900}, false};
  const auto answer = parse_answer(without_end(to_line(done)));
  ASSERT_TRUE(answer);
  EXPECT_TRUE(std::get<ControlDone>(*answer).changed);
  EXPECT_EQ(std::get<ControlDone>(*answer).progress, done.progress);
  for (const Kind kind : {Kind::missing, Kind::damaged, Kind::held, Kind::delivered, Kind::store, Kind::agent,
                          Kind::refused, Kind::nobody, Kind::forbidden}) {
    const auto failure = parse_answer(without_end(to_line(QueueFailure(kind, "is \"so\""))));
    ASSERT_TRUE(failure);
    EXPECT_EQ(std::get<QueueFailure>(*failure).kind, kind);
    EXPECT_EQ(std::get<QueueFailure>(*failure).text, "is \"so\"");
  }
}

TEST(ControlProtocol, MalformedAnswersAreNone) {
  for (const std::string_view wrong :
       {"", "{}", "[]", "{\"entry\":1}", "{\"entry\":{}}", "{\"recipients\":{}}", "{\"recipients\":[1]}",
        "{\"recipients\":[{}]}", "{\"content\":1}", "{\"content\":\"=\"}", "{\"done\":1}", "{\"error\":1}",
        "{\"error\":{}}", "{\"error\":{\"kind\":\"store\"}}"}) {
    EXPECT_FALSE(parse_answer(wrong)) << wrong;
  }
}

// Whole lines alone mean anything, and nothing that anybody sends does harm.
TEST(ControlProtocol, TruncatedAndMutatedLinesAreRefusedOrRead) {
  std::vector<std::string> lines = some_requests();
  for (const std::string& each : to_lines(an_entry())) lines.push_back(each);
  lines.push_back(content_line("Hello"));
  lines.push_back(to_line(ControlDone()));
  std::mt19937 random(1);
  for (const std::string& each : lines) {
    const std::string_view whole = without_end(each);
    for (std::size_t length = 0; length < whole.size(); ++length) {
      EXPECT_FALSE(parse_request(whole.substr(0, length)));
      EXPECT_FALSE(parse_answer(whole.substr(0, length)));
    }
    std::size_t read = 0;
    for (int i = 0; i < 2'000; ++i) {
      std::string mutated(whole);
      mutated[random() % mutated.size()] = static_cast<char>(random());
      if (parse_request(mutated) || parse_answer(mutated)) ++read;
    }
    EXPECT_LT(read, 2'000u);
  }
}

}  // namespace
}  // namespace postrider::agent
