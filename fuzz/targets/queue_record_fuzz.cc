// A record of the queue that is accepted is written as the same octets, whatever its checksum was made of; no
// change of one octet goes unnoticed.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "postrider/fuzz/support/fuzz_input.h"
#include "postrider/fuzz/support/require.h"
#include "postrider/queue/crc32c.h"
#include "postrider/queue/record.h"

namespace {

using namespace postrider::queue;
using namespace postrider::fuzz;

std::string with_checksum(std::string_view octets) {
  std::string out(octets);
  const std::uint32_t sum = crc32c(octets);
  for (unsigned shift = 0; shift < 32; shift += 8) out.push_back(static_cast<char>(sum >> shift & 0xff));
  return out;
}

void check(std::string_view octets) {
  const ExactCopy copy(octets);
  const auto message = decode(copy.view());
  if (!message) {
    require(!message.error().empty(), "a refusal says why");
    return;
  }
  require_equal(encode(*message), octets, "a record that is read is written as the same octets");
  const auto other = static_cast<char>(1 + (octets.size() & 0x7e));
  std::string changed(octets);
  for (char& each : changed) {
    each = static_cast<char>(each ^ other);
    require(!decode(changed).has_value(), "a changed octet is noticed");
    each = static_cast<char>(each ^ other);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  if (size > 1024) return 0;
  const std::string_view text = FuzzInput::as_text(octets, size);
  check(text);
  check(with_checksum(text));
  if (size >= 4) check(with_checksum(text.substr(0, size - 4)));
  return 0;
}
