#include "postrider/agent/serve/recipient_rewriting.h"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "postrider/protocol/grammar/owned.h"

namespace postrider::agent {
namespace {

std::shared_ptr<const MailPolicy> policy_with(std::string_view aliases, std::string tag = "") {
  auto policy = std::make_shared<MailPolicy>();
  policy->hostname = "mx.example.org";
  std::vector<Route> routes{{{"example.org"}, parse_destination("maildir:/mail/{local}").value()},
                            {{"void.example"}, Discard{}},
                            {{"gone.example"}, Reject{"Gone"}},
                            {{"*"}, ToMx{}}};
  policy->routes = std::make_shared<const RouteTable>(std::move(routes));
  policy->aliases =
      std::make_shared<const AliasTable>(parse_aliases(aliases, "aliases").value(), std::move(tag));
  return policy;
}

// What the queue would keep, "line command"; "as it is"; or the reply. "- address" for refused targets.
std::vector<std::string> rewrite(std::string_view aliases, std::string_view rcpt, std::string tag = "") {
  const auto command = protocol::Owned<protocol::Rcpt>::parse("RCPT TO:" + std::string(rcpt));
  const Rewriting rewriting = rewrite_recipient(*policy_with(aliases, std::move(tag)), command->value());
  if (std::holds_alternative<std::monostate>(rewriting)) return {"as it is"};
  if (const auto* reply = std::get_if<protocol::Reply>(&rewriting))
    return {protocol::to_log_line(reply->view())};
  std::vector<std::string> out;
  const auto& rewritten = std::get<Rewritten>(rewriting);
  for (const auto& each : rewritten.recipients) {
    EXPECT_EQ(each.line == kMaildirLine, each.mailbox.has_value());
    out.push_back(each.line + " " + each.rcpt.substr(8));
  }
  for (const auto& each : rewritten.refused) {
    out.push_back("- " + each.address + " " + protocol::to_log_line(each.reply.view()));
  }
  return out;
}

using Texts = std::vector<std::string>;

TEST(RecipientRewriting, NamesTheAddressThatCame) {
  EXPECT_EQ(rewrite("a: b", "<a@example.org>"), Texts{"maildir <b@example.org> ORCPT=rfc822;a@example.org"});
  EXPECT_EQ(rewrite("a: b@else.example", "<A+x@example.org> NOTIFY=NEVER", "+"),
            Texts{"mx:else.example <b@else.example> NOTIFY=NEVER ORCPT=rfc822;A+2Bx@example.org"});
  EXPECT_EQ(rewrite("\"b\xc3\xb6\": b@else.example", "<b\xc3\xb6@example.org>"),
            Texts{"mx:else.example <b@else.example> ORCPT=utf-8;b\\x{F6}@example.org"});
  EXPECT_EQ(rewrite("a: b@else.example", "<a@example.org> ORCPT=rfc822;first@x.example"),
            Texts{"mx:else.example <b@else.example> ORCPT=rfc822;first@x.example"})
      << "the client's own stays";
  EXPECT_EQ(rewrite("postmaster: b", "<postmaster>"), Texts{"maildir <b@example.org>"});
  EXPECT_EQ(rewrite("a: \"b c\"@else.example", "<\"\\a\"@example.org> ORCPT=rfc822;a"),
            Texts{"mx:else.example <\"b c\"@else.example> ORCPT=rfc822;a"});
}

TEST(RecipientRewriting, LeavesAloneWhatNothingNames) {
  for (const char* rcpt : {"<b@example.org>", "<a@else.example>", "<postmaster>", "<b+a@example.org>"}) {
    EXPECT_EQ(rewrite("a: b", rcpt), Texts{"as it is"}) << rcpt;
  }
}

// RFC 3461 5.2.7.2
TEST(RecipientRewriting, OneTargetGetsTheParametersAsTheyAre) {
  EXPECT_EQ(rewrite("a: b@else.example", "<a@example.org> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;x"),
            Texts{"mx:else.example <b@else.example> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;x"});
  EXPECT_EQ(rewrite("a: b@else.example, c@gone.example", "<a@example.org> NOTIFY=SUCCESS ORCPT=rfc822;x"),
            (Texts{"mx:else.example <b@else.example> NOTIFY=SUCCESS ORCPT=rfc822;x",
                   "- c@gone.example 550 5.7.1 Gone"}));
}

// RFC 3461 5.2.7.3 (c)
TEST(RecipientRewriting, SeveralTargetsReportNoSuccessAndTheExpansionIsReported) {
  constexpr std::string_view kAliases = "a: b, c@else.example";
  EXPECT_EQ(rewrite(kAliases, "<a@example.org> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;x"),
            (Texts{"maildir <b@example.org> NOTIFY=FAILURE ORCPT=rfc822;x",
                   "mx:else.example <c@else.example> NOTIFY=FAILURE ORCPT=rfc822;x",
                   "expanded <a@example.org> NOTIFY=SUCCESS ORCPT=rfc822;x"}));
  EXPECT_EQ(rewrite(kAliases, "<a@example.org> NOTIFY=SUCCESS ORCPT=rfc822;x"),
            (Texts{"maildir <b@example.org> NOTIFY=NEVER ORCPT=rfc822;x",
                   "mx:else.example <c@else.example> NOTIFY=NEVER ORCPT=rfc822;x",
                   "expanded <a@example.org> NOTIFY=SUCCESS ORCPT=rfc822;x"}));
  EXPECT_EQ(rewrite(kAliases, "<a@example.org> NOTIFY=NEVER ORCPT=rfc822;x"),
            (Texts{"maildir <b@example.org> NOTIFY=NEVER ORCPT=rfc822;x",
                   "mx:else.example <c@else.example> NOTIFY=NEVER ORCPT=rfc822;x"}));
  EXPECT_EQ(
      rewrite(kAliases, "<a@example.org> ORCPT=rfc822;x"),
      (Texts{"maildir <b@example.org> ORCPT=rfc822;x", "mx:else.example <c@else.example> ORCPT=rfc822;x"}));
}

TEST(RecipientRewriting, RefusesWhenNoTargetIsLeft) {
  EXPECT_EQ(rewrite("a: b@gone.example, c@gone.example", "<a@example.org>"), Texts{"550 5.7.1 Gone"});
  EXPECT_EQ(rewrite("a: \"../b\"", "<a@example.org>"),
            Texts{"550 5.1.3 This address can have no mailbox here"});
  EXPECT_EQ(rewrite("a: b@void.example, c@gone.example", "<a@example.org> ORCPT=rfc822;x"),
            (Texts{" <b@void.example> ORCPT=rfc822;x", "- c@gone.example 550 5.7.1 Gone"}));
}

TEST(RecipientRewriting, RefusesWhatCannotBeExpanded) {
  EXPECT_EQ(rewrite("a: b\nb: a", "<a@example.org>"), Texts{"550 5.4.6 The aliases here lead in a circle"});
  std::string many = "a: b, c\n";
  for (const std::string_view name : {"b", "c"}) {
    many += std::string(name) + ": " + std::string(name) + "0";
    for (int i = 1; i < 600; ++i) many += ",\n " + std::string(name) + std::to_string(i);
    many += "\n";
  }
  EXPECT_EQ(rewrite(many, "<a@example.org>"), Texts{"550 5.3.5 The aliases here lead to too many addresses"});
}

MailTransaction::Recipient recipient(std::string_view address, std::string_view parameters = "") {
  MailTransaction::Recipient out;
  out.address = address;
  out.rcpt = "RCPT TO:<" + std::string(address) + ">" + std::string(parameters);
  out.notify = protocol::Owned<protocol::Rcpt>::parse(out.rcpt)->value().parameters.notify;
  return out;
}

Texts commands(const MailTransaction& transaction) {
  Texts out;
  for (const auto& each : transaction.recipients) out.push_back(each.rcpt.substr(8));
  return out;
}

TEST(RecipientRewriting, WhoeverIsARecipientAlreadyStaysOne) {
  MailTransaction transaction;
  transaction.policy = policy_with("");
  add_recipient(transaction, recipient("b@example.org"));
  add_expanded(transaction, {recipient("\"b\"@EXAMPLE.org"), recipient("c@example.org")});
  add_recipient(transaction, recipient("B@example.org"));
  add_recipient(transaction, recipient("c@example.org"));
  EXPECT_EQ(commands(transaction), (Texts{"<b@example.org>", "<c@example.org>", "<B@example.org>"}));
  const std::vector<std::vector<std::size_t>> rcpts{{0}, {0, 1}, {2}, {1}};
  EXPECT_EQ(transaction.rcpts, rcpts);
  EXPECT_EQ(accepted_rcpts(transaction), 4U);
}

TEST(RecipientRewriting, WithoutAliasesNothingIsCompared) {
  MailTransaction transaction;
  auto policy = std::make_shared<MailPolicy>();
  transaction.policy = policy;
  add_recipient(transaction, recipient("b@example.org"));
  add_recipient(transaction, recipient("b@example.org"));
  EXPECT_EQ(transaction.recipients.size(), 2U);
  EXPECT_TRUE(transaction.rcpts.empty());
  EXPECT_TRUE(transaction.known.empty());
}

TEST(RecipientRewriting, TheSenderHearsWhatEitherRcptAsksFor) {
  const struct {
    std::string_view first;
    std::string_view second;
    std::string_view both;
  } kCases[] = {
      {"", "", ""},
      {" NOTIFY=NEVER", "", ""},
      {"", " NOTIFY=NEVER", ""},
      {" NOTIFY=NEVER", " NOTIFY=SUCCESS", " NOTIFY=SUCCESS"},
      {" NOTIFY=FAILURE", " NOTIFY=SUCCESS", " NOTIFY=SUCCESS,FAILURE"},
      {"", " NOTIFY=SUCCESS", " NOTIFY=SUCCESS,FAILURE,DELAY"},
      {" NOTIFY=FAILURE ORCPT=rfc822;x", " NOTIFY=DELAY ORCPT=rfc822;y",
       " NOTIFY=FAILURE,DELAY ORCPT=rfc822;x"},
  };
  for (const auto& each : kCases) {
    MailTransaction transaction;
    transaction.policy = policy_with("");
    add_recipient(transaction, recipient("b@example.org", each.first));
    add_recipient(transaction, recipient("b@example.org", each.second));
    EXPECT_EQ(commands(transaction), Texts{"<b@example.org>" + std::string(each.both)})
        << each.first << each.second;
  }
}

}  // namespace
}  // namespace postrider::agent
