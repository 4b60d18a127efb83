// A transcript that is read is written as a text that reads back equal, within the bounds; secrets are found
// for any cut, and after anything that was said before.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "postrider/fuzz/support/require.h"
#include "postrider/fuzz/transcript/redactor.h"
#include "postrider/fuzz/transcript/transcript.h"

namespace {

using namespace postrider::fuzz;

void check_text(std::string_view text) {
  const TranscriptResult read = parse_transcript(text);
  if (!read) {
    require(read.error().line != 0 && !read.error().text.empty(), "an error says where and what");
    return;
  }
  require(read->events.size() <= kMostTranscriptEvents, "events are bounded");
  std::size_t octets = 0;
  TranscriptTime before{};
  for (const TranscriptEvent& event : read->events) {
    octets += event.octets.size();
    require(event.at >= before, "times do not fall");
    before = event.at;
  }
  require(octets <= text.size(), "no event has more octets than the text");
  const std::string written = write_transcript(*read);
  const TranscriptResult again = parse_transcript(written);
  require(again.has_value(), "what was written is read");
  require(*again == *read, "what was written reads back equal");
  require_equal(write_transcript(*again), written, "writing again gives the same text");
}

// The same octets, one by one.
Transcript split(const Transcript& whole) {
  Transcript out;
  for (const TranscriptEvent& event : whole.events) {
    const bool said = event.kind == TranscriptKind::client || event.kind == TranscriptKind::server;
    if (!said) out.events.push_back(event);
    for (const char octet : said ? event.octets : std::string()) {
      out.events.push_back({event.at, event.kind, std::string(1, octet)});
    }
  }
  return out;
}

void check_secrets(std::string_view text) {
  const TranscriptResult read = parse_transcript(text);
  if (!read) return;
  for (std::size_t connection = 0; connection < 3; ++connection) {
    const std::string whole = sent_by(TranscriptKind::client, redacted(*read), connection);
    require_equal(sent_by(TranscriptKind::client, redacted(split(*read)), connection), whole,
                  "secrets are found for any cut");
  }
}

// A secret with a mark, wherever a client that waits for its replies sends it.
void check_mark(std::string_view input) {
  static constexpr std::string_view kMark = "c2VjcmV0TWFyaw==";
  Transcript said;
  const auto add = [&said](TranscriptKind kind, std::string_view octets) {
    said.events.push_back({TranscriptTime(0), kind, std::string(octets)});
  };
  // Whatever was said before, without a line that has not ended and without a message that is being sent.
  add(TranscriptKind::client, input);
  add(TranscriptKind::client, "\r\n.\r\n");
  add(TranscriptKind::server, "\r\n250 ok\r\n");
  add(TranscriptKind::client, "AUTH LOGIN ");
  add(TranscriptKind::client, kMark);
  add(TranscriptKind::client, "\r\n");
  add(TranscriptKind::server, "334 \r\n");
  add(TranscriptKind::client, kMark);
  add(TranscriptKind::client, "\r\n");
  std::size_t marks = 0;
  for (std::size_t at = input.find(kMark); at != input.npos; at = input.find(kMark, at + 1)) ++marks;
  const std::string shown = sent_by(TranscriptKind::client, redacted(said));
  std::size_t left = 0;
  for (std::size_t at = shown.find(kMark); at != shown.npos; at = shown.find(kMark, at + 1)) ++left;
  require(left <= marks, "no secret is left in");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  check_text(input);
  check_text(std::string(kTranscriptHeader).append(input));
  check_secrets(input);
  check_mark(input);
  return 0;
}
