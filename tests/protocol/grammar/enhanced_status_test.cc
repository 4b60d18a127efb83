#include "postrider/protocol/grammar/enhanced_status.h"

#include <string>

#include <gtest/gtest.h>

namespace postrider::protocol {
namespace {

struct Good {
  const char* text;
  EnhancedStatus status;
  const char* rest;
};

TEST(EnhancedStatus, IsReadAndRemoved) {
  const Good cases[] = {
      {"2.0.0 Ok", {2, {0, 0}}, "Ok"},
      {"2.0.0", {2, {0, 0}}, ""},
      {"2.0.0 ", {2, {0, 0}}, ""},
      {"4.2.2 over quota", {4, {2, 2}}, "over quota"},
      {"5.7.26 unauthenticated", {5, {7, 26}}, "unauthenticated"},
      {"4.7.500 Server busy", {4, {7, 500}}, "Server busy"},
      {"5.999.999 x", {5, {999, 999}}, "x"},
      {"5.10.0 x", {5, {10, 0}}, "x"},
      {"5.1.1  two spaces", {5, {1, 1}}, " two spaces"},  // one belongs to the status
      {"5.1.1 5.1.1 x", {5, {1, 1}}, "5.1.1 x"},
  };
  for (const Good& c : cases) {
    std::string_view text = c.text;
    const std::optional<EnhancedStatus> status = parse_enhanced_status(text);
    ASSERT_TRUE(status.has_value()) << c.text;
    EXPECT_EQ(*status, c.status) << c.text;
    EXPECT_EQ(text, c.rest) << c.text;
  }
}

TEST(EnhancedStatus, IsNotSeenInOtherTexts) {
  for (const char* c :
       {"",           "O",          "2",        "2.",        "2.0",      "2.0.",     "2.0.x",
        "2..0 x",     "3.0.0 x",    "1.0.0 x",  "6.0.0 x",   "0.0.0",    "2.0.0x",   "2.0.0-x",
        "2.0.0\tx",   "2.0.0.0 x",  "2.00.0 x", "2.0.00 x",  "2.01.0 x", "2.0.01 x", "20.0.0 x",
        "2.1000.0 x", "2.0.1000 x", " 2.0.0 x", "-2.0.0 x",  "2.-1.0 x", "2.0.-1 x", "2,0,0 x",
        "250 2.0.0",  "#5.1.1",     "5.1.1: x", "5.7.1-3 x", "2.0.9999", "2.9999.0"}) {
    std::string_view text = c;
    EXPECT_FALSE(parse_enhanced_status(text).has_value()) << c;
    EXPECT_EQ(text, c);
  }
}

// Each beginning of a status is read from its own octets alone.
TEST(EnhancedStatus, DoesNotReadBeyondItsText) {
  const std::string whole = "5.123.456 x";
  for (std::size_t n = 0; n <= whole.size(); ++n) {
    const std::string part = whole.substr(0, n);  // its own memory, so that a sanitizer sees its end
    std::string_view text = part;
    const std::optional<EnhancedStatus> status = parse_enhanced_status(text);
    EXPECT_EQ(status.has_value(), n >= 7) << part;
  }
}

}  // namespace
}  // namespace postrider::protocol
