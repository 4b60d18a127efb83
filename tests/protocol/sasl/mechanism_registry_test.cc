#include "postrider/protocol/sasl/mechanism_registry.h"

#include <string>

#include <gtest/gtest.h>

#include "postrider/tests/protocol/sasl/sasl_fixture.h"

namespace postrider::protocol::sasl {
namespace {

const StandardMechanisms kAll{true, true, true, true};

std::string offered(const MechanismRegistry& registry, const ServerConditions& conditions) {
  Capabilities capabilities;
  registry.offer(conditions, capabilities);
  std::string text;
  write_ehlo_text("mx", capabilities, text);
  return text;
}

ServerConditions under_tls() {
  ServerConditions conditions;
  conditions.encrypted = true;
  return conditions;
}

// Lets everybody in whose ticket is "good".
class Ticket final : public ServerMechanism {
 public:
  ServerStep respond(std::string_view octets) override {
    if (octets == "good") return Success{"ticket holder"};
    return Failure{Fault::refused};
  }
};

TEST(MechanismRegistry, OffersWhatTheConnectionAllows) {
  const MechanismRegistry registry = standard_mechanisms(kAll);
  ServerConditions conditions;
  EXPECT_EQ(offered(registry, conditions), "mx");
  conditions.bindings = {{"tls-exporter", "x"}};
  conditions.certificate = true;
  EXPECT_EQ(offered(registry, conditions), "mx");  // nothing at all in clear
  EXPECT_EQ(offered(registry, under_tls()), "mx\nAUTH SCRAM-SHA-256 OAUTHBEARER XOAUTH2 PLAIN LOGIN");
  conditions.encrypted = true;
  EXPECT_EQ(offered(registry, conditions),
            "mx\nAUTH EXTERNAL SCRAM-SHA-256-PLUS SCRAM-SHA-256 OAUTHBEARER XOAUTH2 PLAIN LOGIN");
  EXPECT_EQ(offered(standard_mechanisms({}), under_tls()), "mx\nAUTH SCRAM-SHA-256 PLAIN LOGIN");
}

TEST(MechanismRegistry, MakesWhatItOffersAndNothingElse) {
  const fuzz::ReferencePrimitives primitives(1);
  const MechanismRegistry registry = standard_mechanisms(kAll);
  EXPECT_TRUE(registry.make("plain", under_tls(), primitives));
  EXPECT_EQ(registry.make("PLAIN", {}, primitives).error(), Fault::encryption_required);
  EXPECT_EQ(registry.make("SCRAM-SHA-256-PLUS", under_tls(), primitives).error(), Fault::unknown_mechanism);
  EXPECT_EQ(registry.make("EXTERNAL", under_tls(), primitives).error(), Fault::unknown_mechanism);
  EXPECT_EQ(registry.make("CRAM-MD5", under_tls(), primitives).error(), Fault::unknown_mechanism);
  EXPECT_EQ(registry.make("", under_tls(), primitives).error(), Fault::unknown_mechanism);
}

TEST(MechanismRegistry, TakesMechanismsOfItsUsers) {
  const fuzz::ReferencePrimitives primitives(1);
  MechanismRegistry registry = standard_mechanisms({true, false, false, false});
  EXPECT_TRUE(registry.add(
      {"X-TICKET", Needs::nothing, [](const MechanismContext&) { return std::make_unique<Ticket>(); }}));
  registry.remove("login");
  EXPECT_EQ(offered(registry, {}), "mx\nAUTH X-TICKET");
  EXPECT_EQ(offered(registry, under_tls()), "mx\nAUTH PLAIN X-TICKET");
  ServerExchange exchange(*registry.make("x-ticket", {}, primitives));
  EXPECT_EQ(std::get<Success>(exchange.start(to_base64("good"))).user, "ticket holder");
  for (const std::string name : {"", "x", "A B", "ABCDEFGHIJKLMNOPQRSTU"}) {
    EXPECT_FALSE(registry.add(
        {name, Needs::nothing, [](const MechanismContext&) { return std::make_unique<Ticket>(); }}));
  }
  EXPECT_FALSE(registry.add({"X-NOTHING", Needs::nothing, {}}));
}

TEST(MechanismRegistry, ScramKnowsWhetherPlusIsOffered) {
  const fuzz::ReferencePrimitives primitives(1);
  const MechanismRegistry registry = standard_mechanisms(kAll);
  ServerConditions conditions = under_tls();
  const std::string first = to_base64("y,,n=user,r=abc");
  ServerExchange alone(*registry.make("SCRAM-SHA-256", conditions, primitives));
  EXPECT_TRUE(std::holds_alternative<VerifierQuestion>(alone.start(first)));
  conditions.bindings = {{"tls-exporter", "x"}};
  ServerExchange beside(*registry.make("SCRAM-SHA-256", conditions, primitives));
  EXPECT_EQ(fault_of(beside.start(first)), Fault::downgraded);
}

}  // namespace
}  // namespace postrider::protocol::sasl
