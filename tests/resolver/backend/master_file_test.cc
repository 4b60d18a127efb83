#include "postrider/resolver/backend/master_file.h"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "postrider/tests/protocol/support/exact_copy.h"
#include "postrider/tests/resolver/support/records.h"

namespace postrider::resolver {
namespace {

using std::chrono::seconds;
using tests::name;
using tests::octets;

std::vector<Record> read(std::string_view text, std::string_view origin = "example.org") {
  auto records = read_master_file(text, "zone.txt", name(origin));
  if (records) return *records;
  ADD_FAILURE() << to_string(records.error());
  return {};
}

std::string why_not(std::string_view text) {
  const auto records = read_master_file(text, "zone.txt", name("example.org"));
  return records ? "good" : to_string(records.error());
}

// "owner ttl type" of each.
std::vector<std::string> heads(const std::vector<Record>& records) {
  std::vector<std::string> out;
  for (const Record& each : records) {
    out.push_back(each.owner.text() + " " + std::to_string(each.ttl.count()) + " " + to_string(each.type));
  }
  return out;
}
using Heads = std::vector<std::string>;

// RFC 1035 5.3, but for its $INCLUDE.
constexpr std::string_view kExample = R"(@   IN  SOA     VENERA      Action\.domains (
                                 20     ; SERIAL
                                 7200   ; REFRESH
                                 600    ; RETRY
                                 3600000; EXPIRE
                                 60)    ; MINIMUM

        NS      A.ISI.EDU.
        NS      VENERA
        NS      VAXA
        MX      10      VENERA
        MX      20      VAXA

A       A       26.3.0.103

VENERA  A       10.1.0.52
        A       128.9.0.32

VAXA    A       10.2.0.27
        A       128.9.0.33
)";

TEST(MasterFileTest, ReadsTheExampleOfTheRfc) {
  const std::vector<Record> records = read(kExample, "isi.edu");
  EXPECT_EQ(heads(records),
            (Heads{"isi.edu 3600 SOA", "isi.edu 3600 NS", "isi.edu 3600 NS", "isi.edu 3600 NS",
                   "isi.edu 3600 MX", "isi.edu 3600 MX", "a.isi.edu 3600 A", "venera.isi.edu 3600 A",
                   "venera.isi.edu 3600 A", "vaxa.isi.edu 3600 A", "vaxa.isi.edu 3600 A"}));
  EXPECT_EQ(records[0].data,
            octets("06 'venera' 03 'isi' 03 'edu' 00 0e 'action.domains' 03 'isi' 03 'edu' 00"
                   "00000014 00001c20 00000258 0036ee80 0000003c"));
  EXPECT_EQ(target(records[1]), name("a.isi.edu"));
  EXPECT_EQ(mx_records(records).at(1).exchange, name("vaxa.isi.edu"));
  EXPECT_EQ(to_string(addresses(records).at(0)), "26.3.0.103");
}

TEST(MasterFileTest, EveryTruncationIsReadOrRefused) {
  for (std::size_t cut = 0; cut < kExample.size(); ++cut) {
    const auto records = read_master_file(kExample.substr(0, cut), "zone.txt", name("isi.edu"));
    if (!records) {
      EXPECT_GE(records.error().line, 1U) << cut;
      EXPECT_LE(records.error().line, 20U) << cut;
    } else {
      EXPECT_LE(records->size(), 11U);
    }
  }
}

