// Prints the dialogue for people: "<- 250 ok", "-> QUIT", one line each, with control octets made visible.
#pragma once

#include <ostream>
#include <string>
#include <string_view>

#include "postrider/client/config.h"

namespace postrider::agent {

class TranscriptPrinter {
 public:
  explicit TranscriptPrinter(std::ostream& out) : out_(out) {}
  // A line whose end has not come is kept until it does, the other side speaks, or flush().
  void print(client::Direction direction, std::string_view octets);
  void flush();

 private:
  void print_line(std::string_view line);

  std::ostream& out_;
  client::Direction direction_ = client::Direction::received;
  std::string partial_;
};

}  // namespace postrider::agent
