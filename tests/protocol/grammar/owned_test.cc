#include "postrider/protocol/grammar/owned.h"

#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>

#include "postrider/tests/protocol/support/allocation_counter.h"

namespace postrider::protocol {
namespace {

bool inside(std::string_view part, std::string_view whole) {
  return part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size();
}

TEST(Owned, KeepsACommandBeyondItsBuffer) {
  std::string buffer = "MAIL FROM:<\"a b\"@example.org> SIZE=17 ENVID=QQ314159";
  const ParsedLine parsed = parse_command(buffer, {});
  ASSERT_TRUE(parsed.command);
  const Result<Owned<Mail>> kept = Owned<Mail>::copy(std::get<Mail>(*parsed.command));
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->value(), std::get<Mail>(*parsed.command));
  buffer.assign(buffer.size(), '?');
  EXPECT_EQ((*kept)->from.mailbox.text(), "\"a b\"@example.org");
  EXPECT_EQ((*kept)->parameters.envid, "QQ314159");
  EXPECT_EQ(kept->line(), "MAIL FROM:<\"a b\"@example.org> SIZE=17 ENVID=QQ314159");
}

TEST(Owned, MovingKeepsTheViews) {
  Result<Owned<Rcpt>> first = Owned<Rcpt>::parse("RCPT TO:<fred@example.org> NOTIFY=NEVER");
  ASSERT_TRUE(first);
  const Owned<Rcpt> second = std::move(*first);
  EXPECT_EQ(second->to.mailbox.text(), "fred@example.org");
  EXPECT_TRUE(inside(second->to.mailbox.text(), second.line()));
}

TEST(Owned, DropsASourceRouteWhenCopied) {
  const ParsedLine parsed = parse_command("RCPT TO:<@a.example,@b.example:c@d.example>", {});
  ASSERT_TRUE(parsed.command);
  EXPECT_EQ(Owned<Rcpt>::copy(std::get<Rcpt>(*parsed.command))->line(), "RCPT TO:<c@d.example>");
}

TEST(Owned, RefusesWhatIsNoSuchCommand) {
  EXPECT_EQ(Owned<Mail>::parse("RCPT TO:<a@b>").error().code, Errc::bad_syntax);
  EXPECT_EQ(Owned<Mail>::parse("MAIL FROM:<a@b").error().code, Errc::bad_path);
  EXPECT_EQ(Owned<Mail>::parse("").error().code, Errc::unknown_verb);
  EXPECT_EQ(Owned<Hello>::copy(Hello{}).error().code, Errc::bad_syntax);
}

TEST(Owned, Utf8IsTaken) {
  const Result<Owned<Mail>> kept = Owned<Mail>::parse("MAIL FROM:<p\xC3\xA5l@example.org> SMTPUTF8");
  ASSERT_TRUE(kept);
  EXPECT_TRUE((*kept)->from.mailbox.has_non_ascii());
}

TEST(Owned, RegisteredVerbsAndParameters) {
  ExtensionTable table;
  table.add_verb({.name = "XCLIENT", .argument = Presence::required, .ehlo_keyword = "XCLIENT"});
  table.add_parameter({.keyword = "XTRACE", .ehlo_keyword = "XTRACE"});
  const Result<Owned<Extended>> verb = Owned<Extended>::parse("XCLIENT ADDR=192.0.2.1", &table);
  ASSERT_TRUE(verb);
  EXPECT_EQ((*verb)->verb, table.find_verb("XCLIENT"));
  const Result<Owned<Mail>> mail = Owned<Mail>::parse("MAIL FROM:<> XTRACE=7", &table);
  ASSERT_TRUE(mail);
  const Result<Owned<Mail>> copied = Owned<Mail>::copy(mail->value(), &table);
  ASSERT_TRUE(copied);
  EXPECT_EQ((*copied)->parameters.registered.find("XTRACE"), "7");
  EXPECT_FALSE(Owned<Mail>::parse("MAIL FROM:<> XTRACE=7"));
}

TEST(Owned, OneAllocationToParse) {
  testing::AllocationCounter counter;
  const Result<Owned<Rcpt>> kept = Owned<Rcpt>::parse("RCPT TO:<fred@example.org> NOTIFY=NEVER");
  EXPECT_EQ(counter.allocations(), 1u);
  EXPECT_TRUE(kept);
}

}  // namespace
}  // namespace postrider::protocol
