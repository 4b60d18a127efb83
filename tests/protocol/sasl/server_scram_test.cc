#include "postrider/protocol/sasl/server_scram.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "postrider/tests/protocol/sasl/sasl_fixture.h"

namespace postrider::protocol::sasl {
namespace {

constexpr std::string_view kClientFirst = "n,,n=user,r=rOprNGfwEbeRWgbNEkqO";
constexpr std::string_view kClientFinal =
    "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
    "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";

class ScramServerTest : public testing::Test {
 protected:
  std::unique_ptr<ServerMechanism> make(ScramServerKind kind = ScramServerKind::plain) {
    return make_scram_server(primitives_, kind,
                             {{"tls-exporter", "channel"}, {"tls-server-end-point", "hash"}},
                             "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0");
  }
  StoredVerifier stored() const {
    StoredVerifier stored;
    stored.verifier = verifier_;
    stored.known = true;
    return stored;
  }
  static std::string name(const ServerStep& step) {
    const auto fault = fault_of(step);
    return fault ? std::string(to_string(*fault)) : "step " + std::to_string(step.index());
  }

  fuzz::ReferencePrimitives primitives_{1};
  ScramVerifier verifier_ =
      make_verifier(primitives_, "pencil", from_base64("W22ZaJ0SNY7soEsUEjb6gQ=="), 4096);
};

TEST_F(ScramServerTest, SaysTheExampleOfRfc7677) {
  const auto server = make();
  EXPECT_EQ(std::get<Challenge>(server->start()).octets, "");
  EXPECT_EQ(std::get<VerifierQuestion>(server->respond(kClientFirst)).user, "user");
  EXPECT_EQ(std::get<Challenge>(server->on_verifier(stored())).octets,
            "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096");
  EXPECT_EQ(std::get<Challenge>(server->respond(kClientFinal)).octets,
            "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
  EXPECT_EQ(std::get<Success>(server->respond("")).user, "user");
  EXPECT_EQ(name(server->respond("")), "out_of_order");
}

TEST_F(ScramServerTest, ADecoyRefusesEvenAGoodProof) {
  const auto server = make();
  (void)server->respond(kClientFirst);
  StoredVerifier decoy = stored();
  decoy.known = false;
  EXPECT_TRUE(std::holds_alternative<Challenge>(server->on_verifier(decoy)));
  EXPECT_EQ(name(server->respond(kClientFinal)), "refused");
}

struct Row {
  ScramServerKind kind;
  std::string message;
  std::string_view result;
};

TEST_F(ScramServerTest, FirstMessages) {
  using enum ScramServerKind;
  const Row rows[] = {
      {plain, "n,,n=user,r=abc", "step 2"},
      {plain, "y,,n=user,r=abc", "step 2"},
      {plain_beside_plus, "n,,n=user,r=abc", "step 2"},
      {plain_beside_plus, "y,,n=user,r=abc", "downgraded"},
      {plain, "p=tls-exporter,,n=user,r=abc", "malformed"},
      {plain_beside_plus, "p=tls-exporter,,n=user,r=abc", "malformed"},
      {plus, "p=tls-exporter,,n=user,r=abc", "step 2"},
      {plus, "p=tls-server-end-point,,n=user,r=abc", "step 2"},
      {plus, "p=tls-unique,,n=user,r=abc", "binding_unknown"},
      {plus, "n,,n=user,r=abc", "malformed"},
      {plus, "y,,n=user,r=abc", "malformed"},
      {plain, "n,a=user,n=user,r=abc", "step 2"},
      {plain, "n,a=other,n=user,r=abc", "not_authorized"},
      {plain, "n,,m=x,n=user,r=abc", "unknown_extension"},
      {plain, "", "malformed"},
      {plain, std::string(kClientFinal), "malformed"},
      {plain, "n,,n=user,r=" + std::string(kMaxNonce, 'x'), "too_long"},
  };
  for (const Row& row : rows) {
    const auto server = make(row.kind);
    const ServerStep step = server->respond(row.message);
    EXPECT_EQ(name(step), row.result) << row.message;
    if (fault_of(step)) {
      EXPECT_EQ(name(server->respond("n,,n=user,r=abc")), "out_of_order");
    }
  }
}

TEST_F(ScramServerTest, FinalMessages) {
  const std::string good(kClientFinal);
  const auto with = [&](std::string_view what, std::string_view by) {
    std::string changed = good;
    return changed.replace(changed.find(what), what.size(), by);
  };
  const std::pair<std::string, std::string_view> rows[] = {
      {"", "malformed"},
      {good.substr(0, good.find(",p=")), "malformed"},
      {with("r=rOpr", "r=rOpx"), "bad_nonce"},
      {with("$k0", "$k"), "bad_nonce"},
      {with("biws", to_base64("y,,")), "binding_mismatch"},
      {with("biws", to_base64("n,,x")), "binding_mismatch"},
      {with("dVQ=", "dVR="), "malformed"},  // bits that stand for nothing
      {with("p=dHz", "p=eHz"), "refused"},
      {with(",p=", ",x=y,p="), "refused"},
      {std::string(kClientFirst), "malformed"},
  };
  for (const auto& [message, fault] : rows) {
    const auto server = make();
    (void)server->respond(kClientFirst);
    (void)server->on_verifier(stored());
    EXPECT_EQ(name(server->respond(message)), fault) << message;
    EXPECT_EQ(name(server->respond(good)), "out_of_order");
  }
}

TEST_F(ScramServerTest, NothingBelongsBehindTheProof) {
  const auto server = make();
  (void)server->respond(kClientFirst);
  (void)server->on_verifier(stored());
  (void)server->respond(kClientFinal);
  EXPECT_EQ(name(server->respond("x")), "malformed");
}

TEST_F(ScramServerTest, TheAccountsSpellingIsTheResult) {
  const auto server = make();
  (void)server->respond(kClientFirst);
  StoredVerifier other = stored();
  other.user = "USER";
  (void)server->on_verifier(other);
  (void)server->respond(kClientFinal);
  EXPECT_EQ(std::get<Success>(server->respond("")).user, "USER");
}

}  // namespace
}  // namespace postrider::protocol::sasl
