// Watching what goes through streams, in clear: for recording sessions.
//
//   class Printer : public StreamTap {
//     void on_received(std::string_view octets) override { ... }
//     ...
//   };
//   stream = tapped(loop, std::move(stream), std::make_shared<Printer>());
//
// A tap sees each successful read and write, in their order. When TLS begins on a stream that is tapped, the
// tap moves to the stream inside: it is told what was agreed on, and sees what is encrypted, not the records.
// It is called on the stream's loop and does not wait; what it throws is a programming error. Streams without
// a tap cost nothing.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "postrider/transport/endpoint.h"
#include "postrider/transport/network.h"
#include "postrider/transport/tls/info.h"

namespace postrider::transport {

class StreamTap {
 public:
  virtual ~StreamTap() = default;
  virtual void on_received(std::string_view octets) = 0;
  virtual void on_sent(std::string_view octets) = 0;
  virtual void on_encrypted(const TlsInfo& info) = 0;
  // The peer has ended its side; or the stream failed.
  virtual void on_end(const error_code& why) = 0;
  // Our side has: half, or by closing.
  virtual void on_finished() = 0;
};

// `stream` seen by `tap`; as it is when there is none.
std::unique_ptr<Stream> tapped(Loop& loop, std::unique_ptr<Stream> stream, std::shared_ptr<StreamTap> tap);

// A network whose connections are tapped. `make` is asked for a tap for each one that has come about.
class TappedNetwork final : public Network {
 public:
  using Make = std::function<std::shared_ptr<StreamTap>(const Endpoint& to)>;

  // `loop` and `inner` outlive it.
  TappedNetwork(Loop& loop, Network& inner, Make make) : loop_(loop), inner_(inner), make_(std::move(make)) {}

  Task<StreamResult> connect(Endpoint to, ConnectOptions options) override;
  // What is accepted is not tapped here: see server::ServerConfig::tap.
  ListenResult listen(const Endpoint& at, const ListenOptions& options) override {
    return inner_.listen(at, options);
  }

 private:
  Loop& loop_;
  Network& inner_;
  Make make_;
};

// Tells a tap of pieces of which `octets` were written. For the streams of this folder.
void tell_sent(StreamTap& tap, std::span<const std::string_view> pieces, std::size_t octets);

}  // namespace postrider::transport
