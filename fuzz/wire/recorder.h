// Writes what goes through a stream as a transcript, secrets taken out: for sessions of a server or a client
// that runs.
//
//   auto recorder = std::make_shared<Recorder>(loop.clock(), WireRole::server, "192.0.2.7:4711",
//                                              [&file](std::string_view text) { file << text; }, loop.now());
//   stream = transport::tapped(loop, std::move(stream), recorder);
//
// `write` gets whole lines as things happen, the first of them with the format's own, at most
// kMostTranscriptText octets; then a note, and no more. It is not told when the stream is gone: what it owns
// goes with the recorder.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "postrider/fuzz/transcript/redactor.h"
#include "postrider/fuzz/transcript/transcript.h"
#include "postrider/fuzz/wire/wire.h"
#include "postrider/transport/clock.h"
#include "postrider/transport/stream_tap.h"

namespace postrider::fuzz {

class Recorder final : public transport::StreamTap {
 public:
  using Write = std::function<void(std::string_view text)>;

  // `role`: of the side that records. `with`: who is at the other end of the connection.
  // Times are counted from `start`; several recorders of one transcript have the same.
  Recorder(const transport::Clock& clock, WireRole role, std::string with, Write write,
           transport::SteadyTime start);

  void on_received(std::string_view octets) override;
  void on_sent(std::string_view octets) override;
  void on_encrypted(const transport::TlsInfo& info) override;
  void on_end(const transport::error_code& why) override;
  void on_finished() override;

 private:
  void said(TranscriptKind side, std::string_view octets);
  void record(TranscriptKind kind, std::string octets);

  const transport::Clock& clock_;
  WireRole role_;
  Write write_;
  transport::SteadyTime start_;
  TranscriptRedactor redactor_;
  std::size_t written_ = 0;
  bool full_ = false;
};

}  // namespace postrider::fuzz
