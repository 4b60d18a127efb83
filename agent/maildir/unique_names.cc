#include "postrider/agent/maildir/unique_names.h"

#include <array>
#include <chrono>
#include <cstdio>

#include <sys/random.h>
#include <unistd.h>

namespace postrider::agent {
namespace {

constexpr std::size_t kLongestHost =
    40;  // times four when all is escaped; the other parts take up to 90 of a file name's 255 octets

std::string escaped(std::string_view hostname) {
  std::string out;
  for (const char c : hostname.substr(0, kLongestHost)) {
    if (c == '/') {
      out += "\\057";
    } else if (c == ':') {
      out += "\\072";
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

UniqueNames::UniqueNames(std::string_view hostname, transport::Clock& clock)
    : host_(escaped(hostname)), process_(std::to_string(::getpid())), clock_(clock) {}

std::string UniqueNames::next() {
  const auto since_epoch = clock_.system_now().time_since_epoch();
  const auto microseconds = std::chrono::duration_cast<std::chrono::microseconds>(since_epoch).count();
  std::uint64_t random = 0;
  // Random against a clock that is set back; without it the other parts still tell deliveries apart.
  const bool has_random = ::getrandom(&random, sizeof random, GRND_NONBLOCK) == sizeof random;
  std::array<char, 24> hex{};
  std::snprintf(hex.data(), hex.size(), "%016llx", static_cast<unsigned long long>(has_random ? random : 0));
  const std::uint64_t sequence = sequence_.fetch_add(1, std::memory_order_relaxed);
  return std::to_string(microseconds / 1'000'000) + ".M" + std::to_string(microseconds % 1'000'000) + "P" +
         process_ + "Q" + std::to_string(sequence) + "R" + hex.data() + "." + host_;
}

}  // namespace postrider::agent
