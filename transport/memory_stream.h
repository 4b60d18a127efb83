// Two connected streams in memory, with faults on order: for tests and simulations.
//
// Each direction holds a bounded number of octets, like the buffers of a socket. A script, if given, makes
// one end misbehave: short reads and writes, or a failure at the n-th operation, so that a driver can be
// tried with an I/O error at every step. Both ends belong to one loop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <utility>

#include "postrider/transport/loop.h"
#include "postrider/transport/stream.h"

namespace postrider::transport {

// What one end is to do wrong, and what it has done. Every try_ and wait_ call is an operation, counted
// from 1.
struct MemoryScript {
  static constexpr std::uint64_t kNoFailure = 0;

  std::size_t most_read = std::numeric_limits<std::size_t>::max();     // octets a try_read()
  std::size_t most_written = std::numeric_limits<std::size_t>::max();  // octets a try_write()
  std::uint64_t fail_at = kNoFailure;  // this operation and all later ones fail; the peer sees a reset
  error_code failure = error::connection_reset;

  std::uint64_t operations = 0;
  std::uint64_t reads = 0;   // that moved octets
  std::uint64_t writes = 0;  // that moved octets
  std::uint64_t waits = 0;   // that had to wait
};

class MemoryStream final : public Stream {
 public:
  using Pair = std::pair<std::unique_ptr<MemoryStream>, std::unique_ptr<MemoryStream>>;

  static constexpr std::size_t kCapacity = std::size_t{64} * 1024;

  // The first end has `first_local` as its own address, the second sees it as its peer.
  static Pair make_pair(Loop& loop, std::size_t capacity = kCapacity, const Endpoint& first_local = {},
                        const Endpoint& second_local = {});
  ~MemoryStream() override;

  // `script` outlives the stream.
  void follow(MemoryScript& script) noexcept { script_ = &script; }

  IoResult try_read(std::span<char> into) override;
  IoResult try_write(std::span<const std::string_view> pieces) override;
  Task<error_code> wait_readable() override;
  Task<error_code> wait_writable() override;
  void cancel() noexcept override;
  Task<void> close(Closing how) override;
  void abort() noexcept override;
  void finish_writing() noexcept override;
  void reset() noexcept override;
  const Endpoint& peer() const noexcept override { return peer_; }
  Endpoint local() const override { return local_; }
  void stand_for(const Endpoint& peer, const Endpoint& local) override {
    peer_ = peer;
    local_ = local;
  }

 private:
  struct Pipe;

  MemoryStream(Loop& loop, std::shared_ptr<Pipe> in, std::shared_ptr<Pipe> out, const Endpoint& local,
               const Endpoint& peer);
  bool fails_now() noexcept;
  void shut(bool reset) noexcept;

  std::shared_ptr<Pipe> in_;
  std::shared_ptr<Pipe> out_;
  MemoryScript* script_;
  MemoryScript no_faults_;
  Endpoint local_;
  Endpoint peer_;
  bool open_ = true;
};

}  // namespace postrider::transport
