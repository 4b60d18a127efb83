#include "postrider/transport/tls/channel_bindings.h"

#include <gtest/gtest.h>

namespace postrider::transport {
namespace {

namespace sasl = protocol::sasl;

TEST(ChannelBindingsTest, TheBetterOneComesFirst) {
  TlsInfo info;
  info.tls_exporter = "exported";
  info.tls_server_end_point = "hash";
  const auto both = channel_bindings(&info);
  ASSERT_EQ(both.size(), 2U);
  EXPECT_EQ(both[0].type, sasl::kTlsExporter);
  EXPECT_EQ(both[0].octets, "exported");
  EXPECT_EQ(both[1].type, sasl::kTlsServerEndPoint);
  EXPECT_EQ(both[1].octets, "hash");
}

TEST(ChannelBindingsTest, WhatIsNotSoundIsLeftOut) {
  TlsInfo info;
  EXPECT_TRUE(channel_bindings(&info).empty());
  info.tls_server_end_point = "hash";
  ASSERT_EQ(channel_bindings(&info).size(), 1U);
  EXPECT_EQ(channel_bindings(&info)[0].type, sasl::kTlsServerEndPoint);
  EXPECT_TRUE(channel_bindings(nullptr).empty());
}

}  // namespace
}  // namespace postrider::transport
