#include "postrider/client/transfer.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "postrider/tests/client/client_fixture.h"

namespace postrider::client::testing {
namespace {

using protocol::BodyType;
using protocol::Capabilities;
using protocol::Decision;
using protocol::Extension;

class TransferTest : public ::testing::Test {
 protected:
  TransferPlan plan(const Envelope& envelope, const MessageFacts& facts) const {
    return plan_transfer(envelope, facts, offered, config, now);
  }
  TransferPlan plan(const MessageFacts& facts) const { return plan(plain_, facts); }

  static Envelope from_line(std::string_view mail, std::string_view rcpt = "RCPT TO:<b@example.net>") {
    auto sender = Envelope::Sender::parse(mail);
    EXPECT_TRUE(sender) << mail;
    Envelope envelope(std::move(*sender));
    auto recipient = Envelope::Recipient::parse(rcpt);
    EXPECT_TRUE(recipient) << rcpt;
    envelope.add(std::move(*recipient));
    return envelope;
  }
  static MessageFacts facts(std::uint64_t octets) {
    MessageFacts facts;
    facts.octets = octets;
    facts.inspected = true;
    return facts;
  }

  Capabilities offered;
  ClientConfig config;
  transport::SteadyTime now{std::chrono::hours(1)};

 private:
  Envelope plain_ = make_envelope("a@example.org", {"b@example.net"});
};

TEST_F(TransferTest, UsesNothingThatIsNotOffered) {
  const TransferPlan nothing = plan(facts(1000));
  EXPECT_FALSE(nothing.refusal);
  EXPECT_FALSE(nothing.mail.parameters.size);
  EXPECT_FALSE(nothing.mail.parameters.body);
  EXPECT_EQ(nothing.transfer, Transfer::data);
}

TEST_F(TransferTest, ChoosesChunksAsTold) {
  config.chunking = Chunking::at_once;
  EXPECT_EQ(plan(facts(1000)).transfer, Transfer::data) << "not offered";
  offered.offer(Extension::chunking);
  EXPECT_EQ(plan(facts(1000)).transfer, Transfer::one_chunk) << "without PIPELINING nothing goes at once";
  offered.offer(Extension::pipelining);
  EXPECT_EQ(plan(facts(1000)).transfer, Transfer::chunk_at_once);
  EXPECT_EQ(plan(facts(kChunkAtOnce)).transfer, Transfer::chunk_at_once);
  EXPECT_EQ(plan(facts(kChunkAtOnce + 1)).transfer, Transfer::one_chunk);
  EXPECT_EQ(plan(MessageFacts()).transfer, Transfer::several_chunks);
  config.pipelining = false;
  EXPECT_EQ(plan(facts(1000)).transfer, Transfer::one_chunk);
  config.pipelining = true;
  config.chunking = Chunking::always;
  EXPECT_EQ(plan(facts(1000)).transfer, Transfer::one_chunk);
  EXPECT_EQ(plan(MessageFacts()).transfer, Transfer::several_chunks);
  config.chunking = Chunking::when_needed;
  EXPECT_EQ(plan(facts(1000)).transfer, Transfer::data);
}

TEST_F(TransferTest, CountsTheLineEndThatChunksNeed) {
  offered.offer_size(0).offer(Extension::chunking).offer(Extension::pipelining);
  config.chunking = Chunking::always;
  MessageFacts unended = facts(100);
  unended.ends_with_line = false;
  EXPECT_TRUE(plan(unended).add_line_end);
  EXPECT_EQ(plan(unended).octets, 102U);
  EXPECT_EQ(plan(unended).mail.parameters.size, 102U);
}

TEST_F(TransferTest, BinaryContentNeedsAllThatBelongsToIt) {
  MessageFacts binary = facts(100);
  binary.binary = true;
  binary.flaws.nul = true;
  offered.offer(Extension::chunking).offer(Extension::eight_bit_mime);
  EXPECT_TRUE(plan(binary).refusal);
  offered.offer(Extension::binarymime);
  ASSERT_FALSE(plan(binary).refusal);
  EXPECT_EQ(plan(binary).transfer, Transfer::one_chunk) << "DATA cannot carry it, RFC 3030 3";
  EXPECT_EQ(plan(binary).mail.parameters.body, BodyType::binary_mime);
  EXPECT_FALSE(plan(binary).add_line_end);
}

TEST_F(TransferTest, KeepsToTheSizeThatTheServerTakes) {
  offered.offer_size(1000);
  EXPECT_FALSE(plan(facts(1000)).refusal);
  ASSERT_TRUE(plan(facts(1001)).refusal);
  EXPECT_EQ(plan(facts(1001)).refusal->code(), protocol::code::exceeded_storage);
  EXPECT_EQ(plan(facts(1001)).decision, Decision::fail_message);
  EXPECT_FALSE(plan(MessageFacts()).refusal) << "unknown";
  EXPECT_TRUE(plan(from_line("MAIL FROM:<a@example.org> SIZE=2000"), MessageFacts()).refusal);
  offered.offer_size(0);  // no limit, RFC 1870 4
  EXPECT_FALSE(plan(facts(5'000'000)).refusal);
}

TEST_F(TransferTest, DeclaresEightBitContent) {
  offered.offer(Extension::eight_bit_mime);
  EXPECT_FALSE(plan(facts(10)).mail.parameters.body);
  MessageFacts eight_bit = facts(10);
  eight_bit.flaws.eight_bit = true;
  EXPECT_EQ(plan(eight_bit).mail.parameters.body, BodyType::eight_bit_mime);
  EXPECT_EQ(plan(MessageFacts()).mail.parameters.body, BodyType::eight_bit_mime) << "nobody has looked";
  const Envelope relayed = from_line("MAIL FROM:<a@example.org> BODY=8BITMIME");
  EXPECT_EQ(plan(relayed, facts(10)).mail.parameters.body, BodyType::eight_bit_mime);
  offered.withdraw(Extension::eight_bit_mime);
  EXPECT_TRUE(plan(eight_bit).refusal);
  EXPECT_TRUE(plan(relayed, facts(10)).refusal);
  config.eight_bit_to_seven = EightBitToSeven::pass;
  EXPECT_FALSE(plan(eight_bit).refusal);
  EXPECT_FALSE(plan(eight_bit).mail.parameters.body);
}

TEST_F(TransferTest, LeavesOutWhatMayBeLeftOut) {
  const Envelope rich = from_line("MAIL FROM:<a@example.org> RET=HDRS ENVID=x AUTH=<> MT-PRIORITY=3 BY=120;N",
                                  "RCPT TO:<b@example.net> NOTIFY=SUCCESS ORCPT=rfc822;b@example.net");
  const TransferPlan bare = plan(rich, facts(10));
  EXPECT_FALSE(bare.refusal);
  EXPECT_TRUE(bare.mail.parameters.used.empty());
  EXPECT_EQ(bare.left_out, (protocol::ExtensionSet{Extension::dsn, Extension::auth, Extension::mt_priority,
                                                   Extension::deliver_by}));
  protocol::ExtensionSet left_out;
  const protocol::Rcpt rcpt = fit_recipient(*rich.recipients()[0], offered, left_out);
  EXPECT_FALSE(rcpt.parameters.notify.given);
  EXPECT_TRUE(rcpt.parameters.orcpt_type.empty());
  EXPECT_TRUE(left_out.has(Extension::dsn));
  offered.offer(Extension::dsn)
      .offer(Extension::auth)
      .offer(Extension::mt_priority)
      .offer(Extension::deliver_by);
  EXPECT_EQ(plan(rich, facts(10)).mail.parameters, rich.mail().parameters);
  EXPECT_TRUE(plan(rich, facts(10)).left_out.empty());
  EXPECT_EQ(fit_recipient(*rich.recipients()[0], offered, left_out), *rich.recipients()[0]);
}

TEST_F(TransferTest, RefusesWhereAPromiseCouldNotBeKept) {
  for (const std::string_view mail :
       {"MAIL FROM:<a@example.org> HOLDFOR=60", "MAIL FROM:<a@example.org> SMTPUTF8"}) {
    const TransferPlan refused = plan(from_line(mail), facts(10));
    ASSERT_TRUE(refused.refusal) << mail;
    EXPECT_EQ(refused.decision, Decision::fail_message) << mail;
  }
  const TransferPlan tls = plan(from_line("MAIL FROM:<a@example.org> REQUIRETLS"), facts(10));
  ASSERT_TRUE(tls.refusal);
  EXPECT_EQ(tls.decision, Decision::try_next_host);
}

// RFC 2852 4: who does not know the extension would keep no time.
TEST_F(TransferTest, WhatHasToBeDeliveredInTimeGoesToWhoPromisesThat) {
  const Envelope envelope = from_line("MAIL FROM:<a@example.org> BY=120;R");
  const TransferPlan refused = plan(envelope, facts(10));
  ASSERT_TRUE(refused.refusal);
  EXPECT_EQ(refused.refusal->status(), (protocol::EnhancedDetail{3, 3}));
  EXPECT_EQ(refused.decision, Decision::try_next_host);
  ASSERT_TRUE(offered.offer_keyword("DELIVERBY", "121"));
  ASSERT_TRUE(plan(envelope, facts(10)).refusal);
  EXPECT_EQ(plan(envelope, facts(10)).refusal->status(), (protocol::EnhancedDetail{4, 7}));
  EXPECT_EQ(plan(envelope, facts(10)).decision, Decision::try_next_host) << "another one may be quicker";
  ASSERT_TRUE(offered.offer_keyword("DELIVERBY", "120"));
  EXPECT_FALSE(plan(envelope, facts(10)).refusal);
  ASSERT_TRUE(offered.offer_keyword("DELIVERBY", "soon"));
  EXPECT_FALSE(plan(envelope, facts(10)).refusal);
}

TEST_F(TransferTest, SaysWhatIsLeftOfTheTime) {
  using std::chrono::milliseconds;
  offered.offer(Extension::deliver_by);
  Envelope returned = from_line("MAIL FROM:<a@example.org> BY=120;RT");
  Envelope notified = from_line("MAIL FROM:<a@example.org> BY=120;N");
  for (Envelope* each : {&returned, &notified}) each->deliver_until(now + milliseconds(30'900));
  EXPECT_EQ(plan(returned, facts(10)).mail.parameters.deliver_by,
            (protocol::DeliverBy{30, protocol::DeliverBy::Mode::return_mail, true}));
  EXPECT_EQ(plan(notified, facts(10)).mail.parameters.deliver_by->seconds, 31);
  for (Envelope* each : {&returned, &notified}) each->deliver_until(now - milliseconds(1'500));
  EXPECT_EQ(plan(notified, facts(10)).mail.parameters.deliver_by->seconds, -1);
  ASSERT_TRUE(plan(returned, facts(10)).refusal);
  EXPECT_EQ(plan(returned, facts(10)).refusal->status(), (protocol::EnhancedDetail{4, 7}));
  for (Envelope* each : {&returned, &notified}) each->deliver_until(transport::SteadyTime::max());
  EXPECT_EQ(plan(notified, facts(10)).mail.parameters.deliver_by->seconds, 999'999'999);
}

}  // namespace
}  // namespace postrider::client::testing
