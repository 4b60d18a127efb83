// TLS without a socket: ciphertext and plaintext go in and out by function calls, so that the same engine
// serves TCP, memory, tests and fuzzing.
//
//   engine.give(received);                           // ciphertext from the peer, in pieces of any size
//   const TlsEngine::Step step = engine.read(into);  // plaintext
//   send(engine.output()); engine.sent(count);       // whatever call was made: there may be something to
//   send
//
// Memory: input is borrowed from the caller and never copied as a whole; output stands in a buffer that
// exists only while there is something in it. An idle engine holds what its library needs, no more.
//
// One thread at a time. After `failed` only output() (the alert), sent(), failure() and info() are of use.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "postrider/transport/tls/info.h"

namespace postrider::transport {

class TlsEngine {
 public:
  // write() takes no more plaintext while this much waits to be sent. What a handshake or an answer to the
  // peer's messages adds is bounded by the library.
  static constexpr std::size_t kMaxOutput = std::size_t{64} * 1024;

  enum class Status : std::uint8_t {
    done,         // handshake(): complete; read(), write(): `octets` moved, at least one; shutdown(): made
    want_input,   // everything given is used: give() more of the peer's ciphertext
    want_output,  // write(): send output() first
    closed,       // read(): the peer has ended the session with close_notify
    failed,       // failure() says why
  };
  struct Step {
    Status status = Status::done;
    std::size_t octets = 0;

    bool done() const noexcept { return status == Status::done; }
  };

  virtual ~TlsEngine() = default;
  TlsEngine(const TlsEngine&) = delete;
  TlsEngine& operator=(const TlsEngine&) = delete;

  // To be called until it is done, with what the peer sends. read() and write() come after that.
  virtual Step handshake() = 0;
  // At most one record's plaintext; `into` is not empty. May make output: answers to what it read.
  virtual Step read(std::span<char> into) = 0;
  // Turns a prefix of `plaintext`, which is not empty, into records.
  virtual Step write(std::string_view plaintext) = 0;
  // Makes a close_notify, once. Before the handshake is complete it makes nothing.
  virtual Step shutdown() = 0;

  // Whether read() has plaintext without more input.
  virtual bool pending() const = 0;

  // Ciphertext from the peer. All that was given before must be used by now; the octets outlive their use,
  // that is until input_left() is 0.
  void give(std::string_view ciphertext) noexcept {
    assert(input_.empty() && "what was given before is not used yet");
    input_ = ciphertext;
  }
  std::size_t input_left() const noexcept { return input_.size(); }

  // Ciphertext for the peer, and how much of it has gone.
  std::string_view output() const noexcept { return std::string_view(output_).substr(sent_); }
  void sent(std::size_t octets) noexcept {
    assert(octets <= output_.size() - sent_);
    sent_ += octets;
    if (sent_ == output_.size()) {
      std::string().swap(output_);
      sent_ = 0;
    }
  }

  // What was agreed on; complete once handshake() is done. Made afresh at each call.
  virtual TlsInfo info() const = 0;
  // Why it failed, for people: the reason and, where there was one, the name of the alert.
  const std::string& failure() const noexcept { return failure_; }

 protected:
  TlsEngine() = default;

  Step fail(std::string why) {
    if (failure_.empty()) failure_ = std::move(why);
    return {Status::failed, 0};
  }
  bool has_failed() const noexcept { return !failure_.empty(); }

  // For the backends' input and output callbacks.
  std::size_t take_input(char* into, std::size_t most) noexcept {
    const std::size_t count = input_.copy(into, most);
    input_.remove_prefix(count);
    return count;
  }
  void put_output(std::string_view ciphertext) { output_.append(ciphertext); }
  // One allocation for what `plaintext` octets become.
  void reserve_output(std::size_t plaintext) {
    output_.reserve(output_.size() + plaintext + (plaintext / kRecord + 1) * kRecordOverhead);
  }
  std::size_t room() const noexcept {
    const std::size_t waiting = output_.size() - sent_;
    return waiting >= kMaxOutput ? 0 : kMaxOutput - waiting;
  }

 private:
  static constexpr std::size_t kRecord = 16384;       // RFC 8446 5.1
  static constexpr std::size_t kRecordOverhead = 64;  // header, nonce, tag

  std::string_view input_;
  std::string output_;
  std::size_t sent_ = 0;
  std::string failure_;
};

}  // namespace postrider::transport
