#include "postrider/protocol/sasl/server.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "postrider/protocol/sasl/bounds.h"
#include "postrider/protocol/sasl/server_simple.h"
#include "postrider/tests/protocol/sasl/sasl_fixture.h"

namespace postrider::protocol::sasl {
namespace {

using namespace std::string_view_literals;

std::string shown(const ServerStep& step) {
  const auto fault = fault_of(step);
  return fault ? std::string(to_string(*fault)) : "step " + std::to_string(step.index());
}

// Asks for ever.
class Endless final : public ServerMechanism {
 public:
  ServerStep respond(std::string_view) override { return Challenge{"more"}; }
};

TEST(ServerExchange, TakesAnInitialResponseOrAsksForIt) {
  ServerExchange with(make_plain_server());
  EXPECT_EQ(shown(with.start("AHRpbQB4")), "step 1");
  ServerExchange without(make_plain_server());
  EXPECT_EQ(std::get<Challenge>(without.start(std::nullopt)).base64(), "");
  EXPECT_EQ(shown(without.line("AHRpbQB4")), "step 1");
  ServerExchange empty(make_external_server());
  EXPECT_EQ(shown(empty.start("=")), "step 4");
  EXPECT_EQ(Challenge{"Username:"}.base64(), "VXNlcm5hbWU6");
}

TEST(ServerExchange, RefusesWhatIsNoBase64) {
  for (const std::string_view bad : {"AHRpbQB"sv, "*"sv, "A==="sv, "AHRp bQB4"sv, "==="sv}) {
    EXPECT_EQ(shown(ServerExchange(make_plain_server()).start(bad)), "bad_base64") << bad;
  }
  ServerExchange exchange(make_login_server());
  (void)exchange.start(std::nullopt);
  EXPECT_EQ(shown(exchange.line("=")), "bad_base64");  // only an initial response may be written so
  EXPECT_EQ(shown(ServerExchange(make_plain_server()).start(std::string(12'292, 'A'))), "too_long");
}

TEST(ServerExchange, CallsOutOfOrderAreMisuse) {
  ServerExchange exchange(make_plain_server());
  EXPECT_EQ(shown(exchange.line("AHRpbQB4")), "misuse");
  EXPECT_EQ(shown(exchange.start("AHRpbQB4")), "misuse");  // the fault was the end
  ServerExchange asked(make_plain_server());
  (void)asked.start("AHRpbQB4");
  EXPECT_EQ(shown(asked.answer(StoredVerifier())), "misuse");
  ServerExchange good(make_plain_server());
  (void)good.start("AHRpbQB4");
  EXPECT_EQ(std::get<Success>(good.answer(Verdict{Verdict::Kind::accepted, ""})).user, "tim");
  EXPECT_EQ(shown(good.answer(Verdict{Verdict::Kind::accepted, ""})), "misuse");
}

TEST(ServerExchange, WhatCannotBeCheckedIsUnavailable) {
  ServerExchange exchange(make_plain_server());
  (void)exchange.start("AHRpbQB4");
  EXPECT_EQ(shown(exchange.answer(Verdict{Verdict::Kind::unavailable, ""})), "unavailable");
}

TEST(ServerExchange, EndsWhatWouldNotEnd) {
  ServerExchange exchange(std::make_unique<Endless>());
  ServerStep step = exchange.start(std::nullopt);
  unsigned lines = 0;
  while (std::holds_alternative<Challenge>(step)) {
    step = exchange.line("");
    ++lines;
  }
  EXPECT_EQ(shown(step), "out_of_order");
  EXPECT_EQ(lines, kMaxRounds + 1);
}

}  // namespace
}  // namespace postrider::protocol::sasl
