// A fault at every step: whatever breaks, and whenever, the client ends, says so, and claims nothing that is
// not true.
#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "postrider/client/client.h"
#include "postrider/tests/client/client_fixture.h"
#include "postrider/tests/client/session_server.h"

namespace postrider::client::testing {
namespace {

struct Way {
  std::string name;
  std::size_t octets;
  protocol::Flavor flavor = protocol::Flavor::smtp;
  Chunking chunking = Chunking::when_needed;
  bool pipelining = true;
  bool inspected = true;
  std::size_t most_read = 1 << 20;
  std::size_t capacity = transport::MemoryStream::kCapacity;
};

// A message whose length is not known beforehand.
class Unknown final : public MessageSource {
 public:
  explicit Unknown(std::string_view octets) : octets_(octets), rest_(octets) {}
  MessageFacts facts() const override { return {}; }
  Task<SliceResult> next() override {
    Slice slice;
    slice.octets = rest_.substr(0, 700);
    rest_.remove_prefix(slice.octets.size());
    slice.last = rest_.empty();
    co_return slice;
  }
  transport::error_code rewind() override {
    rest_ = octets_;
    return {};
  }

 private:
  std::string_view octets_;
  std::string_view rest_;
};

class ClientFailureTest : public ClientTest, public ::testing::WithParamInterface<Way> {
 protected:
  void SetUp() override {
    config.flavor = GetParam().flavor;
    config.chunking = GetParam().chunking;
    config.pipelining = GetParam().pipelining;
    capacity = GetParam().capacity;
    text_ = make_text(GetParam().octets);
    client_script.most_read = GetParam().most_read;
  }

  Session deliver(SessionServer& server) {
    server.refusals["c@example.net"] =
        protocol::Reply(protocol::code::mailbox_unavailable, protocol::status::bad_mailbox, "No such user");
    const Envelope envelope =
        make_envelope("a@example.org", {"b@example.net", "c@example.net", "d@example.net"});
    if (GetParam().inspected) {
      MemoryMessage message(text_);
      return play(server, envelope, message, 2);
    }
    Unknown message(text_);
    return play(server, envelope, message, 2);
  }

  void check(const DeliveryReport& report, const SessionServer& server, std::size_t number) {
    const bool taken = server.messages.size() > number;
    EXPECT_TRUE(report.failure || report.recipients[0].delivered());
    for (const std::size_t index : {0U, 2U}) {
      const RecipientResult& result = report.recipients[index];
      if (result.delivered()) {
        EXPECT_TRUE(taken) << "called delivered, and is not";
      }
      if (taken && !result.delivered()) {
        EXPECT_TRUE(result.may_have_been_delivered) << "would be sent twice";
      }
      if (!result.delivered()) {
        EXPECT_TRUE(report.failure);
      }
    }
    EXPECT_FALSE(report.recipients[1].delivered());
  }

  std::string text_;
};

TEST_P(ClientFailureTest, IsMetAtEveryStep) {
  std::uint64_t steps = 0;
  for (bool untouched = false; !untouched;) {
    for (transport::MemoryScript* script : {&client_script, &server_script}) {
      SCOPED_TRACE("failure at operation " + std::to_string(steps + 1) +
                   (script == &client_script ? " of the client" : " of the server"));
      client_script.operations = server_script.operations = 0;
      script->fail_at = steps + 1;
      SessionServer server(SessionServer::options(GetParam().flavor));
      const Session session = deliver(server);
      script->fail_at = transport::MemoryScript::kNoFailure;
      for (const SessionServer::Message& message : server.messages) {
        EXPECT_EQ(message.content, text_) << "half a message was taken";
        EXPECT_EQ(message.recipients, (std::vector<std::string>{"b@example.net", "d@example.net"}));
      }
      if (session.report) check(*session.report, server, 0);
      if (!session.report) {
        EXPECT_FALSE(session.started);
      }
      if (session.report && session.report->recipients[0].delivered() && !session.more.empty()) {
        check(session.more[0], server, 1);
      }
      untouched = client_script.operations <= steps && server_script.operations <= steps;
      if (untouched) {
        EXPECT_EQ(server.messages.size(), 2U);
      }
      if (HasFailure()) return;
    }
    ++steps;
  }
  EXPECT_GT(steps, 10U);
}

std::vector<Way> ways() {
  std::vector<Way> all;
  all.push_back({.name = "Data", .octets = 3000});
  all.push_back({.name = "DataInTurns", .octets = 3000, .pipelining = false});
  all.push_back({.name = "DataThroughASmallPipe", .octets = 3000, .capacity = 300});
  all.push_back({.name = "DataRepliesOctetByOctet", .octets = 300, .most_read = 1});
  all.push_back({.name = "DataOfUnknownLength", .octets = 3000, .inspected = false});
  all.push_back({.name = "LargeData", .octets = 100'000, .capacity = 20'000});
  all.push_back({.name = "Lmtp", .octets = 3000, .flavor = protocol::Flavor::lmtp});
  all.push_back(
      {.name = "LmtpRepliesOctetByOctet", .octets = 300, .flavor = protocol::Flavor::lmtp, .most_read = 1});
  all.push_back({.name = "ChunkAtOnce", .octets = 3000, .chunking = Chunking::at_once});
  all.push_back({.name = "ChunkAtOnceThroughASmallPipe",
                 .octets = 3000,
                 .chunking = Chunking::at_once,
                 .capacity = 300});
  all.push_back({.name = "ChunkAtOnceInLmtp",
                 .octets = 3000,
                 .flavor = protocol::Flavor::lmtp,
                 .chunking = Chunking::at_once});
  all.push_back({.name = "OneChunk", .octets = 100'000, .chunking = Chunking::always, .capacity = 20'000});
  all.push_back(
      {.name = "OneChunkInTurns", .octets = 3000, .chunking = Chunking::always, .pipelining = false});
  all.push_back({.name = "SeveralChunks", .octets = 3000, .chunking = Chunking::always, .inspected = false});
  all.push_back({.name = "SeveralChunksInTurns",
                 .octets = 3000,
                 .chunking = Chunking::always,
                 .pipelining = false,
                 .inspected = false});
  return all;
}

INSTANTIATE_TEST_SUITE_P(Ways, ClientFailureTest, ::testing::ValuesIn(ways()),
                         [](const auto& way) { return way.param.name; });

}  // namespace
}  // namespace postrider::client::testing
