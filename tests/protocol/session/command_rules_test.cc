// Every cell of verb x state, as a literal: the reply code that a session gives, driven over its wire.
#include "postrider/protocol/session/command_rules.h"

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "postrider/tests/protocol/support/server_script.h"

namespace postrider::protocol {
namespace {

using testing::ServerScript;

ExtensionTable& extensions() {
  static ExtensionTable* table = [] {
    auto* made = new ExtensionTable;  // lives as long as the program
    made->add_verb({.name = "XALWAYS", .moment = VerbExtension::Moment::always});
    made->add_verb({.name = "XAFTER", .moment = VerbExtension::Moment::after_hello});
    made->add_verb({.name = "XOUTSIDE", .moment = VerbExtension::Moment::outside_transaction});
    made->add_verb({.name = "XBETWEEN", .moment = VerbExtension::Moment::between_transactions});
    return made;
  }();
  return *table;
}

// Brings a new session into `state`, with nothing left to read.
std::unique_ptr<ServerScript> in_state(State state) {
  ServerOptions options = ServerScript::default_options();
  options.extensions = &extensions();
  options.capabilities.offer_mechanism(Mechanism::plain);
  auto script = std::make_unique<ServerScript>(
      std::move(options), state == State::turned_away ? ReplyView(code::transaction_failed, "No")
                                                      : ReplyView(code::service_ready, "mx.example.org"));
  script->answer("query", {Reply(code::cannot_verify, "Maybe")});
  script->run();
  const auto feed = [&script](std::string_view lines) { script->feed(lines); };
  switch (state) {
    case State::turned_away:
    case State::greeted: break;
    case State::ready: feed("EHLO client.example\r\n"); break;
    case State::mail: feed("EHLO client.example\r\n"), feed("MAIL FROM:<a@b.example>\r\n"); break;
    case State::rcpt:
      feed("EHLO client.example\r\n"), feed("MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\n");
      break;
    case State::chunking:
      feed("EHLO client.example\r\n"),
          feed("MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nBDAT 3\r\nabc");
      break;
    case State::chunk_failed:
      script->answer("chunk", {Reply(code::local_error, "Later")});
      feed("EHLO client.example\r\n"),
          feed("MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nBDAT 3\r\nabc");
      break;
    default: ADD_FAILURE() << "no command is read in state " << to_string(state);
  }
  EXPECT_EQ(script->session().state(), state);
  return script;
}

constexpr std::array<State, 7> kStates{State::turned_away, State::greeted,  State::ready,       State::mail,
                                       State::rcpt,        State::chunking, State::chunk_failed};

struct Row {
  const char* line;
  std::array<int, kStates.size()> codes;
};

// RFC 5321 4.1.4 and 4.3.2; RFC 3030 2; RFC 3207 4; RFC 4954 4.
constexpr Row kMatrix[] = {
    //                                  turned greeted ready mail rcpt chunking chunk_failed
    {"EHLO client.example", {503, 250, 250, 250, 250, 250, 250}},
    {"HELO client.example", {503, 250, 250, 250, 250, 250, 250}},
    {"LHLO client.example", {503, 500, 500, 500, 500, 500, 500}},
    {"MAIL FROM:<x@y.example>", {503, 503, 250, 503, 503, 503, 503}},
    {"RCPT TO:<x@y.example>", {503, 503, 503, 250, 250, 503, 503}},
    {"DATA", {503, 503, 503, 503, 354, 503, 503}},
    {"BDAT 0", {503, 503, 503, 503, 250, 250, 503}},
    {"BDAT 0 LAST", {503, 503, 503, 503, 250, 250, 503}},
    {"RSET", {503, 250, 250, 250, 250, 250, 250}},
    {"VRFY someone", {503, 252, 252, 252, 252, 252, 252}},
    {"EXPN list", {503, 252, 252, 252, 252, 252, 252}},
    {"HELP", {503, 252, 252, 252, 252, 252, 252}},
    {"NOOP", {503, 250, 250, 250, 250, 250, 250}},
    {"QUIT", {221, 221, 221, 221, 221, 221, 221}},
    {"STARTTLS", {503, 220, 220, 503, 503, 503, 503}},
    {"AUTH PLAIN", {503, 503, 235, 503, 503, 503, 503}},
    {"ETRN example.org", {503, 503, 252, 503, 503, 503, 503}},
    {"XALWAYS", {503, 250, 250, 250, 250, 250, 250}},
    {"XAFTER", {503, 503, 250, 250, 250, 250, 250}},
    {"XOUTSIDE", {503, 503, 250, 503, 503, 503, 503}},
    {"XBETWEEN", {503, 250, 250, 503, 503, 503, 503}},
    {"JUNK", {503, 500, 500, 500, 500, 500, 500}},
    {"", {503, 500, 500, 500, 500, 500, 500}},
};

TEST(CommandRules, MatrixOfVerbsAndStates) {
  for (const Row& row : kMatrix) {
    for (std::size_t i = 0; i < kStates.size(); ++i) {
      const auto script = in_state(kStates[i]);
      const std::string reply = script->feed(std::string(row.line) + "\r\n");
      ASSERT_GE(reply.size(), 3u) << row.line << " in " << to_string(kStates[i]);
      EXPECT_EQ(reply.substr(0, 3), std::to_string(row.codes[i]))
          << row.line << " in " << to_string(kStates[i]);
      EXPECT_TRUE(reply.ends_with("\r\n"));
    }
  }
}

// The matrix of LMTP differs in its greeting commands alone, RFC 2033 4.1.
TEST(CommandRules, LmtpHasLhloInsteadOfEhlo) {
  ServerOptions options = ServerScript::default_options();
  options.flavor = Flavor::lmtp;
  ServerScript script(std::move(options));
  script.run();
  EXPECT_TRUE(script.feed("EHLO client.example\r\n").starts_with("500 "));
  EXPECT_TRUE(script.feed("HELO client.example\r\n").starts_with("500 "));
  EXPECT_TRUE(script.feed("LHLO client.example\r\n").starts_with("250-mx.example.org\r\n"));
}

TEST(CommandRules, TableIsInTheOrderOfTheVerbs) {
  for (std::size_t i = 0; i < kVerbCount; ++i) EXPECT_EQ(static_cast<std::size_t>(kCommandRules[i].verb), i);
}

// RFC 2920 3.1, RFC 3207 4, RFC 4954 4.
TEST(CommandRules, GroupEnders) {
  for (const CommandRule& rule : kCommandRules) {
    const bool ends_group = rule.verb == Verb::ehlo || rule.verb == Verb::helo || rule.verb == Verb::lhlo ||
                            rule.verb == Verb::data || rule.verb == Verb::vrfy || rule.verb == Verb::expn ||
                            rule.verb == Verb::noop || rule.verb == Verb::quit ||
                            rule.verb == Verb::starttls || rule.verb == Verb::auth;
    EXPECT_EQ(rule.last_in_group, ends_group) << to_string(rule.verb);
  }
}

}  // namespace
}  // namespace postrider::protocol
