#include "postrider/client/deliver.h"

#include <memory>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "postrider/server/server.h"
#include "postrider/transport/loop.h"

namespace postrider::client {
namespace {

struct Keeper : server::MessageSink {
  explicit Keeper(std::string& all) : kept(all) {}
  server::Soon<void> write(std::string_view octets) override {
    kept.append(octets);
    return {};
  }
  server::Answer finish(const protocol::ev::BodyEnd&, std::size_t) override { return server::kOk; }
  std::string& kept;
};
struct Session : server::Handler {
  explicit Session(std::string& all) : kept(all) {}
  server::Answer on_rcpt(const protocol::ev::Rcpt&) override { return server::kOk; }
  server::Soon<server::Opened> on_data() override { return server::Opened(std::make_unique<Keeper>(kept)); }
  std::string& kept;
};
struct Factory : server::HandlerFactory {
  std::unique_ptr<server::Handler> make(const server::ConnectionInfo&) override {
    return std::make_unique<Session>(kept);
  }
  std::string kept;
};

Envelope envelope_of_one() {
  Envelope envelope = Envelope::from("a@example.org").value();
  EXPECT_TRUE(envelope.add("b@example.net"));
  return envelope;
}

TEST(Deliver, HandsAMessageToARealServer) {
  Factory factory;
  server::Admission admission({});
  transport::Loops loops(1);
  server::Server server(loops, server::ServerConfig(), factory, admission);
  const auto at = server.listen(*transport::Endpoint::parse("127.0.0.1:0"));
  ASSERT_TRUE(at);
  std::thread running([&loops] { loops.run(); });

  MemoryMessage message("Subject: x\r\n\r\n.\r\n");
  const DeliveryReport report = deliver(*at, envelope_of_one(), message);
  EXPECT_TRUE(report.all_delivered()) << report.text(0);
  EXPECT_FALSE(report.failure);

  server.stop(std::chrono::seconds(5));
  loops.stop();
  running.join();
  EXPECT_EQ(factory.kept, "Subject: x\r\n\r\n.\r\n");
}

TEST(Deliver, SaysWhyThereIsNoConnection) {
  MemoryMessage message("Subject: x\r\n\r\n");
  const DeliveryReport report =
      deliver(*transport::Endpoint::parse("unix:/nonexistent/socket"), envelope_of_one(), message);
  ASSERT_TRUE(report.failure);
  EXPECT_EQ(report.failure->phase, Phase::connect);
  ASSERT_EQ(report.recipients.size(), 1u);
  EXPECT_FALSE(report.all_delivered());
  EXPECT_EQ(report.recipients[0].decision, report.failure->decision());
}

}  // namespace
}  // namespace postrider::client
