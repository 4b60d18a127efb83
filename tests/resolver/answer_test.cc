#include "postrider/resolver/answer.h"

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "postrider/tests/resolver/support/records.h"

namespace postrider::resolver {
namespace {

using std::chrono::seconds;
using tests::name;
using tests::records;
using tests::response_to;
using Outcome = Answer::Outcome;

const Question kQuestion(name("www.example.org"), RecordType::a);

Message response(std::string_view answers, std::string_view authorities = "",
                 ResponseCode code = ResponseCode::no_error) {
  Message message = response_to(kQuestion);
  message.code = code;
  message.answers = records(answers);
  message.authorities = records(authorities);
  return message;
}

Answer answer(std::string_view answers, std::string_view authorities = "",
              ResponseCode code = ResponseCode::no_error) {
  return interpret(kQuestion, response(answers, authorities, code), Security::secure);
}

TEST(AnswerTest, RecordsOfTheTypeAreFound) {
  const Answer found =
      answer("www 300 A 192.0.2.1\nwww 60 A 192.0.2.2\nwww 10 AAAA ::1\nother 10 A 192.0.2.3");
  EXPECT_EQ(found.outcome, Outcome::found);
  EXPECT_TRUE(found.found());
  EXPECT_EQ(found.records, records("www 300 A 192.0.2.1\nwww 60 A 192.0.2.2"));
  EXPECT_EQ(found.ttl, seconds(60)) << "of the shortest of them";
  EXPECT_EQ(found.canonical, kQuestion.name);
  EXPECT_EQ(found.security, Security::secure);
  EXPECT_EQ(found.fault, LookupFault::none);
  EXPECT_EQ(found.failure, "");
}

TEST(AnswerTest, AliasesAreFollowedInAnyOrder) {
  for (const std::string_view lines :
       {"www 300 CNAME b\nb 20 CNAME c.example.net.\nc.example.net. 60 A 192.0.2.1",
        "c.example.net. 60 A 192.0.2.1\nb 20 CNAME c.example.net.\nwww 300 CNAME b"}) {
    const Answer found = answer(lines);
    EXPECT_EQ(found.outcome, Outcome::found);
    EXPECT_EQ(found.canonical, name("c.example.net"));
    EXPECT_EQ(found.records, records("c.example.net. 60 A 192.0.2.1"));
    EXPECT_EQ(found.ttl, seconds(20)) << "of the shortest of the chain and the records";
  }
}

TEST(AnswerTest, AnAliasMayBeWhatWasAskedFor) {
  const Question question(name("www.example.org"), RecordType::cname);
  Message message = response_to(question);
  message.answers = records("www 300 CNAME b\nb 20 CNAME c");
  const Answer found = interpret(question, message, Security::insecure);
  EXPECT_EQ(found.records, records("www 300 CNAME b"));
  EXPECT_EQ(found.canonical, question.name);
  EXPECT_EQ(found.ttl, seconds(300));
}

TEST(AnswerTest, AChainThatLeavesTheMessageEndsThere) {
  const Answer left = answer("www 300 CNAME b\nb 20 CNAME c.example.net.");
  EXPECT_EQ(left.outcome, Outcome::no_data);
  EXPECT_EQ(left.canonical, name("c.example.net"));
  EXPECT_EQ(left.ttl, seconds(20));
  const Answer served = answer("www 300 CNAME c.example.net.", "@ 300 NS ns");
  EXPECT_EQ(served.outcome, Outcome::no_data) << "the servers of the alias's zone are no referral";
  const Answer other = answer("www 300 CNAME c.example.net.", "@ 5 SOA . . 1 2 3 4 5");
  EXPECT_EQ(other.ttl, seconds(300)) << "nor does its SOA speak of another zone";
}

TEST(AnswerTest, ChainsHaveABound) {
  std::string lines;
  const auto link = [](std::size_t i) { return i == 0 ? std::string("www") : "a" + std::to_string(i); };
  for (std::size_t i = 0; i < kMaxAliases; ++i) lines += link(i) + " 9 CNAME " + link(i + 1) + "\n";
  EXPECT_EQ(answer(lines + link(kMaxAliases) + " A 192.0.2.1").outcome, Outcome::found);
  lines += link(kMaxAliases) + " 9 CNAME " + link(kMaxAliases + 1) + "\n";
  const Answer failed = answer(lines + link(kMaxAliases + 1) + " A 192.0.2.1");
  EXPECT_EQ(failed.outcome, Outcome::failed);
  EXPECT_EQ(failed.fault, LookupFault::too_many);
  EXPECT_EQ(failed.failure, "www.example.org A: more aliases than anybody follows");
}

TEST(AnswerTest, CirclesEnd) {
  for (const std::string_view circle :
       {"www 9 CNAME www", "www 9 CNAME b\nb 9 CNAME www", "www 9 CNAME b\nb 9 CNAME b"}) {
    EXPECT_EQ(answer(circle).fault, LookupFault::too_many) << circle;
  }
}

TEST(AnswerTest, NoDataAndNoNameHaveTheTtlOfTheSoa) {
  const std::string_view soa = "@ 3600 SOA ns hostmaster 1 2 3 4 300";
  EXPECT_EQ(answer("", soa).outcome, Outcome::no_data);
  EXPECT_EQ(answer("", soa).ttl, seconds(300));
  EXPECT_EQ(answer("www 5 AAAA ::1", soa).outcome, Outcome::no_data);
  const Answer unknown = answer("", "@ 60 SOA ns hostmaster 1 2 3 4 300", ResponseCode::no_such_name);
  EXPECT_EQ(unknown.outcome, Outcome::no_name);
  EXPECT_EQ(unknown.ttl, seconds(60));
  EXPECT_EQ(unknown.security, Security::secure);
  EXPECT_EQ(unknown.canonical, kQuestion.name);
  EXPECT_EQ(answer("", "other 60 SOA . . 1 2 3 4 300").ttl, seconds(0)) << "of another zone";
  EXPECT_EQ(answer("").outcome, Outcome::no_data);
  EXPECT_EQ(answer("").ttl, seconds(0)) << "RFC 2308 5: without a SOA it is not kept";
  EXPECT_EQ(answer("", "", ResponseCode::no_such_name).ttl, seconds(0));
}

TEST(AnswerTest, NoNameIsSaidOfTheEndOfAChain) {
  const Answer unknown = answer("www 300 CNAME b", "@ 60 SOA . . 1 2 3 4 300", ResponseCode::no_such_name);
  EXPECT_EQ(unknown.outcome, Outcome::no_name);
  EXPECT_EQ(unknown.canonical, name("b.example.org"));
  EXPECT_EQ(unknown.ttl, seconds(60));
  EXPECT_EQ(answer("www 10 CNAME b", "@ 60 SOA . . 1 2 3 4 300").ttl, seconds(10))
      << "nor longer than the chain";
  const Answer contradiction = answer("www 300 A 192.0.2.1", "", ResponseCode::no_such_name);
  EXPECT_EQ(contradiction.fault, LookupFault::malformed);
}

TEST(AnswerTest, AReferralIsNoAnswer) {
  const Answer referral = answer("", "org. 300 NS ns.example.net.");
  EXPECT_EQ(referral.outcome, Outcome::failed);
  EXPECT_EQ(referral.fault, LookupFault::server_failure);
  EXPECT_EQ(answer("", "@ 300 NS ns\n@ 60 SOA . . 1 2 3 4 300").outcome, Outcome::no_data);
  EXPECT_EQ(answer("", "com. 300 NS ns").outcome, Outcome::no_data) << "of something else";
}

TEST(AnswerTest, OtherCodesAreFailures) {
  for (unsigned code = 0; code < 32; ++code) {
    const auto said = static_cast<ResponseCode>(code);
    if (said == ResponseCode::no_error || said == ResponseCode::no_such_name) continue;
    const Answer failed = answer("www 300 A 192.0.2.1", "", said);
    EXPECT_EQ(failed.outcome, Outcome::failed);
    EXPECT_EQ(failed.fault, LookupFault::server_failure);
    EXPECT_EQ(failed.failure, "www.example.org A: " + to_string(said));
    EXPECT_TRUE(failed.records.empty());
  }
}

TEST(AnswerTest, WhatIsBogusHasNoRecords) {
  for (const ResponseCode code : {ResponseCode::no_error, ResponseCode::server_failure}) {
    const Answer bogus = interpret(kQuestion, response("www 300 A 192.0.2.1", "", code), Security::bogus);
    EXPECT_EQ(bogus.outcome, Outcome::failed);
    EXPECT_EQ(bogus.fault, LookupFault::bogus);
    EXPECT_EQ(bogus.security, Security::bogus);
    EXPECT_TRUE(bogus.records.empty());
  }
}

TEST(AnswerTest, HalfAnAnswerIsNone) {
  Message message = response("www 300 A 192.0.2.1");
  message.truncated = true;
  EXPECT_EQ(interpret(kQuestion, message, Security::insecure).fault, LookupFault::malformed);
}

TEST(AnswerTest, AnAnswerIsToTheQuestion) {
  Message message = response("www 300 A 192.0.2.1");
  message.questions.front().type = RecordType::aaaa;
  EXPECT_EQ(interpret(kQuestion, message, Security::insecure).fault, LookupFault::malformed);
  message = response("www 300 A 192.0.2.1");
  message.response = false;
  EXPECT_EQ(interpret(kQuestion, message, Security::insecure).fault, LookupFault::malformed);
}

TEST(AnswerTest, SecurityIsHandedThrough) {
  for (const Security security : {Security::secure, Security::insecure, Security::indeterminate}) {
    EXPECT_EQ(interpret(kQuestion, response("www 300 A 192.0.2.1"), security).security, security);
    EXPECT_EQ(interpret(kQuestion, response(""), security).security, security);
  }
}

TEST(AnswerTest, HasWords) {
  EXPECT_EQ(to_string(Security::indeterminate), "indeterminate");
  EXPECT_EQ(to_string(LookupFault::timed_out), "timed out");
  const Answer failed = Answer::failed(LookupFault::unreachable, "nobody there");
  EXPECT_EQ(failed.outcome, Outcome::failed);
  EXPECT_EQ(failed.fault, LookupFault::unreachable);
  EXPECT_EQ(failed.failure, "nobody there");
}

}  // namespace
}  // namespace postrider::resolver
