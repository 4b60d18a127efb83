#include "postrider/fuzz/wire/recorder.h"

#include <chrono>
#include <utility>

namespace postrider::fuzz {

Recorder::Recorder(const transport::Clock& clock, WireRole role, std::string with, Write write,
                   transport::SteadyTime start)
    : clock_(clock), role_(role), write_(std::move(write)), start_(start) {
  write_(kTranscriptHeader);
  record(TranscriptKind::connected, std::move(with));
}

void Recorder::on_received(std::string_view octets) {
  said(role_ == WireRole::client ? TranscriptKind::server : TranscriptKind::client, octets);
}

void Recorder::on_sent(std::string_view octets) {
  said(role_ == WireRole::client ? TranscriptKind::client : TranscriptKind::server, octets);
}

void Recorder::said(TranscriptKind side, std::string_view octets) {
  if (side == TranscriptKind::server) {
    redactor_.from_server(octets);
    return record(side, std::string(octets));
  }
  std::string shown = redactor_.from_client(octets);
  if (!shown.empty()) record(side, std::move(shown));
}

void Recorder::on_encrypted(const transport::TlsInfo& info) {
  redactor_.start_over();
  record(TranscriptKind::tls, std::string(to_string(info.version)).append(" ").append(info.cipher));
}

void Recorder::on_end(const transport::error_code& why) {
  if (why == transport::error::eof) {
    return record(role_ == WireRole::client ? TranscriptKind::server_closed : TranscriptKind::client_closed,
                  {});
  }
  record(TranscriptKind::note, why.message());
  record(TranscriptKind::reset, {});
}

void Recorder::on_finished() {
  record(role_ == WireRole::client ? TranscriptKind::client_closed : TranscriptKind::server_closed, {});
}

void Recorder::record(TranscriptKind kind, std::string octets) {
  if (full_) return;
  // The text has at most four octets for each, and some for the lines.
  full_ = written_ + octets.size() * 4 > kMostTranscriptText - kLongestTranscriptLine;
  TranscriptEvent event;
  event.at = std::chrono::duration_cast<TranscriptTime>(clock_.steady_now() - start_);
  event.kind = full_ ? TranscriptKind::note : kind;
  event.octets = full_ ? "what follows is not recorded: a transcript has at most 64 MiB" : std::move(octets);
  std::string text;
  append_event(text, event);
  written_ += text.size();
  write_(text);
}

}  // namespace postrider::fuzz
