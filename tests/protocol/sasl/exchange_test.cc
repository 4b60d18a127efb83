// Clients against servers: whoever knows the password gets in, nobody else does, and no octet may be changed
// on the way.
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "postrider/tests/protocol/sasl/sasl_fixture.h"

namespace postrider::protocol::sasl {
namespace {

// What one run is about.
struct Setting {
  std::string user = "user";
  std::string password = "pencil";
  std::string typed = "pencil";
  bool known = true;
  std::uint32_t iterations = 4096;
  Mechanism which = Mechanism::scram_sha_256;
  std::string client_channel = "channel";
  std::string server_channel = "channel";
};

class Exchange : public testing::Test {
 protected:
  Outcome run(const Setting& setting, const Tamper& tamper = {}) {
    MechanismSet offered;
    offered.add(setting.which);
    if (setting.which == Mechanism::scram_sha_256) offered.add(Mechanism::scram_sha_256_plus);
    ClientConditions conditions;
    conditions.encrypted = true;
    conditions.only = setting.which;
    conditions.bindings = {{std::string(kTlsExporter), setting.client_channel}};
    auto client =
        ClientExchange::begin(offered, password_of(setting.user, setting.typed), conditions, primitives_);
    EXPECT_TRUE(client);
    ServerConditions connection;
    connection.encrypted = true;
    connection.bindings = {{std::string(kTlsExporter), setting.server_channel}};
    ServerExchange server(*registry_.make(to_string(setting.which), connection, primitives_));
    const ScramVerifier verifier =
        setting.known ? make_verifier(primitives_, setting.password, "salt", setting.iterations)
                      : decoy_verifier(primitives_, "key", setting.user, setting.iterations);
    const Accounts accounts = [&](ServerExchange& exchange, const ServerStep& step) {
      if (const auto* question = std::get_if<PasswordQuestion>(&step)) {
        const bool good = question->user == setting.user &&
                          matches_password(primitives_, verifier, question->password.view()) && setting.known;
        return exchange.answer(Verdict{good ? Verdict::Kind::accepted : Verdict::Kind::refused, ""});
      }
      StoredVerifier stored;
      stored.verifier = verifier;
      stored.known = setting.known;
      return exchange.answer(stored);
    };
    return converse(**client, server, accounts, tamper);
  }

  fuzz::ReferencePrimitives primitives_{1, 1};
  MechanismRegistry registry_ = standard_mechanisms({true, true, true, true});
};

// A text without NUL and controls: any printable octet, and some beyond ASCII.
std::string random_text(fuzz::SeededChoices& choices, std::uint32_t most) {
  static constexpr std::string_view kBeyond[] = {"é", "ß", "密", "😀", ",", "=", "=2C"};
  std::string text;
  const std::uint32_t size = 1 + choices.below(most);
  while (text.size() < size) {
    if (choices.below(4) == 3) {
      text += kBeyond[choices.below(7)];
    } else {
      text += static_cast<char>(0x20 + choices.below(0x5F));
    }
  }
  return text;
}

TEST_F(Exchange, WhoeverKnowsThePasswordGetsIn) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    fuzz::SeededChoices choices(seed);
    Setting setting;
    setting.user = random_text(choices, 60);
    setting.password = random_text(choices, 200);
    setting.typed = setting.password;
    setting.iterations = kLeastIterations + choices.below(10000);
    static constexpr Mechanism kEach[] = {Mechanism::scram_sha_256, Mechanism::scram_sha_256_plus,
                                          Mechanism::plain, Mechanism::login};
    setting.which = kEach[seed % 4];
    const Outcome good = run(setting);
    EXPECT_EQ(good.user, setting.user) << seed;
    EXPECT_FALSE(good.client) << seed;
    // The same with another password, and without such a user.
    Setting wrong = setting;
    wrong.typed += "x";
    EXPECT_EQ(run(wrong).server, Fault::refused) << seed;
    Setting unknown = setting;
    unknown.known = false;
    const Outcome nobody = run(unknown);
    EXPECT_EQ(nobody.server, Fault::refused) << seed;
    EXPECT_EQ(nobody.lines, run(wrong).lines);
  }
}

TEST_F(Exchange, AnotherChannelIsNoticed) {
  Setting setting;
  setting.which = Mechanism::scram_sha_256_plus;
  setting.client_channel = "the channel to somebody in between";
  EXPECT_EQ(run(setting).server, Fault::binding_mismatch);
}

// Every octet of every message of SCRAM, changed in a few ways, and each message cut or prolonged.
TEST_F(Exchange, NoOctetMayBeChanged) {
  for (const Mechanism which : {Mechanism::scram_sha_256, Mechanism::scram_sha_256_plus}) {
    Setting setting;
    setting.which = which;
    for (unsigned line = 0; line < 4; ++line) {
      std::size_t size = 0;
      run(setting, [&](bool, unsigned at, std::string& octets) {
        if (at == line) size = octets.size();
      });
      for (std::size_t i = 0; i <= size; ++i) {
        for (unsigned how = 0; how < 4; ++how) {
          bool changed = false;
          const Outcome outcome = run(setting, [&](bool, unsigned at, std::string& octets) {
            if (at != line) return;
            const std::string before = octets;
            if (i == size) {
              if (how < 2) octets += how == 0 ? "x" : ",x=y";
              if (how == 2 && !octets.empty()) octets.pop_back();
            } else if (how == 0) {
              octets[i] = static_cast<char>(octets[i] ^ 1);
            } else if (how == 1) {
              octets[i] = static_cast<char>(octets[i] ^ 0x20);
            } else if (how == 2) {
              octets.erase(i, 1);
            } else {
              octets.insert(i, 1, 'A');
            }
            changed = before != octets;
          });
          if (!changed) continue;
          // An extension behind the server's last message is allowed, and means nothing.
          if (line == 3 && i == size && how == 1) continue;
          EXPECT_TRUE(outcome.server || outcome.client)
              << to_string(which) << " line " << line << " octet " << i << " change " << how;
        }
      }
    }
  }
}

TEST_F(Exchange, AServerThatDoesNotKnowThePasswordIsNotBelieved) {
  // It lets the client in without having shown anything.
  MechanismSet offered;
  offered.add(Mechanism::scram_sha_256);
  ClientConditions conditions;
  conditions.encrypted = true;
  const auto client = ClientExchange::begin(offered, password_of("user", "pencil"), conditions, primitives_);
  ASSERT_TRUE(client);
  const auto initial = (*client)->initial();
  ASSERT_TRUE(initial);
  EXPECT_EQ((*client)->finish().error(), Fault::server_not_proven);
  const std::string said = from_base64(initial->view());
  const std::string nonce = said.substr(said.find("r="));
  ASSERT_TRUE((*client)->respond(to_base64(nonce + "x,s=QUJD,i=4096")));
  EXPECT_EQ((*client)->finish().error(), Fault::server_not_proven);
}

}  // namespace
}  // namespace postrider::protocol::sasl
