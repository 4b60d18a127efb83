// The language in which checks are written: one step a line.
//
//   hello                 connect, read the greeting, EHLO; STARTTLS and a login too where the run wants them
//   > NOOP some words     send a line: the text and CRLF, with all that waits before it in one write
//   < 250                 read one reply, which must be well formed and have this code
//
// Sending. `> TEXT`: with CRLF. `>> TEXT`: as it is. `& TEXT`, `&& TEXT`: the same, but wait for the next >
// or >> and leave in one write with it. In texts: \r \n \t \\ \xHH; {sender} {recipient} {refused},
// {sender_domain}, {recipient_domain}, {RECIPIENT_DOMAIN} in capitals; {x*500} for 500 of a character;
// {over_size}: more than the server takes; {plain} and {wrong}: what AUTH PLAIN carries, with a password that
// is right or wrong; {long_domain}: 252 octets.
//
// Expecting. `< CODES`: codes or their first digits separated by spaces, any of which will do; with ! in
// front none may be; `*` is any. `?< CODES`: otherwise the check does not apply. `~< CODES`: otherwise, also
// when the server closes, it has passed. `silent`: nothing comes, or only the end of the connection.
// `unended`: no positive reply comes; when a negative one comes, or the end, the check has passed. `closed`:
// the server closes. `parting`: QUIT has one reply, or none where the server has closed; so that nothing is
// owed. `is NAME`: something about the last reply; see reply_properties.h. `offers KEYWORD` and `offers no
// KEYWORD`: in the last reply to EHLO. `?below N`: the size that the server offers, or the check does not
// apply.
//
// Getting there: `connect` (the greeting is read), `hello`, `ehlo` (the same without a login), `helo`,
// `mail`, `rcpt`, `data`, `starttls`, `login`. When the server does not go along, the check is stuck.
// `silence-before`: connect without reading the greeting. `tls`: the handshake alone, which must come about;
// `?tls`: one that does not ends the check, passed. `body N`: a message of N octets with its end of data.
// `repeat N STEP | STEP …`: the steps N times.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace postrider::fuzz {

enum class StepKind : std::uint8_t {
  open,
  connect,
  hello,
  ehlo,
  helo,
  mail,
  rcpt,
  data,
  starttls,
  login,
  tls,
  send,
  expect,
  silent,
  unended,
  closed,
  parting,
  property,
  offers,
  below,
  body,
};

struct CodePattern {
  std::string digits;  // "250", "5"; empty: any
  bool excluded = false;
};

struct Step {
  StepKind kind = StepKind::hello;
  std::string line = {};                // as it is written, for messages
  std::string text = {};                // send: escapes resolved, variables not; property, offers: the name
  bool waits = false;                   // send: until the next one
  bool optional = false;                // "?": what does not hold ends the check without a fault
  bool enough = false;                  // "~": what does not hold ends the check, and it has passed
  bool negative = false;                // offers no
  std::size_t count = 0;                // body, below
  std::vector<CodePattern> codes = {};  // expect
};

// An error is a sentence that names the line.
std::expected<std::vector<Step>, std::string> parse_script(std::string_view script);

bool matches(const std::vector<CodePattern>& codes, unsigned code);
// "250 or 251", "anything but 500"
std::string to_string(const std::vector<CodePattern>& codes);

}  // namespace postrider::fuzz
