// write_command of command.h: what it writes, that it reads back, and that nothing can be smuggled into a
// line.
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "postrider/protocol/grammar/command.h"
#include "postrider/protocol/grammar/grammar_access.h"
#include "postrider/tests/protocol/support/allocation_counter.h"
#include "postrider/tests/protocol/support/command_generator.h"

namespace postrider::protocol {
namespace {

using namespace std::string_view_literals;

constexpr Syntax kUtf8{.utf8 = Utf8::yes, .leniency = {}, .extensions = nullptr};

// The line that is written, or the name of the error; what stood in the string before must stay.
std::string written(const Command& command, const ExtensionTable* table = nullptr) {
  std::string out = "NOOP\r\n";
  const Result<void> result = write_command(command, out, table);
  EXPECT_EQ(out.substr(0, 6), "NOOP\r\n");
  if (result) return out.substr(6);
  EXPECT_EQ(out.size(), 6u) << "something was appended";
  return std::string(to_string(result.error().code));
}

Mailbox mailbox(std::string_view text) { return Mailbox::parse(text, Utf8::yes).value(); }
LineText text(std::string_view any) { return LineText::from(any).value(); }
Mail mail(std::string_view from) { return Mail{{mailbox(from), false}, {}}; }
Rcpt rcpt(std::string_view to) { return Rcpt{{mailbox(to), false}, {}}; }

TEST(WriteCommand, Forms) {
  EXPECT_EQ(written(Plain{Verb::quit, {}}), "QUIT\r\n");
  EXPECT_EQ(written(Plain{Verb::starttls, {}}), "STARTTLS\r\n");
  EXPECT_EQ(written(Plain{Verb::noop, "x y"}), "NOOP x y\r\n");
  EXPECT_EQ(written(Plain{Verb::vrfy, "fred"}), "VRFY fred\r\n");
  EXPECT_EQ(written(Hello{Verb::ehlo, Host::parse("example.org").value()}), "EHLO example.org\r\n");
  EXPECT_EQ(written(Hello{Verb::lhlo, Host::parse("[192.0.2.1]").value()}), "LHLO [192.0.2.1]\r\n");
  EXPECT_EQ(written(Mail{}), "MAIL FROM:<>\r\n");
  EXPECT_EQ(written(mail("a@b")), "MAIL FROM:<a@b>\r\n");
  EXPECT_EQ(written(rcpt("\"a b\"@[IPv6:::1]")), "RCPT TO:<\"a b\"@[IPv6:::1]>\r\n");
  EXPECT_EQ(written(Rcpt{{{}, true}, {}}), "RCPT TO:<Postmaster>\r\n");
  EXPECT_EQ(written(Bdat{4294967297, false}), "BDAT 4294967297\r\n");
  EXPECT_EQ(written(Bdat{0, true}), "BDAT 0 LAST\r\n");
  EXPECT_EQ(written(Auth{"PLAIN", {}}), "AUTH PLAIN\r\n");
  EXPECT_EQ(written(Auth{"PLAIN", LineText("=")}), "AUTH PLAIN =\r\n");
}

TEST(WriteCommand, AllMailParameters) {
  Mail command = mail("a@b");
  MailParameters& p = command.parameters;
  p.size = 18446744073709551615u;
  p.body = BodyType::binary_mime;
  p.smtputf8 = p.require_tls = true;
  p.ret = DsnReturn::headers;
  p.envid = "QQ314159";
  p.auth = "<>";
  p.mt_priority = std::int8_t{-9};
  p.deliver_by = DeliverBy{-999999999, DeliverBy::Mode::notify, true};
  p.future_release = FutureRelease{1, {}};
  EXPECT_EQ(written(command),
            "MAIL FROM:<a@b> SIZE=18446744073709551615 BODY=BINARYMIME SMTPUTF8 REQUIRETLS RET=HDRS "
            "ENVID=QQ314159 AUTH=<> MT-PRIORITY=-9 "
            "BY=-999999999;NT HOLDFOR=1\r\n");
  p.future_release = FutureRelease{0, "2026-11-21T10:00:00Z"};
  EXPECT_TRUE(written(command).ends_with(" HOLDUNTIL=2026-11-21T10:00:00Z\r\n"));
}

TEST(WriteCommand, AllRcptParameters) {
  Rcpt command = rcpt("a@b");
  command.parameters.notify = {.given = true, .success = true, .failure = true, .delay = true};
  command.parameters.orcpt_type = "rfc822";
  command.parameters.orcpt_address = "a@b";
  EXPECT_EQ(written(command), "RCPT TO:<a@b> NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;a@b\r\n");
  command.parameters.notify = {.given = true, .never = true};
  EXPECT_EQ(written(command), "RCPT TO:<a@b> NOTIFY=NEVER ORCPT=rfc822;a@b\r\n");
}

TEST(WriteCommand, RegisteredVerbsAndParameters) {
  ExtensionTable table;
  table.add_verb({.name = "XCLIENT", .argument = Presence::required, .ehlo_keyword = "XCLIENT"});
  table.add_parameter({.keyword = "XTRACE", .value = Presence::optional, .ehlo_keyword = {}});
  EXPECT_EQ(written(Extended{table.find_verb("XCLIENT"), "ADDR=192.0.2.1"}, &table),
            "XCLIENT ADDR=192.0.2.1\r\n");
  EXPECT_EQ(written(Extended{table.find_verb("XCLIENT"), {}}, &table), "bad_syntax");
  EXPECT_EQ(written(Extended{table.find_verb("XCLIENT"), "x"}), "bad_syntax");
  EXPECT_EQ(written(Extended{}, &table), "bad_syntax");
  const VerbExtension stranger{.name = "XEVIL\r\nQUIT", .ehlo_keyword = {}};
  EXPECT_EQ(written(Extended{&stranger, {}}, &table), "bad_syntax");

  Mail command = mail("a@b");
  command.parameters.size = 5;
  command.parameters.registered.text =
      "SIZE=9 xtrace=7 BODY=7BIT";  // what the core knows comes from its own fields
  EXPECT_EQ(written(command, &table), "MAIL FROM:<a@b> SIZE=5 xtrace=7\r\n");
  EXPECT_EQ(written(command), "bad_syntax");
  command.parameters.registered.text = "XTRACE XTRACE";
  EXPECT_EQ(written(command, &table), "bad_syntax");
}

// ---- What is no command ----

TEST(WriteCommand, RefusesWhatTheGrammarDoesNotHave) {
  EXPECT_EQ(written(Plain{Verb::unknown, {}}), "bad_syntax");
  EXPECT_EQ(written(Plain{Verb::extension, {}}), "bad_syntax");
  EXPECT_EQ(written(Plain{Verb::mail, "FROM:<a@b>"}), "bad_syntax");
  EXPECT_EQ(written(Plain{Verb::bdat, "5"}), "bad_syntax");
  EXPECT_EQ(written(Plain{Verb::quit, "now"}), "bad_syntax");
  EXPECT_EQ(written(Plain{Verb::vrfy, {}}), "bad_syntax");
  EXPECT_EQ(written(Plain{Verb::noop, " x"}), "bad_syntax");
  EXPECT_EQ(written(Plain{Verb::noop, "x "}), "bad_syntax");
  EXPECT_EQ(written(Plain{Verb::noop, " "}), "bad_syntax");
  EXPECT_EQ(written(Hello{}), "bad_syntax");
  EXPECT_EQ(written(Hello{Verb::noop, Host::parse("example.org").value()}), "bad_syntax");
  EXPECT_EQ(written(Hello{Verb::mail, Host::parse("example.org").value()}), "bad_syntax");
  EXPECT_EQ(written(Rcpt{}), "bad_syntax");
  EXPECT_EQ(written(Mail{{mailbox("a@b"), true}, {}}), "bad_syntax");
  EXPECT_EQ(written(Rcpt{{mailbox("a@b"), true}, {}}), "bad_syntax");
  EXPECT_EQ(written(Mail{{{}, false}, {}}), "bad_syntax");
  EXPECT_EQ(written(Auth{}), "bad_syntax");
  EXPECT_EQ(written(Auth{"PLAIN", LineText()}), "bad_syntax");
  EXPECT_EQ(written(Auth{"PLAIN", LineText("x")}), "bad_syntax");
  EXPECT_EQ(written(Auth{"PLAIN x", {}}), "bad_syntax");
}

TEST(WriteCommand, RefusesValuesOutOfBounds) {
  const auto with = [](auto change) {
    Mail command = mail("a@b");
    change(command.parameters);
    return written(command);
  };
  EXPECT_EQ(with([](MailParameters& p) { p.mt_priority = std::int8_t{10}; }), "bad_syntax");
  EXPECT_EQ(with([](MailParameters& p) { p.mt_priority = std::int8_t{-128}; }), "bad_syntax");
  EXPECT_EQ(with([](MailParameters& p) { p.deliver_by = DeliverBy{INT32_MIN, {}, false}; }), "bad_syntax");
  EXPECT_EQ(with([](MailParameters& p) { p.deliver_by = DeliverBy{0, DeliverBy::Mode::return_mail, false}; }),
            "bad_syntax");
  EXPECT_EQ(with([](MailParameters& p) { p.future_release = FutureRelease{0, {}}; }), "bad_syntax");
  EXPECT_EQ(with([](MailParameters& p) { p.future_release = FutureRelease{1000000000, {}}; }), "bad_syntax");
  EXPECT_EQ(with([](MailParameters& p) { p.future_release = FutureRelease{5, "2026-11-21T10:00:00Z"}; }),
            "bad_syntax");
  const std::string long_envid(101, 'x');
  EXPECT_EQ(with([&](MailParameters& p) { p.envid = text(long_envid); }), "bad_syntax");
  EXPECT_EQ(with([](MailParameters& p) { p.body = static_cast<BodyType>(7); }), "bad_syntax");
  Rcpt command = rcpt("a@b");
  command.parameters.notify = {.given = true, .never = true, .success = true};
  EXPECT_EQ(written(command), "bad_syntax");
  command.parameters.notify = {.given = true};
  EXPECT_EQ(written(command), "bad_syntax");
  command.parameters.notify = {.given = false, .success = true};
  EXPECT_EQ(written(command), "bad_syntax");
}

TEST(WriteCommand, RefusesMoreThan64KiB) {
  const std::string huge(64 * 1024, 'x');
  EXPECT_EQ(written(Plain{Verb::noop, text(huge)}), "line_too_long");
  EXPECT_EQ(written(Plain{Verb::noop, text(std::string_view(huge).substr(5))}).size(), 64u * 1024 + 2);
}

// ---- Injection, by the failures that it caused elsewhere ----

// CVE-2015-9096 (Ruby), CVE-2015-8476 (PHPMailer), CVE-2025-7962 (Jakarta Mail), CVE-2025-59419 (netty): CR
// LF in an address began a command of the attacker's. No value that could hold such an address can be made.
TEST(Injection, Cve_2015_9096_NoAddressHoldsALineBreak) {
  for (const std::string_view address :
       {"a@b>\r\nRCPT TO:<c@d"sv, "a\r\nDATA\r\n@b"sv, "a@b\r\n"sv, "a@b\n"sv, "a\r@b"sv, "\"\r\n\"@b"sv,
        "a@[1.2.3.4\r\n]"sv, "a@b\0"sv}) {
    EXPECT_FALSE(Mailbox::parse(address, Utf8::yes));
    EXPECT_FALSE(LineText::from(address));
  }
}

// nodemailer 8.0.5, GHSA-vvjj-xcjg-gr5g: CR LF in the name of EHLO.
TEST(Injection, GHSA_vvjj_xcjg_gr5g_NoHostHoldsALineBreak) {
  EXPECT_FALSE(Host::parse("example.org\r\nMAIL FROM:<a@b>"));
  EXPECT_FALSE(Host::parse("[x:y\r\nMAIL FROM:<a@b>]"));
}

// nodemailer 8.0.4: SIZE was a text and went out unchecked. Here it is a number; ENVID, AUTH and ORCPT are
// texts without line breaks that are read back before they go out.
TEST(Injection, Nodemailer_8_0_4_NoParameterBringsASecondOne) {
  for (const std::string_view evil : {"x SIZE=1", "x AUTH=<>", "x> SMTPUTF8", "x ", " x", "x=y", "x\tSIZE=1",
                                      "x+0D+0A", "x SMTPUTF8 ENVID=y"}) {
    Mail by_envid = mail("a@b");
    by_envid.parameters.envid = text(evil);
    EXPECT_EQ(written(by_envid), "bad_syntax") << evil;
    Mail by_auth = mail("a@b");
    const std::string identity = "<>" + std::string(evil);
    by_auth.parameters.auth = text(identity);
    EXPECT_EQ(written(by_auth), "bad_syntax") << evil;
    Mail by_until = mail("a@b");
    const std::string until = "2026-11-21T10:00:00Z" + std::string(evil);
    by_until.parameters.future_release = FutureRelease{0, text(until)};
    EXPECT_EQ(written(by_until), "bad_syntax") << evil;
    Rcpt by_type = rcpt("a@b");
    const std::string type = std::string(evil) + ";x";
    by_type.parameters.orcpt_type = text(type);
    by_type.parameters.orcpt_address = "a@b";
    EXPECT_EQ(written(by_type), "bad_syntax") << evil;
    Rcpt by_address = rcpt("a@b");
    by_address.parameters.orcpt_type = "rfc822";
    const std::string address = "x NOTIFY=NEVER" + std::string(evil);
    by_address.parameters.orcpt_address = text(address);
    EXPECT_EQ(written(by_address), "bad_syntax") << evil;
  }
}

TEST(Injection, ASemicolonInTheTypeOfOrcptIsAnotherAddress) {
  Rcpt command = rcpt("a@b");
  command.parameters.orcpt_type = "rfc822;a";
  command.parameters.orcpt_address = "b";
  EXPECT_EQ(written(command), "bad_syntax");  // it would read back as type rfc822, address a;b
}

// A local-part that closes the path and brings parameters of its own, forged past the grammar.
TEST(Injection, ALocalPartCannotEndThePath) {
  constexpr std::string_view kForged = "a@b> SIZE=5 X=<c@d";
  EXPECT_FALSE(Mailbox::parse(kForged));
  const Host host = GrammarAccess::host(Host::Kind::domain, kForged.substr(17));
  EXPECT_EQ(written(Mail{{GrammarAccess::mailbox(kForged.substr(0, 16), host), false}, {}}), "bad_syntax");
  const Host other = GrammarAccess::host(Host::Kind::domain, kForged.substr(2));
  EXPECT_EQ(written(Mail{{GrammarAccess::mailbox(kForged.substr(0, 1), other), false}, {}}), "bad_syntax");
  EXPECT_EQ(written(Rcpt{{GrammarAccess::mailbox(kForged.substr(0, 1), other), false}, {}}), "bad_syntax");
}

TEST(Injection, ForgedLineBreaksAreRefusedToo) {
  const LineText forged = GrammarAccess::text("x\r\nQUIT");
  EXPECT_EQ(written(Plain{Verb::noop, forged}), "bad_syntax");
  EXPECT_EQ(written(Auth{forged, {}}), "bad_syntax");
  EXPECT_EQ(written(Auth{"PLAIN", forged}), "bad_syntax");
  EXPECT_EQ(written(Hello{Verb::ehlo, GrammarAccess::host(Host::Kind::domain, "x\r\nQUIT")}), "bad_syntax");
  EXPECT_EQ(written(Hello{Verb::ehlo, GrammarAccess::host(Host::Kind::junk, "x\r\nQUIT")}), "bad_syntax");
  Mail command = mail("a@b");
  command.parameters.envid = forged;
  EXPECT_EQ(written(command), "bad_syntax");
}

// A name that was only tolerated when it came in does not go out.
TEST(WriteCommand, AJunkHelloNameIsNotWritten) {
  Syntax syntax;
  syntax.leniency.allow(Lenience::any_hello_name);
  const ParsedLine parsed = parse_command("EHLO my_host", syntax);
  ASSERT_TRUE(parsed.command);
  EXPECT_EQ(written(*parsed.command), "bad_syntax");
}

// ---- Round trip ----

TEST(RoundTrip, WhatIsWrittenReadsBackEqual) {
  testing::CommandGenerator generate(5321);
  for (int round = 0; round < 30000; ++round) {
    const std::string line = generate.line();
    const ParsedLine parsed = parse_command(line, kUtf8);
    ASSERT_TRUE(parsed.command) << line << ": " << to_string(parsed.command.error().code) << " at "
                                << parsed.command.error().offset;
    std::string once;
    ASSERT_TRUE(write_command(*parsed.command, once)) << line;
    ASSERT_TRUE(once.ends_with("\r\n"));
    ASSERT_EQ(once.find_first_of("\r\n"sv), once.size() - 2) << once;
    const ParsedLine again = parse_command(std::string_view(once).substr(0, once.size() - 2), kUtf8);
    ASSERT_TRUE(again.command) << once;
    ASSERT_EQ(*again.command, *parsed.command) << line << "\n" << once;
    ASSERT_TRUE(again.used.none());
    // Writing has one form: the second time it is the same line.
    std::string twice;
    ASSERT_TRUE(write_command(*again.command, twice));
    ASSERT_EQ(once, twice);
  }
}

// Whatever octets get into a free argument: one call gives one line that reads back equal, or nothing.
TEST(RoundTrip, OneCallGivesOneLineWhateverTheArgument) {
  std::mt19937 random(7);
  constexpr std::string_view kOctets = "ab \t<>@=:;+,\"\\[]\x7F\xC3\xA5\xFF";
  int accepted = 0;
  for (int round = 0; round < 50000; ++round) {
    std::string argument(random() % 12, '\0');
    for (char& c : argument) c = kOctets[random() % kOctets.size()];
    const LineText any = text(argument);
    const Verb verb = static_cast<Verb>(random() % kVerbCount);
    const Command commands[] = {Plain{verb, any}, Auth{any, {}}, Auth{"PLAIN", any},
                                Hello{verb, GrammarAccess::host(Host::Kind::domain, argument)}};
    for (const Command& command : commands) {
      std::string out;
      if (!write_command(command, out)) {
        ASSERT_TRUE(out.empty());
        continue;
      }
      ++accepted;
      ASSERT_EQ(out.find_first_of("\r\n"sv), out.size() - 2);
      const ParsedLine parsed = parse_command(std::string_view(out).substr(0, out.size() - 2), kUtf8);
      ASSERT_TRUE(parsed.command && *parsed.command == command) << out;
    }
  }
  EXPECT_GT(accepted, 1000);
}

TEST(WriteCommand, AllocatesNothingWhereThereIsRoom) {
  std::string out;
  out.reserve(4096);
  Mail command = mail("fred@example.org");
  command.parameters.size = 512;
  const testing::AllocationCounter counter;
  ASSERT_TRUE(write_command(command, out));
  ASSERT_TRUE(write_command(Plain{Verb::data, {}}, out));
  EXPECT_EQ(counter.allocations(), 0u);
  EXPECT_EQ(out, "MAIL FROM:<fred@example.org> SIZE=512\r\nDATA\r\n");
}

}  // namespace
}  // namespace postrider::protocol
