// Counts what `new` hands out on this thread, for tests that something allocates nothing, or little.
//
//   AllocationCounter counter;
//   parse_command(line, {});
//   EXPECT_EQ(counter.allocations(), 0u);
//
// allocation_counter.cc replaces the global operators new and delete of the test program.
#pragma once

#include <cstddef>
#include <cstdint>

namespace postrider::protocol::testing {

class AllocationCounter {
 public:
  AllocationCounter() noexcept;

  // Calls of any operator new since this object was made.
  [[nodiscard]] std::uint64_t allocations() const noexcept;
  // The octets that they asked for, whether given back since or not.
  [[nodiscard]] std::uint64_t octets() const noexcept;

 private:
  std::uint64_t allocations_before_;
  std::uint64_t octets_before_;
};

}  // namespace postrider::protocol::testing
