// A transcript as a judge wants it: in clear and inside TLS, what the client sent, and the replies that it
// got, each with how much had been sent when it came.
//
//   const Dialogue dialogue = read_dialogue(transcript);
//   if (dialogue.malformed) ...                        // RFC 5321 4.2
//   dialogue.phases[0].replies[0].code                 // the greeting
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "postrider/fuzz/oracle/finding.h"
#include "postrider/fuzz/transcript/transcript.h"

namespace postrider::fuzz {

// RFC 5321 has no bound for a whole reply; a client that keeps more than this is a victim.
inline constexpr std::size_t kMostReplyOctets = std::size_t{64} << 10;

struct HeardReply {
  unsigned code = 0;
  std::string text;  // of all lines, separated by '\n'
  std::size_t lines = 1;
  std::size_t sent = 0;  // octets of the client in this phase when its last octet came
};

// In clear, or inside TLS.
struct DialoguePhase {
  std::string client;
  std::vector<HeardReply> replies{};
};

struct Dialogue {
  enum class End : std::uint8_t { open, closed, reset, timeout };  // by the server, or of our patience

  std::vector<DialoguePhase> phases;
  End end = End::open;
  bool client_closed = false;  // the client's side was ended before the server's
  std::optional<Finding>
      malformed;  // what came instead of a reply, or a reply that RFC 5321 4.2 does not allow
};

// The connection with this number, from 0.
Dialogue read_dialogue(const Transcript& transcript, std::size_t connection = 0);

}  // namespace postrider::fuzz
