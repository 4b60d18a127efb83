// What SMTP is made of, written by chance: names, addresses, commands, replies, answers to EHLO, bodies and
// chunks. Mostly right, at times at a limit of RFC 5321 4.5.3.1 (one below, on it, one above), seldom wrong;
// mutation.h makes them wrong in other ways.
//
//   SeededChoices choices(7);
//   make_command(choices, {})   "RCPT TO:<b@example.net> NOTIFY=NEVER"
//   make_body(choices)          "Subject: x\r\n\r\n..\r\n", not yet dot-stuffed
//
// Everything comes from the octets or the seed behind `choices` and ends, however many there are. Results are
// at most kMostGenerated octets.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "postrider/fuzz/support/choices.h"

namespace postrider::fuzz {

// Of each thing here. Stops: sessions that measure the wire and not the server.
inline constexpr std::size_t kMostGenerated = std::size_t{16} << 10;

// The plain names, so that a session gets as far as a server lets this sender and recipient.
struct Words {
  std::string client = "client.example";
  std::string sender = "a@example.org";
  std::string recipient = "b@example.net";
};

// A length next to `limit`: itself, one below, one above.
std::size_t near_limit(Choices& choices, std::size_t limit);

std::string make_domain(Choices& choices);
std::string make_local_part(Choices& choices);
// With its brackets: "<a@example.org>", "<>", "<@relay.example:a@example.org>"
std::string make_path(Choices& choices, std::string_view plain);
// " SIZE=100 BODY=8BITMIME", or nothing.
std::string make_mail_parameters(Choices& choices);
std::string make_rcpt_parameters(Choices& choices);

// Each without its line end.
std::string make_hello(Choices& choices, const Words& words);
std::string make_mail(Choices& choices, const Words& words);
std::string make_rcpt(Choices& choices, const Words& words);
// One that belongs to no transaction: NOOP, RSET, VRFY, HELP, something unknown, an empty line ...
std::string make_other(Choices& choices, const Words& words);
// Any of them.
std::string make_command(Choices& choices, const Words& words);

// Octets in base64, also with faults: the lines of a SASL exchange (RFC 4954). No password is a real one.
std::string make_base64(Choices& choices);

// The text of a message: lines with CRLF, some beginning with dots.
std::string make_body(Choices& choices);
// RFC 5321 4.5.2, without the end of data.
std::string dot_stuffed(std::string_view body);

// One chunk of BDAT (RFC 3030): the command without its line end, and as many octets as it says, but for
// `wrong` sizes.
struct Chunk {
  std::string command;
  std::string octets;
};
// A message in chunks; the last one says LAST, but for a fault of chance.
std::vector<Chunk> make_chunks(Choices& choices, std::string_view body);

// Of a server, with line ends: one reply, and an answer to EHLO.
std::string make_reply(Choices& choices);
std::string make_ehlo_answer(Choices& choices);

}  // namespace postrider::fuzz
