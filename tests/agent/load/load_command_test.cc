#include "postrider/agent/load/load_command.h"

#include <array>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "postrider/agent/command_line/command_line.h"
#include "postrider/transport/loop.h"
#include "postrider/transport/socket_network.h"

namespace postrider::agent {
namespace {

using transport::Task;

TEST(LoadCommandTest, IsReadFromTheCommandLine) {
  const Command command = parse_command_line(
      {"load", "mx.example.org:2525", "--messages", "100", "--sessions", "20", "--size", "2048",
       "--per-connection", "5", "--no-pipelining", "--json", "--from", "<>", "--to", "c@example.net"});
  const auto* options = std::get_if<LoadOptions>(&command);
  ASSERT_NE(options, nullptr);
  EXPECT_EQ(options->server, (HostPort{"mx.example.org", 2525}));
  EXPECT_EQ(options->messages, 100U);
  EXPECT_EQ(options->sessions, 20U);
  EXPECT_EQ(options->size, 2048U);
  EXPECT_EQ(options->per_connection, 5U);
  EXPECT_FALSE(options->pipelining);
  EXPECT_TRUE(options->json);
  EXPECT_EQ(options->from, "<>");
  EXPECT_EQ(options->to, "c@example.net");
}

TEST(LoadCommandTest, SaysWhatIsNotBuiltAndWhatIsWrong) {
  const Command tls = parse_command_line({"load", "127.0.0.1:25", "--tls", "starttls"});
  ASSERT_NE(std::get_if<Farewell>(&tls), nullptr);
  EXPECT_EQ(std::get<Farewell>(tls).code, ExitCode::unavailable);
  EXPECT_NE(std::get<Farewell>(tls).text.find("not built yet"), std::string::npos);
  for (const std::string wrong : {"127.0.0.1:port", "[::1", ""}) {
    const Command command = parse_command_line({"load", wrong});
    ASSERT_NE(std::get_if<Farewell>(&command), nullptr) << wrong;
    EXPECT_EQ(std::get<Farewell>(command).code, ExitCode::usage) << wrong;
  }
}

// Takes whatever comes and answers each part of it as if it were what load says without PIPELINING.
Task<void> serve_connection(std::unique_ptr<transport::Stream> stream) {
  std::string out = "220 mx.example.org ESMTP\r\n";
  std::string in;
  bool content = false;
  std::array<char, 4096> buffer;
  for (;;) {
    const transport::error_code failure = co_await stream->write_all(out);
    out.clear();
    const transport::IoResult result = co_await stream->read_some(buffer);
    if (failure || !result.done()) co_return;
    in.append(buffer.data(), result.octets);
    const std::string_view end = content ? "\r\n.\r\n" : "\r\n";
    if (!in.ends_with(end)) continue;
    content = in.starts_with("DATA");
    out = content ? "354 Go on\r\n" : "250 Ok\r\n";
    in.clear();
  }
}

// Greets nobody before `wanted` have come: none of them can do the work of one that is late.
Task<void> serve(transport::Loop& loop, transport::Listener& listener, std::size_t wanted) {
  std::vector<std::unique_ptr<transport::Stream>> streams;
  for (;;) {
    transport::StreamResult stream = co_await listener.accept();
    if (!stream) co_return;
    streams.push_back(std::move(*stream));
    if (streams.size() < wanted) continue;
    wanted = 1;
    for (std::unique_ptr<transport::Stream>& each : streams) loop.spawn(serve_connection(std::move(each)));
    streams.clear();
  }
}

TEST(LoadCommandTest, LoadsAServerAndReportsAsJson) {
  transport::Loop loop;
  transport::SocketNetwork network(loop);
  const auto listener = network.listen(*transport::Endpoint::parse("127.0.0.1:0"), {});
  ASSERT_TRUE(listener);
  loop.spawn(serve(loop, **listener, 7));
  LoadOptions options;
  options.server = {"127.0.0.1", (*listener)->local().port()};
  options.messages = 200;
  options.sessions = 7;
  options.threads = 2;
  options.json = true;
  std::jthread server([&loop] { loop.run(); });
  ::testing::internal::CaptureStdout();
  const ExitCode code = load(options);
  const std::string json = ::testing::internal::GetCapturedStdout();
  loop.halt();
  EXPECT_EQ(code, ExitCode::done);
  EXPECT_NE(json.find("\"accepted\":200,\"failed\":0"), std::string::npos) << json;
  EXPECT_NE(json.find("\"connections\":7"), std::string::npos) << json;
  EXPECT_TRUE(json.ends_with("\"errors\":{}}\n")) << json;
}

// On an address of its own, so that no test beside it is given the port that becomes free.
TEST(LoadCommandTest, SaysThatThereIsNoServer) {
  transport::Loop loop;
  transport::SocketNetwork network(loop);
  auto listener = network.listen(*transport::Endpoint::parse("127.0.0.5:0"), {});
  ASSERT_TRUE(listener);
  LoadOptions options;
  options.server = {"127.0.0.5", (*listener)->local().port()};
  (*listener)->close();
  ::testing::internal::CaptureStdout();
  const ExitCode code = load(options);
  const std::string text = ::testing::internal::GetCapturedStdout();
  EXPECT_EQ(code, ExitCode::unavailable);
  EXPECT_NE(text.find("error        10 x Connection refused\n"), std::string::npos) << text;
}

}  // namespace
}  // namespace postrider::agent
