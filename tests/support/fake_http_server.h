// An HTTP server in memory that answers as a test wants it to, on any Network.
//
//   FakeHttpServer server(loop, network, endpoint, tls_context);     // nullptr: in clear
//   server.answer = [](const std::string& request) { return FakeHttpServer::response(200, "hello"); };
//
// What the answer says goes out as it is. Everything belongs to one loop.
#pragma once

#include <algorithm>
#include <charconv>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "postrider/tests/support/run_task.h"
#include "postrider/transport/network.h"
#include "postrider/transport/tls/provider.h"
#include "postrider/transport/tls/tls_stream.h"

namespace postrider::tests {

class FakeHttpServer {
 public:
  FakeHttpServer(transport::Loop& loop, transport::Network& network, const transport::Endpoint& at,
                 std::shared_ptr<const transport::TlsServerContext> tls)
      : loop_(loop), tls_(std::move(tls)), listener_(network.listen(at, {}).value()) {
    loop_.spawn(accept());
  }
  ~FakeHttpServer() {
    listener_->close();
    for (transport::Stream* each : open_) each->abort();
    settle(loop_);
  }

  static std::string response(int status, std::string_view body, std::string_view fields = "") {
    return "HTTP/1.1 " + std::to_string(status) + " Some Reason\r\n" + std::string(fields) +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
  }
  const transport::Endpoint& local() const { return listener_->local(); }
  // Cuts every connection, as a server does that tires of idle clients.
  void cut() {
    for (transport::Stream* each : open_) each->abort();
  }

  std::function<std::string(const std::string& request)> answer = [](const std::string& /*request*/) {
    return response(200, "");
  };
  bool close_after = false;  // each response
  bool polite = true;        // with close_notify
  bool silent = false;       // takes requests and never answers
  std::vector<std::string> requests;
  std::size_t connections = 0;
  std::size_t at_once = 0;  // requests whose answer has not gone out
  std::size_t most_at_once = 0;
  // Set to hold answers back until release().
  bool hold = false;
  void release() {
    hold = false;
    for (transport::Signal* each : held_) each->notify();
  }

 private:
  transport::Task<void> accept() {
    for (;;) {
      transport::StreamResult accepted = co_await listener_->accept();
      if (!accepted) co_return;
      ++connections;
      loop_.spawn(serve(std::move(*accepted)));
    }
  }

  transport::Task<void> serve(std::unique_ptr<transport::Stream> stream) {
    if (tls_) {
      std::unique_ptr<transport::TlsEngine> engine = tls_->engine();
      transport::TlsStart started =
          co_await transport::start_tls(loop_, std::move(stream), std::move(engine), transport::kNever);
      if (!started) co_return;
      stream = std::move(*started);
    }
    open_.push_back(stream.get());
    co_await talk(*stream);
    std::erase(open_, stream.get());
  }

  transport::Task<void> talk(transport::Stream& stream) {
    std::string input;
    char buffer[4096];
    for (;;) {
      const std::size_t whole = request_octets(input);
      if (whole == 0) {
        const transport::IoResult in = co_await stream.read_some(buffer);
        if (!in.done()) co_return;
        input.append(buffer, in.octets);
        continue;
      }
      const std::string request = input.substr(0, whole);
      input.erase(0, whole);
      requests.push_back(request);
      most_at_once = std::max(most_at_once, ++at_once);
      if (hold) {
        transport::Signal signal(loop_);
        held_.push_back(&signal);
        [[maybe_unused]] const transport::error_code ended = co_await signal.wait();
        std::erase(held_, &signal);
      }
      --at_once;
      if (silent) continue;
      const std::string octets = answer(request);
      const transport::error_code failure = co_await stream.write_all(octets);
      if (failure) co_return;
      if (!close_after) continue;
      if (polite) {
        co_await stream.close(transport::Closing::at_once);
      } else {
        stream.abort();
      }
      co_return;
    }
  }

  // 0: not whole yet.
  static std::size_t request_octets(std::string_view input) {
    const std::size_t end = input.find("\r\n\r\n");
    if (end == std::string_view::npos) return 0;
    std::size_t body = 0;
    const std::size_t length = input.find("Content-Length: ");
    if (length < end) std::from_chars(input.data() + length + 16, input.data() + end, body);
    return input.size() >= end + 4 + body ? end + 4 + body : 0;
  }

  transport::Loop& loop_;
  std::shared_ptr<const transport::TlsServerContext> tls_;
  std::unique_ptr<transport::Listener> listener_;
  std::vector<transport::Stream*> open_;
  std::vector<transport::Signal*> held_;
};

}  // namespace postrider::tests
