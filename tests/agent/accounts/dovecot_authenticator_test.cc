#include "postrider/agent/accounts/dovecot_authenticator.h"

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "postrider/tests/support/run_task.h"
#include "postrider/transport/memory_network.h"

namespace postrider::agent {
namespace {

using server::AuthStep;
using transport::Endpoint;
using transport::Task;

// A Dovecot in memory: says its introduction, then an answer to each line. An empty answer closes.
struct FakeDovecot {
  std::string introduction =
      "VERSION\t1\t2\nMECH\tPLAIN\tplaintext\nMECH\tLOGIN\tplaintext\nMECH\tANONYMOUS\tanonymous\n"
      "MECH\tSCRAM-SHA-256-PLUS\nMECH\tEXTERNAL\nSPID\t7\nCUID\t1\nCOOKIE\tabc\nDONE\n";
  std::function<std::string(const std::string&)> answer;
  std::vector<std::string> lines;  // what was said to it

  Task<void> serve(std::unique_ptr<transport::Stream> stream) {
    const transport::error_code failure = co_await stream->write_all(introduction);
    if (failure) co_return;
    std::string buffer;
    for (;;) {
      std::array<char, 512> room;
      const std::span<char> into(room);
      const transport::IoResult in = co_await stream->read_some(into);
      if (!in.done()) co_return;
      buffer.append(room.data(), in.octets);
      for (std::size_t end = buffer.find('\n'); end != std::string::npos; end = buffer.find('\n')) {
        lines.push_back(buffer.substr(0, end));
        buffer.erase(0, end + 1);
        const std::string& line = lines.back();
        if (line.starts_with("VERSION") || line.starts_with("CPID")) continue;
        const std::string reply = answer(line);
        if (reply.empty()) co_return;
        const transport::error_code lost = co_await stream->write_all(reply);
        if (lost) co_return;
      }
    }
  }
  Task<void> listen(transport::Loop& loop, transport::Listener& listener) {
    for (;;) {
      transport::StreamResult accepted = co_await listener.accept();
      if (!accepted) co_return;
      loop.spawn(serve(*std::move(accepted)));
    }
  }
};

class DovecotLogin : public testing::Test {
 protected:
  DovecotLogin() : listener_(*network_.listen(kSocket, {})) {
    loop_.spawn(fake_.listen(loop_, *listener_));
    peer_.loop = &loop_;
    peer_.peer = *Endpoint::parse("192.0.2.1:1000");
    peer_.local = *Endpoint::parse("[2001:db8::1]:587");
    peer_.connection.encrypted = true;
  }
  ~DovecotLogin() override {
    listener_->close();
    tests::settle(loop_);
  }

  static Task<transport::StreamResult> connect(transport::MemoryNetwork& network, Endpoint to,
                                               transport::ConnectOptions options) {
    transport::StreamResult connected = co_await network.connect(to, options);
    co_return connected;
  }
  AuthStep wait(server::Soon<AuthStep> soon) {
    if (soon.is_ready()) return soon.value();
    return tests::run_task(loop_, std::move(soon).task());
  }
  static std::string shown(const AuthStep& step) {
    if (const auto* challenge = std::get_if<server::Challenge>(&step)) return "334 " + challenge->base64;
    return protocol::to_log_line(std::get<server::Reply>(step).view());
  }
  std::string begin(std::string_view mechanism, std::optional<std::string_view> initial) {
    auto started = authenticator_.start(mechanism, peer_);
    if (!started) return protocol::to_log_line(started.error().view());
    authentication_ = *std::move(started);
    return shown(wait(authentication_->begin(initial)));
  }
  bool refresh() {
    const auto refreshed = tests::run_task(loop_, authenticator_.refresh(loop_));
    failure_ = refreshed ? "" : refreshed.error();
    return refreshed.has_value();
  }

  inline static const Endpoint kSocket = Endpoint::local("/run/dovecot/auth-client");
  static constexpr const char* kNotNow = "454 4.7.0 Cannot authenticate now, try again later";

