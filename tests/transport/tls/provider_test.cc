// Contexts: what is wrong with a configuration is found when it is read, and said.
#include "postrider/transport/tls/provider.h"

#include <cstdio>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "postrider/tests/transport/tls/certificate_factory.h"
#include "postrider/tests/transport/tls/engine_pair.h"
#include "postrider/transport/tls/backends/backends.h"

namespace postrider::transport {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using tests::TestPki;

class TlsProviderTest : public testing::TestWithParam<const TlsProvider*> {
 protected:
  std::string server_error(PemSource chain, PemSource key) const {
    TlsServerConfig config;
    config.certificates = {TlsCertificate(std::move(chain), std::move(key))};
    const auto made = GetParam()->server(config);
    EXPECT_FALSE(made);
    return made ? std::string() : made.error();
  }

  const TestPki& pki_ = TestPki::instance();
};
std::string provider_name(const testing::TestParamInfo<const TlsProvider*>& info) {
  return std::string(info.param->name());
}
INSTANTIATE_TEST_SUITE_P(Tls, TlsProviderTest,
                         testing::ValuesIn(std::vector<const TlsProvider*>(tls_providers().begin(),
                                                                           tls_providers().end())),
                         provider_name);

TEST_P(TlsProviderTest, IsFoundByItsName) {
  EXPECT_EQ(find_tls_provider(GetParam()->name()), GetParam());
  EXPECT_FALSE(GetParam()->version().empty());
  EXPECT_EQ(find_tls_provider("nosuch"), nullptr);
}

TEST_P(TlsProviderTest, SaysWhichFileCannotBeRead) {
  EXPECT_THAT(server_error(PemSource::file("/nowhere/chain.pem"), PemSource::text(pki_.server.key_pem())),
              AllOf(HasSubstr("/nowhere/chain.pem"), HasSubstr("No such file")));
  EXPECT_THAT(server_error(PemSource::text(pki_.server.pem()), PemSource::file("/nowhere/key.pem")),
              AllOf(HasSubstr("/nowhere/key.pem"), HasSubstr("private key")));
  EXPECT_THAT(server_error(PemSource(), PemSource()), HasSubstr("certificate"));
}

TEST_P(TlsProviderTest, SaysThatAKeyIsThatOfAnotherCertificate) {
  EXPECT_THAT(server_error(PemSource::text(pki_.server.pem()), PemSource::text(pki_.other.key_pem())),
              HasSubstr("does not belong"));
}

TEST_P(TlsProviderTest, SaysThatThereIsNoPem) {
  EXPECT_THAT(server_error(PemSource::text("nothing of use"), PemSource::text(pki_.server.key_pem())),
              HasSubstr("there is no certificate in"));
  EXPECT_THAT(server_error(PemSource::text(pki_.server.pem()), PemSource::text("nothing of use")),
              HasSubstr("private key"));
  std::string damaged = pki_.server.pem();
  damaged.replace(100, 8, "AAAAAAAA");
  EXPECT_THAT(server_error(PemSource::text(damaged), PemSource::text(pki_.server.key_pem())),
              HasSubstr("the PEM text given"));
}

TEST_P(TlsProviderTest, ReadsFiles) {
  const std::string base = testing::TempDir() + "postrider_tls_" + std::string(GetParam()->name());
  std::ofstream(base + ".chain") << pki_.server.pem() << pki_.intermediate.pem();
  std::ofstream(base + ".key") << pki_.server.key_pem();
  std::ofstream(base + ".roots") << "# roots\n" << pki_.stranger.pem() << pki_.root.pem();
  TlsServerConfig server;
  server.certificates = {TlsCertificate(PemSource::file(base + ".chain"), PemSource::file(base + ".key"))};
  TlsClientConfig client;
  client.roots = TlsRoots::given(PemSource::file(base + ".roots"));
  const auto server_context = GetParam()->server(server);
  const auto client_context = GetParam()->client(client);
  for (const char* end : {".chain", ".key", ".roots"}) std::remove((base + end).c_str());
  ASSERT_TRUE(server_context) << server_context.error();
  ASSERT_TRUE(client_context) << client_context.error();
  TlsTarget target;
  target.name = "mx.example.test";
  auto engine = (*client_context)->engine(target);
  ASSERT_TRUE(engine);
  tests::EnginePair pair(std::move(*engine), (*server_context)->engine());
  pair.talk();
  EXPECT_TRUE(pair.established()) << pair.client.engine().failure();
}

TEST_P(TlsProviderTest, SaysWhatIsWrongWithRoots) {
  TlsClientConfig config;
  config.roots = TlsRoots::given(PemSource::file("/nowhere/roots.pem"));
  auto made = GetParam()->client(config);
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error(), HasSubstr("/nowhere/roots.pem"));
  config.roots = TlsRoots::given(PemSource::text("no certificate"));
  made = GetParam()->client(config);
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error(), HasSubstr("there is no certificate in"));
}

