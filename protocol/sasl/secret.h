// Octets that nobody should find in memory afterwards: overwritten when they are no longer needed.
//
//   Secret password("pencil");
//   Secret line = Secret::join({user, "\0"sv, password.view()});
//
// Moving leaves nothing behind. Copies are made on purpose alone, by copy(). Where a secret was before it
// came here (a receive buffer, a terminal) is not ours to wipe.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

namespace postrider::protocol::sasl {

// Overwrites with zeros, also where the compiler sees that nobody reads them.
void wipe(std::span<char> octets) noexcept;

// Takes as long for octets that differ early as for equal ones; sizes are no secret.
[[nodiscard]] bool equal_in_constant_time(std::string_view a, std::string_view b) noexcept;

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string_view octets) : Secret(join({octets})) {}
  static Secret join(std::initializer_list<std::string_view> parts);
  // Room for `size` octets, all zero, to be filled through octets().
  static Secret of_size(std::size_t size);

  Secret(Secret&& other) noexcept
      : octets_(std::move(other.octets_)), size_(std::exchange(other.size_, std::size_t{0})) {}
  Secret& operator=(Secret&& other) noexcept {
    std::swap(octets_, other.octets_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~Secret() { wipe(octets()); }

  [[nodiscard]] Secret copy() const { return Secret(view()); }
  [[nodiscard]] std::string_view view() const noexcept { return {octets_.get(), size_}; }
  [[nodiscard]] std::span<char> octets() noexcept { return {octets_.get(), size_}; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

  // The same in base64.
  [[nodiscard]] Secret base64() const;
  // What base64 stands for; empty `decoded` with `good` false when it is none.
  struct Decoded;
  static Decoded from_base64(std::string_view text);

 private:
  std::unique_ptr<char[]> octets_;
  std::size_t size_ = 0;
};

struct Secret::Decoded {
  bool good = false;
  Secret octets;
};

}  // namespace postrider::protocol::sasl
