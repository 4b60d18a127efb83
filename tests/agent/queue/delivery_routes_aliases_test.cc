#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "postrider/agent/accounts/sasl_primitives.h"
#include "postrider/agent/queue/delivery_routes.h"

namespace postrider::agent {
namespace {

class DeliveryRoutesAliasesTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto* const test = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = std::filesystem::path(testing::TempDir()) /
              ("postrider-delivery-aliases-" + std::string(test->name()));
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    config_.hostname = "mx.example.org";
    route("example.org", parse_destination("maildir:/m/{local}").value());
    route("gone.example", Reject{"Gone"});
    route("*", ToMx{});
    config_.aliases.file = folder_ / "aliases";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void route(std::string domain, Destination destination) {
    RouteConfig& added = config_.routes.emplace_back();
    added.route.domains.push_back(std::move(domain));
    added.route.destination = std::move(destination);
  }
  void aliases(std::string_view text) const {
    std::ofstream(*config_.aliases.file, std::ios::binary) << text;
  }

  // "address line" of each, or the error.
  std::vector<std::string> targets_of(std::string_view address) const {
    const auto routes = DeliveryRoutes::make(config_, primitives_);
    if (!routes) return {routes.error()};
    std::vector<std::string> out;
    for (const DeliveryRoutes::Target& each : (*routes)->targets_of(address)) {
      out.push_back(each.address + " " + each.place.line);
    }
    return out;
  }

  std::filesystem::path folder_;
  SaslPrimitives primitives_;
  Config config_;
};

using Texts = std::vector<std::string>;

TEST_F(DeliveryRoutesAliasesTest, WhatWeSendOurselvesGoesByTheAliases) {
  aliases("info: bob, carol@else.example, dan@gone.example\na: b@gone.example\n");
  EXPECT_EQ(targets_of("info@example.org"),
            (Texts{"bob@example.org maildir", "carol@else.example mx:else.example"}));
  EXPECT_EQ(targets_of("Bob@example.org"), Texts{"Bob@example.org maildir"});
  EXPECT_EQ(targets_of("info@else.example"), Texts{"info@else.example mx:else.example"});
  EXPECT_EQ(targets_of("a@example.org"), Texts{});
  EXPECT_EQ(targets_of("x@gone.example"), Texts{});
  EXPECT_EQ(targets_of(""), Texts{});
  config_.aliases.file.reset();
  EXPECT_EQ(targets_of("info@example.org"), Texts{"info@example.org maildir"});
}

TEST_F(DeliveryRoutesAliasesTest, ABadAliasFileIsAnError) {
  aliases("info: |x\n");
  ASSERT_EQ(targets_of("info@example.org").size(), 1U);
  EXPECT_NE(targets_of("info@example.org")[0].find("aliases:1: \"|x\" is a command"), std::string::npos);
}

}  // namespace
}  // namespace postrider::agent
