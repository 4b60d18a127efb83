// What every backend must do with every other once a session stands, and when somebody tampers with it.
#include <algorithm>
#include <cstdint>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "postrider/tests/transport/tls/pairing.h"

namespace postrider::transport {
namespace {

using testing::HasSubstr;
using tests::EnginePair;
using tests::PairingTest;
using tests::Side;

class TlsSessionTest : public PairingTest {};
INSTANTIATE_TEST_SUITE_P(Tls, TlsSessionTest, tests::all_pairings(), tests::pairing_name);

// Text that shows where octets are missing.
std::string sample(std::size_t size) {
  std::string text(size, '\0');
  std::uint32_t state = 1;
  for (char& octet : text) {
    state = state * 1664525 + 1013904223;
    octet = static_cast<char>(state >> 24);
  }
  return text;
}

// Sends `text` `times` times from one side and compares at the other, 64 KiB of output at most in between.
void stream(Side& from, Side& to, std::string_view text, int times) {
  std::string read(65536, '\0');
  std::size_t at = 0;
  for (int round = 0; round < times; ++round) {
    std::string_view left = text;
    while (!left.empty()) {
      const TlsEngine::Step written = from.engine().write(left);
      ASSERT_TRUE(written.done()) << from.engine().failure();
      left.remove_prefix(written.octets);
      ASSERT_LE(from.engine().output().size(), TlsEngine::kMaxOutput + 1024);
      to.engine().give(from.engine().output());
      for (;;) {
        const TlsEngine::Step step = to.engine().read(read);
        if (!step.done()) {
          ASSERT_EQ(step.status, TlsEngine::Status::want_input) << to.engine().failure();
          break;
        }
        const std::size_t head = std::min(step.octets, text.size() - at);
        ASSERT_EQ(std::string_view(read).substr(0, head), text.substr(at, head));
        ASSERT_EQ(std::string_view(read).substr(head, step.octets - head),
                  text.substr(0, step.octets - head));
        at = (at + step.octets) % text.size();
      }
      ASSERT_EQ(to.engine().input_left(), 0U);
      from.engine().sent(from.engine().output().size());
    }
  }
  EXPECT_EQ(at, 0U);
}

TEST_P(TlsSessionTest, CarriesFiftyMegabytesEachWay) {
  EnginePair pair = connected();
  const std::string text = sample(std::size_t{1} << 20);
  stream(pair.client, pair.server, text, 50);
  stream(pair.server, pair.client, text, 50);
}

TEST_P(TlsSessionTest, WritesNoMoreThanItsOutputMayHold) {
  EnginePair pair = connected();
  const std::string text = sample(std::size_t{1} << 20);
  std::size_t taken = 0;
  TlsEngine::Step step;
  while ((step = pair.client.engine().write(std::string_view(text).substr(taken))).done())
    taken += step.octets;
  EXPECT_EQ(step.status, TlsEngine::Status::want_output);
  EXPECT_GE(taken, TlsEngine::kMaxOutput - 2048);
  EXPECT_LE(pair.client.engine().output().size(), TlsEngine::kMaxOutput + 1024);
  pair.talk();
  EXPECT_EQ(pair.server.received(), text.substr(0, taken));
  EXPECT_TRUE(pair.client.engine().write("x").done());
}

TEST_P(TlsSessionTest, PutsSixteenKibibytesInARecord) {
  EnginePair pair = connected();
  pair.client.say(std::string(16384, 'x'));
  const std::size_t size = pair.client.engine().output().size();
  EXPECT_GT(size, 16384U);
  EXPECT_LT(size, 16384U + 64U);
}

TEST_P(TlsSessionTest, ASessionEndsWithCloseNotify) {
  EnginePair pair = connected();
  pair.client.say("QUIT\r\n");
  EXPECT_TRUE(pair.client.engine().shutdown().done());
  const std::size_t made = pair.client.engine().output().size();
  EXPECT_TRUE(pair.client.engine().shutdown().done());
  EXPECT_EQ(pair.client.engine().output().size(), made) << "one is enough";
  pair.talk();
  EXPECT_EQ(pair.server.received(), "QUIT\r\n");
  EXPECT_TRUE(pair.server.closed());
  EXPECT_FALSE(pair.client.closed());
  pair.server.engine().shutdown();
  pair.talk();
  EXPECT_TRUE(pair.client.closed());
}

// In the middle of a message, at every length.
TEST_P(TlsSessionTest, CloseNotifyComesAfterWhatWasSaid) {
  for (const std::size_t size : {std::size_t{1}, std::size_t{100}, std::size_t{16384}, std::size_t{40000}}) {
    EnginePair pair = connected();
    pair.server.say(std::string(size, 'x'));
    pair.server.engine().shutdown();
    pair.talk(7);
    EXPECT_EQ(pair.client.received().size(), size);
    EXPECT_TRUE(pair.client.closed());
  }
}

TEST_P(TlsSessionTest, NothingIsClosedBeforeTheHandshakeIsDone) {
  EnginePair pair = engines();
  EXPECT_TRUE(pair.client.engine().shutdown().done());
  EXPECT_TRUE(pair.server.engine().shutdown().done());
  EXPECT_EQ(pair.client.engine().output().size(), 0U);
  pair.talk();
  EXPECT_TRUE(pair.established());
}

TEST_P(TlsSessionTest, ATruncatedRecordIsNoEnd) {
  EnginePair pair = connected();
  pair.client.say("one record that is cut");
  const std::string record = pair.client.take_output();
  for (std::size_t size = 0; size < record.size(); ++size) {
    EnginePair fresh = connected();
    fresh.client.say("one record that is cut");
    fresh.server.arrived() = fresh.client.take_output().substr(0, size);
    fresh.server.work(record.size());
    EXPECT_FALSE(fresh.server.closed());
    EXPECT_FALSE(fresh.server.failed());
    EXPECT_EQ(fresh.server.received(), "");
    if (size > 6) size += 8;
  }
}

TEST_P(TlsSessionTest, ACorruptedRecordEndsTheSession) {
  for (std::size_t at = 0; at < 40; at += 3) {
    EnginePair pair = connected();
    pair.client.say("octets that somebody changes on the way");
    std::string record = pair.client.take_output();
    record[at] = static_cast<char>(record[at] ^ 0x40);
    // A length that was made larger waits for the rest.
    pair.server.arrived() = record + std::string(70000, '\x17');
    pair.talk();
    EXPECT_TRUE(pair.server.failed()) << at;
    EXPECT_EQ(pair.server.received(), "");
    EXPECT_FALSE(pair.server.engine().failure().empty());
    EXPECT_EQ(pair.server.engine().read(std::span(record)).status, TlsEngine::Status::failed)
        << "it stays so";
  }
}

TEST_P(TlsSessionTest, ACorruptedHandshakeFails) {
  std::minstd_rand random(7);
  int failures = 0;
  for (int round = 0; round < 40; ++round) {
    EnginePair pair = engines();
    pair.client.work(0);
    std::string hello = pair.client.take_output();
    // Behind the record's header, which the transcript does not cover.
    char& octet = hello[5 + random() % (hello.size() - 5)];
    octet = static_cast<char>(octet ^ static_cast<char>(1 + random() % 255));
    pair.server.arrived() = hello;
    pair.talk();
    EXPECT_FALSE(pair.established()) << "a handshake that was tampered with must not succeed";
    failures += pair.server.failed() || pair.client.failed() ? 1 : 0;
  }
  EXPECT_GT(failures, 30) << "most are told, the rest waits for more input";
}

TEST_P(TlsSessionTest, ClearTextInsteadOfAHandshakeFails) {
  for (const char* text : {"EHLO client.example.test\r\nMAIL FROM:<>\r\n",
                           "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "QUIT\r\nQUIT\r\n"}) {
    EnginePair pair = engines();
    pair.server.arrived() = text;
    pair.server.work(1000);
    EXPECT_TRUE(pair.server.failed()) << text;
    EXPECT_FALSE(pair.server.engine().failure().empty());
    pair.client.arrived() = "220 2.0.0 go ahead\r\n";
    pair.client.work(0);
    pair.client.work(1000);
    EXPECT_TRUE(pair.client.failed());
  }
}

TEST_P(TlsSessionTest, OldVersionsAreRefused) {
  EnginePair pair = engines();
  pair.server.arrived() = tests::old_client_hello();
  pair.server.work(10000);
  EXPECT_TRUE(pair.server.failed());
  EXPECT_FALSE(pair.server.engine().failure().empty());
  pair.client.work(0);
  pair.client.arrived() = tests::old_server_answer(pair.client.take_output());
  EXPECT_FALSE(pair.client.arrived().empty());
  pair.client.work(10000);
  EXPECT_TRUE(pair.client.failed());
}

TEST_P(TlsSessionTest, TheMinimumIsKept) {
  if (version() == TlsVersion::tls1_2) {
    server_config_.minimum = server_config_.maximum = TlsVersion::tls1_3;
  } else {
    client_config_.minimum = TlsVersion::tls1_3;
    server_config_.maximum = TlsVersion::tls1_2;
  }
  EnginePair pair = engines();
  pair.talk();
  EXPECT_FALSE(pair.client.established());
  EXPECT_FALSE(pair.server.established());
  EXPECT_TRUE(pair.server.failed());
  EXPECT_TRUE(pair.client.failed());
}

TEST_P(TlsSessionTest, RenegotiationIsRefused) {
  if (version() == TlsVersion::tls1_3) return;  // TLS 1.3 has none
  const auto server = server_context().engine();
  EXPECT_FALSE(tests::renegotiates(*server));
}

// ---- DANE ----

TEST_P(TlsSessionTest, DaneNamesTheServersCertificateOrKey) {
  // Neither an unknown root, nor a wrong name, nor the dates count, RFC 7672 3.1.1.
  client_config_.roots = TlsRoots::nobody();
  server_config_.certificates = {pki_.expired.with({&pki_.intermediate})};
  target_.policy = TlsPolicy::dane;
  target_.name = "another.example.test";
  for (const int selector : {0, 1}) {
    for (const int matching : {0, 1, 2}) {
      target_.tlsa = {pki_.server.tlsa(3, 1, 1), pki_.expired.tlsa(3, selector, matching)};
      const TlsInfo info = connected().client.engine().info();
      EXPECT_EQ(info.trust, TlsTrust::trusted) << info.verification;
      EXPECT_THAT(info.verification, HasSubstr("TLSA 3 "));
      target_.tlsa = {pki_.other.tlsa(3, selector, matching)};
      EXPECT_THAT(refusal(), HasSubstr("TLSA"));
    }
  }
}

TEST_P(TlsSessionTest, DaneNamesOneThatHasSigned) {
  client_config_.roots = TlsRoots::nobody();
  server_config_.certificates = {pki_.server.with({&pki_.intermediate, &pki_.root})};
  target_.policy = TlsPolicy::dane;
  for (const tests::TestCertificate* anchor : {&pki_.intermediate, &pki_.root}) {
    for (const int selector : {0, 1}) {
      for (const int matching : {0, 1, 2}) {
        target_.tlsa = {anchor->tlsa(2, selector, matching)};
        EXPECT_EQ(connected().client.engine().info().trust, TlsTrust::trusted);
      }
    }
  }
}

TEST_P(TlsSessionTest, DaneWithASignerStillWantsNameAndDates) {
  client_config_.roots = TlsRoots::nobody();
  target_.policy = TlsPolicy::dane;
  target_.tlsa = {pki_.intermediate.tlsa(2, 0, 1)};
  target_.name = "another.example.test";
  EXPECT_THAT(refusal(), HasSubstr("the certificate is for"));
  target_.also = {"mx.example.test"};  // the domain whose MX this is
  EXPECT_EQ(connected().client.engine().info().trust, TlsTrust::trusted);
  server_.reset();
  server_config_.certificates = {pki_.expired.with({&pki_.intermediate})};
  EXPECT_THAT(refusal(), HasSubstr("expired"));
  server_.reset();
  server_config_.certificates = {pki_.stranger.with({&pki_.intermediate})};
  target_.name = "mx.example.test";
  EXPECT_THAT(refusal(), HasSubstr("the peer's certificate is refused"))
      << "an anchor that is sent along has not signed anything by that";
}

TEST_P(TlsSessionTest, DaneNeedsARecordThatCanDecide) {
  target_.policy = TlsPolicy::dane;
  TlsaRecord cut = pki_.server.tlsa(3, 1, 1);
  cut.data.pop_back();
  for (const auto& records : {std::vector<TlsaRecord>(), std::vector<TlsaRecord>{pki_.server.tlsa(1, 1, 1)},
                              std::vector<TlsaRecord>{cut}}) {
    target_.tlsa = records;
    const auto engine = client_context().engine(target_);
    ASSERT_FALSE(engine);
    EXPECT_THAT(engine.error(), HasSubstr("no TLSA record of mx.example.test is usable"));
  }
}

}  // namespace
}  // namespace postrider::transport
