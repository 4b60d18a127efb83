// What was said on a connection, by whom, in which pieces and when: events, and the text that they are
// written as (docs/transcripts.md).
//
//   postrider-transcript 1
//   0.000000 connected 127.0.0.1:25
//   0.000412 S: 220 mx.example.org ESMTP\r\n
//   0.000530 C: EHLO client.example\r
//   0.000561 C: \n
//
//   const TranscriptResult read = parse_transcript(text);
//   if (!read) complain(read.error().line, read.error().text);
//   for (const TranscriptEvent& event : read->events) ...
//
// A `client` or `server` event is what one write sent or one read brought, so that cuts inside CRLF are kept.
// Times are microseconds since the first event and never fall. Texts of other events (`connected`, `tls`,
// `note`) are one line of UTF-8. Reading what was written gives the same events, and writing what was read
// the same text but for comments. Nothing here asks a clock or opens a file.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace postrider::fuzz {

using TranscriptTime = std::chrono::microseconds;

enum class TranscriptKind : std::uint8_t {
  connected,  // octets: to whom, "127.0.0.1:25"; a new connection begins, also in the middle of a transcript
  client,     // octets: as the client wrote them at once
  server,     // octets: as they were read at once
  tls,        // octets: "TLSv1.3 TLS_AES_128_GCM_SHA256"; what follows is the text inside
  client_closed,  // the client's side: nothing more comes from it (half-closed, until the server does the
                  // same)
  server_closed,  // the server's side
  reset,          // the connection broke
  timeout,        // somebody waited in vain
  note,           // octets: for people
};

struct TranscriptEvent {
  TranscriptTime at{};
  TranscriptKind kind = TranscriptKind::note;
  std::string octets = {};

  friend bool operator==(const TranscriptEvent&, const TranscriptEvent&) = default;
};

struct Transcript {
  std::vector<TranscriptEvent> events;

  friend bool operator==(const Transcript&, const Transcript&) = default;
};

// Bounds of parse_transcript(). Stop: files that fill the memory, or were made to.
inline constexpr std::size_t kMostTranscriptText = std::size_t{64} << 20;
inline constexpr std::size_t kMostTranscriptEvents = std::size_t{1} << 20;
inline constexpr std::size_t kLongestTranscriptLine = std::size_t{64} << 10;
// Some 31 years.
inline constexpr TranscriptTime kLastTranscriptTime{999'999'999'999'999};

struct TranscriptError {
  std::size_t line = 0;  // from 1
  std::string text;      // what is wrong and what to write instead
};
using TranscriptResult = std::expected<Transcript, TranscriptError>;

TranscriptResult parse_transcript(std::string_view text);

// The whole text, with its first line.
std::string write_transcript(const Transcript& transcript);

// For those who write while things happen: the first line, and then each event as whole lines.
inline constexpr std::string_view kTranscriptHeader = "postrider-transcript 1\n";
void append_event(std::string& out, const TranscriptEvent& event);

// "EHLO a\r\n" as the text of an event has it, on one line: for messages.
std::string escaped(std::string_view octets);

// All that one side sent on the connection with this number, from 0.
std::string sent_by(TranscriptKind side, const Transcript& transcript, std::size_t connection = 0);

}  // namespace postrider::fuzz
