// A client for tests, as plain as can be: a blocking socket, lines out, replies in.
#pragma once

#include <array>
#include <cctype>
#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "postrider/transport/endpoint.h"

namespace postrider::agent {

class Dialogue {
 public:
  explicit Dialogue(const transport::Endpoint& server) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    const timeval patience{60, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    sockaddr_storage address{};
    const std::size_t size = server.to_sockaddr(&address);
    connected_ =
        ::connect(socket_, reinterpret_cast<const sockaddr*>(&address), static_cast<socklen_t>(size)) == 0;
  }
  ~Dialogue() { close(); }
  Dialogue(const Dialogue&) = delete;
  Dialogue& operator=(const Dialogue&) = delete;

  bool connected() const { return connected_; }

  void close() {
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
  }

  void send(std::string_view octets) {
    while (!octets.empty()) {
      const ssize_t sent = ::send(socket_, octets.data(), octets.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      octets.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  // No more will be said; the server's words can still be read.
  void finish() { ::shutdown(socket_, SHUT_WR); }

  // Octets as they come, for what is not made of lines; "" at the end of the stream or when nothing comes.
  std::string receive() {
    if (!input_.empty()) return std::exchange(input_, {});
    std::array<char, 4096> block{};
    const ssize_t size = ::recv(socket_, block.data(), block.size(), 0);
    return size <= 0 ? std::string() : std::string(block.data(), static_cast<std::size_t>(size));
  }

  // One whole reply without its last CRLF; "" at the end of the stream or when nothing comes.
  std::string reply() {
    std::string out;
    while (true) {
      const std::size_t end = input_.find("\r\n");
      if (end == std::string::npos) {
        std::array<char, 4096> block{};
        const ssize_t size = ::recv(socket_, block.data(), block.size(), 0);
        if (size <= 0) return out;
        input_.append(block.data(), static_cast<std::size_t>(size));
        continue;
      }
      const std::string line = input_.substr(0, end);
      input_.erase(0, end + 2);
      out += out.empty() ? line : "\n" + line;
      if (line.size() < 4 || line[3] != '-') return out;
    }
  }

  // A command, and the reply to it.
  std::string say(std::string_view command) {
    send(std::string(command) + "\r\n");
    return reply();
  }

  // Greeting and EHLO or LHLO.
  void open(std::string_view hello = "EHLO client.example") {
    EXPECT_EQ(reply().substr(0, 3), "220");
    EXPECT_EQ(say(hello).substr(0, 3), "250");
  }

 private:
  int socket_;
  bool connected_ = false;
  std::string input_;
};

}  // namespace postrider::agent
