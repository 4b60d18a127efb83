#include "postrider/agent/queue/delivery_routes.h"

#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "postrider/agent/accounts/sasl_primitives.h"
#include "postrider/agent/config/config_reader.h"

namespace postrider::agent {
namespace {

class DeliveryRoutesTest : public testing::Test {
 protected:
  auto make(std::string_view toml) {
    const ConfigResult loaded = read_config(toml, "test.toml", testing::TempDir());
    EXPECT_TRUE(loaded);
    return DeliveryRoutes::make(loaded->config, primitives_);
  }

  SaslPrimitives primitives_;
};

constexpr std::string_view kRoutes = R"(hostname = "mx.here.example"
[[route]]
domains = ["here.example"]
deliver = "maildir:mail/{local}"
[[route]]
domains = ["relay.example"]
deliver = "smtps://relay.example:465"
tls = "verify"
[[route]]
domains = ["*"]
deliver = "mx:2525"
)";

TEST_F(DeliveryRoutesTest, FindTheLineOfARecipient) {
  const auto routes = make(kRoutes);
  ASSERT_TRUE(routes) << routes.error();
  const auto mx = (*routes)->find("RCPT TO:<bob@Example.ORG> NOTIFY=NEVER");
  ASSERT_TRUE(mx);
  EXPECT_EQ(mx->line, "mx:example.org:2525");
  EXPECT_EQ(mx->relay->tls, client::TlsLevel::opportunistic);
  const auto smart_host = (*routes)->find("RCPT TO:<a@relay.example>");
  ASSERT_TRUE(smart_host);
  EXPECT_EQ(smart_host->line, "smtps://relay.example:465");
  EXPECT_EQ(smart_host->relay->tls, client::TlsLevel::verify);
  const auto local = (*routes)->find("RCPT TO:<\"a b\"@here.example>");
  ASSERT_TRUE(local);
  EXPECT_EQ(local->line, "maildir");
  EXPECT_EQ(local->local, "a b");
}

TEST_F(DeliveryRoutesTest, PostmasterHasTheDomainThatIsOurs) {
  const auto routes = make(kRoutes);
  const auto place = (*routes)->find("RCPT TO:<postmaster>");
  ASSERT_TRUE(place);
  EXPECT_EQ(place->domain, "here.example");
  EXPECT_EQ(place->local, "postmaster");
}

TEST_F(DeliveryRoutesTest, WhatIsNoRecipientHasNoPlace) {
  const auto routes = make(kRoutes);
  EXPECT_FALSE((*routes)->find("MAIL FROM:<a@b>"));
  EXPECT_FALSE((*routes)->find(""));
  EXPECT_FALSE((*routes)->find("RCPT TO:<nobody>"));
}

TEST_F(DeliveryRoutesTest, ThePasswordIsTheFirstLineOfItsFile) {
  const std::filesystem::path file = std::filesystem::path(testing::TempDir()) / "delivery_routes_password";
  std::ofstream(file) << "open sesame\nsomething else\n";
  const auto with = [&](const std::string& path) {
    return make(
        "[[route]]\ndomains = [\"*\"]\ndeliver = \"smtp://h.example:587\"\nuser = \"u\"\npassword_file = \"" +
        path + "\"\n");
  };
  const auto routes = with(file.string());
  ASSERT_TRUE(routes) << routes.error();
  const auto& login = (*routes)->relay[0].login;
  ASSERT_TRUE(login);
  EXPECT_EQ(login->credentials.user, "u");
  EXPECT_EQ(login->credentials.password.view(), "open sesame");
  const auto missing = with(file.string() + ".missing");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error(),
            "route[0].password_file: " + file.string() + ".missing: No such file or directory");
  std::ofstream(file) << "\n";
  EXPECT_FALSE(with(file.string())) << "an empty password";
  std::filesystem::remove(file);
}

}  // namespace
}  // namespace postrider::agent
