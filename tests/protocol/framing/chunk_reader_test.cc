#include "postrider/protocol/framing/chunk_reader.h"

#include <cstdint>
#include <string>

#include <gtest/gtest.h>

namespace postrider::protocol {
namespace {

TEST(ChunkReaderTest, TakesExactlyItsOctetsWhateverTheCuts) {
  const std::string_view wire = "\r\n.\r\nBDAT 0 LAST\r\n";
  for (std::uint64_t size = 0; size <= wire.size(); ++size) {
    for (std::size_t step = 1; step <= wire.size(); ++step) {
      ChunkReader reader(size);
      std::string content;
      std::size_t at = 0;
      while (!reader.done()) {
        const std::string_view part = reader.next(wire.substr(at, step));
        ASSERT_FALSE(part.empty());
        EXPECT_EQ(part.data(), wire.data() + at);
        content += part;
        at += part.size();
        EXPECT_EQ(reader.left(), size - content.size());
      }
      EXPECT_EQ(content, wire.substr(0, size));
      EXPECT_EQ(reader.next(wire.substr(at)), "");
    }
  }
}

TEST(ChunkReaderTest, NoOctetsMakeNoProgress) {
  ChunkReader reader(5);
  EXPECT_EQ(reader.next(""), "");
  EXPECT_FALSE(reader.done());
  EXPECT_EQ(reader.left(), 5u);
  EXPECT_TRUE(ChunkReader().done());
}

// RFC 3030 2: the size is a number of any length; here of 64 bits.
TEST(ChunkReaderTest, CountsBeyond32Bits) {
  constexpr std::uint64_t kLargest = UINT64_MAX;
  ChunkReader reader(kLargest);
  EXPECT_EQ(reader.next("abc"), "abc");
  EXPECT_EQ(reader.left(), kLargest - 3);
  static_assert(ChunkReader(1).next("ab") == "a");
}

}  // namespace
}  // namespace postrider::protocol
