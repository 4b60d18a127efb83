#include "postrider/agent/alias/alias_file.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace postrider::agent {
namespace {

class AliasFileTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto* const test = testing::UnitTest::GetInstance()->current_test_info();
    folder_ =
        std::filesystem::path(testing::TempDir()) / ("postrider-alias-file-" + std::string(test->name()));
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    config_.hostname = "mx.example.org";
    config_.aliases.file = folder_ / "aliases";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void write(std::string_view text) const { std::ofstream(*config_.aliases.file, std::ios::binary) << text; }

  // The problems without the folder; "" when there are none.
  std::string load() const {
    const auto aliases = load_aliases(config_, routes_);
    if (aliases) return "";
    std::string text = to_text(aliases.error());
    for (std::size_t at = 0; (at = text.find(folder_.native() + "/")) != std::string::npos;) {
      text.erase(at, folder_.native().size() + 1);
    }
    return text;
  }

  std::filesystem::path folder_;
  Config config_;
  const RouteTable routes_{std::vector<Route>{{{"example.org"}, Discard{}}, {{"*"}, Discard{}}}};
};

TEST_F(AliasFileTest, IsLookedForWhereTheConfigurationSays) {
  EXPECT_EQ(load(), "aliases: cannot be opened; make the file, or leave out \"file\" in [aliases]");
  write("a: b\n");
  EXPECT_EQ(load(), "");
  const auto aliases = load_aliases(config_, routes_);
  ASSERT_TRUE(aliases && *aliases);
  EXPECT_EQ((*aliases)->expand("a", "example.org", routes_).value().at(0).local, "b");
  config_.aliases.file = folder_;
  EXPECT_NE(load().find("is a folder, not a file of aliases"), std::string::npos);
}

TEST_F(AliasFileTest, NothingIsLookedUpWhereNothingIsSaid) {
  write("# nobody yet\n");
  EXPECT_EQ(load_aliases(config_, routes_).value(), nullptr);
  config_.aliases.file.reset();
  EXPECT_EQ(load_aliases(config_, routes_).value(), nullptr);
  config_.aliases.tag = "+";
  EXPECT_NE(load_aliases(config_, routes_).value(), nullptr);
}

TEST_F(AliasFileTest, TellsAllProblems) {
  write("a: |x\nb: /y\n");
  EXPECT_NE(load().find("aliases:1: "), std::string::npos);
  EXPECT_NE(load().find("; aliases:2: "), std::string::npos);
  write("a@else.example: b\n");
  EXPECT_NE(load().find("aliases:1: \"else.example\" is not ours"), std::string::npos);
}

TEST_F(AliasFileTest, HasABound) {
  std::string text(kLargestAliasFile, '\n');
  write(text);
  EXPECT_EQ(load(), "");
  write(text + "\n");
  EXPECT_EQ(load(), "aliases: is larger than 16 MiB");
}

}  // namespace
}  // namespace postrider::agent
