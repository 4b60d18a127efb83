// The lines that a Dovecot authentication server says to its clients, version 1 of its protocol.
//
// Fields are separated by tabs; octets that a line cannot hold are escaped by %x01.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <variant>

namespace postrider::agent::dovecot {

// One line, without its LF; far above what a token in base64 needs.
inline constexpr std::size_t kMaxLine = 32 * 1024;

struct Version {
  std::uint32_t major = 0;
};
struct Mechanism {
  std::string name;
  bool anonymous = false;
  bool hidden = false;  // "private": not to be offered
};
struct Done {};  // the server has introduced itself
struct Continue {
  std::uint32_t id = 0;
  std::string_view base64;  // the challenge
};
struct Accepted {
  std::uint32_t id = 0;
  std::string user;
};
struct Refused {
  std::uint32_t id = 0;
  bool temporary = false;  // a fault of theirs, not of the password
};
struct Ignored {};  // SPID, CUID, COOKIE, and what later versions bring
using Line = std::variant<Ignored, Version, Mechanism, Done, Continue, Accepted, Refused>;

// nullopt-like error: the line makes no sense. Views point into `line`.
std::expected<Line, std::string_view> parse_line(std::string_view line);

}  // namespace postrider::agent::dovecot
