#include "postrider/protocol/grammar/octets.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace postrider::protocol {
namespace {

using namespace std::string_view_literals;

// Each class against its definition in an RFC, written in another way than the table.
struct ClassCase {
  std::string_view name;
  CharClass octets;
  bool (*defined)(int octet);
};

bool alpha(int o) { return (o >= 0x41 && o <= 0x5A) || (o >= 0x61 && o <= 0x7A); }
bool digit(int o) { return o >= 0x30 && o <= 0x39; }

constexpr ClassCase kClasses[] = {
    {"ALPHA", kAlpha, alpha},
    {"DIGIT", kDigit, digit},
    {"upper-case HEXDIG", kHexUpper, [](int o) { return digit(o) || (o >= 'A' && o <= 'F'); }},
    {"atext", kAtext,
     [](int o) {
       return alpha(o) || digit(o) ||
              (o != 0 && "!#$%&'*+-/=?^_`{|}~"sv.find(static_cast<char>(o)) != std::string_view::npos);
     }},
    {"qtextSMTP", kQtext, [](int o) { return o >= 32 && o <= 126 && o != '"' && o != '\\'; }},
    {"Let-dig and hyphen", kLdh, [](int o) { return alpha(o) || digit(o) || o == '-'; }},
    {"dcontent", kDcontent, [](int o) { return o >= 33 && o <= 126 && o != '[' && o != '\\' && o != ']'; }},
    {"esmtp-value", kEsmtpValue, [](int o) { return o >= 33 && o <= 126 && o != '='; }},
    {"xchar", kXchar, [](int o) { return o >= 33 && o <= 126 && o != '+' && o != '='; }},
    {"printable", kPrintable, [](int o) { return o >= 32 && o <= 126; }},
    {"non-ASCII", kNonAscii, [](int o) { return o >= 128; }},
    {"base64", kBase64, [](int o) { return alpha(o) || digit(o) || o == '+' || o == '/'; }},
    {"line breaker", kLineBreaker, [](int o) { return o == 0 || o == 10 || o == 13; }},
    {"textstring", kReplyText, [](int o) { return o == 9 || (o >= 32 && o <= 126); }},
    {"sasl-mech", kSaslMech,
     [](int o) { return (alpha(o) && o <= 'Z') || digit(o) || o == '-' || o == '_'; }},
};

TEST(CharClass, EachMatchesItsDefinition) {
  for (const ClassCase& one : kClasses) {
    for (int o = 0; o < 256; ++o) {
      EXPECT_EQ(is(static_cast<char>(o), one.octets), one.defined(o)) << one.name << ", octet " << o;
    }
  }
}

TEST(CharClass, UnionsAreOneLookUp) {
  static_assert(is('x', kAlpha | kDigit) && is('7', kAlpha | kDigit) && !is('-', kAlpha | kDigit));
  static_assert(all("abc123", kAlpha | kDigit) && !all("abc 123", kAlpha | kDigit) && all("", kAlpha));
}

TEST(Octets, FitsOneLine) {
  static_assert(fits_one_line("") && fits_one_line("a\tb \x7F"));
  EXPECT_FALSE(fits_one_line("a\rb"));
  EXPECT_FALSE(fits_one_line("a\nb"));
  EXPECT_FALSE(fits_one_line("a\0b"sv));
}

TEST(Octets, EqualIgnoringCase) {
  static_assert(equal_ignoring_case("MaIl", "mAiL") && !equal_ignoring_case("MAIL", "MAI"));
  // Only ASCII letters have a case: "@" is not "`", and octets above 127 are compared as they are.
  EXPECT_FALSE(equal_ignoring_case("@", "`"));
  EXPECT_FALSE(equal_ignoring_case("[", "{"));
  EXPECT_FALSE(equal_ignoring_case("\xC4", "\xE4"));
}

TEST(Cursor, TakesAndReportsWhereItIs) {
  Cursor cursor("FROM:<a>");
  EXPECT_FALSE(cursor.take('<'));
  EXPECT_FALSE(cursor.take_ignoring_case("FROM: "));
  EXPECT_EQ(cursor.offset(), 0u);
  EXPECT_TRUE(cursor.take_ignoring_case("FROM:"));
  EXPECT_EQ(cursor.peek(), '<');
  EXPECT_TRUE(cursor.take('<'));
  EXPECT_EQ(cursor.take_while(kAlpha), "a");
  EXPECT_EQ(cursor.rest(), ">");
  EXPECT_EQ(cursor.since(5), "<a");
  cursor.back_to(5);
  EXPECT_EQ(cursor.rest(), "<a>");
  cursor.skip(3);
  EXPECT_TRUE(cursor.done());
  EXPECT_EQ(cursor.peek(), '\0');
  EXPECT_FALSE(cursor.take('\0'));
}

TEST(Cursor, AnEmptyTextIsDone) {
  Cursor cursor{std::string_view()};
  EXPECT_TRUE(cursor.done());
  EXPECT_FALSE(cursor.take('a'));
  EXPECT_FALSE(cursor.take_ignoring_case("A"));
  EXPECT_EQ(cursor.take_while(kAlpha), "");
}

}  // namespace
}  // namespace postrider::protocol
