// A PROXY header is the same however it is cut, takes no octet of what follows it, and names the addresses
// that stand in it, as the C library reads them; whatever is no header is refused within its bounds.
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <arpa/inet.h>

#include "postrider/fuzz/support/alphabet.h"
#include "postrider/fuzz/support/fuzz_input.h"
#include "postrider/fuzz/support/require.h"
#include "postrider/transport/proxy_header.h"

namespace {

using namespace postrider::transport;
using namespace postrider::fuzz;

constexpr std::string_view kSignature("\r\n\r\n\0\r\nQUIT\n", 12);

constexpr std::array<std::string_view, 32> kWords = {"PROXY ",
                                                     "TCP4 ",
                                                     "TCP6 ",
                                                     "UNKNOWN",
                                                     "192.0.2.1 ",
                                                     "198.51.100.1 ",
                                                     "::1 ",
                                                     "2001:db8::2 ",
                                                     "::ffff:192.0.2.1 ",
                                                     "56324 ",
                                                     "25",
                                                     "65535",
                                                     "65536",
                                                     "0",
                                                     "\r\n",
                                                     "\r",
                                                     "\n",
                                                     " ",
                                                     kSignature,
                                                     "\x21",
                                                     "\x20",
                                                     "\x11",
                                                     "\x31",
                                                     std::string_view("\x00\x0C", 2),
                                                     std::string_view("\x00\x24", 2),
                                                     std::string_view("\x00\xD8", 2),
                                                     std::string_view("\x00", 1),
                                                     "\xFF\xFF",
                                                     "/run/mail.sock",
                                                     "\xC0\x00\x02\x01",
                                                     "EHLO mail.example\r\n",
                                                     "%1"};

struct Reading {
  bool ended = false;  // the octets were enough
  bool malformed = false;
  std::size_t taken = 0;
  ProxyHeader header;

  // Where a header turns out to be none depends on the cut.
  friend bool operator==(const Reading& a, const Reading& b) {
    if (a.ended != b.ended || a.malformed != b.malformed) return false;
    return a.malformed || (a.taken == b.taken && a.header == b.header);
  }
};

// At most `step` octets at a time.
Reading read(std::string_view octets, std::size_t step) {
  ProxyHeaderReader reader;
  Reading out;
  while (reader.wanted() != 0 && out.taken < octets.size()) {
    const std::size_t size = std::min({reader.wanted(), step, octets.size() - out.taken});
    const ExactCopy part(octets.substr(out.taken, size));
    reader.take(part.view());
    out.taken += size;
  }
  out.ended = reader.wanted() == 0;
  out.malformed = reader.malformed();
  if (out.ended && !out.malformed) out.header = reader.header();
  return out;
}

void check_end(std::string_view octets, const Reading& reading) {
  const std::string_view header = octets.substr(0, reading.taken);
  if (header.starts_with("PROXY ")) {
    require(header.size() <= ProxyHeaderReader::kLongestLine, "a line has its bound");
    require_equal(header.find('\n'), header.size() - 1, "a header of version 1 is one line");
    return;
  }
  require(header.starts_with(kSignature) && header.size() >= 16, "else it is one of version 2");
  const auto behind = static_cast<unsigned char>(header[14]) * 256u + static_cast<unsigned char>(header[15]);
  require_equal(header.size(), 16 + std::size_t{behind}, "which is as long as it says");
}

// The text of version 1 that says the same, from what the C library writes.
std::optional<std::string> as_line(const ProxyHeader& header) {
  if (!header.source.is_ip()) return std::nullopt;
  const bool four = header.source.family() == Endpoint::Family::ipv4;
  std::string out = four ? "PROXY TCP4 " : "PROXY TCP6 ";
  for (const Endpoint& each : {header.source, header.destination}) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    require(inet_ntop(four ? AF_INET : AF_INET6, each.address().data(), text.data(), text.size()) != nullptr,
            "an address can be written");
    out.append(text.data()).append(" ");
  }
  return out + std::to_string(header.source.port()) + " " + std::to_string(header.destination.port()) +
         "\r\n";
}

void check(std::string_view octets) {
  const Reading whole = read(octets, octets.size() + 1);
  require(read(octets, 1) == whole && read(octets, 7) == whole, "any cut gives the same");
  require(whole.taken <= 16 + ProxyHeaderReader::kMostBehindHead, "no more is read than the bound");
  if (!whole.ended || whole.malformed) return;
  check_end(octets, whole);
  require(whole.header.source.family() == whole.header.destination.family(), "both ends are of one family");
  if (const auto line = as_line(whole.header)) {
    const Reading again = read(*line, line->size());
    require(again.ended && !again.malformed && again.header == whole.header, "a line says the same");
    require_equal(again.taken, line->size(), "to its end");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  if (size > 20'000) return 0;
  const std::string_view text = FuzzInput::as_text(octets, size);
  check(text);
  check(std::string(kSignature) + std::string(text));
  if (size > 256) return 0;
  const std::string spelled = spell(text, kWords);
  check(spelled);
  check("PROXY " + spelled);
  check(std::string(kSignature) + spelled);
  return 0;
}