TEST_P(TlsProviderTest, AServerNeedsACertificate) {
  const auto made = GetParam()->server(TlsServerConfig());
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error(), HasSubstr("needs a certificate"));
}

TEST_P(TlsProviderTest, AStrictClientNeedsAName) {
  TlsClientConfig config;
  config.roots = TlsRoots::nobody();
  const auto made = GetParam()->client(config);
  ASSERT_TRUE(made);
  EXPECT_FALSE((*made)->engine(TlsTarget()));
  TlsTarget anybody;
  anybody.policy = TlsPolicy::none;
  EXPECT_TRUE((*made)->engine(anybody));
}

TEST_P(TlsProviderTest, LoadsTheSystemsRoots) {
  const auto made = GetParam()->client(TlsClientConfig());
  EXPECT_TRUE(made) << made.error();
}

TEST_P(TlsProviderTest, ProtocolNamesHaveOneTo255Octets) {
  TlsClientConfig config;
  config.roots = TlsRoots::nobody();
  for (const std::string& name : {std::string(), std::string(256, 'x')}) {
    config.alpn = {name};
    EXPECT_FALSE(GetParam()->client(config));
  }
}

// ---- Certificates that nobody vouches for ----

TEST_P(TlsProviderTest, MakesACertificateThatServes) {
  for (const char* host : {"mail.example.test", "192.0.2.7", "2001:db8::7"}) {
    const auto made = GetParam()->self_signed(SelfSignedOptions(host, std::chrono::system_clock::now()));
    ASSERT_TRUE(made) << made.error();
    for (const TlsProvider* reader : tls_providers()) {
      TlsServerConfig server;
      server.certificates = {
          TlsCertificate(PemSource::text(made->certificate_pem), PemSource::text(made->key_pem))};
      TlsClientConfig client;
      client.roots = TlsRoots::given(PemSource::text(made->certificate_pem));
      const auto server_context = reader->server(server);
      const auto client_context = reader->client(client);
      ASSERT_TRUE(server_context) << server_context.error();
      ASSERT_TRUE(client_context) << client_context.error();
      TlsTarget target;
      target.name = host;
      auto engine = (*client_context)->engine(target);
      ASSERT_TRUE(engine);
      tests::EnginePair pair(std::move(*engine), (*server_context)->engine());
      pair.talk();
      EXPECT_TRUE(pair.established())
          << host << " by " << reader->name() << ": " << pair.client.engine().failure();
      EXPECT_THAT(pair.client.engine().info().peer_names, testing::ElementsAre(host));
    }
  }
}

TEST_P(TlsProviderTest, MakesNoCertificateForWhatIsNoName) {
  const auto now = std::chrono::system_clock::now();
  for (const char* host : {"", "two words", "a,DNS:b.example.test", "a\nb"}) {
    EXPECT_FALSE(GetParam()->self_signed(SelfSignedOptions(host, now))) << host;
  }
}

TEST_P(TlsProviderTest, TwoCertificatesDiffer) {
  const SelfSignedOptions options("mail.example.test", std::chrono::system_clock::now());
  EXPECT_NE(GetParam()->self_signed(options)->key_pem, GetParam()->self_signed(options)->key_pem);
}

}  // namespace
}  // namespace postrider::transport
