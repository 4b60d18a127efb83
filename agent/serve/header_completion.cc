#include "postrider/agent/serve/header_completion.h"

namespace postrider::agent {
namespace {

constexpr std::size_t kLongestName = 10;  // "message-id"

char lower(char octet) { return octet >= 'A' && octet <= 'Z' ? static_cast<char>(octet + 32) : octet; }

}  // namespace

void HeaderCompletion::feed(std::string_view octets, Put put) {
  if (octets.empty()) return;
  if (held_return_) {
    held_return_ = false;
    if (octets.front() == '\n') {
      end_header(put);
    } else {
      line_start_ = false;
    }
    put("\r");
  }
  for (std::size_t at = 0; at < octets.size() && !complete_; ++at) {
    if (line_start_) {
      const std::string_view rest = octets.substr(at);
      if (rest == "\r") {
        if (at != 0) put(octets.substr(0, at));
        held_return_ = true;
        return;
      }
      if (rest.starts_with("\r\n") || rest.starts_with('\n')) {
        if (at != 0) put(octets.substr(0, at));
        end_header(put);
        octets = rest;
        break;
      }
      name_.clear();
      in_name_ = true;
      line_start_ = false;
    }
    look_at(octets[at]);
  }
  put(octets);
}

void HeaderCompletion::look_at(char octet) {
  if (octet == '\n') {
    line_start_ = true;
  } else if (in_name_ && octet == ':') {
    in_name_ = false;
    has_date_ = has_date_ || name_ == "date";
    has_message_id_ = has_message_id_ || name_ == "message-id";
  } else if (in_name_ && name_.size() < kLongestName && octet != ' ' && octet != '\t') {
    name_ += lower(octet);
  } else if (octet != ' ' && octet != '\t') {
    in_name_ = false;
  } else if (name_.empty()) {
    in_name_ = false;  // the line goes on with the field before it
  }
}

void HeaderCompletion::end_header(Put put) {
  complete_ = true;
  if (!has_date_) put(date_);
  if (!has_message_id_) put(message_id_);
}

void HeaderCompletion::finish(Put put) {
  if (complete_) return;
  if (held_return_) put("\r");
  const bool open_line = held_return_ || !line_start_;
  if (open_line && !(has_date_ && has_message_id_)) put("\r\n");
  end_header(put);
}

}  // namespace postrider::agent
