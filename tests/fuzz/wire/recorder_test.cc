#include "postrider/fuzz/wire/recorder.h"

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "postrider/tests/support/run_task.h"
#include "postrider/transport/memory_stream.h"
#include "postrider/transport/tls/backends/backends.h"
#include "postrider/transport/tls/tls_stream.h"

namespace postrider::fuzz {
namespace {

using std::chrono::seconds;
using tests::settle;
using transport::Endpoint;
using transport::MemoryStream;
using transport::Stream;

class RecorderTest : public testing::Test {
 protected:
  RecorderTest() {
    auto ends = MemoryStream::make_pair(loop_, MemoryStream::kCapacity, Endpoint::local("here"),
                                        Endpoint::local("there"));
    here_ = transport::tapped(loop_, std::move(ends.first), recorder(WireRole::server));
    there_ = std::move(ends.second);
  }

  std::shared_ptr<Recorder> recorder(WireRole role) {
    return std::make_shared<Recorder>(
        clock_, role, "192.0.2.7:4711", [this](std::string_view text) { text_ += text; },
        clock_.steady_now());
  }
  static void write(Stream& stream, std::string_view text) {
    ASSERT_EQ(stream.try_write(std::span(&text, 1)).octets, text.size());
  }
  static std::string read(Stream& stream) {
    std::string text(1000, '\0');
    text.resize(stream.try_read(text).octets);
    return text;
  }

  transport::ManualClock clock_;
  transport::Loop loop_{clock_};
  std::string text_;
  std::unique_ptr<Stream> here_;
  std::unique_ptr<Stream> there_;
};

TEST_F(RecorderTest, WritesDownWhatAServerSaysAndHears) {
  write(*here_, "220 mx\r\n");
  clock_.advance(seconds(1));
  write(*there_, "EHLO a\r");
  EXPECT_EQ(read(*here_), "EHLO a\r");
  const std::array<std::string_view, 3> pieces = {"250", " ok", "\r\n"};
  ASSERT_EQ(here_->try_write(pieces).octets, 8U);
  there_->abort();
  EXPECT_EQ(read(*here_), "");
  here_->abort();
  EXPECT_EQ(text_,
            "postrider-transcript 1\n"
            "0.000000 connected 192.0.2.7:4711\n"
            "0.000000 S: 220 mx\\r\\n\n"
            "1.000000 C: EHLO a\\r\n"
            "1.000000 S: 250 ok\\r\\n\n"
            "1.000000 note Connection reset by peer\n"
            "1.000000 reset\n"
            "1.000000 server-closed\n");
  EXPECT_TRUE(parse_transcript(text_));
}

TEST_F(RecorderTest, TakesSecretsOut) {
  write(*here_, "220 mx\r\n");
  write(*there_, "AUTH PLAIN AGEA");
  (void)read(*here_);
  write(*there_, "YQ==\r\n");
  (void)read(*here_);
  EXPECT_NE(text_.find("C: AUTH PLAIN ****\n"), text_.npos) << text_;
  EXPECT_EQ(text_.find("AGEA"), text_.npos);
  EXPECT_EQ(text_.find("YQ=="), text_.npos);
}

TEST_F(RecorderTest, AClientsSideIsWrittenDownTheSameWay) {
  const auto client = recorder(WireRole::client);
  text_.clear();
  client->on_received("220 mx\r\n");
  client->on_sent("QUIT\r\n");
  client->on_end(transport::error::eof);
  client->on_finished();
  EXPECT_EQ(
      text_,
      "0.000000 S: 220 mx\\r\\n\n0.000000 C: QUIT\\r\\n\n0.000000 server-closed\n0.000000 client-closed\n");
}

TEST_F(RecorderTest, MovesInsideTlsAndSeesWhatIsEncrypted) {
  const transport::TlsProvider& provider = *transport::tls_providers().front();
  const auto made = provider.self_signed({"mx.example", transport::RealClock::instance().system_now()});
  transport::TlsServerConfig config;
  config.certificates.emplace_back(transport::PemSource::text(made->certificate_pem),
                                   transport::PemSource::text(made->key_pem));
  const auto server = provider.server(config).value();
  transport::TlsClientConfig trusting;
  trusting.roots = transport::TlsRoots::nobody();
  const auto client = provider.client(trusting).value();
  transport::TlsTarget target;
  target.name = "mx.example";
  target.policy = transport::TlsPolicy::none;

  std::optional<transport::TlsStart> inner;
  std::optional<transport::TlsStart> outer;
  const transport::SteadyTime deadline = transport::later(loop_.now(), seconds(5));
  loop_.spawn(tests::keep_result(start_tls(loop_, std::move(here_), server->engine(), deadline), inner));
  loop_.spawn(tests::keep_result(
      start_tls(loop_, std::move(there_), client->engine(target).value(), deadline), outer));
  settle(loop_);
  ASSERT_TRUE(inner && outer && *inner && *outer);
  text_.clear();
  write(***outer, "NOOP\r\n");
  EXPECT_EQ(read(***inner), "NOOP\r\n");
  write(***inner, "250 ok\r\n");
  (**outer)->finish_writing();
  (void)read(***inner);
  settle(loop_);
  (**inner)->abort();
  EXPECT_EQ(
      text_,
      "0.000000 C: NOOP\\r\\n\n0.000000 S: 250 ok\\r\\n\n0.000000 client-closed\n0.000000 server-closed\n");
}

TEST_F(RecorderTest, SaysWhenTlsBegan) {
  transport::TlsInfo info;
  info.cipher = "TLS_X";
  recorder(WireRole::server)->on_encrypted(info);
  EXPECT_NE(text_.find(" tls TLSv1.3 TLS_X\n"), text_.npos);
}

}  // namespace
}  // namespace postrider::fuzz
