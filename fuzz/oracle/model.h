// A reference model of what a server may answer, by clause: RFC 5321 4.1.4 (order of commands), 4.2 and 4.3.2
// (replies), 3.1, 3.3 and 3.8 (the session), RFC 2920, 3030, 3207 and 4954. It shares nothing with
// protocol/session.
//
//   const Account account = read_session(dialogue, {});
//   if (account.finding) ...                  // the first thing that is wrong under this reading
//   account.exchanges[2].owner, .code         // "MAIL", 250
//
// The octets of the client are read in order, as the replies have it: a 354 makes content of what follows, a
// 334 a line of AUTH, a 220 to STARTTLS ends what is read in clear. Replies belong to units in order, one
// each (RFC 5321 4.2). A Reading says in which ways the server is taken to be wrong; the plain one is the
// RFCs'. judge.h tries them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "postrider/fuzz/oracle/dialogue.h"
#include "postrider/fuzz/oracle/finding.h"

namespace postrider::fuzz {

struct Reading {
  bool lf_ends_commands = false;  // RFC 5321 2.3.8 has CRLF alone
  bool cr_ends_commands = false;
  std::size_t end_of_data = 0;  // this one of kEndsOfData ends content too; 0: only the true one
  bool other_chunks = false;  // octets of a chunk are commands where they should be content, and the reverse
  bool plaintext_survives = false;  // RFC 3207 4.2: octets behind STARTTLS are read inside TLS
};

// A unit that has a reply of its own.
struct SessionExchange {
  std::string owner;  // "greeting", a verb, "AUTH line", "content"
  std::string state;  // before it: "new", "hello", "mail", "rcpt", "chunks"
  std::string line;   // its first octets, escaped
  unsigned code = 0;  // 0: none came
};

struct Account {
  std::vector<SessionExchange> exchanges;
  std::optional<Finding> finding;
  bool rude = false;                // the client pipelined what RFC 2920 3.1 does not let it
  bool chunk_read_wrongly = false;  // Reading::other_chunks mattered where CHUNKING was offered
};

Account read_session(const Dialogue& dialogue, const Reading& reading);

}  // namespace postrider::fuzz
