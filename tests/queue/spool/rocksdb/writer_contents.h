// How large the messages of spool_writer are.
#pragma once

#include <cstddef>
#include <cstdint>

namespace postrider::queue {

inline std::size_t size_of(std::uint64_t id) { return id % 8 == 7 ? 150'000 : 100 + id % 5000; }

}  // namespace postrider::queue
