#include "postrider/protocol/grammar/parameters.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "postrider/protocol/grammar/recognise.h"
#include "postrider/tests/protocol/support/exact_copy.h"

namespace postrider::protocol {
namespace {

using namespace std::string_view_literals;
using testing::ExactCopy;
using On = ParameterExtension::On;

// XFORBID takes no value, XNEED needs one, XMAY may have one, XNUM needs digits; XRCPT belongs to RCPT.
const ExtensionTable& table() {
  static const ExtensionTable instance = [] {
    ExtensionTable made;
    const auto add = [&made](std::string keyword, On on, Presence value,
                             bool (*accepts)(std::string_view) noexcept) {
      made.add_parameter(
          {.keyword = std::move(keyword), .on = on, .value = value, .ehlo_keyword = {}, .accepts = accepts});
    };
    add("XFORBID", On::mail, Presence::forbidden, nullptr);
    add("XNEED", On::mail, Presence::required, nullptr);
    add("XMAY", On::both, Presence::optional, nullptr);
    add("XNUM", On::mail, Presence::required,
        [](std::string_view value) noexcept { return all(value, kDigit); });
    add("XRCPT", On::rcpt, Presence::optional, nullptr);
    return made;
  }();
  return instance;
}

// "ok", or the error and its offset in `list`.
std::string mail_outcome(std::string_view list, Utf8 utf8 = Utf8::no) {
  const ExactCopy copy(list);
  Cursor cursor(copy.view());
  const Result<MailParameters> read = mail_parameters(cursor, utf8, &table());
  if (!read) return std::string(to_string(read.error().code)) + " at " + std::to_string(read.error().offset);
  return cursor.done() ? "ok" : "not at the end";
}
std::string rcpt_outcome(std::string_view list, Utf8 utf8 = Utf8::no) {
  const ExactCopy copy(list);
  Cursor cursor(copy.view());
  const Result<RcptParameters> read = rcpt_parameters(cursor, utf8, &table());
  if (!read) return std::string(to_string(read.error().code)) + " at " + std::to_string(read.error().offset);
  return cursor.done() ? "ok" : "not at the end";
}

MailParameters mail_of(std::string_view list) {
  Cursor cursor(list);
  const Result<MailParameters> read = mail_parameters(cursor, Utf8::yes, &table());
  EXPECT_TRUE(read) << list;
  return read.value_or(MailParameters{});
}
RcptParameters rcpt_of(std::string_view list) {
  Cursor cursor(list);
  const Result<RcptParameters> read = rcpt_parameters(cursor, Utf8::yes, &table());
  EXPECT_TRUE(read) << list;
  return read.value_or(RcptParameters{});
}

// ---- esmtp-param = esmtp-keyword ["=" esmtp-value] ----

TEST(EsmtpParam, Good) {
  Cursor cursor("X-9=a;b<c>\"~ next");
  const Result<Parameter> parameter = esmtp_param(cursor, Utf8::no);
  ASSERT_TRUE(parameter);
  EXPECT_EQ(parameter->keyword, "X-9");
  EXPECT_EQ(parameter->value, "a;b<c>\"~");
  EXPECT_EQ(cursor.rest(), " next");
  Cursor valueless("8x");
  EXPECT_EQ(esmtp_param(valueless, Utf8::no)->value, std::nullopt);
  EXPECT_TRUE(valueless.done());
}

TEST(EsmtpParam, Bad) {
  for (const std::string_view bad :
       {""sv, "="sv, "=x"sv, "-X=1"sv, "X="sv, "X= 1"sv, "X=a=b"sv, "X_Y=1"sv, "X/1"sv, "X=\t"sv, "X=a\tb"sv,
        "X=\x7F"sv, "X\xC3\xA5=1"sv, "X=a\0b"sv, "X=a\r"sv, "X,Y"sv, " X"sv}) {
    const ExactCopy copy(bad);
    for (const Utf8 utf8 : {Utf8::no, Utf8::yes}) {
      Cursor cursor(copy.view());
      const Result<Parameter> parameter = esmtp_param(cursor, utf8);
      ASSERT_FALSE(parameter) << bad;
      EXPECT_EQ(parameter.error().code, Errc::bad_parameter);
      EXPECT_EQ(cursor.offset(), 0u);
    }
  }
}

// RFC 6531 3.3: esmtp-value =/ UTF8-non-ascii
TEST(EsmtpParam, Utf8InTheValue) {
  for (const std::string_view text : {"X=p\xC3\xA5l", "X=\xF0\x9F\x93\xAC;x"}) {
    Cursor cursor(text);
    EXPECT_EQ(esmtp_param(cursor, Utf8::yes)->value, text.substr(2));
    Cursor refused(text);
    EXPECT_FALSE(esmtp_param(refused, Utf8::no));
  }
  for (const std::string_view bad : {"X=p\xE5l", "X=p\xC3", "X=\xC3\xA5=y", "X=\xC3\xA5\x01"}) {
    Cursor cursor(bad);
    EXPECT_FALSE(esmtp_param(cursor, Utf8::yes)) << bad;
  }
}

// ---- Lists ----

TEST(MailParameters, AllAtOnce) {
  constexpr std::string_view kList =
      " SIZE=512 BODY=8BITMIME SMTPUTF8 REQUIRETLS RET=HDRS ENVID=QQ314159 AUTH=<> MT-PRIORITY=-3 BY=120;RT "
      "HOLDFOR=60";
  const MailParameters p = mail_of(kList);
  EXPECT_EQ(p.size, 512u);
  EXPECT_EQ(p.body, BodyType::eight_bit_mime);
  EXPECT_TRUE(p.smtputf8);
  EXPECT_TRUE(p.require_tls);
  EXPECT_EQ(p.ret, DsnReturn::headers);
  EXPECT_EQ(p.envid, "QQ314159");
  EXPECT_EQ(p.auth, "<>");
  EXPECT_EQ(p.mt_priority, -3);
  EXPECT_EQ(p.deliver_by, (DeliverBy{120, DeliverBy::Mode::return_mail, true}));
  EXPECT_EQ(p.future_release, (FutureRelease{60, {}}));
  EXPECT_TRUE(p.registered.text.empty());
  EXPECT_EQ(p.used, (ExtensionSet{Extension::size, Extension::eight_bit_mime, Extension::smtputf8,
                                  Extension::require_tls, Extension::dsn, Extension::auth,
                                  Extension::mt_priority, Extension::deliver_by, Extension::future_release}));
  EXPECT_EQ(p.used, extensions_of(p));
}

TEST(RcptParameters, AllAtOnce) {
  const RcptParameters p = rcpt_of(" notify=success,Delay orcpt=rfc822;Bob@Example.COM");
  EXPECT_EQ(p.notify, (DsnNotify{.given = true, .success = true, .delay = true}));
  EXPECT_EQ(p.orcpt_type, "rfc822");
  EXPECT_EQ(p.orcpt_address, "Bob@Example.COM");
  EXPECT_EQ(p.used, ExtensionSet{Extension::dsn});
  EXPECT_EQ(p.used, extensions_of(p));
}

TEST(MailParameters, UsedSaysWhichExtensions) {
  const struct {
    std::string_view list;
    ExtensionSet used;
  } cases[] = {
      {"", {}},
      {" SIZE=1", {Extension::size}},
      {" BODY=7BIT", {Extension::eight_bit_mime}},
      {" BODY=BINARYMIME", {Extension::eight_bit_mime, Extension::binarymime}},
      {" SMTPUTF8", {Extension::smtputf8}},
      {" REQUIRETLS", {Extension::require_tls}},
      {" RET=FULL", {Extension::dsn}},
      {" ENVID=x", {Extension::dsn}},
      {" AUTH=<>", {Extension::auth}},
      {" MT-PRIORITY=0", {Extension::mt_priority}},
      {" BY=1;N", {Extension::deliver_by}},
      {" HOLDFOR=1", {Extension::future_release}},
      {" HOLDUNTIL=2026-11-21T10:00:00Z", {Extension::future_release}},
      {" XMAY", {}},
  };
  for (const auto& one : cases) {
    EXPECT_EQ(mail_of(one.list).used, one.used) << one.list;
    EXPECT_EQ(extensions_of(mail_of(one.list)), one.used) << one.list;
  }
  EXPECT_TRUE(extensions_of(rcpt_of(" XRCPT=1")).empty());
  EXPECT_EQ(extensions_of(rcpt_of(" NOTIFY=NEVER")), ExtensionSet{Extension::dsn});
  EXPECT_EQ(extensions_of(rcpt_of(" ORCPT=rfc822;x")), ExtensionSet{Extension::dsn});
}

TEST(ParameterList, OneSpaceBetweenAndAnyNumberBehind) {
  EXPECT_EQ(mail_outcome(""), "ok");
  EXPECT_EQ(mail_outcome(" "), "ok");
  EXPECT_EQ(mail_outcome("   "), "ok");
  EXPECT_EQ(mail_outcome(" SIZE=1"), "ok");
  EXPECT_EQ(mail_outcome(" SIZE=1   "), "ok");
  EXPECT_EQ(mail_outcome(" SIZE=1 BODY=7BIT "), "ok");
  EXPECT_EQ(mail_outcome("SIZE=1"), "bad_parameter at 0");
  EXPECT_EQ(mail_outcome("  SIZE=1"), "bad_parameter at 1");
  EXPECT_EQ(mail_outcome(" SIZE=1  BODY=7BIT"), "bad_parameter at 8");
  EXPECT_EQ(mail_outcome(" SIZE=1\tBODY=7BIT"), "bad_parameter at 7");
  EXPECT_EQ(mail_outcome(" SIZE=1,BODY=7BIT"), "bad_parameter at 12");
}

TEST(ParameterList, EachRefusalHasItsCode) {
  EXPECT_EQ(mail_outcome(" FOO=1"), "unknown_parameter at 1");
  EXPECT_EQ(mail_outcome(" SIZE=1 NOTIFY=NEVER"), "unknown_parameter at 8");  // of the other command
  EXPECT_EQ(rcpt_outcome(" SIZE=1"), "unknown_parameter at 1");
  EXPECT_EQ(rcpt_outcome(" SMTPUTF8"), "unknown_parameter at 1");
  EXPECT_EQ(mail_outcome(" SIZE=1 SIZE=1"), "duplicate_parameter at 8");
  EXPECT_EQ(mail_outcome(" SIZE=1 BODY=7BIT size=2"), "duplicate_parameter at 18");
  EXPECT_EQ(mail_outcome(" SMTPUTF8 SMTPUTF8"), "duplicate_parameter at 10");
  EXPECT_EQ(rcpt_outcome(" NOTIFY=DELAY NOTIFY=NEVER"), "duplicate_parameter at 14");
  EXPECT_EQ(mail_outcome(" SIZE"), "parameter_value_missing at 1");
  EXPECT_EQ(rcpt_outcome(" ORCPT"), "parameter_value_missing at 1");
  EXPECT_EQ(mail_outcome(" SMTPUTF8=1"), "parameter_value_unexpected at 1");
  EXPECT_EQ(mail_outcome(" REQUIRETLS=yes"), "parameter_value_unexpected at 1");
  EXPECT_EQ(mail_outcome(" SIZE="), "bad_parameter at 6");
  EXPECT_EQ(mail_outcome(" SIZE=x"), "bad_parameter at 1");
  EXPECT_EQ(mail_outcome(" BODY=9BIT"), "parameter_not_implemented at 1");
  EXPECT_EQ(mail_outcome(" ENVID=a+4"), "bad_xtext at 1");
  EXPECT_EQ(mail_outcome(" HOLDFOR=1 HOLDUNTIL=2026-11-21T10:00:00Z"), "bad_parameter at 11");
  EXPECT_EQ(mail_outcome(" HOLDUNTIL=2026-11-21T10:00:00Z HOLDFOR=1"), "bad_parameter at 32");
}

TEST(ParameterList, KeywordsThatLookAlike) {
  for (const std::string_view keyword :
       {"SIZES",   "SIZ",       "BODYX",  "RETX",      "RE",       "ENVIDS",     "ENVI",    "AUTHX",
        "SMTPUTF", "SMTPUTF88", "SMTP",   "REQUIRETL", "REQU",     "MT-PRIORIT", "MT-P",    "B",
        "BYE",     "HOLD",      "HOLDFO", "HOLDUNTI",  "HOLDFORX", "HOLDUNTILX", "NOTIFYX", "ORCPTS"}) {
    EXPECT_EQ(mail_outcome(" " + std::string(keyword) + "=1"), "unknown_parameter at 1") << keyword;
    EXPECT_EQ(rcpt_outcome(" " + std::string(keyword) + "=1"), "unknown_parameter at 1") << keyword;
    EXPECT_FALSE(recognise::is_core_parameter(keyword));
  }
}

TEST(ParameterList, Utf8OnlyWhereItIsAllowed) {
  EXPECT_EQ(rcpt_outcome(" ORCPT=utf-8;p\xC3\xA5l@example.org", Utf8::yes), "ok");
  EXPECT_EQ(rcpt_outcome(" ORCPT=utf-8;p\xC3\xA5l@example.org", Utf8::no), "bad_parameter at 14");
  EXPECT_EQ(rcpt_outcome(" ORCPT=utf-8;p\\x{E5}l@example.org", Utf8::no), "ok");
}

// ---- Registered parameters ----

TEST(RegisteredParameters, AreKeptAsWritten) {
  const MailParameters p = mail_of(" SIZE=5 XNeed=a;b BODY=7BIT XFORBID xnum=42  ");
  EXPECT_EQ(p.size, 5u);
  EXPECT_EQ(p.registered.text, "SIZE=5 XNeed=a;b BODY=7BIT XFORBID xnum=42");
  EXPECT_EQ(p.registered.find("xneed"), "a;b");
  EXPECT_EQ(p.registered.find("XFORBID"), "");
  EXPECT_EQ(p.registered.find("XNUM"), "42");
  EXPECT_EQ(p.registered.find("XMAY"), std::nullopt);
  EXPECT_EQ(p.registered.find("XNEE"), std::nullopt);
  EXPECT_EQ(RegisteredParameters{}.find("XMAY"), std::nullopt);
  EXPECT_EQ(rcpt_of(" XRCPT XMAY=1").registered.text, "XRCPT XMAY=1");
}

TEST(RegisteredParameters, AreCheckedAsTheTableSays) {
  EXPECT_EQ(mail_outcome(" XFORBID=1"), "parameter_value_unexpected at 1");
  EXPECT_EQ(mail_outcome(" XNEED"), "parameter_value_missing at 1");
  EXPECT_EQ(mail_outcome(" XNUM=4x"), "bad_parameter at 1");
  EXPECT_EQ(mail_outcome(" XMAY"), "ok");
  EXPECT_EQ(mail_outcome(" XMAY=1"), "ok");
  EXPECT_EQ(mail_outcome(" XMAY=1 SIZE=1 xmay"), "duplicate_parameter at 15");
  EXPECT_EQ(mail_outcome(" XRCPT=1"), "unknown_parameter at 1");
  EXPECT_EQ(rcpt_outcome(" XNEED=1"), "unknown_parameter at 1");
  EXPECT_EQ(rcpt_outcome(" XMAY=1"), "ok");
  Cursor cursor(" XMAY=1");
  EXPECT_EQ(mail_parameters(cursor, Utf8::no, nullptr).error().code, Errc::unknown_parameter);
}

// ---- Equality ----

TEST(MailParameters, EveryFieldCountsForEquality) {
  constexpr std::string_view kLists[] = {"",
                                         " SIZE=1",
                                         " SIZE=2",
                                         " BODY=7BIT",
                                         " BODY=8BITMIME",
                                         " SMTPUTF8",
                                         " REQUIRETLS",
                                         " RET=FULL",
                                         " RET=HDRS",
                                         " ENVID=x",
                                         " ENVID=y",
                                         " AUTH=<>",
                                         " AUTH=a@b",
                                         " MT-PRIORITY=0",
                                         " MT-PRIORITY=1",
                                         " BY=1;N",
                                         " BY=2;N",
                                         " BY=1;R",
                                         " BY=1;NT",
                                         " HOLDFOR=1",
                                         " HOLDFOR=2",
                                         " HOLDUNTIL=2026-11-21T10:00:00Z",
                                         " XMAY",
                                         " XMAY=1",
                                         " XMAY=2",
                                         " XNEED=1",
                                         " XMAY XNEED=1",
                                         " XNEED=1 XMAY"};
  for (const std::string_view a : kLists) {
    for (const std::string_view b : kLists) EXPECT_EQ(mail_of(a) == mail_of(b), a == b) << a << " and" << b;
  }
}

TEST(RcptParameters, EveryFieldCountsForEquality) {
  constexpr std::string_view kLists[] = {"",
                                         " NOTIFY=NEVER",
                                         " NOTIFY=SUCCESS",
                                         " NOTIFY=FAILURE",
                                         " NOTIFY=DELAY",
                                         " ORCPT=rfc822;",
                                         " ORCPT=rfc822;a",
                                         " ORCPT=x400;a",
                                         " XRCPT",
                                         " XRCPT=1",
                                         " XMAY=1"};
  for (const std::string_view a : kLists) {
    for (const std::string_view b : kLists) EXPECT_EQ(rcpt_of(a) == rcpt_of(b), a == b) << a << " and" << b;
  }
}

TEST(MailParameters, TheOrderOfKnownParametersDoesNotCount) {
  EXPECT_EQ(mail_of(" SIZE=1 XMAY=1 BODY=7BIT XNEED=2"), mail_of(" xmay=1 body=7bit XNEED=2 SIZE=1"));
}

TEST(MailParameters, EqualValuesMadeByHand) {
  MailParameters by_hand;
  by_hand.size = 512;
  by_hand.body = BodyType::eight_bit_mime;
  EXPECT_EQ(by_hand, mail_of(" SIZE=512 BODY=8BITMIME"));
}

// ---- Robustness ----

// CVE-2020-28022 (Exim): the search for a parameter walked out of the line.
TEST(ParameterList, Cve_2020_28022_EveryTruncationStaysInsideTheLine) {
  constexpr std::string_view kMail =
      " SIZE=512 BODY=8BITMIME SMTPUTF8 REQUIRETLS RET=HDRS ENVID=QQ+2B9 AUTH=e+3Dmc2@x MT-PRIORITY=-3 "
      "BY=-120;NT HOLDUNTIL=1996-12-19T16:39:57-08:00 XNUM=1";
  for (std::size_t n = 0; n <= kMail.size(); ++n) mail_outcome(kMail.substr(0, n));
  constexpr std::string_view kRcpt =
      " NOTIFY=SUCCESS,FAILURE ORCPT=utf-8;p\\x{E5}l@example.org XMAY=p\xC3\xA5l";
  for (std::size_t n = 0; n <= kRcpt.size(); ++n) rcpt_outcome(kRcpt.substr(0, n), Utf8::yes);
  EXPECT_EQ(mail_outcome(kMail), "ok");
  EXPECT_EQ(rcpt_outcome(kRcpt, Utf8::yes), "ok");
}

TEST(NextParameter, SplitsWhateverThereIs) {
  std::string_view list = "A=1  B  =x C==";
  Parameter p;
  ASSERT_TRUE(recognise::next_parameter(list, p));
  EXPECT_EQ(p.keyword, "A");
  EXPECT_EQ(p.value, "1");
  ASSERT_TRUE(recognise::next_parameter(list, p));
  EXPECT_EQ(p.keyword, "B");
  EXPECT_EQ(p.value, std::nullopt);
  ASSERT_TRUE(recognise::next_parameter(list, p));
  EXPECT_EQ(p.keyword, "");
  EXPECT_EQ(p.value, "x");
  ASSERT_TRUE(recognise::next_parameter(list, p));
  EXPECT_EQ(p.value, "=");
  EXPECT_FALSE(recognise::next_parameter(list, p));
}

}  // namespace
}  // namespace postrider::protocol
