#include "postrider/protocol/grammar/parameter_values.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "postrider/tests/protocol/support/exact_copy.h"

namespace postrider::protocol {
namespace {

using testing::ExactCopy;

std::string_view name(Verdict result) { return result ? "ok" : to_string(result.error().code); }

// The value that a reader makes of a text, or nullopt; copies, so that nothing points into the text.
template <class T, class Read>
std::optional<T> value_of(std::string_view text, Read read) {
  const ExactCopy copy(text);
  std::optional<T> out;
  if (!read(copy.view(), out)) return std::nullopt;
  return out;
}

// size-value = 1*20DIGIT, RFC 1870 5
TEST(SizeValue, GoodAndBad) {
  const auto size = [](std::string_view text) { return value_of<std::uint64_t>(text, read_size); };
  EXPECT_EQ(size("0"), 0u);
  EXPECT_EQ(size("00000000000000000512"), 512u);
  EXPECT_EQ(size("18446744073709551615"), 18446744073709551615u);
  for (const std::string_view bad :
       {"", "-1", "+1", "1k", "0x10", " 1", "1.0", "000000000000000000001", "123456789012345678901"}) {
    EXPECT_EQ(size(bad), std::nullopt) << bad;
  }
}

TEST(SizeValue, WhatDoesNotFitIsTheMost) {
  for (const std::string_view huge :
       {"18446744073709551616", "18446744073709551625", "99999999999999999999", "20000000000000000000"}) {
    EXPECT_EQ(value_of<std::uint64_t>(huge, read_size), UINT64_MAX) << huge;
  }
}

// RFC 6152 2, RFC 3030 3
TEST(BodyValue, GoodAndUnknown) {
  const auto body = [](std::string_view text) { return value_of<BodyType>(text, read_body); };
  EXPECT_EQ(body("7bit"), BodyType::seven_bit);
  EXPECT_EQ(body("8BitMime"), BodyType::eight_bit_mime);
  EXPECT_EQ(body("BINARYMIME"), BodyType::binary_mime);
  std::optional<BodyType> out;
  for (const std::string_view unknown : {"8BIT", "7BITMIME", "BINARY", "x"}) {
    EXPECT_EQ(name(read_body(unknown, out)), "parameter_not_implemented") << unknown;
  }
}

// by-value = by-time ";" by-mode [by-trace], RFC 2852 4
TEST(DeliverByValue, Good) {
  const auto by = [](std::string_view text) { return value_of<DeliverBy>(text, read_deliver_by); };
  using enum DeliverBy::Mode;
  EXPECT_EQ(by("120;R"), (DeliverBy{120, return_mail, false}));
  EXPECT_EQ(by("+98;rt"), (DeliverBy{98, return_mail, true}));
  EXPECT_EQ(by("-10;N"), (DeliverBy{-10, notify, false}));
  EXPECT_EQ(by("0;NT"), (DeliverBy{0, notify, true}));
  EXPECT_EQ(by("999999999;N"), (DeliverBy{999999999, notify, false}));
  EXPECT_EQ(by("-999999999;n"), (DeliverBy{-999999999, notify, false}));
}

TEST(DeliverByValue, Bad) {
  for (const std::string_view bad :
       {"", "120", "120;", ";R", "120;X", "120;T", "120;RN", "120;RTT", "120,R", "1000000000;N", "0;R",
        "-1;R", "--1;N", "+-1;N", "+;N", "1 ;N", "120;R;", "12a;N"}) {
    EXPECT_EQ(value_of<DeliverBy>(bad, read_deliver_by), std::nullopt) << bad;
  }
}

// future-release-integer = %x31-39 *8DIGIT, RFC 4865
TEST(HoldForValue, GoodAndBad) {
  const auto seconds = [](std::string_view text) {
    const std::optional<FutureRelease> hold = value_of<FutureRelease>(text, read_holdfor);
    return hold ? hold->seconds : 0;
  };
  EXPECT_EQ(seconds("1"), 1u);
  EXPECT_EQ(seconds("999999999"), 999999999u);
  for (const std::string_view bad : {"", "0", "01", "1000000000", "-1", "+1", "1s"})
    EXPECT_EQ(seconds(bad), 0u) << bad;
}

// date-time, RFC 3339 5.6 with the examples of 5.8
TEST(HoldUntilValue, Good) {
  for (const std::string_view good :
       {"1985-04-12T23:20:50.52Z", "1996-12-19T16:39:57-08:00", "1990-12-31T23:59:60Z",
        "1937-01-01T12:00:27.87+00:20", "2026-11-21t10:00:00z", "2024-02-29T00:00:00Z",
        "2000-02-29T00:00:00Z"}) {
    std::optional<FutureRelease> out;
    EXPECT_TRUE(read_holduntil(ExactCopy(good).view(), out)) << good;
  }
  std::optional<FutureRelease> out;
  ASSERT_TRUE(read_holduntil("2026-11-21T10:00:00Z", out));
  EXPECT_EQ(out->until, "2026-11-21T10:00:00Z");
  EXPECT_EQ(out->seconds, 0u);
}

TEST(HoldUntilValue, Bad) {
  for (const std::string_view bad : {"",
                                     "2026-11-21",
                                     "2026-11-21T10:00:00",
                                     "2026-11-21T10:00Z",
                                     "2026-11-21T10:00:00.Z",
                                     "2026-13-21T10:00:00Z",
                                     "2026-00-21T10:00:00Z",
                                     "2026-11-31T10:00:00Z",
                                     "2026-11-00T10:00:00Z",
                                     "2023-02-29T10:00:00Z",
                                     "1900-02-29T10:00:00Z",
                                     "2026-11-21T24:00:00Z",
                                     "2026-11-21T10:60:00Z",
                                     "2026-11-21T10:00:61Z",
                                     "2026-11-21T10:00:00+1:00",
                                     "2026-11-21T10:00:00+24:00",
                                     "2026-11-21T10:00:00+00:60",
                                     "26-11-21T10:00:00Z",
                                     "2026-11-21T10:00:00ZZ",
                                     "2026-11-21_10:00:00Z",
                                     "2026-1-21T10:00:00Z",
                                     "2026/11/21T10:00:00Z",
                                     "x026-11-21T10:00:00Z"}) {
    EXPECT_EQ(value_of<FutureRelease>(bad, read_holduntil), std::nullopt) << bad;
  }
}

TEST(HoldUntilValue, EveryTruncationIsRefused) {
  constexpr std::string_view kWhole = "1996-12-19T16:39:57-08:00";
  for (std::size_t n = 0; n < kWhole.size(); ++n) {
    EXPECT_EQ(value_of<FutureRelease>(kWhole.substr(0, n), read_holduntil), std::nullopt) << n;
  }
}

std::string_view envid(std::string_view text) {
  const ExactCopy copy(text);
  LineText out;
  return name(read_envid(copy.view(), out));
}

// RFC 3461 4.4: up to 100 characters of xtext, which stand for printable characters
TEST(EnvidValue, GoodAndBad) {
  EXPECT_EQ(envid("QQ314159"), "ok");  // RFC 3461 10.1
  EXPECT_EQ(envid("a+2Bb+20c+09d"), "ok");
  EXPECT_EQ(envid(std::string(100, 'x')), "ok");
  EXPECT_EQ(envid(std::string(101, 'x')), "bad_parameter");
  for (const std::string_view bad : {"a+", "a+2", "a+2b", "a+GG"}) EXPECT_EQ(envid(bad), "bad_xtext") << bad;
}

// Decoded, the value goes into a field of a delivery report.
TEST(EnvidValue, AnEncodedLineBreakIsRefused) {
  for (const std::string_view bad :
       {"x+0D+0ABcc:+20eve@example.org", "x+0A", "x+0D", "x+00", "x+7F", "x+C3+A5"}) {
    EXPECT_EQ(envid(bad), "bad_xtext") << bad;
  }
}

std::string_view auth(std::string_view text, Utf8 utf8 = Utf8::no) {
  const ExactCopy copy(text);
  LineText out;
  return name(read_auth(copy.view(), utf8, out));
}

// RFC 4954 5 and 8: xtext that stands for a Mailbox or "<>"
TEST(AuthValue, GoodAndBad) {
  for (const std::string_view good :
       {"<>", "+3C+3E", "e+3Dmc2@example.com", "user+2Btag@example.org", "\"a+20b\"@[192.0.2.1]"}) {
    EXPECT_EQ(auth(good), "ok") << good;
  }
  for (const std::string_view bad : {"<", "<>x", "fred", "<fred@example.org>", "fred@", "@example.org",
                                     "a+20b@example.org", "a+0D+0Ab@example.org"}) {
    EXPECT_EQ(auth(bad), "bad_parameter") << bad;
  }
  for (const std::string_view bad : {"a+b@example.org", "a+2@example.org", "a+4"})
    EXPECT_EQ(auth(bad), "bad_xtext") << bad;
}

TEST(AuthValue, InternationalizedAsThePathIs) {
  EXPECT_EQ(auth("p+C3+A5l@example.org", Utf8::yes), "ok");
  EXPECT_EQ(auth("p+C3+A5l@example.org", Utf8::no), "bad_parameter");
  EXPECT_EQ(auth("p+C3l@example.org", Utf8::yes), "bad_parameter");
}

TEST(AuthValue, AtMostAPathInXtext) {
  EXPECT_EQ(auth(std::string(64, 'a') + "@" + std::string(189, 'b')), "ok");
  EXPECT_EQ(auth(std::string(64, 'a') + "@" + std::string(190, 'b')), "bad_parameter");
  EXPECT_EQ(auth(std::string(5000, 'a') + "@x"), "bad_parameter");
}

// RFC 3461 4.3
TEST(RetValue, GoodAndBad) {
  const auto ret = [](std::string_view text) { return value_of<DsnReturn>(text, read_ret); };
  EXPECT_EQ(ret("FULL"), DsnReturn::full);
  EXPECT_EQ(ret("hdrs"), DsnReturn::headers);
  for (const std::string_view bad : {"", "FUL", "HEADERS", "FULL,HDRS"})
    EXPECT_EQ(ret(bad), std::nullopt) << bad;
}

// priority-value = (["-"] NZDIGIT) / "0", RFC 6710 7
TEST(PriorityValue, GoodAndBad) {
  const auto priority = [](std::string_view text) { return value_of<std::int8_t>(text, read_mt_priority); };
  for (int p = -9; p <= 9; ++p) EXPECT_EQ(priority(std::to_string(p)), p);
  for (const std::string_view bad : {"", "-", "-0", "+1", "10", "-10", "01", "1.0", "a"})
    EXPECT_EQ(priority(bad), std::nullopt) << bad;
}

std::string_view notify(std::string_view text, DsnNotify& out) {
  const ExactCopy copy(text);
  return name(read_notify(copy.view(), out));
}

// notify-esmtp-value = "NEVER" / 1#notify-list-element, RFC 3461 4.1
TEST(NotifyValue, Good) {
  DsnNotify out;
  EXPECT_EQ(notify("never", out), "ok");
  EXPECT_EQ(out, (DsnNotify{.given = true, .never = true}));
  EXPECT_EQ(notify("SUCCESS", out), "ok");
  EXPECT_EQ(out, (DsnNotify{.given = true, .success = true}));
  EXPECT_EQ(notify("Failure,DELAY", out), "ok");
  EXPECT_EQ(out, (DsnNotify{.given = true, .failure = true, .delay = true}));
  EXPECT_EQ(notify("delay,failure,success,delay", out), "ok");
  EXPECT_EQ(out, (DsnNotify{.given = true, .success = true, .failure = true, .delay = true}));
}

TEST(NotifyValue, Bad) {
  DsnNotify out;
  for (const std::string_view bad : {"", ",", "SUCCESS,", ",SUCCESS", "SUCCESS,,DELAY", "NEVER,SUCCESS",
                                     "SUCCESS,NEVER", "NEVER,NEVER", "ALWAYS", "SUCCES", "SUCCESS;DELAY"}) {
    EXPECT_EQ(notify(bad, out), "bad_parameter") << bad;
  }
}

std::string_view orcpt(std::string_view text) {
  const ExactCopy copy(text);
  LineText type;
  LineText address;
  return name(read_orcpt(copy.view(), type, address));
}

// original-recipient-address = addr-type ";" xtext, RFC 3461 4.2
TEST(OrcptValue, KeepsTypeAndAddressAsWritten) {
  LineText type;
  LineText address;
  ASSERT_TRUE(read_orcpt("rfc822;Dana+40Ivory.EDU", type, address));
  EXPECT_EQ(type, "rfc822");
  EXPECT_EQ(address, "Dana+40Ivory.EDU");
}

TEST(OrcptValue, GoodAndBad) {
  for (const std::string_view good :
       {"rfc822;Bob@Example.COM", "rfc822;", "x400;/c+3Dus/s+3Dsmith", "rfc822;a;b", "unknown;x+20y"}) {
    EXPECT_EQ(orcpt(good), "ok") << good;
  }
  for (const std::string_view bad : {"", "rfc822", ";a@b", "x 400;a", "rfc(822);a"})
    EXPECT_EQ(orcpt(bad), "bad_parameter") << bad;
  for (const std::string_view bad :
       {"rfc822;a+b", "rfc822;a+2", "rfc822;a+0D+0ATo:+20x", "rfc822;p+C3+A5l", "rfc822;p\xC3\xA5l"}) {
    EXPECT_EQ(orcpt(bad), "bad_xtext") << bad;
  }
  EXPECT_EQ(orcpt("rfc822;" + std::string(487, 'a')), "ok");
  EXPECT_EQ(orcpt("rfc822;" + std::string(488, 'a')), "bad_parameter");
}

// RFC 6533 3: utf-8-addr-xtext, utf-8-addr-unitext or the address itself
TEST(OrcptValue, TheTypeUtf8HasFormsOfItsOwn) {
  for (const std::string_view good : {"utf-8;p\\x{E5}l@example.org", "UTF-8;p\xC3\xA5l@example.org",
                                      "utf-8;user+tag@example.org", "utf-8;a\\x{2B}b@c"}) {
    EXPECT_EQ(orcpt(good), "ok") << good;
  }
  for (const std::string_view bad :
       {"utf-8;", "utf-8;p\\x{D800}", "utf-8;p\\x{E5", "utf-8;a+b", "utf-8;p\xC3", "utf-8;x\\x{0A}y@z"}) {
    EXPECT_EQ(orcpt(bad), "bad_xtext") << bad;
  }
}

}  // namespace
}  // namespace postrider::protocol
