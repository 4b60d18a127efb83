#include "postrider/queue/content/mime_field.h"

#include <string>

#include <gtest/gtest.h>

namespace postrider::queue {
namespace {

TEST(HeaderFieldsTest, AreToldOneAfterTheOther) {
  HeaderFields fields("A: 1\r\nB :\r\n 2\r\n\t3\r\nno field\r\nC:");
  ASSERT_TRUE(fields.next());
  EXPECT_TRUE(fields.is("a"));
  EXPECT_EQ(fields.value(), " 1");
  ASSERT_TRUE(fields.next());
  EXPECT_EQ(fields.name(), "B");
  EXPECT_EQ(fields.whole(), "B :\r\n 2\r\n\t3\r\n");
  EXPECT_EQ(unfolded(fields.value(), 100), "2\t3");
  EXPECT_EQ(unfolded(fields.value(), 2), "2\t");
  ASSERT_TRUE(fields.next());
  EXPECT_EQ(fields.name(), "");
  EXPECT_EQ(fields.whole(), "no field\r\n");
  ASSERT_TRUE(fields.next());
  EXPECT_EQ(fields.name(), "C");
  EXPECT_EQ(fields.value(), "");
  EXPECT_FALSE(fields.next());
}

TEST(ContentTypeTest, IsReadWithPatience) {
  for (const char* text :
       {"multipart/mixed; boundary=\"a b\"", "MultiPart / Mixed;charset=x; Boundary = \"a b\"",
        " (a \\( comment) multipart/mixed (;boundary=no);\r\n boundary=\"a\\ b\"; boundary=second",
        "multipart/mixed; x=\";boundary=no\"; boundary=\"a b \""}) {
    const ContentType type = read_content_type(text);
    EXPECT_TRUE(type.is("multipart", "mixed")) << text;
    EXPECT_EQ(type.boundary, "a b") << text;
  }
  EXPECT_EQ(read_content_type("multipart/mixed; boundary==_a/b=c(d); x").boundary, "=_a/b=c(d)");
  EXPECT_EQ(read_content_type("text/plain; charset=utf-8").boundary, "");
}

TEST(TransferEncodingFieldTest, IsATokenOrNothing) {
  EXPECT_EQ(read_transfer_encoding(" \"BASE64\" (c)"), "base64");
  EXPECT_EQ(read_transfer_encoding("\"base64 x\""), "");
}

TEST(ContentTypeTest, OfWhatIsNoneIsEmpty) {
  for (const char* text :
       {"", "text", "text;", "(", ";", "\"", "; boundary=a", "\"\"/x; boundary=a", "text/\"\""}) {
    EXPECT_EQ(read_content_type(text).type, "") << text;
  }
}

TEST(TransferEncodingTest, IsTheFirstWord) {
  EXPECT_EQ(read_transfer_encoding(" (x) 8BIT ; y"), "8bit");
  EXPECT_EQ(read_transfer_encoding("\"base64\""), "base64");
  EXPECT_EQ(read_transfer_encoding(""), "");
}

}  // namespace
}  // namespace postrider::queue
