// What the tests of the server share: a handler that records what it was asked, and a session over memory
// streams in which the test plays the client.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "postrider/server/sessions.h"
#include "postrider/tests/support/run_task.h"
#include "postrider/transport/memory_stream.h"
#include "postrider/transport/tls/provider.h"

namespace postrider::tests {

using server::Answer;
using server::Opened;
using server::Soon;
using transport::Task;

struct Message {
  std::string from;
  std::vector<std::string> to;
  std::string content;

  friend bool operator==(const Message&, const Message&) = default;
};

// What happened, over all sessions of a test.
struct Record {
  std::vector<Message> messages;  // answered positively
  int abandoned = 0;              // sinks that went without finish()
  int sinks = 0;                  // alive now
  int handlers = 0;               // alive now
  std::vector<std::string> calls;
  std::vector<std::string> ends;
};

// How the handler behaves.
struct Behaviour {
  bool later = false;    // answers come from tasks that wait
  std::string throw_in;  // the call that throws: "rcpt", "write", ...
  std::string stall_in;  // the call whose task waits for `go`
  std::optional<protocol::Reply> greeting;
  std::optional<protocol::Reply> data_refusal;
  std::map<std::string, protocol::Reply> recipient_replies;  // by local part
  std::vector<protocol::Reply> final_replies;                // by recipient; Ok beyond
  protocol::Reply start_tls = protocol::Reply(protocol::code::service_ready, "Go ahead");
  transport::Signal* go = nullptr;
  std::shared_ptr<const transport::TlsServerContext> tls;
};

class TestSink final : public server::MessageSink {
 public:
  TestSink(transport::Loop& loop, Record& record, const Behaviour& behaviour, Message envelope)
      : loop_(loop), record_(record), behaviour_(behaviour), message_(std::move(envelope)) {
    ++record_.sinks;
  }
  ~TestSink() override {
    --record_.sinks;
    if (!finished_) ++record_.abandoned;
  }

  Soon<void> write(std::string_view octets) override {
    if (behaviour_.throw_in == "write" && !behaviour_.later) throw std::runtime_error("write");
    if (behaviour_.later) return write_later(octets);
    message_.content += octets;
    return {};
  }

  Answer finish(const protocol::ev::BodyEnd&, std::size_t recipient) override {
    if (behaviour_.throw_in == "finish" && !behaviour_.later) throw std::runtime_error("finish");
    if (behaviour_.later || behaviour_.stall_in == "finish") return finish_later(recipient);
    return settle_for(recipient);
  }

 private:
  Task<void> write_later(std::string_view octets) {
    co_await loop_.yield();
    if (behaviour_.throw_in == "write") throw std::runtime_error("write");
    message_.content += octets;
  }

  Task<protocol::Reply> finish_later(std::size_t recipient) {
    if (behaviour_.stall_in == "finish") {
      [[maybe_unused]] const transport::error_code woken = co_await behaviour_.go->wait();
    } else {
      co_await loop_.yield();
    }
    if (behaviour_.throw_in == "finish") throw std::runtime_error("finish");
    co_return settle_for(recipient);
  }

  protocol::Reply settle_for(std::size_t recipient) {
    protocol::Reply reply(server::kOk);
    if (recipient < behaviour_.final_replies.size()) reply = behaviour_.final_replies[recipient];
    if (reply.code().positive() && !std::exchange(finished_, true)) record_.messages.push_back(message_);
    finished_ = true;
    return reply;
  }

  transport::Loop& loop_;
  Record& record_;
  const Behaviour& behaviour_;
  Message message_;
  bool finished_ = false;
};

class TestHandler : public server::Handler {
 public:
  TestHandler(const server::ConnectionInfo& info, Record& record, const Behaviour& behaviour)
      : info_(info), record_(record), behaviour_(behaviour) {
    ++record_.handlers;
  }
  ~TestHandler() override { --record_.handlers; }

  Answer on_connect(const protocol::ReplyView& greeting) override {
    return give("connect", behaviour_.greeting ? *behaviour_.greeting : protocol::Reply(greeting));
  }
  Answer on_hello(const protocol::ev::Hello&) override { return give("hello", protocol::Reply(server::kOk)); }

  Answer on_mail(const protocol::ev::Mail& mail) override {
    envelope_ = Message();
    envelope_.from = mail.from.null ? "" : std::string(mail.from.mailbox.local_part());
    return give("mail", protocol::Reply(server::kOk));
  }

  Answer on_rcpt(const protocol::ev::Rcpt& rcpt) override {
    const std::string name(rcpt.to.mailbox.local_part());
    const auto found = behaviour_.recipient_replies.find(name);
    const protocol::Reply reply =
        found == behaviour_.recipient_replies.end() ? protocol::Reply(server::kOk) : found->second;
    if (reply.code().positive()) envelope_.to.push_back(name);
    return give("rcpt", reply);
  }

  Soon<Opened> on_data() override {
    note("data");
    if (behaviour_.later) return open_later();
    return open();
  }

  Answer on_start_tls() override { return give("starttls", behaviour_.start_tls); }
  void on_reset(const protocol::ev::Reset&) noexcept override { record_.calls.push_back("reset"); }
  void on_refused(const protocol::ev::Refused&) noexcept override { record_.calls.push_back("refused"); }
  void on_body_refused(const protocol::ev::BodyRefused&) noexcept override {
    record_.calls.push_back("body_refused");
  }
  void on_end(const server::SessionEnd& end) noexcept override {
    record_.ends.emplace_back(server::to_string(end));
  }

