// Gives a submitted message the header fields that it lacks: Date and Message-ID, RFC 6409 8.2 and 8.3.
//
// Works on the content as it streams by, in any cuts, and keeps no more of it than a CR: the fields stand at
// the end of the header, when it is known what is missing. A message without a body gets them at its end.
//
//   completion.feed(octets, put);   // again and again; `put` is given what is to be stored, in order
//   completion.finish(put);
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <absl/functional/function_ref.h>

namespace postrider::agent {

class HeaderCompletion {
 public:
  using Put = absl::FunctionRef<void(std::string_view)>;

  // Whole fields with CRLF, as "Date: Sat, 21 Nov 2026 22:31:04 +0000\r\n".
  HeaderCompletion(std::string date, std::string message_id)
      : date_(std::move(date)), message_id_(std::move(message_id)) {}

  void feed(std::string_view octets, Put put);
  void finish(Put put);

 private:
  void look_at(char octet);
  void end_header(Put put);

  std::string date_;
  std::string message_id_;
  std::string name_;  // of the field in this line, in small letters, as far as it may be one of ours
  bool has_date_ = false;
  bool has_message_id_ = false;
  bool line_start_ = true;
  bool in_name_ = false;
  bool held_return_ = false;  // a CR that begins a line, whose LF has not come
  bool complete_ = false;     // the header is over
};

}  // namespace postrider::agent
