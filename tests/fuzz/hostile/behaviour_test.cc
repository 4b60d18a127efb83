#include "postrider/fuzz/hostile/behaviour.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

namespace postrider::fuzz {
namespace {

bool equal(const Script& a, const Script& b) {
  for (std::size_t at = 0; at < kStages; ++at) {
    if (a.acts[at].size() != b.acts[at].size()) return false;
    for (std::size_t each = 0; each < a.acts[at].size(); ++each) {
      if (a.acts[at][each].deed != b.acts[at][each].deed) return false;
      if (a.acts[at][each].octets != b.acts[at][each].octets) return false;
    }
  }
  return a.offers == b.offers && a.tls == b.tls && a.tls_octets == b.tls_octets && a.slow == b.slow;
}

TEST(HostileBehaviour, HasANameOfItsOwnAndSaysWhatItBreaks) {
  std::set<std::string> names;
  for (const Behaviour& each : behaviours()) {
    EXPECT_TRUE(names.insert(each.name).second) << each.name;
    EXPECT_FALSE(each.what.empty()) << each.name;
    EXPECT_TRUE(each.clause == "-" || each.clause.starts_with("RFC ")) << each.name;
    EXPECT_EQ(find_behaviour(each.name), &each);
    // It has to fit into the local-part of an address (RFC 5321 4.5.3.1.1).
    EXPECT_LE(each.name.size(), 64U) << each.name;
    EXPECT_EQ(each.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-"), std::string::npos)
        << each.name;
  }
  EXPECT_EQ(behaviours().front().name, "polite");
  EXPECT_EQ(behaviours().back().name, "generated");
  EXPECT_GE(names.size(), 200U);
  EXPECT_EQ(find_behaviour("no-such"), nullptr);
}

TEST(HostileBehaviour, DoesSomethingThatAPoliteServerDoesNot) {
  const Script polite = find_behaviour("polite")->script(0);
  for (const Behaviour& each : behaviours()) {
    if (each.name == "polite") continue;
    const Script script = each.script(1);
    const bool differs = !equal(script, polite) || script.drops_group || !script.offers_encrypted.empty();
    EXPECT_TRUE(differs) << each.name;
  }
}

TEST(HostileBehaviour, IsTheSameForTheSameSeed) {
  for (const Behaviour& each : behaviours()) EXPECT_TRUE(equal(each.script(7), each.script(7))) << each.name;
  int different = 0;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    if (!equal(generated_script(seed), generated_script(seed + 1))) ++different;
  }
  EXPECT_GE(different, 45);
}

}  // namespace
}  // namespace postrider::fuzz
