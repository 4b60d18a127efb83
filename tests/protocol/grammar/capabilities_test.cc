#include "postrider/protocol/grammar/capabilities.h"

#include <random>
#include <string>

#include <gtest/gtest.h>

#include "postrider/protocol/framing/reply_reader.h"
#include "postrider/tests/protocol/support/allocation_counter.h"

namespace postrider::protocol {
namespace {

Capabilities parsed(std::string_view text) {
  const Result<Capabilities> seen = parse_ehlo_reply({code::ok, text});
  EXPECT_TRUE(seen.has_value());
  return seen.value_or(Capabilities());
}

std::string text_of(const Capabilities& offered) {
  std::string text;
  write_ehlo_text("mx.example.org", offered, text);
  return text;
}

TEST(ParseEhloReply, Typical) {
  const Capabilities seen = parsed(
      "mx.google.com at your service, [192.0.2.1]\nSIZE "
      "157286400\n8BITMIME\nSTARTTLS\nENHANCEDSTATUSCODES\nPIPELINING\n"
      "CHUNKING\nSMTPUTF8");
  EXPECT_EQ(seen.extensions(), ExtensionSet({Extension::size, Extension::eight_bit_mime, Extension::starttls,
                                             Extension::enhanced_status_codes, Extension::pipelining,
                                             Extension::chunking, Extension::smtputf8}));
  EXPECT_EQ(seen.max_size(), 157286400u);
  EXPECT_TRUE(seen.mechanisms().empty());
  EXPECT_EQ(seen.other_lines(), "");
}

TEST(ParseEhloReply, TheFirstLineIsNoKeyword) {
  EXPECT_EQ(parsed("STARTTLS"), Capabilities());
  EXPECT_EQ(parsed(""), Capabilities());
  EXPECT_TRUE(parsed("\nSTARTTLS").has(Extension::starttls));
}

TEST(ParseEhloReply, AnyCaseAndBlanks) {
  const Capabilities seen = parsed("x\nStartTls\npipelining \n Size  10 \n\tdsn\nauth \t plain");
  EXPECT_EQ(seen.extensions(), ExtensionSet({Extension::starttls, Extension::pipelining, Extension::size,
                                             Extension::dsn, Extension::auth}));
  EXPECT_EQ(seen.max_size(), 10u);
  EXPECT_TRUE(seen.has_mechanism("PLAIN"));
}

// RFC 1870 4: no number says nothing, 0 says that there is no limit.
TEST(ParseEhloReply, Size) {
  EXPECT_EQ(parsed("x\nSIZE").max_size(), std::nullopt);
  EXPECT_EQ(parsed("x\nSIZE 0").max_size(), 0u);
  EXPECT_EQ(parsed("x\nSIZE 35882577").max_size(), 35882577u);
  EXPECT_EQ(parsed("x\nSIZE 18446744073709551615").max_size(), UINT64_MAX);
  EXPECT_EQ(parsed("x\nSIZE 00000000000000000010").max_size(), 10u);
  EXPECT_EQ(parsed("x\nSIZE 10 MB").max_size(), 10u);
  for (const char* malformed : {"x\nSIZE -1", "x\nSIZE 1k", "x\nSIZE 0x10", "x\nSIZE 18446744073709551616",
                                "x\nSIZE 000000000000000000010", "x\nSIZE +5"}) {
    EXPECT_TRUE(parsed(malformed).has(Extension::size)) << malformed;
    EXPECT_EQ(parsed(malformed).max_size(), std::nullopt) << malformed;
  }
  EXPECT_FALSE(parsed("x\nSIZE=10").has(Extension::size));
}

TEST(ParseEhloReply, Mechanisms) {
  const Capabilities seen = parsed("x\nAUTH GSSAPI PLAIN login\nAUTH=LOGIN CRAM-MD5 NTLM");
  EXPECT_EQ(seen.mechanisms(),
            MechanismSet().add(Mechanism::plain).add(Mechanism::login).add(Mechanism::cram_md5));
  EXPECT_EQ(seen.other_mechanisms(), "GSSAPI NTLM");
  EXPECT_TRUE(seen.has_mechanism("gssapi"));
  EXPECT_TRUE(seen.has_mechanism("Login"));
  EXPECT_FALSE(seen.has_mechanism("GSS"));
  EXPECT_FALSE(seen.has_mechanism("EXTERNAL"));
  EXPECT_FALSE(seen.has_mechanism(""));

  // From before RFC 2554.
  EXPECT_TRUE(parsed("x\nAUTH=PLAIN").has_mechanism("PLAIN"));
  EXPECT_TRUE(parsed("x\nauth=").has(Extension::auth));
  EXPECT_TRUE(parsed("x\nAUTH").has(Extension::auth));
  // What is no mechanism is left out; RFC 4422 3.1: 1 to 20 of A-Z 0-9 - _.
  EXPECT_EQ(parsed("x\nAUTH PL+AIN X-0123456789_ABCDEFG LONGER-THAN-TWENTY-OCTETS").other_mechanisms(),
            "X-0123456789_ABCDEFG");
}

// RFC 9422 4: 1*6DIGIT, not beginning with 0; what is not known or malformed counts as not said.
TEST(ParseEhloReply, Limits) {
  EXPECT_EQ(parsed("x\nLIMITS MAILMAX=1000").limits(), (SessionLimits{1000, 0, 0}));
  EXPECT_EQ(parsed("x\nLIMITS rcptdomainmax=1 RcptMax=20 MAILMAX=999999").limits(),
            (SessionLimits{999999, 20, 1}));
  EXPECT_EQ(parsed("x\nLIMITS RCPTMAX=20 RCPTMAX=30").limits(), (SessionLimits{0, 20, 0}));
  for (const char* nothing :
       {"x\nLIMITS", "x\nLIMITS MAILMAX", "x\nLIMITS MAILMAX=", "x\nLIMITS MAILMAX=0", "x\nLIMITS MAILMAX=01",
        "x\nLIMITS MAILMAX=1000000", "x\nLIMITS MAILMAX=-1", "x\nLIMITS MAILMAX=1x", "x\nLIMITS =1",
        "x\nLIMITS NEWMAX=7", "x\nLIMITS MAILMAX==1"}) {
    EXPECT_TRUE(parsed(nothing).has(Extension::limits)) << nothing;
    EXPECT_EQ(parsed(nothing).limits(), SessionLimits()) << nothing;
  }
  EXPECT_EQ(parsed("x\nLIMITS NEWMAX=7 RCPTMAX=0 MAILMAX=3").limits(), (SessionLimits{3, 0, 0}));
}

TEST(ParseEhloReply, ParametersOfKeywords) {
  const Capabilities seen = parsed(
      "x\nDELIVERBY 120\nFUTURERELEASE 604800 2027-01-01T00:00:00Z\nMT-PRIORITY MIXER\nXCLIENT NAME ADDR  "
      "PORT\nXFORWARD");
  EXPECT_EQ(seen.keyword_parameters("DELIVERBY"), "120");
  EXPECT_EQ(seen.keyword_parameters("FutureRelease"), "604800 2027-01-01T00:00:00Z");
  EXPECT_EQ(seen.keyword_parameters("MT-PRIORITY"), "MIXER");
  EXPECT_EQ(seen.keyword_parameters("xclient"), "NAME ADDR PORT");
  EXPECT_EQ(seen.keyword_parameters("XFORWARD"), "");
  EXPECT_EQ(seen.keyword_parameters("XFOR"), std::nullopt);
  EXPECT_EQ(seen.keyword_parameters("SIZE"), std::nullopt);
  EXPECT_EQ(seen.keyword_parameters("MT"), std::nullopt);
  EXPECT_TRUE(seen.has(Extension::deliver_by));
  EXPECT_EQ(parsed("x\nMT-PRIORITY\nSIZE 5").keyword_parameters("MT-PRIORITY"), "");
  EXPECT_EQ(parsed("x\nMT-PRIORITY\nSIZE 5").keyword_parameters("SIZE"), "");
}

TEST(ParseEhloReply, TheFirstOfTwoCounts) {
  const Capabilities seen =
      parsed("x\nSIZE 10\nSIZE 20\nLIMITS MAILMAX=1\nLIMITS MAILMAX=2\nXA 1\nxa 2\nDELIVERBY 1\nDELIVERBY 2");
  EXPECT_EQ(seen.max_size(), 10u);
  EXPECT_EQ(seen.limits().mail_max, 1u);
  EXPECT_EQ(seen.other_lines(), "XA 1\nDELIVERBY 1\n");
}

TEST(ParseEhloReply, LinesThatAreNoKeywordsAreLeftOut) {
  const Capabilities seen = parsed("x\n-\n\n  \nX_REMOTE\n\xff\nX\xffY\nXA \xff\nXB a\x01z\n=\nXC ok\n-XD");
  EXPECT_EQ(seen.other_lines(), "XC ok\n");
}

TEST(ParseEhloReply, NoRoomForAHundredKeywords) {
  std::string text = "x";
  for (int i = 0; i < 100; ++i) text += "\nXKEYWORD-" + std::to_string(100 + i) + " " + std::to_string(i);
  text += "\nX\nPIPELINING\nAUTH";
  for (int i = 0; i < 100; ++i) text += " MECHANISM" + std::to_string(100 + i);
  text += " M PLAIN";
  const Capabilities seen = parsed(text);
  EXPECT_LE(seen.other_lines().size(), Capabilities::kMaxOther);
  EXPECT_TRUE(seen.keyword_parameters("XKEYWORD-100").has_value());
  EXPECT_FALSE(seen.keyword_parameters("XKEYWORD-199").has_value());
  EXPECT_EQ(seen.other_lines().back(), '\n');
  EXPECT_TRUE(seen.has(Extension::pipelining));
  EXPECT_LE(seen.other_mechanisms().size(), Capabilities::kMaxOtherMechanisms);
  EXPECT_TRUE(seen.has_mechanism("MECHANISM100"));
  EXPECT_FALSE(seen.has_mechanism("MECHANISM199"));
  EXPECT_TRUE(seen.has_mechanism("PLAIN"));
}

TEST(ParseEhloReply, ACutTextEndsBeforeItsLastLine) {
  ReplyView reply(code::ok, "x\nPIPELINING\nSIZE 3588");
  reply.truncated = true;
  const Result<Capabilities> seen = parse_ehlo_reply(reply);
  ASSERT_TRUE(seen.has_value());
  EXPECT_EQ(seen->extensions(), ExtensionSet({Extension::pipelining}));
  reply.text = "x";
  EXPECT_EQ(parse_ehlo_reply(reply), Capabilities());
}

TEST(ParseEhloReply, OnlyOf250) {
  EXPECT_EQ(parse_ehlo_reply({code::service_ready, "x\nSIZE"}).error().code, Errc::bad_reply_code);
  EXPECT_EQ(parse_ehlo_reply({code::not_implemented, "x"}).error().code, Errc::bad_reply_code);
}

TEST(ParseEhloReply, AllocatesNothing) {
  const std::string text =
      "mx.example.org\nPIPELINING\nSIZE 1\nAUTH PLAIN XYZ\nXCLIENT NAME\nLIMITS RCPTMAX=5";
  testing::AllocationCounter counter;
  const Result<Capabilities> seen = parse_ehlo_reply({code::ok, text});
  const bool has = seen && seen->has_mechanism("XYZ") && seen->keyword_parameters("XCLIENT").has_value();
  EXPECT_EQ(counter.allocations(), 0u);
  EXPECT_TRUE(has);
}

TEST(WriteEhloText, Typical) {
  Capabilities offered;
  offered.offer(Extension::pipelining)
      .offer_size(52428800)
      .offer(Extension::eight_bit_mime)
      .offer(Extension::starttls);
  offered.offer_mechanism(Mechanism::plain).offer_mechanism(Mechanism::scram_sha_256);
  offered.offer_limits({.mail_max = 100, .rcpt_max = 1000});
  ASSERT_TRUE(offered.offer_keyword("xclient", "NAME ADDR"));
  EXPECT_EQ(text_of(offered),
            "mx.example.org\nPIPELINING\nSIZE 52428800\n8BITMIME\nSTARTTLS\nAUTH SCRAM-SHA-256 PLAIN\n"
            "LIMITS MAILMAX=100 RCPTMAX=1000\nXCLIENT NAME ADDR");
  EXPECT_EQ(text_of(Capabilities()), "mx.example.org");
  EXPECT_EQ(text_of(Capabilities().offer_size(std::nullopt)), "mx.example.org\nSIZE");
  EXPECT_EQ(text_of(Capabilities().offer_size(0)), "mx.example.org\nSIZE 0");
}

TEST(WriteEhloText, TheNameCannotAddKeywords) {
  std::string text;
  write_ehlo_text("mx\nSTARTTLS", Capabilities(), text);
  EXPECT_EQ(text, "mx?STARTTLS");
}

TEST(OfferKeyword, GoesWhereItBelongs) {
  Capabilities offered;
  EXPECT_TRUE(offered.offer_keyword("SIZE", "10"));
  EXPECT_TRUE(offered.offer_keyword("pipelining", ""));
  EXPECT_TRUE(offered.offer_keyword("AUTH", "PLAIN XYZ"));
  EXPECT_TRUE(offered.offer_keyword("LIMITS", "RCPTMAX=5"));
  EXPECT_TRUE(offered.offer_keyword("MT-PRIORITY", "MIXER"));
  EXPECT_TRUE(offered.offer_keyword("DELIVERBY", ""));
  EXPECT_EQ(offered.max_size(), 10u);
  EXPECT_TRUE(offered.has_mechanism("XYZ"));
  EXPECT_EQ(offered.limits().rcpt_max, 5u);
  EXPECT_EQ(offered.other_lines(), "MT-PRIORITY MIXER\n");
  EXPECT_EQ(offered.extensions(),
            ExtensionSet({Extension::size, Extension::pipelining, Extension::auth, Extension::limits,
                          Extension::mt_priority, Extension::deliver_by}));
}

TEST(OfferKeyword, RefusesWhatIsNoEhloLine) {
  Capabilities offered;
  offered.offer_keyword("XA", "1");
  offered.offer_size(7);
  const Capabilities before = offered;
  for (const char* keyword : {"", "-X", "X_Y", "X Y", "X\n", "X=1", "\xff"}) {
    EXPECT_FALSE(offered.offer_keyword(keyword, "")) << keyword;
  }
  for (const char* parameters : {" ", " a", "a ", "a  b", "a\tb", "a\nSTARTTLS", "a\r", "\x7f", "\xff"}) {
    EXPECT_FALSE(offered.offer_keyword("XB", parameters)) << parameters;
    EXPECT_FALSE(offered.offer_keyword("XA", parameters)) << parameters;
  }
  EXPECT_FALSE(offered.offer_keyword("SIZE", "x"));
  EXPECT_FALSE(offered.offer_keyword("SIZE", "1 2"));
  EXPECT_FALSE(offered.offer_keyword("PIPELINING", "x"));
  EXPECT_FALSE(offered.offer_keyword("AUTH", "PLAIN +"));
  EXPECT_FALSE(offered.offer_keyword("LIMITS", "MAILMAX=0"));
  EXPECT_FALSE(offered.offer_keyword("XC", std::string(Capabilities::kMaxOther, 'x')));
  EXPECT_FALSE(offered.offer_keyword("XA", std::string(Capabilities::kMaxOther, 'x')));
  EXPECT_EQ(offered, before);
  EXPECT_FALSE(offered.offer_mechanism(""));
  EXPECT_FALSE(offered.offer_mechanism("A B"));
  EXPECT_EQ(offered, before);
}

TEST(OfferKeyword, ReplacesAndFillsToTheLastOctet) {
  Capabilities offered;
  EXPECT_TRUE(offered.offer_keyword("XA", "1"));
  EXPECT_TRUE(offered.offer_keyword("XB", ""));
  EXPECT_TRUE(offered.offer_keyword("xa", "2 3"));
  EXPECT_EQ(offered.other_lines(), "XB\nXA 2 3\n");
  const std::string rest(Capabilities::kMaxOther - offered.other_lines().size() - 4, 'r');
  EXPECT_FALSE(offered.offer_keyword("XC", rest + "r"));
  EXPECT_TRUE(offered.offer_keyword("XC", rest));
  EXPECT_EQ(offered.other_lines().size(), Capabilities::kMaxOther);
  EXPECT_FALSE(offered.offer_keyword("D", ""));
  EXPECT_TRUE(offered.offer_keyword("XB", ""));
  EXPECT_EQ(parsed(text_of(offered)), offered);
}

TEST(Withdraw, TakesTheArgumentAlong) {
  Capabilities offered;
  offered.offer_size(5).offer_limits({1, 2, 3}).offer_mechanism(Mechanism::plain);
  offered.offer_mechanism("XYZ");
  offered.offer_keyword("MT-PRIORITY", "MIXER");
  offered.offer_keyword("XA", "");
  offered.offer(Extension::dsn);
  offered.withdraw(Extension::size)
      .withdraw(Extension::limits)
      .withdraw(Extension::auth)
      .withdraw(Extension::mt_priority);
  offered.withdraw(Extension::dsn).withdraw(Extension::dsn);
  Capabilities left;
  left.offer_keyword("XA", "");
  EXPECT_EQ(offered, left);
}

TEST(OfferLimits, StaysWritable) {
  Capabilities offered;
  offered.offer_limits({1'000'000, 999'999, UINT32_MAX});
  EXPECT_EQ(offered.limits(), (SessionLimits{999'999, 999'999, 999'999}));
  EXPECT_EQ(parsed(text_of(offered)), offered);
}

// ---- parse(write(c)) == c ----

std::string random_word(std::mt19937& random, std::string_view alphabet, std::size_t max) {
  std::string word(1 + random() % max, 'A');
  for (char& c : word) c = alphabet[random() % alphabet.size()];
  return word;
}

Capabilities random_capabilities(std::mt19937& random) {
  Capabilities offered;
  for (std::size_t i = 0; i < kExtensionCount; ++i) {
    if (random() % 2 == 0) offered.offer(static_cast<Extension>(i));
  }
  if (random() % 2 == 0)
    offered.offer_size(random() % 3 == 0 ? std::uint64_t{random()} << 32 | random() : random() % 3);
  if (random() % 2 == 0) {
    offered.offer_limits({static_cast<std::uint32_t>(random() % 3),
                          static_cast<std::uint32_t>(random() % 1'000'000),
                          static_cast<std::uint32_t>(random() % 1'000'000)});
  }
  for (std::size_t i = 0; i < kMechanismCount; ++i) {
    if (random() % 4 == 0) offered.offer_mechanism(static_cast<Mechanism>(i));
  }
  for (std::size_t n = random() % 5; n > 0; --n) {
    offered.offer_mechanism(random_word(random, "abzABZ019-_", 20));
  }
  for (std::size_t n = random() % 6; n > 0; --n) {
    std::string parameters;
    for (std::size_t m = random() % 3; m > 0; --m) {
      if (!parameters.empty()) parameters += ' ';
      parameters += random_word(random, "az09AZ=-:;,.~!", 12);
    }
    const char* const known[] = {"DELIVERBY", "FUTURERELEASE", "mt-priority", "X"};
    const std::string keyword =
        known[random() % 4] + (random() % 2 == 0 ? random_word(random, "xyz-09", 6) : "");
    offered.offer_keyword(keyword, parameters);
  }
  if (random() % 8 == 0) offered.withdraw(static_cast<Extension>(random() % kExtensionCount));
  return offered;
}

TEST(Capabilities, WhatIsWrittenIsRead) {
  std::mt19937 random(9422);
  for (int round = 0; round < 20000; ++round) {
    const Capabilities offered = random_capabilities(random);
    const std::string text = text_of(offered);
    ASSERT_EQ(parsed(text), offered) << text;
    // The same over the wire.
    std::string wire;
    write_reply(ReplyView(code::ok, text), WriteEnhanced::no, wire);
    ReplyReader reader((Limits()));
    const ReplyReader::Read read = reader.next(wire);
    ASSERT_TRUE(read.reply.has_value() && read.reply->has_value());
    ASSERT_EQ(parse_ehlo_reply(**read.reply), offered) << wire;
  }
}

// Garbage is read without a fault, and what was kept of it is written as something that reads the same.
TEST(Capabilities, GarbageSettles) {
  std::mt19937 random(5321);
  static constexpr std::string_view kWords[] = {
      "SIZE",  "AUTH",  "AUTH=",    "LIMITS", "MAILMAX=", "DELIVERBY", "X",    "MT-PRIORITY",
      "PLAIN", "XYZ_1", "STARTTLS", "0",      "12",       "=",         "\xff", "\t"};
  for (int round = 0; round < 20000; ++round) {
    std::string text = "x";
    for (std::size_t n = random() % 40; n > 0; --n) {
      text += " \n\n"[random() % 3];
      text += kWords[random() % std::size(kWords)];
    }
    const Capabilities seen = parsed(text);
    ASSERT_EQ(parsed(text_of(seen)), seen) << text;
  }
}

}  // namespace
}  // namespace postrider::protocol
