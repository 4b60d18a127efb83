#include "postrider/resolver/message.h"

#include <algorithm>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "postrider/resolver/answer.h"
#include "postrider/tests/protocol/support/exact_copy.h"
#include "postrider/tests/resolver/support/records.h"

namespace postrider::resolver {
namespace {

using Kind = MessageFault::Kind;
using protocol::testing::ExactCopy;
using tests::name;
using tests::octets;
using tests::record;
using tests::records;
using tests::response_to;

// example.org MX: two of them and an address, with compressed names, as a recursive server sends it.
const std::string kMxAnswer = octets(
    "1234 81a0 0001 0002 0000 0002"
    "07 'Example' 03 'org' 00 000f 0001"
    "c00c 000f 0001 00000e10 0008 000a 03 'mx1' c00c"
    "c00c 000f 0001 0000012c 0008 0014 03 'mx2' c00c"
    "c02b 0001 0001 00000e10 0004 c0000219"
    "00 0029 04d0 00008000 0000");

// A response to "a" with `counts` answers, whose octets are `rest`.
std::string answer_with(std::string_view rest, std::string_view counts = "0001 0000 0000") {
  return octets("0000 8000 0001 " + std::string(counts) + " 01 'a' 00 0001 0001" + std::string(rest));
}
constexpr std::size_t kFirstAnswer = 19;  // of such a response

std::string outcome(std::string_view wire) {
  const ExactCopy copy(wire);
  const auto message = read_message(copy.view());
  return message ? "good" : to_string(message.error());
}
Kind kind_of(std::string_view wire) {
  const auto message = read_message(ExactCopy(wire).view());
  EXPECT_FALSE(message);
  return message ? Kind() : message.error().kind;
}

TEST(MessageTest, ReadsAnAnswerWithCompressedNames) {
  const auto message = read_message(kMxAnswer);
  ASSERT_TRUE(message) << to_string(message.error());
  EXPECT_EQ(message->id, 0x1234);
  EXPECT_TRUE(message->response);
  EXPECT_FALSE(message->authoritative);
  EXPECT_FALSE(message->truncated);
  EXPECT_TRUE(message->recursion_desired);
  EXPECT_TRUE(message->recursion_available);
  EXPECT_TRUE(message->authentic_data);
  EXPECT_FALSE(message->checking_disabled);
  EXPECT_EQ(message->code, ResponseCode::no_error);
  EXPECT_TRUE(answers(*message, Question(name("example.org"), RecordType::mx)));
  EXPECT_EQ(message->answers, records("@ 3600 MX 10 mx1\n@ 300 MX 20 mx2"));
  EXPECT_TRUE(message->authorities.empty());
  EXPECT_EQ(message->additional, records("mx1 3600 A 192.0.2.25")) << "OPT is left out";
}

TEST(MessageTest, WritesQueries) {
  const Question question(name("example.org"), RecordType::mx);
  QueryOptions options;
  EXPECT_EQ(
      write_query(question, 0xabcd, options),
      octets("abcd 0120 0001 0000 0000 0001 07 'example' 03 'org' 00 000f 0001 00 0029 04d0 00000000 0000"));
  options.dnssec_ok = true;
  options.checking_disabled = true;
  options.recursion_desired = false;
  options.udp_payload = 100;  // RFC 6891 6.2.3: less than 512 means 512
  EXPECT_EQ(
      write_query(question, 0, options),
      octets("0000 0030 0001 0000 0000 0001 07 'example' 03 'org' 00 000f 0001 00 0029 0200 00008000 0000"));
  options = QueryOptions();
  options.udp_payload = 0;
  options.authentic_data = false;
  EXPECT_EQ(write_query(question, 1, options),
            octets("0001 0100 0001 0000 0000 0000 07 'example' 03 'org' 00 000f 0001"));
}

TEST(MessageTest, AQueryIsRead) {
  const Question question(name("a.example"), RecordType::tlsa);
  const auto message = read_message(write_query(question, 7, QueryOptions()));
  ASSERT_TRUE(message);
  EXPECT_FALSE(message->response);
  EXPECT_EQ(message->questions, std::vector<Question>{question});
  EXPECT_FALSE(answers(*message, question)) << "it is no response";
}

TEST(MessageTest, AnswersOneQuestionAlone) {
  const Question question(name("example.org"), RecordType::mx);
  Message message = response_to(question);
  EXPECT_TRUE(answers(message, question));
  EXPECT_FALSE(answers(message, Question(name("example.org"), RecordType::a)));
  EXPECT_FALSE(answers(message, Question(name("example.com"), RecordType::mx)));
  message.questions.clear();
  EXPECT_FALSE(answers(message, question));
}

TEST(MessageTest, EveryTruncationIsAFault) {
  for (std::size_t cut = 0; cut < kMxAnswer.size(); ++cut) {
    EXPECT_EQ(kind_of(kMxAnswer.substr(0, cut)), Kind::too_short) << cut;
  }
  EXPECT_EQ(kind_of(kMxAnswer + '\0'), Kind::too_long);
  EXPECT_EQ(kind_of(std::string(Message::kMaxOctets + 1, '\0')), Kind::too_long);
}

TEST(MessageTest, AnyOctetMayBeWrong) {
  const Question question(name("example.org"), RecordType::mx);
  std::size_t accepted = 0;
  for (std::size_t at = 0; at < kMxAnswer.size(); ++at) {
    std::string wire = kMxAnswer;
    for (int value = 0; value < 256; ++value) {
      wire[at] = static_cast<char>(value);
      const ExactCopy copy(wire);
      const auto message = read_message(copy.view());
      if (!message) {
        EXPECT_LE(message.error().offset, wire.size());
        continue;
      }
      ++accepted;
      EXPECT_EQ(read_message(write_message(*message)), message) << at << ' ' << value;
      const Answer answer = interpret(question, *message, Security::insecure);
      for (const Record& each : answer.records) EXPECT_EQ(each.type, RecordType::mx);
      EXPECT_EQ(answer.found(), !answer.records.empty());
    }
  }
  EXPECT_GT(accepted, 5000U) << "most octets are of names and numbers";
}

TEST(MessageTest, HostileCountsCostNothing) {
  // 20 octets that promise 65535 answers.
  EXPECT_EQ(kind_of(octets("0000 8000 0000 ffff 0000 0000 0000000000000000")), Kind::bad_count);
  EXPECT_EQ(kind_of(octets("0000 8000 0000 ffff ffff ffff")), Kind::bad_count);
  EXPECT_EQ(kind_of(octets("0000 8000 0000 0fff 0000 0000 0000000000000000")), Kind::too_short);
  EXPECT_EQ(kind_of(octets("0000 8000 0002 0000 0000 0000 00 0001 0001 00 0001 0001")), Kind::bad_count);
  EXPECT_EQ(kind_of(octets("0000 8000 ffff 0000 0000 0000 00 0001 0001")), Kind::bad_count);
}

TEST(MessageTest, NoMoreRecordsThanTheBound) {
  const std::string tiny = octets("00 0001 0001 00000000 0000");
  std::string wire = octets("0000 8000 0000 1000 0000 0000");
  for (std::size_t i = 0; i < Message::kMaxRecords; ++i) wire += tiny;
  const auto message = read_message(wire);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->answers.size(), Message::kMaxRecords);
  wire += tiny;
  wire[9] = 1;
  EXPECT_EQ(kind_of(wire), Kind::bad_count) << "one more, in another section";
}

TEST(MessageTest, PointersGoBackwardsOnly) {
  const std::string data = "0001 0001 00000000 0000";
  EXPECT_EQ(outcome(answer_with("c00c" + data)), "good");
  EXPECT_EQ(outcome(answer_with("c00e" + data)), "good") << "to the end of a name";
  EXPECT_EQ(outcome(answer_with("c013" + data)), "has a bad name at octet 19") << "to itself";
  EXPECT_EQ(outcome(answer_with("01 'b' c013" + data)), "has a bad name at octet 21") << "into a circle";
  EXPECT_EQ(outcome(answer_with("c015" + data)), "has a bad name at octet 19") << "forward";
  EXPECT_EQ(outcome(answer_with("ffff" + data)), "has a bad name at octet 19") << "behind the end";
  for (const std::string_view header : {"c000", "c001", "c00b"}) {
    EXPECT_EQ(outcome(answer_with(std::string(header) + data)), "has a bad name at octet 19") << header;
  }
  // Two that point at each other: the second lies behind the first.
  EXPECT_EQ(kind_of(answer_with("c015" + data + "c013" + data, "0002 0000 0000")), Kind::bad_name);
  // Into the middle of a label that happens to look like one.
  const auto inside = read_message(
      octets("0000 8000 0001 0001 0000 0000 03 026162 00 0001 0001 03 'abc' c00d 0001 0001 00000000 0000"));
  ASSERT_TRUE(inside) << to_string(inside.error());
  EXPECT_EQ(inside->answers.at(0).owner, name("abc.ab"));
}

TEST(MessageTest, ANameIsReadFromBeforeItsPointerAlone) {
  // The data of the first record is a label of 63 octets whose end lies behind the pointer to it.
  EXPECT_EQ(
      kind_of(answer_with("00 0010 0001 00000000 0001 3f c01e 0001 0001 00000000 0000", "0002 0000 0000")),
      Kind::bad_name);
  EXPECT_EQ(
      kind_of(answer_with("00 0010 0001 00000000 0001 01 c01e 0001 0001 00000000 0000", "0002 0000 0000")),
      Kind::bad_name)
      << "the label would be the pointer's first octet";
}

TEST(MessageTest, LabelsOfOtherKindsAreRefused) {
  for (const std::string_view kind : {"40", "41", "7f", "80", "bf"}) {
    EXPECT_EQ(outcome(answer_with(std::string(kind) + "00 0001 0001 00000000 0000")),
              "has a bad name at octet 19")
        << kind;
  }
}

TEST(MessageTest, PointersToPointersHaveAnEnd) {
  // Records of a type with raw data, filled with pointers that lead from one to the next.
  const auto chained = [](std::size_t count) {
    std::string wire = answer_with("00 0010 0001 00000000", "0002 0000 0000");
    const std::size_t first = kFirstAnswer + 11;
    wire += static_cast<char>(count * 2 >> 8);
    wire += static_cast<char>(count * 2 & 0xff);
    for (std::size_t i = 0; i <= count; ++i) {
      const std::size_t to = i == 0 ? 12 : first + 2 * (i - 1);
      wire += static_cast<char>(0xc0 | to >> 8);
      wire += static_cast<char>(to & 0xff);
    }
    return wire + octets("0001 0001 00000000 0000");
  };
  const auto message = read_message(chained(DomainName::kMaxLabels - 1));
  ASSERT_TRUE(message) << to_string(message.error());
  EXPECT_EQ(message->answers.back().owner, name("a"));
  EXPECT_EQ(kind_of(chained(DomainName::kMaxLabels)), Kind::bad_name);
  EXPECT_EQ(kind_of(chained(5000)), Kind::bad_name);
}

TEST(MessageTest, CompressedNamesHoldToTheLimit) {
  const std::string label = "3f '" + std::string(63, 'b') + "'";
  const std::string question = "0000 8000 0001 0001 0000 0000 " + label + label + label + "00 0001 0001";
  const std::string data = "c00c 0001 0001 00000000 0000";
  const auto most = read_message(octets(question + "3d '" + std::string(61, 'c') + "'" + data));
  ASSERT_TRUE(most) << to_string(most.error());
  EXPECT_EQ(most->answers.at(0).owner.wire().size(), 255U);
  EXPECT_EQ(kind_of(octets(question + "3e '" + std::string(62, 'c') + "'" + data)), Kind::bad_name);
  EXPECT_EQ(kind_of(octets(question + "3f '" + std::string(63, 'c') + "'" + data)), Kind::bad_name);
  std::string labels;
  for (int i = 0; i < 126; ++i) labels += "01 'a'";
  const std::string many = "0000 8000 0001 0001 0000 0000 " + labels + "00 0001 0001";
  EXPECT_EQ(outcome(octets(many + "01 'b'" + data)), "good") << "127 labels";
  EXPECT_EQ(kind_of(octets(many + "01 'b' 01 'c'" + data)), Kind::bad_name);
}

TEST(MessageTest, ThreeHundredMxRecords) {
  Message message = response_to(Question(name("example.org"), RecordType::mx));
  for (int i = 0; i < 300; ++i) {
    const std::string number = std::to_string(i);
    message.answers.push_back(record("@ 300 MX " + number + " mx" + number));
    message.additional.push_back(record("mx" + number + " 300 A 192.0.2." + std::to_string(i % 256)));
  }
  const auto read = read_message(write_message(message));
  ASSERT_TRUE(read) << to_string(read.error());
  EXPECT_EQ(*read, message);
  EXPECT_EQ(mx_records(read->answers).size(), 300U);
}

TEST(MessageTest, NamesInsideKnownTypesAreDecompressed) {
  struct Case {
    std::string_view wire;
    std::string_view line;
  };
  for (const Case& each : {
           Case{"0005 0001 00000001 0004 01 'b' c00c", ". 1 CNAME b.a."},
           Case{"0002 0001 00000001 0002 c00c", ". 1 NS a."},
           Case{"000c 0001 00000001 0003 01 'B' 00", ". 1 PTR b."},
           Case{"000f 0001 00000001 0004 0102 c00c", ". 1 MX 258 a."},
           Case{"0006 0001 00000001 001a c00c 01 'h' c00c 00000001 00000002 00000003 00000004 00000005",
                ". 1 SOA a. h.a. 1 2 3 4 5"},
           Case{"0010 0001 00000001 0003 02 c00c", ". 1 TXT \"\\192\\012\""},
           Case{"03e7 0001 00000001 0002 c00c", ". 1 TYPE999 \\# 2 c00c"},
           Case{"002e 0001 00000001 0016 000f 05 02 00000e10 00000002 00000001 0007 01 'a' 00 ff",
                ". 1 RRSIG \\# 22 000f050200000e100000000200000001000701610 0ff"},
       }) {
    const auto message = read_message(answer_with("00" + std::string(each.wire)));
    ASSERT_TRUE(message) << each.line << ": " << to_string(message.error());
    EXPECT_EQ(message->answers, records(each.line)) << each.line;
  }
}

TEST(MessageTest, DataOfKnownTypesMustFit) {
  for (const std::string_view bad : {
           "0005 0001 00000001 0000",            // no name
           "0005 0001 00000001 0001 c0",         // half a pointer
           "0005 0001 00000001 0002 01 'b' 00",  // the name ends behind the data
           "0005 0001 00000001 0003 c00c 00",    // more than a name
           "000f 0001 00000001 0001 00",         // half a preference
           "000f 0001 00000001 0002 0001",       // no exchange
           "0006 0001 00000001 0004 c00c c00c",  // no numbers
           "0006 0001 00000001 0017 c00c c00c 00000001 00000002 00000003 00000004 000005",
           "002e 0001 00000001 0012 000f 05 02 00000e10 00000002 00000001 0007",
       }) {
    EXPECT_EQ(kind_of(answer_with("00" + std::string(bad))), Kind::bad_record_data) << bad;
  }
  // RFC 4034 3.1.7: the signer's name is never compressed.
  EXPECT_EQ(
      kind_of(answer_with("00 002e 0001 00000001 0015 000f 05 02 00000e10 00000002 00000001 0007 c00c ff")),
      Kind::bad_name);
  EXPECT_EQ(kind_of(answer_with("00 0005 0001 00000001 0002 c020")), Kind::bad_name) << "forward";
}

TEST(MessageTest, DataOfOtherTypesIsNobodysBusinessHere) {
  const auto message = read_message(answer_with("00 0001 0001 00000001 0003 010203"));
  ASSERT_TRUE(message);
  EXPECT_EQ(message->answers.at(0).data, octets("010203"));
}

TEST(MessageTest, OptExtendsTheCode) {
  const auto message =
      read_message(octets("0000 8000 0000 0000 0000 0001 00 0029 04d0 01000000 0006 000a 0002 abcd"));
  ASSERT_TRUE(message) << to_string(message.error());
  EXPECT_EQ(static_cast<int>(message->code), 16) << "BADVERS";
  EXPECT_EQ(to_string(message->code), "RCODE16");
  EXPECT_TRUE(message->additional.empty());
  EXPECT_EQ(read_message(write_message(*message)), message);
}

TEST(MessageTest, OtherClassesAreLeftOut) {
  const auto message =
      read_message(octets("0000 8000 0001 0001 0001 0000 01 'a' 00 0010 0003"
                          "00 0005 0003 00000001 0001 ff"
                          "00 0001 0001 00000001 0004 01020304"));
  ASSERT_TRUE(message) << to_string(message.error());
  EXPECT_TRUE(message->questions.empty());
  EXPECT_TRUE(message->answers.empty());
  EXPECT_EQ(message->authorities.size(), 1U);
}

TEST(MessageTest, ATtlWithTheHighestBitIsZero) {
  const auto ttl = [](std::string_view digits) {
    const auto message = read_message(answer_with("00 0001 0001" + std::string(digits) + "0000"));
    return message.value().answers.at(0).ttl.count();
  };
  EXPECT_EQ(ttl("7fffffff"), 0x7fffffff);
  EXPECT_EQ(ttl("80000000"), 0);
  EXPECT_EQ(ttl("ffffffff"), 0);
}

TEST(MessageTest, WhatIsWrittenIsReadBack) {
  Message message = response_to(Question(name("example.org"), RecordType::mx));
  message.id = 0xffff;
  message.authoritative = true;
  message.authentic_data = true;
  message.checking_disabled = true;
  message.code = ResponseCode::no_such_name;
  message.answers = records("@ 1 MX 10 mx\n@ 2 MX 20 .\n@ 3 CNAME a.b.c");
  message.authorities = records("@ 3600 SOA ns hostmaster 1 2 3 4 5");
  message.additional =
      records("mx 5 A 192.0.2.1\nmx 5 AAAA 2001:db8::1\nmx 5 TLSA 3 1 1 abcd\nmx 1 TYPE7 \\# 0");
  EXPECT_EQ(read_message(write_message(message)), message);
  for (unsigned code = 0; code < 0x1000; code += 7) {
    message.code = static_cast<ResponseCode>(code);
    EXPECT_EQ(read_message(write_message(message)), message) << code;
  }
}

TEST(MessageTest, WhatDoesNotFitIsLeftOutAndTold) {
  Message message = response_to(Question(name("example.org"), RecordType::txt));
  Record large = record("@ 1 TYPE999 \\# 0");
  large.data.assign(30'000, 'x');
  message.answers.assign(3, large);
  const std::string wire = write_message(message);
  EXPECT_LE(wire.size(), Message::kMaxOctets);
  const auto read = read_message(wire);
  ASSERT_TRUE(read) << to_string(read.error());
  EXPECT_TRUE(read->truncated);
  EXPECT_EQ(read->answers.size(), 2U);
  large.data.assign(70'000, 'x');
  message.answers.assign(1, large);
  EXPECT_TRUE(read_message(write_message(message)).value().truncated);
  large.data.clear();
  message.answers.assign(Message::kMaxRecords, record(". 1 TYPE999 \\# 0"));
  message.additional.assign(1, large);
  const auto many = read_message(write_message(message));
  ASSERT_TRUE(many);
  EXPECT_TRUE(many->truncated);
  EXPECT_TRUE(many->additional.empty());
}

TEST(MessageTest, HasWords) {
  EXPECT_EQ(to_string(Question(name("example.org"), RecordType::mx)), "example.org MX");
  EXPECT_EQ(to_string(ResponseCode::server_failure), "SERVFAIL");
  EXPECT_EQ(to_string(ResponseCode::no_such_name), "NXDOMAIN");
  EXPECT_EQ(to_string(static_cast<ResponseCode>(11)), "RCODE11");
  EXPECT_EQ(outcome(""), "ends too early at octet 0");
}

}  // namespace
}  // namespace postrider::resolver
