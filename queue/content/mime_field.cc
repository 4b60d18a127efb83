#include "postrider/queue/content/mime_field.h"

#include <algorithm>

#include "postrider/protocol/grammar/octets.h"

namespace postrider::queue {
namespace {

constexpr std::size_t kLongestWord = 1'000;

bool is_white(char c) noexcept { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

// tspecials of RFC 2045 5.1, of which only those count that divide what is read here.
bool divides(char c) noexcept {
  return is_white(c) || c == ';' || c == '=' || c == '/' || c == '"' || c == '(';
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

// The words and signs of a structured value, without comments.
class Tokens {
 public:
  explicit Tokens(std::string_view text) noexcept : rest_(text) {}

  // A word, in quotes or not; empty when there is something else. Unquoted white space ends it.
  std::string word(bool only_semicolon_ends = false) {
    skip();
    if (rest_.starts_with('"')) return quoted();
    std::size_t length = 0;
    while (length < rest_.size() && !(only_semicolon_ends ? rest_[length] == ';' || is_white(rest_[length])
                                                          : divides(rest_[length]))) {
      ++length;
    }
    std::string out(rest_.substr(0, std::min(length, kLongestWord)));
    rest_.remove_prefix(length);
    return out;
  }
  bool take(char c) noexcept {
    skip();
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  // Behind the next semicolon that is not in quotes or a comment; false at the end.
  bool next_parameter() {
    for (skip(); !rest_.empty(); skip()) {
      if (rest_[0] == '"') {
        quoted();
      } else if (rest_[0] == ';') {
        rest_.remove_prefix(1);
        return true;
      } else {
        rest_.remove_prefix(1);
      }
    }
    return false;
  }

 private:
  void skip() noexcept {
    std::size_t depth = 0;
    while (!rest_.empty() && (depth != 0 || is_white(rest_[0]) || rest_[0] == '(')) {
      if (depth != 0 && rest_[0] == '\\' && rest_.size() > 1) {
        rest_.remove_prefix(1);
      } else if (rest_[0] == '(') {
        ++depth;
      } else if (rest_[0] == ')') {
        --depth;
      }
      rest_.remove_prefix(1);
    }
  }
  std::string quoted() {
    std::string out;
    std::size_t at = 1;
    for (; at < rest_.size() && rest_[at] != '"'; ++at) {
      if (rest_[at] == '\\' && at + 1 < rest_.size()) ++at;
      if (rest_[at] == '\r' || rest_[at] == '\n') continue;  // a fold
      if (out.size() < kLongestWord) out.push_back(rest_[at]);
    }
    rest_.remove_prefix(std::min(at + 1, rest_.size()));
    return out;
  }

  std::string_view rest_;
};

}  // namespace

bool HeaderFields::next() noexcept {
  if (rest_.empty()) return false;
  std::size_t end = 0;
  do {
    const std::size_t line_end = rest_.find("\r\n", end);
    end = line_end == std::string_view::npos ? rest_.size() : line_end + 2;
    // RFC 5322 2.2.3: a line that begins with white space goes on with the field.
  } while (end < rest_.size() && (rest_[end] == ' ' || rest_[end] == '\t'));
  whole_ = rest_.substr(0, end);
  rest_.remove_prefix(end);
  const std::size_t colon = whole_.find(':');
  const std::size_t line_end = whole_.find("\r\n");
  if (colon == std::string_view::npos || colon > line_end) {
    name_ = {};
    value_ = {};
    return true;
  }
  name_ = whole_.substr(0, colon);
  while (!name_.empty() && is_white(name_.back())) name_.remove_suffix(1);  // RFC 5322 4.5
  value_ = whole_.substr(colon + 1);
  if (value_.ends_with("\r\n")) value_.remove_suffix(2);
  return true;
}

bool HeaderFields::is(std::string_view name) const noexcept {
  return protocol::equal_ignoring_case(name_, name);
}

std::string unfolded(std::string_view value, std::size_t bound) {
  while (!value.empty() && is_white(value.front())) value.remove_prefix(1);
  while (!value.empty() && is_white(value.back())) value.remove_suffix(1);
  std::string out;
  for (const char c : value) {
    if (out.size() == bound) break;
    if (c != '\r' && c != '\n') out.push_back(c);
  }
  return out;
}

ContentType read_content_type(std::string_view value) {
  ContentType out;
  Tokens tokens(value);
  out.type = lower(tokens.word());
  if (!tokens.take('/')) return {};
  out.subtype = lower(tokens.word());
  if (out.type.empty() || out.subtype.empty()) return {};
  while (tokens.next_parameter()) {
    const std::string name = lower(tokens.word());
    if (name != "boundary" || !tokens.take('=') || !out.boundary.empty()) continue;
    out.boundary = tokens.word(true);
    // Trailing white space is no part of a boundary, RFC 2046 5.1.1.
    while (!out.boundary.empty() && is_white(out.boundary.back())) out.boundary.pop_back();
  }
  return out;
}

std::string read_transfer_encoding(std::string_view value) {
  std::string out = lower(Tokens(value).word());
  // In quotes there may be anything; a mechanism is a token, RFC 2045 6.1.
  if (std::ranges::any_of(out, is_white)) return {};
  return out;
}

}  // namespace postrider::queue
