#include "postrider/protocol/grammar/base64.h"

#include <array>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "postrider/tests/protocol/support/exact_copy.h"

namespace postrider::protocol {
namespace {

using namespace std::string_view_literals;
using testing::ExactCopy;

struct Pair {
  std::string_view octets;
  std::string_view encoded;
};

// RFC 4648 10, and the example of RFC 4954 4.1.
constexpr Pair kPairs[] = {
    {"", ""},
    {"f", "Zg=="},
    {"fo", "Zm8="},
    {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="},
    {"fooba", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy"},
    {"\0tim\0tanstaaftanstaaf"sv, "AHRpbQB0YW5zdGFhZnRhbnN0YWFm"},
    {"\xFF\xFF\xFE"sv, "///+"},
};

std::string encode(std::string_view octets) {
  std::string out;
  base64_encode(octets, out);
  return out;
}

TEST(Base64, Examples) {
  for (const Pair& one : kPairs) {
    EXPECT_EQ(encode(one.octets), one.encoded);
    EXPECT_TRUE(is_base64(one.encoded));
    std::array<char, 64> buffer;
    const Result<std::string_view> decoded = base64_decode(ExactCopy(one.encoded).view(), buffer);
    ASSERT_TRUE(decoded) << one.encoded;
    EXPECT_EQ(*decoded, one.octets);
  }
}

TEST(Base64, Malformed) {
  for (const std::string_view bad :
       {"Z",         "Zg",    "Zg=",   "Zg===",    "====", "=",    "==", "Z===",    "Zg==Zg==", "Zm=v",
        "Zm9v Zm9v", " Zm9v", "Zm9v ", "Zm9v\r\n", "Zm9-", "Zm9_", "*",  "Zm9\xC3", "=Zm9",     "Z=m9"}) {
    std::array<char, 64> buffer;
    EXPECT_FALSE(is_base64(ExactCopy(bad).view())) << bad;
    const Result<std::string_view> decoded = base64_decode(bad, buffer);
    ASSERT_FALSE(decoded) << bad;
    EXPECT_EQ(decoded.error().code, Errc::bad_base64);
  }
}

// RFC 4648 3.5: two texts that mean the same octets would let one pass where the other was refused.
TEST(Base64, UnusedBitsMustBeZero) {
  for (const std::string_view bad : {"Zh==", "Zo==", "Zv==", "Zm9=", "Zm+="})
    EXPECT_FALSE(is_base64(bad)) << bad;
}

TEST(Base64, RoundTrip) {
  std::mt19937 random(4648);
  for (std::size_t size = 0; size < 200; ++size) {
    std::string octets(size, '\0');
    for (char& c : octets) c = static_cast<char>(random());
    const std::string encoded = encode(octets);
    EXPECT_EQ(encoded.size(), (size + 2) / 3 * 4);
    std::vector<char> buffer(size);  // exactly as much as is needed
    const Result<std::string_view> decoded = base64_decode(ExactCopy(encoded).view(), buffer);
    ASSERT_TRUE(decoded);
    EXPECT_EQ(*decoded, octets);
    EXPECT_GE(base64_decoded_bound(encoded.size()), size);
    if (size != 0) {
      EXPECT_FALSE(base64_decode(encoded, std::span(buffer).first(size - 1)));
    }
  }
}

TEST(Base64, Appends) {
  std::string out = "AUTH PLAIN ";
  base64_encode("foo", out);
  EXPECT_EQ(out, "AUTH PLAIN Zm9v");
}

}  // namespace
}  // namespace postrider::protocol
