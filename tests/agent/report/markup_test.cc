#include "postrider/agent/report/markup.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "postrider/protocol/grammar/utf8.h"

namespace postrider::agent {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

TEST(Markup, EscapesWhatEndsTextOrAttributes) {
  EXPECT_EQ(markup_text("a < b && \"c\" > ]]>"), "a &lt; b &amp;&amp; &quot;c&quot; &gt; ]]&gt;");
  EXPECT_EQ(markup_attribute("\"><x y='1'>"), "&quot;&gt;&lt;x y='1'&gt;");
  EXPECT_EQ(markup_text(""), "");
}

TEST(Markup, KeepsLineEndsInTextAndRefersToThemInAttributes) {
  EXPECT_EQ(markup_text("a\n\tb\r\n"), "a\n\tb&#13;\n");
  EXPECT_EQ(markup_attribute("a\n\tb\r\n"), "a&#10;&#9;b&#13;&#10;");
}

TEST(Markup, ReplacesEveryControlCharacterThatXmlHasNoFormFor) {
  for (char c = 0; c < 0x20; ++c) {
    if (c == '\t' || c == '\n' || c == '\r') continue;
    EXPECT_EQ(markup_text(std::string_view(&c, 1)), kReplacement) << static_cast<int>(c);
    EXPECT_EQ(markup_attribute(std::string_view(&c, 1)), kReplacement) << static_cast<int>(c);
  }
  EXPECT_EQ(markup_text("\x7F"), "\x7F");  // which it has one for
}

TEST(Markup, KeepsUtf8AndReplacesNoncharacters) {
  EXPECT_EQ(markup_text("Gr\xC3\xBC\xC3\x9F"
                        "e \xE2\x98\x83 \xF0\x9F\x93\xAC"),
            "Gr\xC3\xBC\xC3\x9F"
            "e \xE2\x98\x83 \xF0\x9F\x93\xAC");
  EXPECT_EQ(markup_text("\xEF\xBF\xBE"), kReplacement);            // U+FFFE
  EXPECT_EQ(markup_text("\xEF\xBF\xBF"), kReplacement);            // U+FFFF
  EXPECT_EQ(markup_text("\xEF\xBF\xBD"), kReplacement);            // itself
  EXPECT_EQ(markup_text("\xED\x9F\xBF"), "\xED\x9F\xBF");          // U+D7FF, the last before the surrogates
  EXPECT_EQ(markup_text("\xF4\x8F\xBF\xBF"), "\xF4\x8F\xBF\xBF");  // U+10FFFF
}

TEST(Markup, ReplacesEachOctetThatIsNotUtf8) {
  const std::string one(kReplacement);
  EXPECT_EQ(markup_text("a\xFF"
                        "b"),
            "a" + one + "b");
  EXPECT_EQ(markup_text("\xC3"), one);                      // cut short
  EXPECT_EQ(markup_text("\xC0\xAF"), one + one);            // overlong
  EXPECT_EQ(markup_text("\xED\xA0\x80"), one + one + one);  // a surrogate
  EXPECT_EQ(markup_attribute("\xC3<"), one + "&lt;");       // what follows is not swallowed
}

TEST(Markup, OfAnyTwoOctetsIsUtf8WithoutMarkup) {
  for (unsigned first = 0; first < 256; ++first) {
    for (unsigned second = 0; second < 256; ++second) {
      const std::string text = {static_cast<char>(first), static_cast<char>(second)};
      for (const std::string& out : {markup_text(text), markup_attribute(text)}) {
        ASSERT_TRUE(protocol::is_utf8(out)) << first << ' ' << second;
        ASSERT_EQ(out.find_first_of("<>\"\0\x01\x1B"sv), std::string::npos) << first << ' ' << second;
      }
    }
  }
}

}  // namespace
}  // namespace postrider::agent
