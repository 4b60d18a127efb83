// Reads one HTTP/1.1 response of the octets of a connection. No I/O, no time.
//
//   HttpReader reader(limits);
//   while (!reader.done()) {
//     const auto failure = reader.give(octets);         // or reader.end_of_input()
//     if (failure) …
//   }
//   HttpResponse response = reader.take();
//
// The octets come in any portions. Interim responses (1xx) are passed over. Octets behind the response are an
// attack or a broken server: the response stands, but the connection is not kept. A response to HEAD or
// CONNECT is not for this reader.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "postrider/transport/http/http_message.h"

namespace postrider::transport {

class HttpReader {
 public:
  // Interim responses before the real one; a server could send them for ever.
  static constexpr int kMaxInterim = 8;

  explicit HttpReader(const HttpLimits& limits);
  ~HttpReader();

  // All of `octets` is taken.
  std::optional<HttpFailure> give(std::string_view octets);
  // The connection has ended; that may be the end of the body too.
  std::optional<HttpFailure> end_of_input();

  bool done() const noexcept;
  // Whether anything came at all: a kept connection that ends without may have ended before our request.
  bool begun() const noexcept;
  // Whether the connection may carry another request; once done().
  bool keeps_connection() const noexcept;
  // Once done(), and once.
  HttpResponse take();

 private:
  struct State;

  std::unique_ptr<State> state_;
};

}  // namespace postrider::transport