  transport::Loop loop_;
  transport::MemoryNetwork network_{loop_};
  FakeDovecot fake_;
  std::unique_ptr<transport::Listener> listener_;
  DovecotAuthenticator authenticator_{
      kSocket, 5, [this](transport::Loop&, Endpoint to, transport::ConnectOptions options) {
        return connect(network_, std::move(to), options);
      }};
  server::AuthPeer peer_;
  std::unique_ptr<server::Authentication> authentication_;
  std::string failure_;  // of the last refresh()
};

TEST_F(DovecotLogin, OffersWhatDovecotHas) {
  protocol::Capabilities offered;
  authenticator_.offer(peer_, offered);
  EXPECT_TRUE(offered.mechanisms().empty());
  ASSERT_TRUE(refresh());
  authenticator_.offer(peer_, offered);
  std::string text;
  write_ehlo_text("mx", offered, text);
  EXPECT_EQ(text, "mx\nAUTH PLAIN LOGIN");
  EXPECT_TRUE(begin("ANONYMOUS", "=").starts_with("504 5.5.4"));
  EXPECT_TRUE(begin("EXTERNAL", "=").starts_with("504 5.5.4"));
  peer_.connection.encrypted = false;
  EXPECT_TRUE(begin("PLAIN", "=").starts_with("538 5.7.11"));
  protocol::Capabilities in_clear;
  authenticator_.offer(peer_, in_clear);
  EXPECT_TRUE(in_clear.mechanisms().empty());
}

TEST_F(DovecotLogin, PassesAnInitialResponseOn) {
  ASSERT_TRUE(refresh());
  fake_.answer = [](const std::string&) { return "OK\t1\tuser=fred\n"; };
  EXPECT_EQ(begin("plain", "AGZyZWQAcGVuY2ls"), "235 2.7.0 Authenticated");
  EXPECT_EQ(authentication_->user(), "fred");
  ASSERT_EQ(fake_.lines.size(), 5u);  // VERSION and CPID of each of two connections, and this
  EXPECT_EQ(fake_.lines[4],
            "AUTH\t1\tPLAIN\tservice=smtp\tnologin\tsecured\tlip=2001:db8::1\trip=192.0.2.1\tlport="
            "587\trport=1000\t"
            "resp=AGZyZWQAcGVuY2ls");
  EXPECT_EQ(fake_.lines[0], "VERSION\t1\t1");
  EXPECT_EQ(fake_.lines[1], "CPID\t1073741829");
  EXPECT_EQ(fake_.lines[3], "CPID\t1073741830");
}

TEST_F(DovecotLogin, PassesChallengesOn) {
  ASSERT_TRUE(refresh());
  int turn = 0;
  fake_.answer = [&](const std::string& line) -> std::string {
    ++turn;
    if (turn == 1) return "CONT\t1\tVXNlcm5hbWU6\n";
    if (turn == 2) return "CONT\t7\tb3RoZXI=\nCONT\t1\tUGFzc3dvcmQ6\n";  // one is not for us
    EXPECT_EQ(line, "CONT\t1\tcGVuY2ls");
    return "OK\t1\tuser=fred\n";
  };
  EXPECT_EQ(begin("LOGIN", std::nullopt), "334 VXNlcm5hbWU6");
  EXPECT_TRUE(fake_.lines.back().ends_with("\trport=1000"));
  EXPECT_EQ(shown(wait(authentication_->respond("ZnJlZA=="))), "334 UGFzc3dvcmQ6");
  EXPECT_EQ(authentication_->user(), "");
  EXPECT_EQ(shown(wait(authentication_->respond("cGVuY2ls"))), "235 2.7.0 Authenticated");
  EXPECT_EQ(authentication_->user(), "fred");
}

TEST_F(DovecotLogin, FailuresAreFinalOrTemporary) {
  ASSERT_TRUE(refresh());
  fake_.answer = [](const std::string&) { return "FAIL\t1\tuser=fred\n"; };
  EXPECT_EQ(begin("PLAIN", "AGZyZWQAeA=="), "535 5.7.8 Credentials are not good");
  fake_.answer = [](const std::string&) { return "FAIL\t1\tuser=fred\ttemp\n"; };
  EXPECT_EQ(begin("PLAIN", "AGZyZWQAeA=="), kNotNow);
  fake_.answer = [](const std::string&) { return ""; };
  EXPECT_EQ(begin("PLAIN", "AGZyZWQAeA=="), kNotNow);
  fake_.answer = [](const std::string&) { return "OK\t1\n"; };
  EXPECT_EQ(begin("PLAIN", "AGZyZWQAeA=="), kNotNow);
  EXPECT_EQ(authentication_->user(), "");
  fake_.answer = [](const std::string&) { return std::string(40'000, 'x'); };
  EXPECT_EQ(begin("PLAIN", "AGZyZWQAeA=="), kNotNow);
  fake_.answer = [](const std::string&) { return "NOISE\n" + std::string(5000, '\n'); };
  EXPECT_EQ(begin("PLAIN", "AGZyZWQAeA=="), kNotNow);
}

TEST_F(DovecotLogin, NothingButBase64ReachesIt) {
  ASSERT_TRUE(refresh());
  const std::size_t said = fake_.lines.size();
  for (const std::string_view bad : {"AAA\tresp=x", "A\nAUTH", "*", "==="}) {
    EXPECT_TRUE(begin("PLAIN", bad).starts_with("501 5.5.2")) << bad;
  }
  EXPECT_EQ(fake_.lines.size(), said);
}

TEST_F(DovecotLogin, ABadIntroductionIsNone) {
  for (const std::string_view bad : {"VERSION\t2\t0\nDONE\n", "MECH\tPLAIN\nDONE\n",
                                     "VERSION\t1\t0\nMECH\t\nDONE\n", "220 mx ESMTP\r\nx\nDONE\n"}) {
    fake_.introduction = bad;
    EXPECT_FALSE(refresh()) << bad;
  }
  fake_.introduction = "VERSION\t1\t0\n";
  for (int i = 0; i < 1000; ++i) fake_.introduction += "SPID\t1\n";
  EXPECT_FALSE(refresh());
  EXPECT_EQ(failure_, "what listens there does not introduce itself as a Dovecot");
  listener_->close();
  tests::settle(loop_);
  EXPECT_FALSE(refresh());
  EXPECT_EQ(failure_, "Connection refused");
}

}  // namespace
}  // namespace postrider::agent
