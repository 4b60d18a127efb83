#include "postrider/agent/serve/mail_policy.h"

#include <cerrno>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace postrider::agent {
namespace {

MailPolicy policy_with(std::vector<std::string> relay_from) {
  MailPolicy policy;
  policy.hostname = "mx.example.org";
  for (const std::string& each : relay_from) policy.relay_from.push_back(Network::parse(each).value());
  std::vector<Route> routes{{{"example.org"}, parse_destination("maildir:/mail/{domain}/{local}").value()},
                            {{"void.example"}, Discard{}},
                            {{"*"}, parse_destination("maildir:/other/{local}").value()}};
  policy.routes = std::make_shared<const RouteTable>(std::move(routes));
  return policy;
}

// The mailbox, "nothing", or the reply.
std::string judge(const MailPolicy& policy, std::string_view to, std::string_view peer = "192.0.2.1:4711") {
  protocol::ForwardPath path;
  path.postmaster = to == "postmaster";
  if (!path.postmaster) path.mailbox = protocol::Mailbox::parse(to, protocol::Utf8::yes).value();
  const RecipientVerdict verdict = judge_recipient(policy, path, *transport::Endpoint::parse(peer));
  if (const auto* maildir = std::get_if<IntoMaildir>(&verdict)) return maildir->mailbox.native();
  if (std::holds_alternative<IntoNothing>(verdict)) return "nothing";
  return protocol::to_log_line(std::get<protocol::Reply>(verdict).view()).substr(0, 9);
}

TEST(MailPolicy, RoutesOurDomains) {
  const MailPolicy policy = policy_with({});
  EXPECT_EQ(judge(policy, "Bob@EXAMPLE.org"), "/mail/example.org/bob");
  EXPECT_EQ(judge(policy, "\"b\\o\\b\"@example.org"), "/mail/example.org/bob")
      << "quoted or not, one mailbox";
  EXPECT_EQ(judge(policy, "\"a b\"@example.org"), "/mail/example.org/a b");
  EXPECT_EQ(judge(policy,
                  "b\xc3\xb6"
                  "b@example.org"),
            "/mail/example.org/b\xc3\xb6"
            "b");
  EXPECT_EQ(judge(policy, "x@void.example"), "nothing");
  EXPECT_EQ(judge(policy, "\"..\"@void.example"), "nothing") << "no folder, nothing to leave";
}

TEST(MailPolicy, RefusesWhatCouldLeaveTheFolder) {
  for (const std::string_view local :
       {"\"../x\"", "\"..\"", "\".\"", "\"a/b\"", "a/b", "\"\\/etc\"", "\".x\"", "\"\""}) {
    EXPECT_EQ(judge(policy_with({}), std::string(local) + "@example.org"), "550 5.1.3") << local;
  }
}

TEST(MailPolicy, IsNoOpenRelay) {
  const MailPolicy closed = policy_with({});
  const MailPolicy open = policy_with({"192.0.2.0/24", "2001:db8::/32"});
  EXPECT_EQ(judge(closed, "x@elsewhere.example"), "550 5.7.1");
  EXPECT_EQ(judge(closed, "x@elsewhere.example", "127.0.0.1:1"), "550 5.7.1");
  EXPECT_EQ(judge(open, "x@elsewhere.example"), "/other/x");
  EXPECT_EQ(judge(open, "x@elsewhere.example", "[::ffff:192.0.2.9]:1"), "/other/x");
  EXPECT_EQ(judge(open, "x@elsewhere.example", "[2001:db8::9]:1"), "/other/x");
  EXPECT_EQ(judge(open, "x@elsewhere.example", "192.0.3.1:1"), "550 5.7.1");
  EXPECT_EQ(judge(open, "x@elsewhere.example", "[2001:db9::1]:1"), "550 5.7.1");
  EXPECT_EQ(judge(open, "x@elsewhere.example", "unix:/run/x"), "550 5.7.1");
  EXPECT_EQ(judge(closed, "x%elsewhere.example@example.org"), "/mail/example.org/x%elsewhere.example");
}

TEST(MailPolicy, TakesPostmasterWithoutADomain) {
  EXPECT_EQ(judge(policy_with({}), "postmaster"), "/mail/example.org/postmaster");
  MailPolicy none = policy_with({});
  none.routes = std::make_shared<const RouteTable>();
  EXPECT_EQ(judge(none, "postmaster"), "550 5.1.1");
}

TEST(MailPolicy, TellsAFullDiskFromOtherFaults) {
  const auto text = [](int error) {
    return protocol::to_log_line(reply_to_failed_delivery(error).view()).substr(0, 9);
  };
  EXPECT_EQ(text(ENOSPC), "452 4.3.1");
  EXPECT_EQ(text(EDQUOT), "452 4.3.1");
  EXPECT_EQ(text(EIO), "451 4.3.0");
  EXPECT_EQ(text(EACCES), "451 4.3.0");
}

TEST(MailPolicy, UsersMaySendAnywhere) {
  const MailPolicy policy = policy_with({});
  protocol::ForwardPath there;
  there.mailbox = protocol::Mailbox::parse("x@elsewhere.example", protocol::Utf8::no).value();
  const Origin stranger(*transport::Endpoint::parse("192.0.2.1:4711"));
  const Origin user(*transport::Endpoint::parse("192.0.2.1:4711"), "fred");
  EXPECT_TRUE(std::holds_alternative<protocol::Reply>(judge_recipient(policy, there, stranger)));
  EXPECT_TRUE(std::holds_alternative<IntoMaildir>(judge_recipient(policy, there, user)));
}

std::string judged_sender(const MailPolicy& policy, std::string_view from, std::string_view user) {
  protocol::ReversePath path;
  path.null = from.empty();
  if (!path.null) path.mailbox = protocol::Mailbox::parse(from, protocol::Utf8::no).value();
  const std::optional<protocol::Reply> refusal = judge_sender(policy, path, user);
  return refusal ? protocol::to_log_line(refusal->view()).substr(0, 9) : "fine";
}

TEST(MailPolicy, SubmissionNeedsALogin) {
  MailPolicy policy = policy_with({});
  EXPECT_EQ(judged_sender(policy, "a@example.net", ""), "fine");
  policy.role = Role::submission;
  EXPECT_EQ(judged_sender(policy, "a@example.net", ""), "530 5.7.0");
  EXPECT_EQ(judged_sender(policy, "a@example.net", "fred"), "fine");
}

TEST(MailPolicy, SendersMayHaveToBeTheAccountsOwn) {
  MailPolicy policy = policy_with({});
  policy.role = Role::submission;
  policy.sender_check = SenderCheck::account;
  EXPECT_EQ(judged_sender(policy, "fred@example.org", "fred@example.org"), "fine");
  EXPECT_EQ(judged_sender(policy, "Fred@Example.ORG", "fred@example.org"), "fine");
  EXPECT_EQ(judged_sender(policy, "fred@elsewhere.example", "fred@example.org"), "553 5.7.1");
  EXPECT_EQ(judged_sender(policy, "fred@anywhere.example", "fred"), "fine");
  EXPECT_EQ(judged_sender(policy, "freda@anywhere.example", "fred"), "553 5.7.1");
  EXPECT_EQ(judged_sender(policy, "", "fred"), "fine");
}

}  // namespace
}  // namespace postrider::agent
