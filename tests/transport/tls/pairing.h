// The parameters of the conformance suite: who talks to whom in which version, and the contexts for it.
#pragma once

#include <string>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "postrider/tests/transport/tls/certificate_factory.h"
#include "postrider/tests/transport/tls/engine_pair.h"
#include "postrider/transport/tls/backends/backends.h"

namespace postrider::tests {

using namespace transport;

using Pairing = std::tuple<const TlsProvider*, const TlsProvider*, TlsVersion>;

inline std::string pairing_name(const testing::TestParamInfo<Pairing>& info) {
  const auto& [client, server, version] = info.param;
  return std::string(client->name()) + "_to_" + std::string(server->name()) +
         (version == TlsVersion::tls1_3 ? "_tls13" : "_tls12");
}

inline auto all_pairings() {
  const auto all = tls_providers();
  const std::vector<const TlsProvider*> providers(all.begin(), all.end());
  return testing::Combine(testing::ValuesIn(providers), testing::ValuesIn(providers),
                          testing::Values(TlsVersion::tls1_2, TlsVersion::tls1_3));
}

class PairingTest : public testing::TestWithParam<Pairing> {
 protected:
  PairingTest() {
    server_config_.certificates = {pki_.server.with({&pki_.intermediate})};
    server_config_.maximum = version();
    client_config_.roots = TlsRoots::given(PemSource::text(pki_.root.pem()));
    client_config_.maximum = version();
    target_.name = "mx.example.test";
  }

  static TlsVersion version() { return std::get<2>(GetParam()); }
  static const TlsProvider& client_provider() { return *std::get<0>(GetParam()); }
  static const TlsProvider& server_provider() { return *std::get<1>(GetParam()); }

  // Contexts are made of the configurations when first asked for.
  const TlsServerContext& server_context() {
    if (!server_) {
      auto made = server_provider().server(server_config_);
      EXPECT_TRUE(made) << made.error();
      server_ = *made;
    }
    return *server_;
  }
  const TlsClientContext& client_context() {
    if (!client_) {
      auto made = client_provider().client(client_config_);
      EXPECT_TRUE(made) << made.error();
      client_ = *made;
    }
    return *client_;
  }
  EnginePair engines() {
    auto client = client_context().engine(target_);
    EXPECT_TRUE(client) << client.error();
    return EnginePair(std::move(*client), server_context().engine());
  }
  EnginePair connected() {
    EnginePair pair = engines();
    pair.talk();
    EXPECT_TRUE(pair.established()) << pair.client.engine().failure() << " / "
                                    << pair.server.engine().failure();
    return pair;
  }
  // A handshake that the client ends, and what it says about it.
  std::string refusal() {
    EnginePair pair = engines();
    pair.talk();
    EXPECT_FALSE(pair.client.established());
    EXPECT_TRUE(pair.client.failed());
    // In TLS 1.3 the server may be done before it hears of it.
    EXPECT_TRUE(pair.server.failed()) << "the server was not told";
    return pair.client.engine().failure();
  }

  const TestPki& pki_ = TestPki::instance();
  TlsServerConfig server_config_;
  TlsClientConfig client_config_;
  TlsTarget target_;
  std::shared_ptr<const TlsServerContext> server_;
  std::shared_ptr<const TlsClientContext> client_;
};

}  // namespace postrider::tests
