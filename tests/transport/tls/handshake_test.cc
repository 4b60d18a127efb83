// What every backend must do with every other: handshakes, names, certificates, resumption.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "postrider/tests/transport/tls/pairing.h"

namespace postrider::transport {
namespace {

using testing::HasSubstr;
using tests::EnginePair;
using tests::PairingTest;

class TlsHandshakeTest : public PairingTest {};
INSTANTIATE_TEST_SUITE_P(Tls, TlsHandshakeTest, tests::all_pairings(), tests::pairing_name);

TEST_P(TlsHandshakeTest, AgreesAndCarriesOctets) {
  EnginePair pair = connected();
  EXPECT_TRUE(pair.client.say("EHLO client.example.test\r\n"));
  EXPECT_TRUE(pair.server.say("250 mx.example.test\r\n"));
  pair.talk();
  EXPECT_EQ(pair.server.received(), "EHLO client.example.test\r\n");
  EXPECT_EQ(pair.client.received(), "250 mx.example.test\r\n");
}

TEST_P(TlsHandshakeTest, BothSidesTellTheSame) {
  EnginePair pair = connected();
  pair.talk();
  const TlsInfo client = pair.client.engine().info();
  const TlsInfo server = pair.server.engine().info();
  EXPECT_EQ(client.version, version());
  EXPECT_EQ(server.version, version());
  EXPECT_TRUE(client.cipher.starts_with("TLS_")) << client.cipher;
  EXPECT_EQ(client.sni, "mx.example.test");
  EXPECT_EQ(server.sni, "mx.example.test");
  EXPECT_FALSE(client.resumed);
  EXPECT_FALSE(server.resumed);
  ASSERT_EQ(client.peer_chain.size(), 2U);
  EXPECT_EQ(client.peer_chain[0], pki_.server.der());
  EXPECT_EQ(client.peer_chain[1], pki_.intermediate.der());
  EXPECT_EQ(client.peer_subject, "CN=mx.example.test");
  EXPECT_EQ(client.peer_issuer, "CN=Test Intermediate");
  EXPECT_THAT(client.peer_names, testing::ElementsAre("mx.example.test", "192.0.2.1"));
  EXPECT_EQ(client.trust, TlsTrust::trusted) << client.verification;
  EXPECT_THAT(client.verification, HasSubstr("mx.example.test"));
  EXPECT_TRUE(server.peer_chain.empty());
  EXPECT_EQ(server.trust, TlsTrust::unchecked);
}

TEST_P(TlsHandshakeTest, TheChannelBindingsAreEqual) {
  EnginePair pair = connected();
  const TlsInfo client = pair.client.engine().info();
  const TlsInfo server = pair.server.engine().info();
  EXPECT_EQ(client.tls_server_end_point.size(), 32U);
  EXPECT_EQ(client.tls_server_end_point, server.tls_server_end_point);
  if (version() == TlsVersion::tls1_3) {
    EXPECT_EQ(client.tls_exporter.size(), 32U);
  }
  if (!client.tls_exporter.empty() && !server.tls_exporter.empty()) {
    EXPECT_EQ(client.tls_exporter, server.tls_exporter);
  }
  EnginePair another = connected();
  if (!client.tls_exporter.empty()) {
    EXPECT_NE(client.tls_exporter, another.client.engine().info().tls_exporter);
  }
}

TEST_P(TlsHandshakeTest, TakesInputInSingleOctets) {
  EnginePair pair = engines();
  pair.talk(1);
  ASSERT_TRUE(pair.established()) << pair.client.engine().failure() << pair.server.engine().failure();
  pair.client.say("one by one");
  pair.server.say(std::string(40000, 'x'));
  pair.talk(1);
  EXPECT_EQ(pair.server.received(), "one by one");
  EXPECT_EQ(pair.client.received(), std::string(40000, 'x'));
}

TEST_P(TlsHandshakeTest, IdleEnginesHoldNoOutput) {
  EnginePair pair = connected();
  EXPECT_EQ(pair.client.engine().output().size(), 0U);
  EXPECT_EQ(pair.client.engine().input_left(), 0U);
  EXPECT_FALSE(pair.client.engine().pending());
}

// ---- Whom a client believes ----

TEST_P(TlsHandshakeTest, RefusesAWrongName) {
  target_.name = "mail.example.test";
  EXPECT_THAT(refusal(),
              HasSubstr("the certificate is for mx.example.test, 192.0.2.1, not for mail.example.test"));
}

TEST_P(TlsHandshakeTest, RefusesAnExpiredCertificate) {
  server_config_.certificates = {pki_.expired.with({&pki_.intermediate})};
  EXPECT_THAT(refusal(), HasSubstr("expired"));
}

TEST_P(TlsHandshakeTest, RefusesAnUnknownRoot) {
  const tests::TestCertificate elsewhere = [] {
    tests::CertificateOptions options;
    options.common = "Another Root";
    options.authority = true;
    return tests::TestCertificate(options);
  }();
  client_config_.roots = TlsRoots::given(PemSource::text(elsewhere.pem()));
  EXPECT_THAT(refusal(), HasSubstr("the peer's certificate is refused"));
}

TEST_P(TlsHandshakeTest, RefusesASelfSignedCertificate) {
  server_config_.certificates = {pki_.stranger.with()};
  EXPECT_THAT(refusal(), HasSubstr("self-signed"));
}

TEST_P(TlsHandshakeTest, RefusesAChainThatLacksTheIntermediate) {
  server_config_.certificates = {pki_.server.with()};
  EXPECT_THAT(refusal(), HasSubstr("the peer's certificate is refused"));
}

TEST_P(TlsHandshakeTest, RefusesACertificateSignedByOneThatMayNot) {
  const tests::TestCertificate below(tests::CertificateOptions({"mx.example.test"}), &pki_.other);
  server_config_.certificates = {below.with({&pki_.other, &pki_.intermediate})};
  EXPECT_THAT(refusal(), HasSubstr("the peer's certificate is refused"));
}

TEST_P(TlsHandshakeTest, RefusesACertificateForClients) {
  tests::CertificateOptions options({"mx.example.test"});
  options.usage = "clientAuth";
  const tests::TestCertificate wrong(options, &pki_.intermediate);
  server_config_.certificates = {wrong.with({&pki_.intermediate})};
  EXPECT_THAT(refusal(), HasSubstr("the peer's certificate is refused"));
}

TEST_P(TlsHandshakeTest, BelievesAWildcardForOneLabel) {
  server_config_.certificates = {pki_.wildcard.with({&pki_.intermediate})};
  target_.name = "a.wild.test";
  connected();
  for (const char* name : {"a.b.wild.test", "wild.test"}) {
    target_.name = name;
    EXPECT_THAT(refusal(), HasSubstr("the certificate is for *.wild.test"));
  }
}

TEST_P(TlsHandshakeTest, BelievesAnAddress) {
  target_.name = "192.0.2.1";
  EnginePair pair = connected();
  EXPECT_EQ(pair.server.engine().info().sni, "");
  target_.name = "192.0.2.2";
  EXPECT_THAT(refusal(), HasSubstr("not for 192.0.2.2"));
}

TEST_P(TlsHandshakeTest, TakesAnyOfSeveralNames) {
  target_.name = "mail.example.test";
  target_.also = {"example.test", "mx.example.test"};
  EXPECT_EQ(connected().client.engine().info().trust, TlsTrust::trusted);
}

TEST_P(TlsHandshakeTest, OpportunisticGoesOnAndTells) {
  target_.policy = TlsPolicy::opportunistic;
  EXPECT_EQ(connected().client.engine().info().trust, TlsTrust::trusted);
  target_.name = "mail.example.test";
  const TlsInfo wrong_name = connected().client.engine().info();
  EXPECT_EQ(wrong_name.trust, TlsTrust::failed);
  EXPECT_THAT(wrong_name.verification, HasSubstr("not for mail.example.test"));
  server_.reset();
  server_config_.certificates = {pki_.stranger.with()};
  const TlsInfo stranger = connected().client.engine().info();
  EXPECT_EQ(stranger.trust, TlsTrust::failed);
  EXPECT_THAT(stranger.verification, HasSubstr("self-signed"));
}

TEST_P(TlsHandshakeTest, NoneDoesNotLook) {
  server_config_.certificates = {pki_.expired.with()};
  target_.policy = TlsPolicy::none;
  target_.name = "whoever.example.test";
  EXPECT_EQ(connected().client.engine().info().trust, TlsTrust::unchecked);
}

// ---- SNI and ALPN ----

TEST_P(TlsHandshakeTest, TheServerChoosesItsCertificateByName) {
  server_config_.certificates = {pki_.server.with({&pki_.intermediate}),
                                 pki_.other.with({&pki_.intermediate}),
                                 pki_.wildcard.with({&pki_.intermediate})};
  for (const auto& [name, expected] :
       {std::pair("mx.example.test", &pki_.server), std::pair("other.example.test", &pki_.other),
        std::pair("OTHER.example.test", &pki_.other), std::pair("b.wild.test", &pki_.wildcard)}) {
    target_.name = name;
    EnginePair pair = connected();
    const TlsInfo info = pair.client.engine().info();
    ASSERT_FALSE(info.peer_chain.empty()) << name;
    EXPECT_EQ(info.peer_chain.front(), expected->der()) << name;
    EXPECT_EQ(info.tls_server_end_point, pair.server.engine().info().tls_server_end_point);
  }
  target_.policy = TlsPolicy::opportunistic;
  for (const char* name : {"unknown.example.test", ""}) {
    target_.name = name;
    EXPECT_EQ(connected().client.engine().info().peer_chain.front(), pki_.server.der()) << name;
  }
}

TEST_P(TlsHandshakeTest, ChoosesAProtocolThatBothHave) {
  client_config_.alpn = {"smtp", "other"};
  server_config_.alpn = {"other"};
  EnginePair pair = connected();
  EXPECT_EQ(pair.client.engine().info().alpn, "other");
  EXPECT_EQ(pair.server.engine().info().alpn, "other");
}

TEST_P(TlsHandshakeTest, GoesOnWithoutACommonProtocol) {
  client_config_.alpn = {"smtp"};
  server_config_.alpn = {"http/1.1"};
  EnginePair pair = connected();
  EXPECT_EQ(pair.client.engine().info().alpn, "");
  EXPECT_EQ(pair.server.engine().info().alpn, "");
}

// ---- Resumption ----

TEST_P(TlsHandshakeTest, ResumesASessionOfTheSameTarget) {
  EnginePair first = connected();
  first.server.say("ready");
  first.talk();
  EnginePair second = connected();
  const TlsInfo info = second.client.engine().info();
  if (client_provider().name() == "wolfssl" && version() == TlsVersion::tls1_2) {
    EXPECT_FALSE(info.resumed) << "wolfSSL's client has no tickets before TLS 1.3, our servers nothing else";
    return;
  }
  EXPECT_TRUE(info.resumed);
  EXPECT_TRUE(second.server.engine().info().resumed);
  EXPECT_EQ(info.trust, TlsTrust::trusted);
  EXPECT_EQ(info.verification, first.client.engine().info().verification);
  ASSERT_FALSE(info.peer_chain.empty());
  EXPECT_EQ(info.peer_chain.front(), pki_.server.der());
  EXPECT_EQ(info.tls_server_end_point, second.server.engine().info().tls_server_end_point);
  if (version() == TlsVersion::tls1_3) {
    EXPECT_EQ(info.tls_exporter, second.server.engine().info().tls_exporter);
  }
}

TEST_P(TlsHandshakeTest, ResumesWithACertificateThatIsNotTheFirst) {
  server_config_.certificates = {pki_.server.with({&pki_.intermediate}),
                                 pki_.other.with({&pki_.intermediate})};
  target_.name = "other.example.test";
  EnginePair first = connected();
  first.server.say("ready");
  first.talk();
  EnginePair second = connected();
  const TlsInfo info = second.client.engine().info();
  ASSERT_FALSE(info.peer_chain.empty());
  EXPECT_EQ(info.peer_chain.front(), pki_.other.der());
  EXPECT_EQ(info.trust, TlsTrust::trusted);
  EXPECT_EQ(info.tls_server_end_point, second.server.engine().info().tls_server_end_point);
  // wolfSSL in TLS 1.2: its client has no tickets, and its server does not read those of another certificate.
  const bool wolfssl = client_provider().name() == "wolfssl" || server_provider().name() == "wolfssl";
  EXPECT_EQ(info.resumed, !wolfssl || version() == TlsVersion::tls1_3);
}

TEST_P(TlsHandshakeTest, ResumesNothingForAnotherPolicyPortOrName) {
  target_.policy = TlsPolicy::opportunistic;
  EnginePair first = connected();
  first.server.say("ready");
  first.talk();
  target_.policy = TlsPolicy::pkix;
  EXPECT_FALSE(connected().client.engine().info().resumed);
  target_.policy = TlsPolicy::opportunistic;
  target_.port = 465;
  EXPECT_FALSE(connected().client.engine().info().resumed);
  target_.port = 25;
  target_.name = "other.example.test";
  EXPECT_FALSE(connected().client.engine().info().resumed);
}

TEST_P(TlsHandshakeTest, ANewServerContextKnowsNoOldSession) {
  EnginePair first = connected();
  first.server.say("ready");
  first.talk();
  const auto old_context = std::move(server_);
  EnginePair second = connected();
  EXPECT_FALSE(second.client.engine().info().resumed);
  // The session of the old context goes on.
  first.client.say("still here");
  first.talk();
  EXPECT_EQ(first.server.received(), "still here");
}

TEST_P(TlsHandshakeTest, KeepsNoSessionWhenToldSo) {
  client_config_.cached_sessions = 0;
  EnginePair first = connected();
  first.server.say("ready");
  first.talk();
  EXPECT_FALSE(connected().client.engine().info().resumed);
}

// ---- Client certificates ----

TEST_P(TlsHandshakeTest, ReadsAClientsCertificate) {
  server_config_.client_auth = TlsClientAuth::require;
  server_config_.client_roots = TlsRoots::given(PemSource::text(pki_.root.pem()));
  client_config_.certificate = pki_.client.with({&pki_.intermediate});
  EnginePair pair = connected();
  const TlsInfo info = pair.server.engine().info();
  ASSERT_FALSE(info.peer_chain.empty());
  EXPECT_EQ(info.peer_chain.front(), pki_.client.der());
  EXPECT_EQ(info.trust, TlsTrust::trusted) << info.verification;
  EXPECT_EQ(info.peer_subject, "CN=user.example.test");
}

// What is known of the client must be known of the resumed session too; wolfSSL's tickets cannot carry it.
TEST_P(TlsHandshakeTest, ASessionWithAClientsCertificateIsResumedWithItOrNotAtAll) {
  for (const TlsClientAuth asking : {TlsClientAuth::request, TlsClientAuth::require}) {
    server_.reset();
    client_.reset();
    server_config_.client_auth = asking;
    server_config_.client_roots = TlsRoots::given(PemSource::text(pki_.root.pem()));
    client_config_.certificate = pki_.client.with({&pki_.intermediate});
    EnginePair first = connected();
    first.server.say("ready");
    first.talk();
    EnginePair second = connected();
    const TlsInfo info = second.server.engine().info();
    EXPECT_EQ(info.trust, TlsTrust::trusted) << info.verification;
    ASSERT_FALSE(info.peer_chain.empty());
    EXPECT_EQ(info.peer_chain.front(), pki_.client.der());
    const bool can = server_provider().name() == "openssl" &&
                     (client_provider().name() == "openssl" || version() == TlsVersion::tls1_3);
    EXPECT_EQ(info.resumed, can);
  }
}

TEST_P(TlsHandshakeTest, RefusesAClientWithoutTheCertificateRequired) {
  server_config_.client_auth = TlsClientAuth::require;
  server_config_.client_roots = TlsRoots::given(PemSource::text(pki_.root.pem()));
  EnginePair pair = engines();
  pair.talk();
  EXPECT_TRUE(pair.server.failed());
  EXPECT_FALSE(pair.server.established());
  // In TLS 1.3 the client is done before it hears of it.
  EXPECT_TRUE(pair.client.failed());
  EXPECT_THAT(pair.client.engine().failure(), HasSubstr("the peer sent the alert"));
}

TEST_P(TlsHandshakeTest, RefusesAClientsCertificateThatNobodyVouchesFor) {
  server_config_.client_auth = TlsClientAuth::require;
  server_config_.client_roots = TlsRoots::given(PemSource::text(pki_.root.pem()));
  client_config_.certificate = pki_.stranger.with();
  EnginePair pair = engines();
  pair.talk();
  EXPECT_TRUE(pair.server.failed());
  EXPECT_FALSE(pair.server.established());
  EXPECT_THAT(pair.server.engine().failure(), HasSubstr("the peer's certificate is refused"));
}

TEST_P(TlsHandshakeTest, ARequestedCertificateIsToldOfWhateverItIs) {
  server_config_.client_auth = TlsClientAuth::request;
  server_config_.client_roots = TlsRoots::given(PemSource::text(pki_.root.pem()));
  EXPECT_EQ(connected().server.engine().info().trust, TlsTrust::unchecked);
  client_.reset();
  client_config_.certificate = pki_.stranger.with();
  const TlsInfo stranger = connected().server.engine().info();
  EXPECT_EQ(stranger.trust, TlsTrust::failed);
  EXPECT_EQ(stranger.peer_chain.front(), pki_.stranger.der());
  client_.reset();
  client_config_.certificate = pki_.client.with({&pki_.intermediate});
  EXPECT_EQ(connected().server.engine().info().trust, TlsTrust::trusted);
}

}  // namespace
}  // namespace postrider::transport