TEST(MasterFileTest, AnyOctetMayBeWrong) {
  const std::size_t lines = static_cast<std::size_t>(std::ranges::count(kExample, '\n')) + 1;
  std::size_t refused = 0;
  for (std::size_t at = 0; at < kExample.size(); ++at) {
    for (const char wrong :
         {'\0', '\n', '(', ')', ';', '"', '\\', '$', '@', '.', '*', '9', 'x', ' ', '\xff'}) {
      std::string text(kExample);
      text[at] = wrong;
      const protocol::testing::ExactCopy copy(text);
      const auto records = read_master_file(copy.view(), "zone.txt", name("isi.edu"));
      if (!records) {
        ++refused;
        EXPECT_GE(records.error().line, 1U);
        EXPECT_LE(records.error().line, lines + 1);
        continue;
      }
      EXPECT_LE(records->size(), lines);
      Message carrier;
      carrier.answers = *records;
      EXPECT_EQ(read_message(write_message(carrier)), carrier) << "a message can carry what was read";
    }
  }
  EXPECT_GT(refused, 1000U);
}

TEST(MasterFileTest, OwnersMayBeRelativeOrRepeated) {
  EXPECT_EQ(heads(read("a A 192.0.2.1\n"
                       "\tA 192.0.2.2\r\n"
                       "; nothing\n\n"
                       "   ; nothing either\n"
                       " A 192.0.2.3\n"
                       "a. A 192.0.2.4\n"
                       "@ A 192.0.2.5\n"
                       "a\\. A 192.0.2.6\n"
                       "a\\\\. A 192.0.2.7\n"
                       "*.b A 192.0.2.8\n"
                       "$ORIGIN c\n"
                       "@ A 192.0.2.9\n"
                       "$ORIGIN .\n"
                       "d A 192.0.2.10")),
            (Heads{"a.example.org 3600 A", "a.example.org 3600 A", "a.example.org 3600 A", "a 3600 A",
                   "example.org 3600 A", "a\\..example.org 3600 A", "a\\\\ 3600 A", "*.b.example.org 3600 A",
                   "c.example.org 3600 A", "d 3600 A"}));
}

TEST(MasterFileTest, TtlsAndClassesComeInEitherOrderOrNotAtAll) {
  EXPECT_EQ(heads(read("a 60 IN A 192.0.2.1\n"
                       "a in 90 A 192.0.2.1\n"
                       "a A 192.0.2.1\n"
                       "a IN A 192.0.2.1\n"
                       "$TTL 1d\n"
                       "a A 192.0.2.1\n"
                       "a 1h30m A 192.0.2.1\n"
                       "a A 192.0.2.1\n"
                       "a 1w2d3h4m5s A 192.0.2.1\n"
                       "a 0 A 192.0.2.1\n"
                       "a 2147483647 a 192.0.2.1")),
            (Heads{"a.example.org 60 A", "a.example.org 90 A", "a.example.org 90 A", "a.example.org 90 A",
                   "a.example.org 86400 A", "a.example.org 5400 A", "a.example.org 86400 A",
                   "a.example.org 788645 A", "a.example.org 0 A", "a.example.org 2147483647 A"}));
}

TEST(MasterFileTest, TextsKeepTheirOctets) {
  const auto texts_of = [](std::string_view data) { return texts(read("a TXT " + std::string(data))); };
  using Texts = std::vector<std::string>;
  EXPECT_EQ(texts_of("plain"), Texts{"plain"});
  EXPECT_EQ(texts_of("\"v=spf1 include:a; -all\""), Texts{"v=spf1 include:a; -all"});
  EXPECT_EQ(texts_of("\"one \" \"two\" three"), Texts{"one twothree"});
  EXPECT_EQ(texts_of("\"a\\\"b\\\\c\\059\\000\""), Texts{std::string("a\"b\\c;\0", 7)});
  EXPECT_EQ(texts_of("a\\ b\\;c"), Texts{"a b;c"});
  EXPECT_EQ(texts_of("\"\""), Texts{""});
  EXPECT_EQ(texts_of("( \"one\"\n  \"two\" ; a comment )\n )"), Texts{"onetwo"});
  EXPECT_EQ(texts_of("\"Case Stays\""), Texts{"Case Stays"});
  EXPECT_EQ(texts_of(std::string(255, 'x')), Texts{std::string(255, 'x')});
}

