#include "postrider/agent/config/not_built.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "postrider/agent/config/default_config.h"

namespace postrider::agent {
namespace {

std::vector<std::string> refused(std::string_view toml) {
  const ConfigResult loaded = read_config(toml, "t", "/");
  std::vector<std::string> out;
  if (!loaded) {
    ADD_FAILURE() << toml << ": " << loaded.error().front().to_text();
    return out;
  }
  for (const ConfigProblem& problem : not_built_yet(*loaded)) out.push_back(problem.to_text());
  return out;
}

constexpr std::string_view kListener = "[[listen]]\naddress = \"127.0.0.1:1\"\n";
constexpr std::string_view kLocal = "[[route]]\ndomains = [\"here\"]\ndeliver = \"discard\"\n";

std::string with(std::string_view listener_keys, std::string_view routes) {
  return std::string(kListener).append(listener_keys).append(routes);
}

TEST(NotBuilt, LetsThroughWhatThisVersionDoes) {
  EXPECT_TRUE(refused("").empty());
  EXPECT_TRUE(refused("[log]\nlevel = \"debug\"").empty());
  for (const std::string_view role : {"mx", "submission", "lmtp", "sink"}) {
    for (const std::string_view tls : {"none", "starttls", "implicit"}) {
      if (role == "submission" && tls == "none") continue;
      const std::string keys = "role = \"" + std::string(role) + "\"\ntls = \"" + std::string(tls) + "\"\n";
      EXPECT_TRUE(refused(with(keys, kLocal)).empty()) << keys;
    }
  }
  EXPECT_TRUE(refused("[console]\naddress = \"\"").empty());
  EXPECT_TRUE(refused("[tls]\nbackend = \"openssl\"\n[queue]\nstore = \"memory\"\n[accounts]\nfile = \"a\"\n"
                      "[resolver]\nbackend = \"unbound\"")
                  .empty());
}

TEST(NotBuilt, RefusesWhatLaterVersionsBring) {
  struct Case {
    std::string toml;
    std::string_view where;
  };
  const std::vector<Case> table{
      {"[console]\naddress = \"127.0.0.1:8026\"", "t:2: console.address: not built yet: "},
      {"[queue]\nstore = \"postgresql\"\nurl = \"postgresql://localhost/mail\"",
       "t:2: queue.store: not built yet: "},
  };
  for (const Case& each : table) {
    const std::vector<std::string> found = refused(each.toml);
    ASSERT_EQ(found.size(), 1U) << each.toml;
    EXPECT_TRUE(found[0].starts_with(each.where)) << found[0];
  }
}

TEST(NotBuilt, EveryDestinationIsServed) {
  for (const std::string_view deliver :
       {"mx", "mx:26", "smtp://h:25", "smtps://h:465", "lmtp://h:24", "lmtp+unix:/run/lmtp"}) {
    const std::string route =
        "[[route]]\ndomains = [\"there\"]\ndeliver = \"" + std::string(deliver) + "\"\n";
    EXPECT_TRUE(refused(with("relay_from = [\"127.0.0.0/8\"]\n", route)).empty()) << deliver;
  }
}

TEST(NotBuilt, TheDefaultsRunAsAFileToo) { EXPECT_TRUE(refused(default_config_text()).empty()); }

TEST(NotBuilt, TheEmbeddedDefaultsRunWithoutTheirConsole) {
  const LoadedConfig loaded = embedded_config();
  EXPECT_TRUE(not_built_yet(loaded).empty());
  const std::vector<std::string> expected{
      "not built yet: the console on 127.0.0.1:8025 is not opened",
  };
  EXPECT_EQ(left_out_of_defaults(loaded), expected);
  const Config config = without_what_is_not_built(loaded);
  ASSERT_EQ(config.listeners.size(), 3U);
  EXPECT_EQ(config.listeners[0].address, (HostPort{"127.0.0.1", 2525}));
  EXPECT_EQ(effective_tls(config.listeners[0]), ListenerTls::starttls);
  EXPECT_FALSE(config.console.address);
}

}  // namespace
}  // namespace postrider::agent
