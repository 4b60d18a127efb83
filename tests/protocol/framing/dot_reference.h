// What the end of data is, said of whole strings and without a state machine, to hold the dot codec against;
// and the readers of other servers, at their most lenient, to hold the encoder's output against.
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "postrider/protocol/framing/data_codec.h"

namespace postrider::protocol::reference {

struct Decoded {
  std::string body;
  std::size_t consumed;
  bool ended;
};

// The end is the first CRLF "." CRLF of what came after a line; every other dot behind CRLF is dropped.
inline Decoded decode_keep(std::string_view wire) {
  std::string text = "\r\n" + std::string(wire);
  const std::size_t end = text.find("\r\n.\r\n");
  const bool ended = end != std::string::npos;
  if (ended) text.resize(end + 2);
  for (std::size_t at = 0; (at = text.find("\r\n.", at)) != std::string::npos; at += 2) text.erase(at + 2, 1);
  return {text.substr(2), ended ? end + 3 : wire.size(), ended};
}

// Lines end in CRLF, CR or LF. The end is the first line "." between two CRLF of the wire; from every other
// line that is more than a dot, a dot at its beginning is dropped; and all of them get a CRLF.
inline Decoded decode_convert(std::string_view wire) {
  std::string body;
  bool behind_crlf = true;
  for (std::size_t at = 0; at < wire.size();) {
    const std::size_t end = std::min(wire.find_first_of("\r\n", at), wire.size());
    const std::string_view line = wire.substr(at, end - at), rest = wire.substr(end);
    const bool crlf = rest.starts_with("\r\n");
    at = end + (crlf ? 2 : rest.empty() ? 0 : 1);
    if (line == "." && behind_crlf && crlf) return {body, at, true};
    body += line.size() > 1 && line.starts_with('.') ? line.substr(1) : line;
    if (!rest.empty()) body += "\r\n";
    behind_crlf = crlf;
  }
  return {body, wire.size(), false};
}

inline Decoded decode(std::string_view wire, BareEndings endings) {
  return endings == BareEndings::keep ? decode_keep(wire) : decode_convert(wire);
}

// The flaws of the first `consumed` octets of the wire, which became `body`.
inline Flaws flaws(std::string_view wire, std::string_view body, std::size_t text_line) {
  Flaws flaws;
  for (std::size_t i = 0; i < wire.size(); ++i) {
    if (wire[i] == '\r' && i + 1 < wire.size() && wire[i + 1] != '\n') flaws.bare_cr = true;
    if (wire[i] == '\n' && (i == 0 || wire[i - 1] != '\r')) flaws.bare_lf = true;
    if (wire[i] == '\0') flaws.nul = true;
    if ((wire[i] & 0x80) != 0) flaws.eight_bit = true;
  }
  for (std::size_t at = 0; at < body.size();) {
    const std::size_t crlf = body.find("\r\n", at),
                      end = crlf == std::string_view::npos ? body.size() : crlf + 2;
    if (end - at > text_line) flaws.long_line = true;
    at = end;
  }
  return flaws;
}

// `text` with every bare CR and LF made CRLF.
inline std::string with_crlf(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r' || text[i] == '\n')
      out += "\r\n";
    else
      out += text[i];
    if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') ++i;
  }
  return out;
}

inline bool has_bare_endings(std::string_view text) {
  const Flaws found = flaws(text, {}, 0);
  return found.bare_ending() || text.ends_with('\r');
}

// Where other readers see the end of data: the place of its dot, npos: nowhere.
struct LenientReader {
  std::string_view name;
  std::string_view drops;       // octets that it does not see at all
  std::string_view line_ends;   // each of these octets ends a line
  std::string_view behind_dot;  // and these are what must follow the dot, all of them skipped
  std::string_view last;        // before one of these; empty: nothing more
};

inline constexpr std::array kLenientReaders = {
    LenientReader{"LF . LF", "", "\n", "", "\n"},
    LenientReader{"LF . CRLF", "", "\n", "\r", "\n"},
    LenientReader{"CR . CR", "", "\r", "", "\r"},
    LenientReader{"CR or LF . CR or LF", "", "\r\n", "", "\r\n"},
    LenientReader{"CR or LF . any number of CR, LF", "", "\r\n", "\r", "\n"},
    LenientReader{"LF . LF, without CR", "\r", "\n", "", "\n"},
    LenientReader{"CR or LF . CR or LF, without NUL", std::string_view("\0", 1), "\r\n", "\r", "\n"},
    LenientReader{"LF . LF, without CR and NUL", std::string_view("\r\0", 2), "\n", "", "\n"},
};

inline std::size_t early_end(const LenientReader& reader, std::string_view wire) {
  constexpr auto npos = std::string_view::npos;
  const auto skip = [&](std::size_t at, std::string_view octets) {
    while (at < wire.size() && octets.find(wire[at]) != npos) ++at;
    return at;
  };
  bool line_start = true;
  for (std::size_t at = 0; (at = skip(at, reader.drops)) < wire.size(); ++at) {
    if (line_start && wire[at] == '.') {
      std::size_t behind = skip(at + 1, reader.drops);
      while (behind < wire.size() && reader.behind_dot.find(wire[behind]) != npos) {
        behind = skip(behind + 1, reader.drops);
      }
      if (behind < wire.size() && reader.last.find(wire[behind]) != npos) return at;
    }
    line_start = reader.line_ends.find(wire[at]) != npos;
  }
  return npos;
}

}  // namespace postrider::protocol::reference
