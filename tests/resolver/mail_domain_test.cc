#include "postrider/resolver/mail_domain.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace postrider::resolver {
namespace {

// The name or literal, or "!" and what is wrong.
std::string parsed(std::string_view text) {
  const auto domain = MailDomain::parse(text);
  return domain ? domain->text() : "!" + domain.error();
}

struct Case {
  std::string_view text;
  std::string_view expected;
};

void expect(std::initializer_list<Case> cases) {
  for (const Case& each : cases) EXPECT_EQ(parsed(each.text), each.expected) << each.text;
}

TEST(MailDomain, TakesNamesOfAsciiAsTheyAreInLowerCase) {
  expect({{"example.org", "example.org"},
          {"Example.ORG", "example.org"},
          {"example.org.", "example.org"},
          {"localhost", "localhost"},
          {"a_b.example", "a_b.example"},
          {"_dmarc.example", "_dmarc.example"},
          {"a--b.example", "a--b.example"},
          {"1.2.3.example", "1.2.3.example"},
          {"XN--BCHER-KVA.example", "xn--bcher-kva.example"}});
}

TEST(MailDomain, LooksUpAnALabelEvenWhenItStandsForNothingToday) {
  // Registered in the days of IDNA2003: mail to it goes where its MX records say.
  EXPECT_EQ(parsed("xn--i-7iq.ws"), "xn--i-7iq.ws");
}

TEST(MailDomain, RefusesWhatIsNoDomainName) {
  constexpr std::string_view kCharacter = "!has a character that no domain name may have";
  constexpr std::string_view kHyphen = "!has a label that begins or ends with a hyphen";
  expect({{"", "!is no domain name"},
          {".", "!is no domain name"},
          {"..", "!has an empty label"},
          {".a.example", "!has an empty label"},
          {"a..example", "!has an empty label"},
          {"a b.example", kCharacter},
          {"a\\.b.example", kCharacter},
          {"a/b.example", kCharacter},
          {"a@b.example", kCharacter},
          {"a.example\r\n", kCharacter},
          {std::string_view("a\0.example", 10), kCharacter},
          {std::string_view("\xc3\xbc\0.example", 11), kCharacter},
          {"-a.example", kHyphen},
          {"a-.example", kHyphen},
          {"192.0.2.1", "!ends in a number; an address stands in brackets"},
          {"example.123", "!ends in a number; an address stands in brackets"},
          {"::1", kCharacter}});
}

TEST(MailDomain, HoldsToTheLimitsOfDns) {
  const std::string label(63, 'a');
  EXPECT_EQ(parsed(label + ".example"), label + ".example");
  EXPECT_EQ(parsed(label + "a.example"), "!has a label of more than 63 octets");
  const std::string three = label + "." + label + "." + label + ".";
  EXPECT_EQ(parsed(three + std::string(61, 'b')), three + std::string(61, 'b'));
  EXPECT_EQ(parsed(three + std::string(62, 'b')), "!is longer than 253 octets");
  std::string umlauts;
  for (int i = 0; i < 63; ++i) umlauts += "ü";
  EXPECT_EQ(parsed(umlauts + ".example"), "!has a label of more than 63 octets");
  const std::string u_labels = "bü" + std::string(54, 'a') + ".";
  EXPECT_EQ(parsed(u_labels + u_labels + u_labels + u_labels + "example"), "!is longer than 253 octets");
  EXPECT_EQ(parsed("ü" + std::string(100'000, 'a')), "!is longer than 253 octets");
}

TEST(MailDomain, MakesALabelsOfULabels) {
  expect({{"bücher.example", "xn--bcher-kva.example"},
          {"BÜCHER.Example", "xn--bcher-kva.example"},
          {"bu\xcc\x88"
           "cher.example",
           "xn--bcher-kva.example"},              // a combining diaeresis: NFC, RFC 5891 5.2
          {"faß.example", "xn--fa-hia.example"},  // non-transitional: not "fass"
          {"βόλος.example", "xn--nxasmm1c.example"},
          {"例え.テスト", "xn--r8jz45g.xn--zckzah"},
          {"مثال.إختبار", "xn--mgbh0fb.xn--kgbechtv"},
          {"ü。example", "xn--tda.example"},  // an ideographic full stop separates labels
          {"a_ü.example", "xn--a_-yka.example"},
          {"xn--bcher-kva.ü.example", "xn--bcher-kva.xn--tda.example"}});
}

TEST(MailDomain, RefusesULabelsThatIdna2008DoesNotKnow) {
  constexpr std::string_view kCharacter = "!has a character that no domain name may have";
  constexpr std::string_view kBidi = "!mixes directions of writing as no domain name may";
  expect({{"☃.example", kCharacter},
          {"❤ü.ws", kCharacter},
          {"\xe2\x80\x8dü.example", kCharacter},  // a zero-width joiner where none may be
          {"אabc.example", kBidi},
          {"1אב.example", kBidi},
          {"\xcc\x80ü.example", "!has a label that begins with a combining mark"},
          {"-ü.example", "!has a label that begins or ends with a hyphen"},
          {"ab--ü.example", "!has a label with two hyphens in its third and fourth place"},
          {"xn--zzzzz999.ü.example", "!has a label in xn-- form that stands for nothing"},
          {"ü..example", "!has an empty label"},
          {"\xccü.example", "!is not well-formed UTF-8"},
          {"\xff.example", "!is not well-formed UTF-8"},
          {"\xed\xa0\x80.example", "!is not well-formed UTF-8"}});
}

TEST(MailDomain, LooksAgainAtWhatMappingMakes) {
  expect({{"a／b.ü", "!has a character that no domain name may have"},        // U+FF0F becomes a slash
          {"a＠b.example", "!has a character that no domain name may have"},  // U+FF20 becomes "@"
          {"１９２.0.2.1", "!ends in a number; an address stands in brackets"},
          {"ＥＸＡＭＰＬＥ.org", "example.org"}});
}

TEST(MailDomain, TakesAddressLiterals) {
  expect({{"[192.0.2.1]", "[192.0.2.1]"},
          {"[IPv6:2001:db8::1]", "[IPv6:2001:db8::1]"},
          {"[ipv6:2001:DB8:0:0:0:0:0:1]", "[IPv6:2001:db8::1]"}});
  const auto ipv4 = MailDomain::parse("[192.0.2.1]");
  ASSERT_TRUE(ipv4 && ipv4->literal);
  EXPECT_EQ(ipv4->literal->family, Address::Family::ipv4);
  EXPECT_EQ(ipv4->literal->octets[0], 192);
  EXPECT_EQ(ipv4->literal->octets[3], 1);
  EXPECT_TRUE(ipv4->name.is_root());
  const auto ipv6 = MailDomain::parse("[IPv6:::1]");
  ASSERT_TRUE(ipv6 && ipv6->literal);
  EXPECT_EQ(ipv6->literal->family, Address::Family::ipv6);
  EXPECT_EQ(ipv6->literal->octets[15], 1);
}

TEST(MailDomain, RefusesOtherLiterals) {
  constexpr std::string_view kNone = "!is an address literal without an address";
  expect({{"[]", kNone},
          {"[192.0.2]", kNone},
          {"[192.0.2.256]", kNone},
          {"[192.0.2.1%1]", kNone},
          {"[[::1]]", kNone},
          {"[IPv6:]", kNone},
          {"[IPv6:[::1]]", kNone},
          {"[IPv6:fe80::1%2]", kNone},
          {"[IPv6:fe80::1%eth0]", kNone},
          {"[192.0.2.1", "!is an address literal without its bracket"},
          {"[", "!is an address literal without its bracket"},
          {"[192.0.2.1].example", "!is an address literal without its bracket"},
          {"[fe80::1]", "!is an IPv6 address literal without the tag 'IPv6:'"},
          {"[2001:db8::1]", "!is an IPv6 address literal without the tag 'IPv6:'"},
          {"[IPv6:192.0.2.1]", "!is an address literal with the tag 'IPv6:' and an IPv4 address"},
          {"[X400:c=de]", "!is an address literal of a kind that nobody can deliver to"},
          {"192.0.2.1]", "!has a character that no domain name may have"}});
}

TEST(MailDomain, ConvertsANameOnItsOwn) {
  EXPECT_EQ(to_ascii("Mail.Example.ORG").value_or("none"), "mail.example.org");
  EXPECT_EQ(to_ascii("bücher.example").value_or("none"), "xn--bcher-kva.example");
  EXPECT_FALSE(to_ascii("[192.0.2.1]"));
}

}  // namespace
}  // namespace postrider::resolver