TEST(MasterFileTest, ReadsEachType) {
  const auto data = [](std::string_view line) { return read("a " + std::string(line)).at(0).data; };
  EXPECT_EQ(data("AAAA 2001:DB8::25"), octets("20010db8000000000000000000000025"));
  EXPECT_EQ(data("MX 0 ."), octets("0000 00"));
  EXPECT_EQ(data("CNAME Mx.Example.NET."), octets("02 'mx' 07 'example' 03 'net' 00"));
  EXPECT_EQ(data("TLSA 3 1 1 ( ABCD\n ef01 )"), octets("03 01 01 abcdef01"));
  EXPECT_EQ(data("SOA . . 1 1h 1m 1w 5"), octets("00 00 00000001 00000e10 0000003c 00093a80 00000005"));
  EXPECT_EQ(data("TYPE999 \\# 3 ab cdef"), octets("abcdef"));
  EXPECT_EQ(data("TYPE999 \\# 0"), "");
  EXPECT_EQ(data("A \\# 4 c0000201"), octets("c0000201")) << "RFC 3597 5: known types may be written so, too";
  EXPECT_EQ(data("TYPE15 \\# 6 000a 02 4D 58 00"), octets("000a 02 'mx' 00")) << "and then are what they are";
}

TEST(MasterFileTest, FaultsNameTheLine) {
  EXPECT_EQ(why_not("a A 192.0.2.1\n\nb MX 300000 c"), "zone.txt:3: \"300000\" is no preference");
  EXPECT_EQ(why_not("a A ( ; multi\n\n 192.0.2.256 )"), "zone.txt:3: \"192.0.2.256\" is no IPv4 address");
  EXPECT_EQ(why_not("a AAAA 192.0.2.1"), "zone.txt:1: \"192.0.2.1\" is no IPv6 address");
  EXPECT_EQ(why_not("a AAAA fe80::1%2"), "zone.txt:1: \"fe80::1%2\" is no IPv6 address");
  EXPECT_EQ(why_not("a AAAA [::1]"), "zone.txt:1: \"[::1]\" is no IPv6 address");
  EXPECT_EQ(why_not("a A"), "zone.txt:1: the address is missing");
  EXPECT_EQ(why_not("a A 192.0.2.1 192.0.2.2"), "zone.txt:1: \"192.0.2.2\" is more than belongs there");
  EXPECT_EQ(why_not("a MX 10 b..c"), "zone.txt:1: \"b..c\" is no domain name");
  EXPECT_EQ(why_not("a..b A 192.0.2.1"), "zone.txt:1: \"a..b\" is no domain name");
  EXPECT_EQ(why_not(" A 192.0.2.1"), "zone.txt:1: \"A\" stands under no owner");
  EXPECT_EQ(why_not("a"), "zone.txt:1: the type of the record is missing");
  EXPECT_EQ(why_not("a 60 IN"), "zone.txt:1: the type of the record is missing");
  EXPECT_EQ(why_not("a SRV 1 2 3 b"), "zone.txt:1: \"SRV\" is no type of records");
  EXPECT_EQ(why_not("in in in A 192.0.2.1"), "zone.txt:1: \"in\" is no type of records");
  EXPECT_EQ(why_not("a TYPE999 abcd"), "zone.txt:1: TYPE999 has no form but that of \\#");
  EXPECT_EQ(why_not("a TYPE999 \\# 3 abcd"), "zone.txt:1: \"3\" is not the number of octets, which is 2");
  EXPECT_EQ(why_not("a TYPE999 \\# 1 xy"),
            "zone.txt:1: \"xy\" begins what is not all pairs of hexadecimal digits");
  EXPECT_EQ(why_not("a TYPE999 \\# 65536 00"), "zone.txt:1: \"65536\" is no length");
  EXPECT_EQ(why_not("a MX \\# 3 000aff"), "zone.txt:1: \"MX\" has data that no message can carry");
  EXPECT_EQ(why_not("a OPT \\# 0"), "zone.txt:1: \"OPT\" stands in messages alone");
  EXPECT_EQ(why_not("a CH A 192.0.2.1"), "zone.txt:1: \"CH\" is no class that is known here; IN is");
  EXPECT_EQ(why_not("a 1h1 A 192.0.2.1"), "zone.txt:1: \"1h1\" is no time");
  EXPECT_EQ(why_not("a 2147483648 A 192.0.2.1"), "zone.txt:1: \"2147483648\" is no time");
  EXPECT_EQ(why_not("a 60x A 192.0.2.1"), "zone.txt:1: \"60x\" is no time");
  EXPECT_EQ(why_not("a TXT"), "zone.txt:1: a string is missing");
  EXPECT_EQ(why_not("a TXT \"a\nb\""), "zone.txt:1: a quoted string without an end");
  EXPECT_EQ(why_not("a TXT a\\25"), "zone.txt:1: \"a\\25\" has an escape that is none");
  EXPECT_EQ(why_not("a TXT a\\256"), "zone.txt:1: \"a\\256\" has an escape that is none");
  EXPECT_NE(why_not("a TXT " + std::string(256, 'x')).find("has more than 255 octets"), std::string::npos);
  EXPECT_EQ(why_not("a TLSA 3 1 1"), "zone.txt:1: the certificate association data is missing");
  EXPECT_EQ(why_not("a TLSA 256 1 1 ab"), "zone.txt:1: \"256\" is no usage");
  EXPECT_EQ(why_not("\na A ( 192.0.2.1\n\n"), "zone.txt:2: a \"(\" without its \")\"");
  EXPECT_EQ(why_not("a A 192.0.2.1 )"), "zone.txt:1: a \")\" without its \"(\"");
  EXPECT_EQ(why_not("$INCLUDE other"), "zone.txt:1: \"$INCLUDE\" is no directive that is known here");
  EXPECT_EQ(why_not("$TTL"), "zone.txt:1: \"$TTL\" takes one value");
  EXPECT_EQ(why_not("$TTL soon"), "zone.txt:1: \"soon\" is no time");
  EXPECT_EQ(why_not("$ORIGIN a..b"), "zone.txt:1: \"a..b\" is no domain name");
}

