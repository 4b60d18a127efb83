#include "postrider/resolver/domain_name.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace postrider::resolver {
namespace {

std::string parsed(std::string_view text) {
  const auto name = DomainName::parse(text);
  return name ? name->text() : "none";
}

TEST(DomainNameTest, ReadsAndWritesThePresentationForm) {
  EXPECT_EQ(parsed("Mail.Example.ORG"), "mail.example.org");
  EXPECT_EQ(parsed("example.org."), "example.org");
  EXPECT_EQ(parsed("."), ".");
  EXPECT_EQ(parsed("a\\.b.example"), "a\\.b.example");
  EXPECT_EQ(parsed("\\065\\000.example"), "a\\000.example");
  EXPECT_EQ(parsed("_25._tcp.mx.example"), "_25._tcp.mx.example");
  for (const std::string_view bad : {"", "..", ".a", "a..b", "a\\", "a\\2", "a\\256b", "a\\25x"}) {
    EXPECT_EQ(parsed(bad), "none") << bad;
  }
}

TEST(DomainNameTest, HoldsToTheLimitsOfDns) {
  const std::string label(63, 'a');
  EXPECT_EQ(parsed(label), label);
  EXPECT_EQ(parsed(label + "a"), "none");
  const std::string three = label + "." + label + "." + label;
  EXPECT_EQ(parsed(three + "." + std::string(61, 'b')), three + "." + std::string(61, 'b')) << "255 octets";
  EXPECT_EQ(parsed(three + "." + std::string(62, 'b')), "none");
  std::string most;
  for (int i = 0; i < 127; ++i) most += "a.";
  ASSERT_NE(parsed(most), "none");
  EXPECT_EQ(DomainName::parse(most)->labels(), DomainName::kMaxLabels);
  EXPECT_EQ(parsed(most + "b"), "none");
  EXPECT_FALSE(DomainName::parse(most)->below("c"));
}

TEST(DomainNameTest, ReadsTheWireForm) {
  const auto name = DomainName::parse("a.bc.def");
  const std::string wire("\1a\2bc\3def\0", 10);
  EXPECT_EQ(name->wire(), wire);
  EXPECT_EQ(DomainName::from_wire(wire), name);
  for (std::size_t cut = 0; cut < wire.size(); ++cut)
    EXPECT_FALSE(DomainName::from_wire(wire.substr(0, cut))) << cut;
  EXPECT_FALSE(DomainName::from_wire(wire + "x"));
  EXPECT_FALSE(DomainName::from_wire(std::string("\100a\0", 3))) << "a label of 64 octets";
  EXPECT_TRUE(DomainName::from_wire(std::string(1, '\0'))->is_root());
}

TEST(DomainNameTest, KnowsItsRelatives) {
  const DomainName name = *DomainName::parse("mx.example.org");
  EXPECT_EQ(name.first_label(), "mx");
  EXPECT_EQ(name.parent().text(), "example.org");
  EXPECT_EQ(name.labels(), 3U);
  EXPECT_TRUE(name.is_within(name));
  EXPECT_TRUE(name.is_within(*DomainName::parse("EXAMPLE.org")));
  EXPECT_TRUE(name.is_within(DomainName()));
  EXPECT_FALSE(name.is_within(*DomainName::parse("ample.org")));
  EXPECT_FALSE(name.parent().is_within(name));
  EXPECT_EQ(name.parent().below("MX"), name);
  EXPECT_FALSE(name.below(""));
  EXPECT_TRUE(DomainName().parent().is_root());
}

}  // namespace
}  // namespace postrider::resolver
