// AUTH, as far as it needs a server that misbehaves; honest ones are in tests/agent/serve/submission_test.cc.
#include <memory>
#include <span>
#include <string_view>

#include <gtest/gtest.h>

#include "postrider/tests/client/client_fixture.h"
#include "postrider/tests/client/fake_server.h"

namespace postrider::client {
namespace {

using testing::FakeServer;

class LoginTest : public testing::ClientTest {};

// LOGIN computes nothing.
struct NoPrimitives final : protocol::sasl::Primitives {
  protocol::sasl::Sha256 sha256(std::string_view) const noexcept override { return {}; }
  protocol::sasl::Sha256 hmac_sha256(std::string_view, std::string_view) const noexcept override {
    return {};
  }
  protocol::sasl::Sha256 pbkdf2_sha256(std::string_view, std::string_view,
                                       std::uint32_t) const noexcept override {
    return {};
  }
  protocol::sasl::Md5 hmac_md5(std::string_view, std::string_view) const noexcept override { return {}; }
  void random(std::span<char>) const noexcept override {}
};

TEST_F(LoginTest, LeavesAServerThatAsksForEver) {
  const NoPrimitives primitives;
  auto login = std::make_shared<ClientLogin>();
  login->credentials.user = "fred";
  login->credentials.password = protocol::sasl::Secret("x");
  login->primitives = &primitives;
  login->allow_clear = true;
  config.login = login;
  FakeServer server;
  server.offer({"AUTH LOGIN"}).answer("AUTH", {"334 VXNlcm5hbWU6"}).answer("ZNJLZA==", {"334 UGFzc3dvcmQ6"});
  server.answer("EA==", {"334 TW9yZTo="}).answer("*", {"334 TW9yZTo="});
  const Session session = play(server);
  ASSERT_FALSE(session.started);
  EXPECT_EQ(session.started.error().phase, Phase::authentication);
  EXPECT_EQ(server.lines.back(), "*");
}

}  // namespace
}  // namespace postrider::client
