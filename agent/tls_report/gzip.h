// Compression as RFC 1952 has it, by zlib.
#pragma once

#include <string>
#include <string_view>

namespace postrider::agent {

// The same octets always give the same file. Empty when there is no memory for it.
std::string gzip(std::string_view octets);

}  // namespace postrider::agent
