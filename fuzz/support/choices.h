// Where a driver, a handler or a network of a test gets its decisions from: the octets of a fuzzer's input,
// or a seed. 0 is always the plain decision (yes, everything at once, nothing unusual), so that an input that
// has run out of octets ends in an ordinary conversation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace postrider::fuzz {

class Choices {
 public:
  Choices() = default;
  Choices(const Choices&) = delete;
  Choices& operator=(const Choices&) = delete;
  virtual ~Choices() = default;

  // 0 to bound - 1; bound is 1 to 65536.
  virtual std::uint32_t below(std::uint32_t bound) = 0;
  // Are there octets left to choose by? A seed never runs out.
  [[nodiscard]] virtual bool more() const = 0;

  // Yes, once in `n` on average; no when the octets have run out.
  bool once_in(std::uint32_t n) { return below(n) == n - 1 && n > 1; }
};

// One octet a choice, two when the bound needs them. '0' stands for 0, '1' for 1 and so on, so that seeds can
// be written by hand.
class OctetChoices final : public Choices {
 public:
  explicit OctetChoices(std::string_view octets) : octets_(octets) {}

  std::uint32_t below(std::uint32_t bound) override {
    std::uint32_t value = take();
    if (bound > 256) value = value << 8 | take();
    return value % bound;
  }
  [[nodiscard]] bool more() const override { return at_ < octets_.size(); }

 private:
  std::uint32_t take() {
    if (at_ == octets_.size()) return 0;
    return (static_cast<unsigned char>(octets_[at_++]) - unsigned{'0'}) & 0xFFu;
  }

  std::string_view octets_;
  std::size_t at_ = 0;
};

// SplitMix64: the same seed gives the same choices on every machine.
class SeededChoices final : public Choices {
 public:
  explicit SeededChoices(std::uint64_t seed) : state_(seed) {}

  std::uint32_t below(std::uint32_t bound) override { return static_cast<std::uint32_t>(next() % bound); }
  [[nodiscard]] bool more() const override { return true; }

 private:
  std::uint64_t next() {
    std::uint64_t z = state_ += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }

  std::uint64_t state_;
};

}  // namespace postrider::fuzz
