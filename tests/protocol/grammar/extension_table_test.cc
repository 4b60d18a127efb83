#include "postrider/protocol/grammar/extension_table.h"

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "postrider/protocol/grammar/command.h"

namespace postrider::protocol {
namespace {

using On = ParameterExtension::On;

VerbExtension verb(std::string name) {
  VerbExtension extension;
  extension.name = std::move(name);
  return extension;
}

ParameterExtension parameter(std::string keyword, On on = On::mail) {
  ParameterExtension extension;
  extension.keyword = std::move(keyword);
  extension.on = on;
  return extension;
}

TEST(ExtensionTable, FindsAVerbInAnyCase) {
  ExtensionTable table;
  EXPECT_EQ(table.find_verb("XCLIENT"), nullptr);
  ASSERT_TRUE(table.add_verb(verb("XCLIENT")));
  ASSERT_NE(table.find_verb("xClient"), nullptr);
  EXPECT_EQ(table.find_verb("xClient")->name, "XCLIENT");
  EXPECT_EQ(table.find_verb("XCLIEN"), nullptr);
  EXPECT_EQ(table.find_verb(""), nullptr);
}

TEST(ExtensionTable, EntriesStayWhereTheyAre) {
  ExtensionTable table;
  ASSERT_TRUE(table.add_verb(verb("XFIRST")));
  const VerbExtension* first = table.find_verb("XFIRST");
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(table.add_verb(verb(std::to_string(i))));
  EXPECT_EQ(table.find_verb("XFIRST"), first);
}

TEST(ExtensionTable, ANameOfTheCoreIsTaken) {
  ExtensionTable table;
  for (std::size_t i = 0; i < static_cast<std::size_t>(Verb::extension); ++i) {
    EXPECT_FALSE(table.add_verb(verb(std::string(to_string(static_cast<Verb>(i))))));
  }
  for (const char* keyword : {"SIZE", "BODY", "SMTPUTF8", "REQUIRETLS", "RET", "ENVID", "NOTIFY", "ORCPT",
                              "AUTH", "MT-PRIORITY", "BY", "HOLDFOR", "HOLDUNTIL"}) {
    for (const On on : {On::mail, On::rcpt, On::both})
      EXPECT_FALSE(table.add_parameter(parameter(keyword, on))) << keyword;
  }
}

TEST(ExtensionTable, ANameIsThereOnce) {
  ExtensionTable table;
  EXPECT_TRUE(table.add_verb(verb("XCLIENT")));
  EXPECT_FALSE(table.add_verb(verb("XCLIENT")));
  EXPECT_TRUE(table.add_parameter(parameter("XTRACE", On::mail)));
  EXPECT_FALSE(table.add_parameter(parameter("XTRACE", On::mail)));
  EXPECT_FALSE(table.add_parameter(parameter("XTRACE", On::both)));
  EXPECT_TRUE(table.add_parameter(parameter("XTRACE", On::rcpt)));
  EXPECT_TRUE(table.add_parameter(parameter("XBOTH", On::both)));
  EXPECT_FALSE(table.add_parameter(parameter("XBOTH", On::rcpt)));
}

TEST(ExtensionTable, ANameIsAKeyword) {
  ExtensionTable table;
  const std::vector<std::string> bad = {
      "", "xclient", "-X", "X Y", "X=Y", "X_Y", "X\r\nQUIT", std::string(33, 'X'), "\xC3\xA5"};
  for (const std::string& name : bad) {
    EXPECT_FALSE(table.add_verb(verb(name))) << name;
    EXPECT_FALSE(table.add_parameter(parameter(name))) << name;
    if (name.empty()) continue;
    VerbExtension with_bad_keyword = verb("XGOOD");
    with_bad_keyword.ehlo_keyword = name;
    EXPECT_FALSE(table.add_verb(with_bad_keyword)) << name;
    ParameterExtension parameter_with_bad_keyword = parameter("XGOOD");
    parameter_with_bad_keyword.ehlo_keyword = name;
    EXPECT_FALSE(table.add_parameter(parameter_with_bad_keyword)) << name;
  }
  for (const std::string& name : {std::string("X"), std::string("7X-9-"), std::string(32, 'X')}) {
    EXPECT_TRUE(table.add_verb(verb(name))) << name;
    EXPECT_TRUE(table.add_parameter(parameter(name))) << name;
  }
}

TEST(ExtensionTable, FindsAParameterOfItsCommand) {
  ExtensionTable table;
  ASSERT_TRUE(table.add_parameter(parameter("XMAIL", On::mail)));
  ASSERT_TRUE(table.add_parameter(parameter("XRCPT", On::rcpt)));
  ASSERT_TRUE(table.add_parameter(parameter("XBOTH", On::both)));
  EXPECT_NE(table.find_parameter("xmail", On::mail), nullptr);
  EXPECT_EQ(table.find_parameter("xmail", On::rcpt), nullptr);
  EXPECT_EQ(table.find_parameter("XRCPT", On::mail), nullptr);
  EXPECT_NE(table.find_parameter("XRCPT", On::rcpt), nullptr);
  EXPECT_NE(table.find_parameter("XBOTH", On::mail), nullptr);
  EXPECT_NE(table.find_parameter("XBOTH", On::rcpt), nullptr);
}

}  // namespace
}  // namespace postrider::protocol
