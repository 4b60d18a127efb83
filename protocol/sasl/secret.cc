#include "postrider/protocol/sasl/secret.h"

#include <algorithm>
#include <string>

#include "postrider/protocol/grammar/base64.h"

namespace postrider::protocol::sasl {

void wipe(std::span<char> octets) noexcept {
  // Volatile writes are never left out.
  volatile char* at = octets.data();
  for (std::size_t i = 0; i < octets.size(); ++i) at[i] = 0;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  // Volatile, so that no compiler ends the loop at the first difference.
  volatile unsigned char difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference = static_cast<unsigned char>(
        difference | (static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i])));
  }
  return difference == 0;
}

Secret Secret::of_size(std::size_t size) {
  Secret secret;
  secret.octets_ = std::make_unique<char[]>(size);
  secret.size_ = size;
  return secret;
}

Secret Secret::join(std::initializer_list<std::string_view> parts) {
  std::size_t size = 0;
  for (const std::string_view part : parts) size += part.size();
  Secret secret = of_size(size);
  char* at = secret.octets_.get();
  for (const std::string_view part : parts) at = std::ranges::copy(part, at).out;
  return secret;
}

Secret Secret::base64() const {
  std::string text;
  text.reserve((size_ + 2) / 3 * 4);  // so that it does not move, and leaves nothing behind
  base64_encode(view(), text);
  Secret encoded(text);
  wipe(text);
  return encoded;
}

Secret::Decoded Secret::from_base64(std::string_view text) {
  Secret room = of_size(base64_decoded_bound(text.size()));
  const Result<std::string_view> decoded = base64_decode(text, room.octets());
  if (!decoded) return {};
  return {true, Secret(*decoded)};
}

}  // namespace postrider::protocol::sasl
