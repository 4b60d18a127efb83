#include "postrider/agent/route/maildir_path.h"

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace postrider::agent {
namespace {

namespace fs = std::filesystem;

MaildirPath path_of(std::string_view text) { return MaildirPath::parse(text).value(); }

TEST(MaildirPath, ExpandsItsPlaceholders) {
  EXPECT_EQ(path_of("/m/{domain}/{local}").expand("bob", "example.org"), "/m/example.org/bob");
  EXPECT_EQ(path_of("/m/{local}@{domain}/{local}").expand("a", "b"), "/m/a@b/a");
  EXPECT_EQ(path_of("/m/one").expand("a", "b"), "/m/one");
  EXPECT_EQ(path_of("/m/{domain}").expand("../x", "b"), "/m/b") << "the local part is not used";
}

TEST(MaildirPath, FoldsToLowerCase) {
  EXPECT_EQ(path_of("/m/{domain}/{local}").expand("Bob.Smith", "Example.ORG"), "/m/example.org/bob.smith");
}

TEST(MaildirPath, KeepsOddButHarmlessNames) {
  const MaildirPath path = path_of("/m/{local}");
  for (const std::string_view local :
       {"a b", "a..b", "a.", "~", "-rf", "a\"b", "\\", "*", "$(x)", "a\xc3\xa4", "a@b", "tmp"}) {
    EXPECT_EQ(path.expand(local, "d"), fs::path("/m") / local) << local;
  }
}

TEST(MaildirPath, RefusesWhatCouldLeaveTheFolder) {
  const MaildirPath path = path_of("/m/{domain}/{local}");
  const std::vector<std::string> bad{"",
                                     ".",
                                     "..",
                                     "../x",
                                     "a/b",
                                     "/",
                                     "/etc",
                                     ".hidden",
                                     "a/../b",
                                     "...",
                                     std::string("a\0b", 3),
                                     std::string(1, '\0'),
                                     "a\nb",
                                     "a\rb",
                                     "\x7f",
                                     "a\tb",
                                     std::string(256, 'a')};
  for (const std::string& value : bad) {
    EXPECT_EQ(path.expand(value, "d"), std::nullopt) << value;
    EXPECT_EQ(path.expand("l", value), std::nullopt) << value;
  }
}

TEST(MaildirPath, RefusesNamesThatGetTooLong) {
  const std::string most(255, 'a');
  EXPECT_TRUE(path_of("/m/{local}").expand(most, "d"));
  EXPECT_FALSE(path_of("/m/x{local}").expand(most, "d"));
  EXPECT_FALSE(path_of("/m/{local}{domain}").expand(std::string(200, 'a'), std::string(200, 'b')));
}

TEST(MaildirPath, FindsTheFoldersThatExist) {
  const fs::path root = fs::path(testing::TempDir()) / "postrider-maildir-path";
  fs::remove_all(root);
  for (const char* folder : {"a.example/bob/tmp", "a.example/eve/tmp", "b.example/box-al/tmp",
                             "b.example/none", ".hidden/bob/tmp"}) {
    fs::create_directories(root / folder);
  }
  fs::create_directory_symlink("/", root / "link");
  MaildirPath path = path_of("./{domain}/{local}/");
  path.resolve_in(root);
  std::vector<fs::path> found = path.existing();
  std::ranges::sort(found);
  const std::vector<fs::path> expected{root / "a.example/bob", root / "a.example/eve",
                                       root / "b.example/box-al"};
  EXPECT_EQ(found, expected);

  MaildirPath boxes = path_of("{domain}/box-{local}");
  boxes.resolve_in(root);
  EXPECT_EQ(boxes.existing(), std::vector<fs::path>{root / "b.example/box-al"});
  MaildirPath missing = path_of("/nowhere/at/all/{local}");
  EXPECT_TRUE(missing.existing().empty());
  fs::remove_all(root);
}

}  // namespace
}  // namespace postrider::agent