 protected:
  const server::ConnectionInfo& info() const { return info_; }
  const Behaviour& behaviour() const { return behaviour_; }
  Record& record() const { return record_; }

  Answer give(const std::string& call, const protocol::Reply& reply) {
    note(call);
    if (behaviour_.later || behaviour_.stall_in == call) return give_later(call, reply);
    return reply;
  }

 private:
  void note(const std::string& call) {
    record_.calls.push_back(call);
    if (behaviour_.throw_in == call && !behaviour_.later) throw std::runtime_error(call);
  }

  Task<protocol::Reply> give_later(std::string call, protocol::Reply reply) {
    if (behaviour_.stall_in == call) {
      [[maybe_unused]] const transport::error_code woken = co_await behaviour_.go->wait();
    } else {
      co_await info_.loop().yield();
    }
    if (behaviour_.throw_in == call) throw std::runtime_error(call);
    co_return reply;
  }

  Opened open() {
    if (behaviour_.data_refusal) return Opened(std::unexpect, *behaviour_.data_refusal);
    return Opened(std::make_unique<TestSink>(info_.loop(), record_, behaviour_, envelope_));
  }

  Task<Opened> open_later() {
    co_await info_.loop().yield();
    if (behaviour_.throw_in == "data") throw std::runtime_error("data");
    co_return open();
  }

  const server::ConnectionInfo& info_;
  Record& record_;
  const Behaviour& behaviour_;
  Message envelope_;
};

template <class H = TestHandler>
class TestFactory final : public server::HandlerFactory {
 public:
  TestFactory(Record& record, const Behaviour& behaviour) : record_(record), behaviour_(behaviour) {}
  std::unique_ptr<server::Handler> make(const server::ConnectionInfo& info) override {
    return std::make_unique<H>(info, record_, behaviour_);
  }

 private:
  Record& record_;
  const Behaviour& behaviour_;
};

inline server::ServerConfig test_config() {
  server::ServerConfig config;
  config.protocol.hostname = "mx.test";
  config.protocol.capabilities.offer(protocol::Extension::pipelining)
      .offer(protocol::Extension::chunking)
      .offer(protocol::Extension::enhanced_status_codes);
  return config;
}

// The client's end of a session.
class Client {
 public:
  Client(transport::Loop& loop, std::unique_ptr<transport::MemoryStream> stream)
      : loop_(loop), stream_(std::move(stream)) {}

  // Sends what the pipe takes; returns what was left over.
  std::string_view send(std::string_view text) {
    const transport::IoResult result = stream_->try_write(std::span(&text, 1));
    settle(loop_);
    return text.substr(result.octets);
  }

  // What has come from the server.
  std::string receive() {
    std::string text;
    std::array<char, 4096> buffer;
    for (;;) {
      settle(loop_);
      const transport::IoResult result = stream_->try_read(buffer);
      if (result.status == transport::IoStatus::end || result.status == transport::IoStatus::failed)
        closed_ = true;
      if (!result.done()) return text;
      text.append(buffer.data(), result.octets);
    }
  }

  std::string say(std::string_view text) {
    send(text);
    return receive();
  }

  // The server's side is closed. Look with receive() first.
  bool closed() const { return closed_; }
  void hang_up() {
    stream_.reset();
    settle(loop_);
  }
  transport::MemoryStream& stream() { return *stream_; }

 private:
  transport::Loop& loop_;
  std::unique_ptr<transport::MemoryStream> stream_;
  bool closed_ = false;
};

// A server without listeners on a clock that stands still.
template <class H = TestHandler>
class SessionFixture : public testing::Test {
 protected:
  // Whatever a test did, nothing may be left of it.
  void TearDown() override {
    settle(loop_);
    sessions_.stop_now();
    advance(std::chrono::minutes(1));
    EXPECT_EQ(sessions_.size(), 0U);
    EXPECT_EQ(loop_.tasks(), 0U);
    EXPECT_EQ(loop_.buffers().borrowed(), 0U);
    EXPECT_EQ(record_.handlers, 0);
    EXPECT_EQ(record_.sinks, 0);
  }

  Client connect(server::ServerConfig config = test_config()) {
    sessions_.reconfigure(server::Service::make(std::move(config)));
    return connect_again();
  }

  Client connect_again() {
    auto [client, service] =
        transport::MemoryStream::make_pair(loop_, capacity_, *transport::Endpoint::parse("192.0.2.1:1025"),
                                           *transport::Endpoint::parse("192.0.2.2:25"));
    service->follow(script_);
    loop_.spawn(sessions_.serve(std::move(service)));
    settle(loop_);
    return Client(loop_, std::move(client));
  }

  void advance(transport::Duration by) {
    clock_.advance(by);
    loop_.expire();
    settle(loop_);
    // Deadlines fire up to two ticks late.
    clock_.advance(2 * transport::Deadlines::kTick);
    loop_.expire();
    settle(loop_);
  }

  transport::ManualClock clock_;
  transport::Loop loop_{clock_};
  Record record_;
  Behaviour behaviour_;
  transport::MemoryScript script_;
  TestFactory<H> factory_{record_, behaviour_};
  server::Sessions sessions_{loop_, server::Service::make(test_config()), factory_};
  std::size_t capacity_ = transport::MemoryStream::kCapacity;
};

}  // namespace postrider::tests
