#include "postrider/resolver/record.h"

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "postrider/tests/resolver/support/records.h"

namespace postrider::resolver {
namespace {

using tests::name;
using tests::octets;
using tests::record;
using tests::records;

Record raw(RecordType type, std::string data, std::chrono::seconds ttl = std::chrono::seconds(60)) {
  Record made;
  made.owner = name("example.org");
  made.type = type;
  made.ttl = ttl;
  made.data = std::move(data);
  return made;
}

TEST(RecordTypeTest, HasNamesAndNumbers) {
  for (const std::string_view known : {"A", "NS", "CNAME", "SOA", "PTR", "MX", "TXT", "AAAA", "OPT", "RRSIG",
                                       "TLSA", "TYPE999", "TYPE0", "TYPE65535"}) {
    const auto type = parse_record_type(known);
    ASSERT_TRUE(type) << known;
    EXPECT_EQ(to_string(*type), known);
  }
  EXPECT_EQ(parse_record_type("mx"), RecordType::mx);
  EXPECT_EQ(parse_record_type("type15"), RecordType::mx);
  for (const std::string_view bad : {"", "TYPE", "TYPE65536", "TYPE-1", "TYPE1x", "MXX", "M"}) {
    EXPECT_FALSE(parse_record_type(bad)) << bad;
  }
}

TEST(RecordTest, MxRecordsKeepTheirOrder) {
  const auto found = mx_records(records("@ MX 20 mx2\n@ A 192.0.2.1\n@ MX 10 mx1\n@ MX 0 ."));
  const std::vector<MxRecord> expected = {
      {20, name("mx2.example.org")}, {10, name("mx1.example.org")}, {0, DomainName()}};
  EXPECT_EQ(found, expected);
  EXPECT_TRUE(found.back().exchange.is_root()) << "null MX, RFC 7505 3";
}

TEST(RecordTest, MalformedDataIsPassedOver) {
  const std::string good = octets("000a 02 'mx' 00");
  std::vector<Record> mixed;
  for (std::size_t cut = 0; cut < good.size(); ++cut)
    mixed.push_back(raw(RecordType::mx, good.substr(0, cut)));
  mixed.push_back(raw(RecordType::mx, good + "x"));
  mixed.push_back(raw(RecordType::mx, good));
  EXPECT_EQ(mx_records(mixed), (std::vector<MxRecord>{{10, name("mx")}}));
  EXPECT_TRUE(
      addresses({raw(RecordType::a, "123"), raw(RecordType::a, "12345"), raw(RecordType::aaaa, "1234"),
                 raw(RecordType::a, ""), raw(RecordType::aaaa, std::string(17, 'x'))})
          .empty());
  EXPECT_TRUE(tlsa_records({raw(RecordType::tlsa, ""), raw(RecordType::tlsa, "12")}).empty());
  EXPECT_TRUE(
      texts({raw(RecordType::txt, ""), raw(RecordType::txt, "\2a"), raw(RecordType::txt, "\1a\1")}).empty());
  EXPECT_TRUE(pointers({raw(RecordType::ptr, "\1a")}).empty());
}

TEST(RecordTest, AddressesOfBothFamilies) {
  const auto found = addresses(records("@ A 192.0.2.25\n@ AAAA 2001:db8::1\n@ TXT x\n@ AAAA ::"));
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(to_string(found[0]), "192.0.2.25");
  EXPECT_EQ(to_string(found[1]), "2001:db8::1");
  EXPECT_EQ(to_string(found[2]), "::");
  EXPECT_EQ(found[0].family, Address::Family::ipv4);
  EXPECT_EQ(found[1].family, Address::Family::ipv6);
  for (std::size_t i = 4; i < 16; ++i) EXPECT_EQ(found[0].octets[i], 0);
}

TEST(RecordTest, TheStringsOfATextAreJoined) {
  EXPECT_EQ(
      texts({raw(RecordType::txt, octets("06 'v=spf1' 05 ' -all'")), raw(RecordType::txt, octets("00"))}),
      (std::vector<std::string>{"v=spf1 -all", ""}));
}

TEST(RecordTest, TlsaRecordsComeAsTheyAre) {
  const auto found = tlsa_records(
      {raw(RecordType::tlsa, octets("03 01 01 abcd")), raw(RecordType::tlsa, octets("ff 09 07"))});
  EXPECT_EQ(found, (std::vector<TlsaData>{{3, 1, 1, "\xab\xcd"}, {255, 9, 7, ""}}));
}

TEST(RecordTest, Targets) {
  EXPECT_EQ(target(record("a CNAME b")), name("b.example.org"));
  EXPECT_EQ(target(record("a NS b.")), name("b"));
  EXPECT_EQ(target(record("a PTR b.")), name("b"));
  EXPECT_FALSE(target(record("a MX 1 b.")));
  EXPECT_FALSE(target(raw(RecordType::cname, "\1a\0x")));
  EXPECT_EQ(pointers(records("a PTR b.\na PTR c.\na CNAME d.")),
            (std::vector<DomainName>{name("b"), name("c")}));
}

TEST(RecordTest, TheNegativeTtlIsTheLesserOfTwo) {
  using std::chrono::seconds;
  EXPECT_EQ(negative_ttl(record("@ 3600 SOA ns hostmaster 1 2 3 4 300")), seconds(300));
  EXPECT_EQ(negative_ttl(record("@ 60 SOA ns hostmaster 1 2 3 4 300")), seconds(60));
  EXPECT_EQ(negative_ttl(record("@ 60 SOA . . 1 2 3 4 0")), seconds(0));
  const Record soa = record("@ 3600 SOA ns hostmaster 1 2 3 4 300");
  for (std::size_t cut = 0; cut < soa.data.size(); ++cut) {
    EXPECT_FALSE(negative_ttl(raw(RecordType::soa, soa.data.substr(0, cut)))) << cut;
  }
  EXPECT_FALSE(negative_ttl(raw(RecordType::soa, soa.data + "x")));
  EXPECT_FALSE(negative_ttl(raw(RecordType::mx, soa.data)));
}

}  // namespace
}  // namespace postrider::resolver
