#include "postrider/server/authenticator.h"

#include <string>

#include <gtest/gtest.h>

namespace postrider::server {
namespace {

using protocol::sasl::Fault;

TEST(AuthRefusal, IsAReplyOfRfc4954ForEachFault) {
  for (std::size_t i = 0; i < protocol::sasl::kFaultCount; ++i) {
    const Reply reply = auth_refusal(static_cast<Fault>(i));
    EXPECT_TRUE(reply.code().transient() || reply.code().permanent());
    EXPECT_FALSE(reply.text().empty());
  }
  const auto shown = [](Fault fault) { return protocol::to_log_line(auth_refusal(fault).view()); };
  EXPECT_TRUE(shown(Fault::bad_base64).starts_with("501 5.5.2 "));
  EXPECT_TRUE(shown(Fault::too_long).starts_with("500 5.5.6 "));
  EXPECT_TRUE(shown(Fault::unknown_mechanism).starts_with("504 5.5.4 "));
  EXPECT_TRUE(shown(Fault::encryption_required).starts_with("538 5.7.11 "));
  EXPECT_TRUE(shown(Fault::unavailable).starts_with("454 4.7.0 "));
  EXPECT_TRUE(shown(Fault::refused).starts_with("535 5.7.8 "));
}

TEST(AuthRefusal, DoesNotTellWhatWasWrong) {
  const Reply refused = auth_refusal(Fault::refused);
  for (const Fault same : {Fault::not_authorized, Fault::binding_mismatch, Fault::forbidden_octets,
                           Fault::bad_nonce, Fault::downgraded}) {
    EXPECT_EQ(auth_refusal(same).text(), refused.text());
    EXPECT_EQ(auth_refusal(same).code(), refused.code());
  }
  EXPECT_EQ(protocol::to_log_line(auth_success().view()), "235 2.7.0 Authenticated");
}

}  // namespace
}  // namespace postrider::server