TEST(MasterFileTest, HasBounds) {
  const std::string label(63, 'a');
  EXPECT_NE(why_not(label + "." + label + "." + label + "." + label + " A 192.0.2.1"), "good")
      << "too long with the origin";
  std::string parts = "a TXT";
  for (std::size_t i = 0; i <= kMaxMasterTokens; ++i) parts += " x";
  EXPECT_EQ(why_not(parts), "zone.txt:1: an entry of too many parts");
  std::string huge = "a TXT";
  for (int i = 0; i < 300; ++i) huge += " " + std::string(255, 'x');
  EXPECT_NE(why_not(huge).find("no message can carry"), std::string::npos);
  EXPECT_EQ(why_not(std::string(kMaxMasterFile, ' ') + " "), "zone.txt: is too large");
  std::string many;
  for (std::size_t i = 0; i < kMaxMasterRecords; ++i) many += "a A 192.0.2.1\n";
  EXPECT_EQ(read(many).size(), kMaxMasterRecords);
  EXPECT_EQ(why_not(many + "a A 192.0.2.1\n"), "zone.txt:100001: more than 100000 records");
}

TEST(MasterFileTest, AFileIsReadFromDisk) {
  const std::string path = ::testing::TempDir() + "postrider_master_file_test.txt";
  std::ofstream(path) << "mx.example.org. A 192.0.2.25\n";
  const auto records = load_master_file(path);
  std::remove(path.c_str());
  ASSERT_TRUE(records) << to_string(records.error());
  EXPECT_EQ(records->at(0).owner, name("mx.example.org"));
  const auto missing = load_master_file(path);
  ASSERT_FALSE(missing);
  EXPECT_EQ(to_string(missing.error()), path + ": No such file or directory");
}

}  // namespace
}  // namespace postrider::resolver
