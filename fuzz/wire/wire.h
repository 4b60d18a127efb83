// A raw client that plays anything, legal or not, and writes down every octet of both sides: for fuzzing,
// conformance and replay. It knows lines and codes, but no order of commands; nothing is corrected, added or
// held back.
//
//   Wire wire(loop, network, options);
//   const WireResult connected = co_await wire.connect(address, wire.in(seconds(5)));
//   const WireReply greeting = co_await wire.read_reply(wire.in(seconds(5)));
//   (void)co_await wire.send("EHLO x\r\nNOOP\r", wire.in(seconds(5)));   // one write
//   (void)co_await wire.send("\n", wire.in(seconds(5)));
//   const WireReply hello = co_await wire.read_reply(wire.in(seconds(5)));
//   if (hello.code / 100 != 2) ...
//   write_transcript(wire.transcript());
//
// What the peer does is a value: closed, reset, timeout. A deadline fires up to a quarter of a second late,
// never early. Memory: at most WireOptions::most_recorded octets of transcript, and what was received and not
// yet read is bounded by most_unread. A wire may connect again when it is closed; its transcript goes on.
//
// It plays the server too, for servers that misbehave: make one over an accepted stream with
// WireRole::server, and use read_line(). One task at a time may use a wire. `loop` and `network` outlive it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "postrider/fuzz/transcript/transcript.h"
#include "postrider/fuzz/wire/wire_reply.h"
#include "postrider/transport/loop.h"
#include "postrider/transport/network.h"
#include "postrider/transport/tls/provider.h"

namespace postrider::fuzz {

using transport::Task;

enum class WireRole : std::uint8_t { client, server };

struct WireOptions {
  WireOptions() = default;

  // Stops: a peer that talks without end. Octets received since the last connect(); then too_much.
  std::size_t most_received = std::size_t{16} << 20;
  // Octets of both sides in the transcript; what comes later is played and not recorded.
  std::size_t most_recorded = std::size_t{16} << 20;
  std::size_t longest_line = std::size_t{64} << 10;  // a line of the peer
  std::size_t most_lines = 1000;                     // of one reply
  // For start_tls(); see unverified_tls.h. Without one, TLS fails.
  std::shared_ptr<const transport::TlsClientContext> tls = nullptr;
  std::string tls_name = "localhost";  // sent as SNI
};

class Wire {
 public:
  Wire(transport::Loop& loop, transport::Network& network, WireOptions options = {});
  // Over a connection that is there already.
  Wire(transport::Loop& loop, std::unique_ptr<transport::Stream> stream, WireRole role,
       WireOptions options = {});
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  // The time that is `wait` from now.
  transport::SteadyTime in(transport::Duration wait) const { return transport::later(loop_.now(), wait); }
  bool connected() const noexcept { return stream_ != nullptr; }
  // nullptr in clear.
  const transport::TlsInfo* tls() const noexcept { return stream_ ? stream_->tls() : nullptr; }

  // Ends the connection before, if there is one.
  Task<WireResult> connect(transport::Endpoint to, transport::SteadyTime deadline);

  // Exactly one write of the octets. (Only when the peer takes a part of them does the rest need another one;
  // in the transcript it is one event.)
  Task<WireResult> send(std::string octets, transport::SteadyTime deadline);

  // One whole reply; octets behind it stay for the next call. What has no code is a reply of one line,
  // malformed. Without one: what became of the connection, with the octets of the part that came.
  Task<WireReply> read_reply(transport::SteadyTime deadline);
  // Whether read_reply() has something to say by then: a reply, or that none will come. A silence is not
  // recorded, and nothing is taken.
  Task<bool> reply_comes(transport::SteadyTime deadline);
  // One line with its LF.
  Task<WireOctets> read_line(transport::SteadyTime deadline);
  // What has come and was not read, after waiting until there is something.
  Task<WireOctets> read_available(transport::SteadyTime deadline);
  // All that comes until `wait` is over (outcome timeout) or the connection is (any other). Silence: no
  // octets.
  Task<WireOctets> quiet(transport::Duration wait);
  // Until the peer closes, with all that it says before.
  Task<WireOctets> read_to_end(transport::SteadyTime deadline);
  // Received and not read.
  std::string_view unread() const noexcept { return unread_; }

  // The sending side ends: FIN, or close_notify under TLS. Reading goes on.
  void half_close();
  // TLS as a client. Whatever was received and not read stands in the transcript, and is dropped with a note:
  // it came in clear.
  Task<WireResult> start_tls(transport::SteadyTime deadline);
  // The same with an engine: for servers, and for clients with a context of their own.
  Task<WireResult> start_tls(std::unique_ptr<transport::TlsEngine> engine, transport::SteadyTime deadline);

  // Ends the connection without ceremony; the transcript says that this side closed.
  void close();
  // So that the peer sees a reset.
  void reset();

  void note(std::string text);
  const Transcript& transcript() const noexcept { return transcript_; }
  // The transcript so far; recording goes on with an empty one, and with times that go on.
  Transcript take_transcript();

 private:
  Task<WireOutcome> fill(transport::SteadyTime deadline);
  bool line_is_too_long() const noexcept;
  WireOutcome ended(const transport::error_code& why);
  void record(TranscriptKind kind, std::string octets);
  WireOctets take(std::size_t octets, WireOutcome outcome);
  void forget_connection();
  TranscriptKind mine() const noexcept;
  TranscriptKind peers() const noexcept;

  transport::Loop& loop_;
  transport::Network* network_ = nullptr;
  WireOptions options_;
  WireRole role_ = WireRole::client;
  std::unique_ptr<transport::Stream> stream_;
  std::string unread_;
  std::size_t received_ = 0;
  WireOutcome over_ = WireOutcome::not_connected;  // why nothing more can be read; `done` while something can
  std::string why_over_;
  transport::SteadyTime start_;
  Transcript transcript_;
  std::size_t recorded_ = 0;
};

}  // namespace postrider::fuzz
