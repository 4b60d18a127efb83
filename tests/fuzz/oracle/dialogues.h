// Dialogues as a table has them: lines of the client and of the server, in the order of time.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "postrider/fuzz/oracle/dialogue.h"
#include "postrider/fuzz/transcript/transcript.h"

namespace postrider::fuzz {

// "S 220 x", "C EHLO a": with CRLF behind; "c a\n", "s 2": exactly these octets; "tls", "closed", "reset",
// "timeout", "half" (the client's side ends).
inline Transcript transcript_of(const std::vector<std::string_view>& lines) {
  Transcript transcript;
  const auto add = [&](TranscriptKind kind, std::string octets) {
    transcript.events.push_back(TranscriptEvent{TranscriptTime(0), kind, std::move(octets)});
  };
  add(TranscriptKind::connected, "127.0.0.1:25");
  for (const std::string_view line : lines) {
    const std::string text(line.substr(std::min<std::size_t>(2, line.size())));
    if (line == "tls") {
      add(TranscriptKind::tls, "TLSv1.3");
    } else if (line == "closed") {
      add(TranscriptKind::server_closed, "");
    } else if (line == "reset") {
      add(TranscriptKind::reset, "");
    } else if (line == "timeout") {
      add(TranscriptKind::timeout, "");
    } else if (line == "half") {
      add(TranscriptKind::client_closed, "");
    } else if (line[0] == 'S' || line[0] == 's') {
      add(TranscriptKind::server, text + (line[0] == 'S' ? "\r\n" : ""));
    } else {
      add(TranscriptKind::client, text + (line[0] == 'C' ? "\r\n" : ""));
    }
  }
  return transcript;
}

}  // namespace postrider::fuzz
