#include "postrider/agent/tls_report/gzip.h"

#include <limits>

#include <zlib.h>

namespace postrider::agent {

std::string gzip(std::string_view octets) {
  constexpr int kGzipFormat = 15 + 16;  // the largest window, and the header of RFC 1952
  constexpr int kMemory = 8;
  if (octets.size() > std::numeric_limits<uInt>::max()) return {};
  z_stream stream{};
  if (::deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, kGzipFormat, kMemory, Z_DEFAULT_STRATEGY) !=
      Z_OK) {
    return {};
  }
  std::string out(::deflateBound(&stream, static_cast<uLong>(octets.size())), '\0');
  // zlib reads only, and says so by z_const where that is asked for.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(octets.data()));
  stream.avail_in = static_cast<uInt>(octets.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int end = ::deflate(&stream, Z_FINISH);
  out.resize(end == Z_STREAM_END ? stream.total_out : 0);
  ::deflateEnd(&stream);
  return out;
}

}  // namespace postrider::agent
