#include "postrider/protocol/grammar/command.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "postrider/tests/protocol/support/allocation_counter.h"
#include "postrider/tests/protocol/support/command_generator.h"
#include "postrider/tests/protocol/support/exact_copy.h"

namespace postrider::protocol {
namespace {

using namespace std::string_view_literals;
using testing::ExactCopy;

Syntax lenient(Lenience lenience) {
  Syntax syntax;
  syntax.leniency.allow(lenience);
  return syntax;
}

// "VERB ok" or "VERB error at offset".
std::string outcome(std::string_view line, const Syntax& syntax = {}) {
  const ExactCopy copy(line);
  const ParsedLine parsed = parse_command(copy.view(), syntax);
  std::string out(to_string(parsed.verb));
  if (parsed.command) return out + " ok";
  return out + " " + std::string(to_string(parsed.command.error().code)) + " at " +
         std::to_string(parsed.command.error().offset);
}

template <class T>
T command_of(std::string_view line, const Syntax& syntax = {}) {
  const ParsedLine parsed = parse_command(line, syntax);
  EXPECT_TRUE(parsed.command) << line;
  if (!parsed.command) return T{};
  const T* value = std::get_if<T>(&*parsed.command);
  EXPECT_NE(value, nullptr) << line;
  return value == nullptr ? T{} : *value;
}

// ---- Verbs ----

TEST(Verb, EachInAnyCaseAndNothingElse) {
  for (std::size_t i = 0; i < static_cast<std::size_t>(Verb::extension); ++i) {
    const auto verb = static_cast<Verb>(i);
    std::string word(to_string(verb));
    EXPECT_EQ(parse_verb(word), verb);
    EXPECT_EQ(parse_verb(word + "X"), Verb::unknown);
    EXPECT_EQ(parse_verb(word + " "), Verb::unknown);
    EXPECT_EQ(parse_verb(std::string_view(word).substr(0, word.size() - 1)), Verb::unknown);
    for (std::size_t k = 0; k < word.size(); ++k) {
      word[k] = static_cast<char>(word[k] - 'A' + 'a');
      EXPECT_EQ(parse_verb(word), verb);
      // Every octet that is not this letter makes another word.
      for (int o = 0; o < 256; ++o) {
        std::string other = word;
        other[k] = static_cast<char>(o);
        if (to_upper(other[k]) == to_upper(word[k])) continue;
        EXPECT_NE(parse_verb(other), verb) << ::testing::PrintToString(other);
      }
    }
  }
  EXPECT_EQ(parse_verb(""), Verb::unknown);
  EXPECT_EQ(parse_verb("(unknown)"), Verb::unknown);
}

TEST(Verb, WhatIsNoVerb) {
  for (const std::string_view line :
       {"", "M", "MAI", "MAILFROM:<a@b>", "MAIL\tFROM:<a@b>", "EHLOX", "STARTTL", "STARTTLSX", "STARTXXXX",
        "FOO bar", "GET / HTTP/1.1", ":", "\x16\x03\x01", "MAIL:", "QUIT;", "XCLIENT x", "DATA."}) {
    EXPECT_EQ(outcome(line), "(unknown) unknown_verb at 0") << line;
  }
  EXPECT_EQ(outcome(" QUIT"), "(unknown) unknown_verb at 0");
  EXPECT_EQ(outcome("   "), "(unknown) unknown_verb at 0");
}

TEST(Verb, OfACommand) {
  EXPECT_EQ(verb_of(Command(Plain{Verb::quit, {}})), Verb::quit);
  EXPECT_EQ(verb_of(Command(Hello{Verb::lhlo, {}})), Verb::lhlo);
  EXPECT_EQ(verb_of(Command(Mail{})), Verb::mail);
  EXPECT_EQ(verb_of(Command(Rcpt{})), Verb::rcpt);
  EXPECT_EQ(verb_of(Command(Bdat{})), Verb::bdat);
  EXPECT_EQ(verb_of(Command(Auth{})), Verb::auth);
  EXPECT_EQ(verb_of(Command(Extended{})), Verb::extension);
}

// ---- Spaces ----

// RFC 5321 4.1.1: white space before the CRLF is tolerated; elsewhere there is one SP.
TEST(Spaces, BehindTheLineAreTolerated) {
  for (const std::string_view line :
       {"QUIT ", "QUIT    ", "QUIT\t", "QUIT \t ", "DATA ", "EHLO example.org ", "MAIL FROM:<a@b> ",
        "MAIL FROM:<a@b> SIZE=5   ", "RCPT TO:<a@b>\t", "BDAT 5 LAST ", "BDAT 5 ", "AUTH PLAIN ", "NOOP ",
        "NOOP x ", "VRFY fred "}) {
    EXPECT_TRUE(outcome(line).ends_with(" ok")) << line << ": " << outcome(line);
  }
  EXPECT_EQ(command_of<Plain>("NOOP x \t").argument, "x");
  EXPECT_EQ(command_of<Auth>("AUTH PLAIN ").initial, std::nullopt);
}

TEST(Spaces, OneBehindTheVerb) {
  for (const std::string_view line : {"EHLO  x", "MAIL  FROM:<a@b>", "RCPT  TO:<a@b>", "NOOP  x", "VRFY  x",
                                      "AUTH  PLAIN", "HELP  x", "ETRN  x"}) {
    EXPECT_EQ(outcome(line).substr(4), " bad_syntax at 5") << line;
  }
  EXPECT_EQ(outcome("AUTH PLAIN  Zm9v"), "AUTH bad_base64 at 11");
}

// ---- EHLO, HELO, LHLO ----

TEST(Hello, TakesADomainOrALiteral) {
  for (const std::string_view verb : {"EHLO", "helo", "LhLo"}) {
    for (const std::string_view name :
         {"example.org", "localhost", "[192.0.2.1]", "[IPv6:2001:db8::1]", "a-b.c"}) {
      const std::string line = std::string(verb) + " " + std::string(name);
      const Hello hello = command_of<Hello>(line);
      EXPECT_EQ(hello.verb, parse_verb(verb));
      EXPECT_EQ(hello.name.text(), name);
    }
  }
}

TEST(Hello, Bad) {
  EXPECT_EQ(outcome("EHLO"), "EHLO missing_argument at 4");
  EXPECT_EQ(outcome("EHLO "), "EHLO missing_argument at 4");
  EXPECT_EQ(outcome("EHLO my_host"), "EHLO bad_domain at 7");
  EXPECT_EQ(outcome("EHLO a b"), "EHLO bad_domain at 6");
  EXPECT_EQ(outcome("EHLO example.org."), "EHLO bad_domain at 5");
  EXPECT_EQ(outcome("EHLO [1.2.3.4] x"), "EHLO bad_address_literal at 14");
  EXPECT_EQ(outcome("EHLO [1.2.3]"), "EHLO bad_address_literal at 5");
  // RFC 6531 3.7.1: the client cannot know yet that more than ASCII would be understood.
  EXPECT_EQ(outcome("EHLO r\xC3\xA4k.example", {.utf8 = Utf8::yes, .leniency = {}, .extensions = nullptr}),
            "EHLO non_ascii_without_smtputf8 at 6");
}

TEST(Hello, AnyNameWhereThatIsTolerated) {
  const Syntax syntax = lenient(Lenience::any_hello_name);
  for (const std::string_view name :
       {"my_host", "two words", "-x", "a..b", "[1.2.3]", "[1.2.3.4] (mail.example)"}) {
    const std::string line = "EHLO " + std::string(name);
    const ParsedLine parsed = parse_command(line, syntax);
    ASSERT_TRUE(parsed.command) << name;
    const Hello& hello = std::get<Hello>(*parsed.command);
    EXPECT_EQ(hello.name.kind(), Host::Kind::junk);
    EXPECT_EQ(hello.name.text(), name);
    EXPECT_FALSE(hello.name.is_literal());
    EXPECT_EQ(parsed.used, Leniency().allow(Lenience::any_hello_name));
  }
  EXPECT_TRUE(parse_command("EHLO example.org", syntax).used.none());
  EXPECT_EQ(command_of<Hello>("EHLO example.org", syntax).name.kind(), Host::Kind::domain);
  EXPECT_EQ(outcome("EHLO", syntax), "EHLO missing_argument at 4");
  EXPECT_EQ(outcome("EHLO a\x01_b", syntax), "EHLO bad_domain at 6");
  EXPECT_EQ(outcome("EHLO b\xFCro", syntax), "EHLO non_ascii_without_smtputf8 at 6");
  // CVE-2019-16928 (Exim): an over-long EHLO name overflowed a buffer.
  EXPECT_EQ(outcome("EHLO " + std::string(255, '_'), syntax), "EHLO ok");
  EXPECT_EQ(outcome("EHLO " + std::string(256, '_'), syntax), "EHLO bad_domain at 5");
}

// ---- MAIL and RCPT ----

TEST(Mail, Examples) {
  const Mail plain = command_of<Mail>("MAIL FROM:<userx@y.foo.org>");
  EXPECT_EQ(plain.from.mailbox.text(), "userx@y.foo.org");
  EXPECT_FALSE(plain.from.null);
  EXPECT_TRUE(command_of<Mail>("mail from:<>").from.null);
  const Mail with = command_of<Mail>("MAIL From:<e=mc2@example.com> AUTH=e+3Dmc2@example.com SIZE=512");
  EXPECT_EQ(with.from.mailbox.local_part(), "e=mc2");
  EXPECT_EQ(with.parameters.auth, "e+3Dmc2@example.com");
  EXPECT_EQ(with.parameters.size, 512u);
}

TEST(Mail, Bad) {
  EXPECT_EQ(outcome("MAIL"), "MAIL missing_argument at 4");
  EXPECT_EQ(outcome("MAIL "), "MAIL missing_argument at 4");
  EXPECT_EQ(outcome("MAIL x"), "MAIL bad_syntax at 5");
  EXPECT_EQ(outcome("MAIL FROM"), "MAIL bad_syntax at 5");
  EXPECT_EQ(outcome("MAIL FROM <a@b>"), "MAIL bad_syntax at 5");
  EXPECT_EQ(outcome("MAIL FROM :<a@b>"), "MAIL bad_syntax at 5");
  EXPECT_EQ(outcome("MAIL TO:<a@b>"), "MAIL bad_syntax at 5");
  EXPECT_EQ(outcome("MAIL FROM:"), "MAIL bad_path at 10");
  EXPECT_EQ(outcome("MAIL FROM: <a@b>"), "MAIL bad_syntax at 10");
  EXPECT_EQ(outcome("MAIL FROM:a@b"), "MAIL bad_path at 10");
  EXPECT_EQ(outcome("MAIL FROM:<a@b"), "MAIL bad_path at 14");
  EXPECT_EQ(outcome("MAIL FROM:<a@b>SIZE=5"), "MAIL bad_parameter at 15");
  EXPECT_EQ(outcome("MAIL FROM:<a@b>  SIZE=5"), "MAIL bad_parameter at 16");
  EXPECT_EQ(outcome("MAIL FROM:<a@b> FOO=5"), "MAIL unknown_parameter at 16");
  EXPECT_EQ(outcome("MAIL FROM:<Postmaster>"), "MAIL bad_path at 21");
  EXPECT_EQ(outcome("MAIL FROM:<a@b_c>"), "MAIL bad_domain at 14");
  EXPECT_EQ(outcome("MAIL FROM:<p\xC3\xA5l@b>"), "MAIL non_ascii_without_smtputf8 at 12");
}

TEST(Rcpt, Examples) {
  EXPECT_EQ(command_of<Rcpt>("RCPT TO:<userc@d.bar.org>").to.mailbox.text(), "userc@d.bar.org");
  EXPECT_TRUE(command_of<Rcpt>("rcpt to:<postmaster>").to.postmaster);
  EXPECT_EQ(command_of<Rcpt>("RCPT TO:<Postmaster@example.org>").to.mailbox.local_part(), "Postmaster");
  const Rcpt with = command_of<Rcpt>("RCPT TO:<Bob@Example.COM> NOTIFY=SUCCESS ORCPT=rfc822;Bob@Example.COM");
  EXPECT_TRUE(with.parameters.notify.success);
  EXPECT_EQ(with.parameters.orcpt_address, "Bob@Example.COM");
}

TEST(Rcpt, Bad) {
  EXPECT_EQ(outcome("RCPT"), "RCPT missing_argument at 4");
  EXPECT_EQ(outcome("RCPT FROM:<a@b>"), "RCPT bad_syntax at 5");
  EXPECT_EQ(outcome("RCPT TO:<>"), "RCPT bad_path at 9");
  EXPECT_EQ(outcome("RCPT TO:"), "RCPT bad_path at 8");
  EXPECT_EQ(outcome("RCPT TO:<a@b> SIZE=5"), "RCPT unknown_parameter at 14");
  EXPECT_EQ(outcome("RCPT TO:<a@b>,<c@d>"), "RCPT bad_parameter at 13");
  EXPECT_EQ(outcome("RCPT TO:<a@b> <c@d>"), "RCPT bad_parameter at 14");
}

TEST(Leniencies, ASpaceBehindTheColon) {
  const Syntax syntax = lenient(Lenience::space_after_colon);
  for (const std::string_view line : {"MAIL FROM: <a@b>", "MAIL FROM:   <a@b> SIZE=5", "RCPT TO: <a@b>",
                                      "RCPT TO: <Postmaster>", "MAIL FROM: <>"}) {
    const ParsedLine parsed = parse_command(line, syntax);
    EXPECT_TRUE(parsed.command) << line;
    EXPECT_EQ(parsed.used, Leniency().allow(Lenience::space_after_colon));
  }
  EXPECT_TRUE(parse_command("MAIL FROM:<a@b>", syntax).used.none());
  EXPECT_EQ(outcome("MAIL FROM:\t<a@b>", syntax), "MAIL bad_path at 10");
  EXPECT_EQ(outcome("MAIL FROM: a@b", syntax), "MAIL bad_path at 11");
  EXPECT_EQ(outcome("MAIL FROM: ", syntax), "MAIL bad_path at 10");
}

TEST(Leniencies, MissingAngleBrackets) {
  const Syntax syntax = lenient(Lenience::missing_angle_brackets);
  EXPECT_EQ(command_of<Mail>("MAIL FROM:a@b", syntax).from.mailbox.text(), "a@b");
  EXPECT_EQ(command_of<Mail>("MAIL FROM:a@b SIZE=5", syntax).parameters.size, 5u);
  EXPECT_EQ(command_of<Rcpt>("RCPT TO:a@b", syntax).to.mailbox.text(), "a@b");
  EXPECT_TRUE(command_of<Rcpt>("RCPT TO:postmaster NOTIFY=NEVER", syntax).to.postmaster);
  EXPECT_EQ(parse_command("MAIL FROM:a@b", syntax).used, Leniency().allow(Lenience::missing_angle_brackets));
  EXPECT_TRUE(parse_command("MAIL FROM:<a@b>", syntax).used.none());
  EXPECT_TRUE(parse_command("MAIL FROM:<>", syntax).used.none());
  for (const std::string_view bad : {"MAIL FROM:", "MAIL FROM:a@b>", "MAIL FROM:<a@b", "MAIL FROM:a",
                                     "MAIL FROM:a b@c", "MAIL FROM: a@b"}) {
    EXPECT_FALSE(parse_command(bad, syntax).command) << bad;
  }
}

TEST(Leniencies, Both) {
  Syntax syntax = lenient(Lenience::missing_angle_brackets);
  syntax.leniency.allow(Lenience::space_after_colon);
  const ParsedLine parsed = parse_command("RCPT TO: fred@example.org", syntax);
  ASSERT_TRUE(parsed.command);
  EXPECT_EQ(parsed.used, syntax.leniency);
}

// ---- BDAT ----

TEST(Bdat, Sizes) {
  EXPECT_EQ(command_of<Bdat>("BDAT 0"), (Bdat{0, false}));
  EXPECT_EQ(command_of<Bdat>("BDAT 1000"), (Bdat{1000, false}));
  EXPECT_EQ(command_of<Bdat>("bdat 324 last"), (Bdat{324, true}));
  EXPECT_EQ(command_of<Bdat>("BDAT 000000000000000000000000000000007"), (Bdat{7, false}));
  EXPECT_EQ(command_of<Bdat>("BDAT 18446744073709551615 LAST"), (Bdat{UINT64_MAX, true}));
}

// Exim 4.96 cut the size of a chunk to 32 bits and ran the rest of the chunk as commands.
TEST(Bdat, ASizeAbove32BitsIsKept) { EXPECT_EQ(command_of<Bdat>("BDAT 4294967297").size, 4294967297u); }

TEST(Bdat, WhateverIsWrongIsABadChunkSize) {
  for (const std::string_view line :
       {"BDAT", "BDAT ", "BDAT  5", "BDAT x", "BDAT -1", "BDAT +1", "BDAT 5x", "BDAT 5 FIRST", "BDAT 5 LASTX",
        "BDAT 5 LAST x", "BDAT 5  LAST", "BDAT LAST", "BDAT 0x10", "BDAT 18446744073709551616",
        "BDAT 18446744073709551625", "BDAT 99999999999999999999999999"}) {
    EXPECT_TRUE(outcome(line).starts_with("BDAT bad_chunk_size")) << line << ": " << outcome(line);
  }
}

// ---- AUTH ----

TEST(Auth, Forms) {
  EXPECT_EQ(command_of<Auth>("AUTH CRAM-MD5").mechanism, "CRAM-MD5");
  EXPECT_EQ(command_of<Auth>("AUTH CRAM-MD5").initial, std::nullopt);
  EXPECT_EQ(command_of<Auth>("AUTH PLAIN dGVzdAB0ZXN0ADEyMzQ=").initial, LineText("dGVzdAB0ZXN0ADEyMzQ="));
  EXPECT_EQ(command_of<Auth>("AUTH EXTERNAL =").initial, LineText("="));
  EXPECT_EQ(command_of<Auth>("auth scram-sha-256").mechanism, "scram-sha-256");
  EXPECT_EQ(command_of<Auth>("AUTH A_B-9").mechanism, "A_B-9");
}

TEST(Auth, Bad) {
  EXPECT_EQ(outcome("AUTH"), "AUTH missing_argument at 4");
  EXPECT_EQ(outcome("AUTH " + std::string(20, 'A')), "AUTH ok");
  EXPECT_EQ(outcome("AUTH " + std::string(21, 'A')), "AUTH bad_syntax at 26");
  EXPECT_EQ(outcome("AUTH =PLAIN"), "AUTH bad_syntax at 5");
  EXPECT_EQ(outcome("AUTH PLAIN,LOGIN"), "AUTH bad_syntax at 10");
  for (const std::string_view bad : {"Zg", "Zg==Zg==", "==", "*", "Zg= =", "Zm9v x", "Zh==", "Z\xC3=="}) {
    EXPECT_EQ(outcome("AUTH PLAIN " + std::string(bad)), "AUTH bad_base64 at 11") << bad;
  }
}

// ---- The others ----

TEST(Plain, WithoutAnArgument) {
  for (const std::string_view word : {"DATA", "RSET", "QUIT", "STARTTLS"}) {
    EXPECT_EQ(command_of<Plain>(word), (Plain{parse_verb(word), {}}));
    EXPECT_EQ(outcome(std::string(word) + " x"),
              std::string(word) + " unexpected_argument at " + std::to_string(word.size() + 1));
  }
}

TEST(Plain, WithAnArgument) {
  EXPECT_EQ(command_of<Plain>("NOOP"), (Plain{Verb::noop, {}}));
  EXPECT_EQ(command_of<Plain>("NOOP are you there?"), (Plain{Verb::noop, "are you there?"}));
  EXPECT_EQ(command_of<Plain>("HELP"), (Plain{Verb::help, {}}));
  EXPECT_EQ(command_of<Plain>("HELP MAIL"), (Plain{Verb::help, "MAIL"}));
  EXPECT_EQ(command_of<Plain>("VRFY \"Fred Foobar\""), (Plain{Verb::vrfy, "\"Fred Foobar\""}));
  EXPECT_EQ(command_of<Plain>("EXPN Example-People"), (Plain{Verb::expn, "Example-People"}));
  EXPECT_EQ(command_of<Plain>("ETRN @example.org"), (Plain{Verb::etrn, "@example.org"}));
  EXPECT_EQ(outcome("VRFY"), "VRFY missing_argument at 4");
  EXPECT_EQ(outcome("EXPN "), "EXPN missing_argument at 4");
  EXPECT_EQ(outcome("ETRN"), "ETRN missing_argument at 4");
  EXPECT_EQ(outcome("ETRN a b"), "ETRN bad_syntax at 6");
  EXPECT_EQ(outcome("NOOP a\tb"), "NOOP bad_syntax at 6");
  EXPECT_EQ(outcome("NOOP a\x7F"), "NOOP bad_syntax at 6");
}

// RFC 6531 3.7.4.2
TEST(Plain, Utf8WhereItIsAllowed) {
  const Syntax utf8{.utf8 = Utf8::yes, .leniency = {}, .extensions = nullptr};
  EXPECT_EQ(command_of<Plain>("VRFY p\xC3\xA5l SMTPUTF8", utf8).argument, "p\xC3\xA5l SMTPUTF8");
  EXPECT_EQ(outcome("VRFY p\xC3\xA5l SMTPUTF8"), "VRFY non_ascii_without_smtputf8 at 6");
  EXPECT_EQ(outcome("VRFY p\xE5l", utf8), "VRFY bad_syntax at 5");
}

// ---- Registered verbs ----

TEST(Extended, ReadsWhatTheTableSays) {
  ExtensionTable table;
  table.add_verb({.name = "XCLIENT", .argument = Presence::required, .ehlo_keyword = "XCLIENT"});
  table.add_verb({.name = "XPING", .argument = Presence::forbidden, .ehlo_keyword = {}});
  table.add_verb({.name = "TURN", .argument = Presence::optional, .ehlo_keyword = {}});
  const Syntax syntax{.utf8 = Utf8::no, .leniency = {}, .extensions = &table};
  const Extended xclient =
      command_of<Extended>("xclient NAME=spike.porcupine.org ADDR=168.100.189.2", syntax);
  EXPECT_EQ(xclient.verb, table.find_verb("XCLIENT"));
  EXPECT_EQ(xclient.argument, "NAME=spike.porcupine.org ADDR=168.100.189.2");
  EXPECT_EQ(outcome("XCLIENT", syntax), "(extension) missing_argument at 7");
  EXPECT_EQ(outcome("XCLIENT  x", syntax), "(extension) bad_syntax at 8");
  EXPECT_EQ(outcome("XCLIENT a\tb", syntax), "(extension) bad_syntax at 9");
  EXPECT_EQ(outcome("XPING ", syntax), "(extension) ok");
  EXPECT_EQ(outcome("XPING x", syntax), "(extension) unexpected_argument at 6");
  EXPECT_EQ(outcome("TURN", syntax), "(extension) ok");
  EXPECT_EQ(outcome("TURN x", syntax), "(extension) ok");
  EXPECT_EQ(outcome("TURNX", syntax), "(unknown) unknown_verb at 0");
  EXPECT_EQ(outcome("XCLIENT p\xC3\xA5l", syntax), "(extension) non_ascii_without_smtputf8 at 9");
}

// ---- Octets that no line has ----

TEST(LineBreakers, AreNamedWhereverTheyStand) {
  for (const std::string_view line :
       {"QUIT", "MAIL FROM:<a@b> SIZE=5", "RCPT TO:<\"a b\"@[192.0.2.1]>", "EHLO example.org", "NOOP text",
        "BDAT 5 LAST", "AUTH PLAIN Zm9v", "FOO bar", "VRFY fred", "STARTTLS"}) {
    for (std::size_t at = 0; at <= line.size(); ++at) {
      const auto with = [&](char c) {
        return std::string(line.substr(0, at)) + c + std::string(line.substr(at));
      };
      const std::string where = " at " + std::to_string(at);
      EXPECT_TRUE(outcome(with('\0')).ends_with(" nul_octet" + where))
          << line << where << ": " << outcome(with('\0'));
      EXPECT_TRUE(outcome(with('\r')).ends_with(" bad_syntax" + where))
          << line << where << ": " << outcome(with('\r'));
      EXPECT_TRUE(outcome(with('\n')).ends_with(" bad_syntax" + where))
          << line << where << ": " << outcome(with('\n'));
    }
  }
}

TEST(LineBreakers, AreNoTrailingWhiteSpace) {
  EXPECT_EQ(outcome("QUIT\r"), "(unknown) bad_syntax at 4");
  EXPECT_EQ(outcome("QUIT \r"), "QUIT bad_syntax at 5");
  EXPECT_EQ(outcome("EHLO x\r\n"), "EHLO bad_syntax at 6");
}

// ---- Robustness ----

TEST(ParseCommand, EveryTruncationStaysInsideTheLine) {
  testing::CommandGenerator generate(1);
  const Syntax syntax{.utf8 = Utf8::yes, .leniency = {}, .extensions = nullptr};
  for (int round = 0; round < 2000; ++round) {
    const std::string line = generate.line();
    ASSERT_TRUE(outcome(line, syntax).ends_with(" ok")) << line << ": " << outcome(line, syntax);
    for (std::size_t n = 0; n < line.size(); ++n) outcome(std::string_view(line).substr(0, n), syntax);
  }
}

// Damaged lines: a flipped, a dropped or a doubled octet. None crashes, and what is still read is well
// formed.
TEST(ParseCommand, SurvivesDamagedLines) {
  testing::CommandGenerator generate(2);
  std::mt19937 random(3);
  Syntax syntax{.utf8 = Utf8::yes, .leniency = {}, .extensions = nullptr};
  syntax.leniency.allow(Lenience::any_hello_name)
      .allow(Lenience::missing_angle_brackets)
      .allow(Lenience::space_after_colon);
  for (int round = 0; round < 50000; ++round) {
    std::string line = generate.line();
    const std::size_t at = random() % line.size();
    switch (random() % 4) {
      case 0: line[at] = static_cast<char>(random()); break;
      case 1: line.erase(at, 1); break;
      case 2: line.insert(at, 1, line[at]); break;
      default: line.insert(at, 1, " <>@=:;\",\\[]\r\n\t\0\xC3\xFF"[random() % 18]); break;
    }
    const ExactCopy copy(line);
    const ParsedLine parsed = parse_command(copy.view(), syntax);
    if (parsed.command) {
      EXPECT_TRUE(fits_one_line(line)) << ::testing::PrintToString(line);
      EXPECT_EQ(verb_of(*parsed.command), parsed.verb);
    } else {
      EXPECT_LE(parsed.command.error().offset, line.size());
    }
  }
}

TEST(ParseCommand, ViewsPointIntoTheLine) {
  const std::string line = "MAIL FROM:<fred@example.org> ENVID=QQ314159";
  const Mail mail = command_of<Mail>(line);
  EXPECT_EQ(mail.from.mailbox.text().data(), line.data() + 11);
  EXPECT_EQ(mail.parameters.envid.view().data(), line.data() + 35);
}

TEST(ParseCommand, AllocatesNothing) {
  testing::CommandGenerator generate(4);
  std::vector<std::string> lines;
  for (int i = 0; i < 2000; ++i) lines.push_back(generate.line());
  lines.insert(lines.end(), {"FOO", "MAIL FROM:<a@b", "BDAT 99999999999999999999999", "EHLO my_host",
                             std::string(5000, 'x')});
  const Syntax syntax{.utf8 = Utf8::yes, .leniency = {}, .extensions = nullptr};
  std::size_t read = 0;
  const testing::AllocationCounter counter;
  for (const std::string& line : lines) read += parse_command(line, syntax).command ? 1u : 0u;
  EXPECT_EQ(counter.allocations(), 0u);
  EXPECT_EQ(read, 2000u);
}

TEST(Command, IsSmallAndTrivialToCopy) {
  static_assert(std::is_trivially_copyable_v<Command>);
  EXPECT_LE(sizeof(Command), 256u);
  EXPECT_LE(sizeof(ParsedLine), 272u);
}

}  // namespace
}  // namespace postrider::protocol
