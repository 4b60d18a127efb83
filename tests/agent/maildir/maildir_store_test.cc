#include "postrider/agent/maildir/maildir_store.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "postrider/tests/agent/maildir/model_files.h"

namespace postrider::agent {
namespace {

namespace fs = std::filesystem;

std::string content_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

std::vector<fs::path> files_in(const fs::path& folder) {
  std::vector<fs::path> out;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) out.push_back(entry.path());
  return out;
}

std::vector<int> committed(MaildirStore::Message message) {
  std::promise<std::vector<int>> promise;
  message.commit([&](std::vector<int> errors) { promise.set_value(std::move(errors)); });
  return promise.get_future().get();
}

int spilled(MaildirStore::Message& message) {
  std::promise<int> promise;
  message.spill([&](int error) { promise.set_value(error); });
  return promise.get_future().get();
}

class MaildirStoreTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto* const test = testing::UnitTest::GetInstance()->current_test_info();
    root_ = fs::path(testing::TempDir()) / ("postrider-store-" + std::string(test->name()));
    fs::remove_all(root_);
    fs::create_directories(root_);
  }
  void TearDown() override { fs::remove_all(root_); }

  fs::path root_;
};

TEST_F(MaildirStoreTest, WritesHeaderAndContentOctetForOctet) {
  MaildirStore store(MaildirOptions{});
  const fs::path mailbox = root_ / "example.org" / "bob";
  std::string content = "Subject: x\r\n\r\n";
  for (int octet = 0; octet < 256; ++octet) content += static_cast<char>(octet);
  auto message = store.begin("Return-Path: <>\r\n", std::vector<fs::path>{mailbox}, Recipients::together);
  EXPECT_FALSE(message.append(content));
  EXPECT_EQ(committed(std::move(message)), std::vector<int>{0});
  const std::vector<fs::path> files = files_in(mailbox / "new");
  ASSERT_EQ(files.size(), 1U);
  EXPECT_EQ(content_of(files[0]), "Return-Path: <>\r\n" + content);
  EXPECT_TRUE(files_in(mailbox / "tmp").empty());
  EXPECT_TRUE(fs::is_directory(mailbox / "cur"));
  struct stat status{};
  ASSERT_EQ(::stat(files[0].c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0600U);
  for (const fs::path& folder :
       {root_ / "example.org", mailbox, mailbox / "new", mailbox / "tmp", mailbox / "cur"}) {
    ASSERT_EQ(::stat(folder.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777U, 0700U) << folder;
  }
}

TEST_F(MaildirStoreTest, SpillsWhatDoesNotFitIntoItsBuffer) {
  MaildirOptions options;
  options.buffer = 1000;
  MaildirStore store(options);
  const fs::path mailbox = root_ / "bob";
  auto message = store.begin("H: h\r\n", std::vector<fs::path>{mailbox}, Recipients::together);
  std::string expected = "H: h\r\n";
  int spills = 0;
  for (int i = 0; i < 100; ++i) {
    const std::string line = std::string(98, static_cast<char>('a' + i % 26)) + "\r\n";
    expected += line;
    if (!message.append(line)) continue;
    ++spills;
    ASSERT_EQ(spilled(message), 0);
    EXPECT_EQ(files_in(mailbox / "tmp").size(), 1U);
    EXPECT_TRUE(files_in(mailbox / "new").empty());
  }
  EXPECT_GE(spills, 9);
  EXPECT_EQ(committed(std::move(message)), std::vector<int>{0});
  ASSERT_EQ(files_in(mailbox / "new").size(), 1U);
  EXPECT_EQ(content_of(files_in(mailbox / "new")[0]), expected);
}

TEST_F(MaildirStoreTest, AMailboxNamedTwiceGetsTheMessageOnce) {
  MaildirStore store(MaildirOptions{});
  const std::vector<fs::path> mailboxes{root_ / "a", root_ / "b", root_ / "a"};
  auto message = store.begin("H: h\r\n", mailboxes, Recipients::together);
  EXPECT_EQ(committed(std::move(message)), (std::vector<int>{0, 0, 0}));
  EXPECT_EQ(files_in(root_ / "a" / "new").size(), 1U);
  EXPECT_EQ(files_in(root_ / "b" / "new").size(), 1U);
}

TEST_F(MaildirStoreTest, AMessageThatIsNotCommittedLeavesNothing) {
  {
    MaildirStore store(MaildirOptions{});
    auto unwritten = store.begin("H: h\r\n", std::vector<fs::path>{root_ / "a"}, Recipients::together);
    auto message = store.begin("H: h\r\n", std::vector<fs::path>{root_ / "b"}, Recipients::together);
    ASSERT_EQ(spilled(message), 0);
    EXPECT_EQ(files_in(root_ / "b" / "tmp").size(), 1U);
  }
  EXPECT_TRUE(files_in(root_ / "b" / "tmp").empty());
  EXPECT_TRUE(files_in(root_ / "b" / "new").empty());
  EXPECT_FALSE(fs::exists(root_ / "a"));
}

TEST_F(MaildirStoreTest, AMessageMayOutliveItsStore) {
  auto store = std::make_unique<MaildirStore>(MaildirOptions{});
  {
    auto message = store->begin("H: h\r\n", std::vector<fs::path>{root_ / "b"}, Recipients::together);
    ASSERT_EQ(spilled(message), 0);
    store.reset();
  }
  EXPECT_TRUE(files_in(root_ / "b" / "tmp").empty());
}

TEST_F(MaildirStoreTest, ManyMessagesAtOnceAllArrive) {
  constexpr int kMessages = 300;
  std::atomic<int> good = 0;
  {
    MaildirStore store(MaildirOptions{});
    for (int i = 0; i < kMessages; ++i) {
      const std::vector<fs::path> mailboxes{root_ / std::to_string(i % 3), root_ / "all"};
      auto message = store.begin("N: " + std::to_string(i) + "\r\n", mailboxes, Recipients::together);
      message.commit(
          [&](const std::vector<int>& errors) { good += errors == std::vector<int>{0, 0} ? 1 : 0; });
    }
  }
  EXPECT_EQ(good, kMessages);
  EXPECT_EQ(files_in(root_ / "all" / "new").size(), static_cast<std::size_t>(kMessages));
  EXPECT_EQ(files_in(root_ / "0" / "new").size(), static_cast<std::size_t>(kMessages / 3));
}

TEST_F(MaildirStoreTest, ToldErrorsAreThoseOfTheDisk) {
  std::ofstream(root_ / "file") << "in the way";
  MaildirStore store(MaildirOptions{});
  const std::vector<fs::path> mailboxes{root_ / "good", root_ / "file" / "bob"};
  auto apart = store.begin("H: h\r\n", mailboxes, Recipients::apart);
  EXPECT_EQ(committed(std::move(apart)), (std::vector<int>{0, ENOTDIR}));
  auto together = store.begin("H: h\r\n", mailboxes, Recipients::together);
  EXPECT_EQ(committed(std::move(together)), (std::vector<int>{ENOTDIR, ENOTDIR}));
  EXPECT_EQ(files_in(root_ / "good" / "new").size(), 1U);
  EXPECT_TRUE(files_in(root_ / "good" / "tmp").empty());
}

TEST_F(MaildirStoreTest, CleansLeftovers) {
  const fs::path tmp = root_ / "bob" / "tmp";
  fs::create_directories(tmp);
  std::ofstream(tmp / "old") << "x";
  std::ofstream(tmp / "young") << "x";
  fs::last_write_time(tmp / "old", fs::file_time_type::clock::now() - std::chrono::hours(40));
  MaildirStore store(MaildirOptions{});
  std::promise<std::size_t> removed;
  store.clean({root_ / "bob"}, [&](std::size_t count) { removed.set_value(count); });
  EXPECT_EQ(removed.get_future().get(), 1U);
  EXPECT_EQ(files_in(tmp), std::vector<fs::path>{tmp / "young"});
}

TEST(MaildirStoreErrors, AFullDiskIsToldAtTheSpillAndAtTheEnd) {
  ModelFiles files;
  files.add_folder("/mail");
  files.fail_always("write", ENOSPC);
  transport::ManualClock clock;
  MaildirStore store(MaildirOptions{}, files, clock);
  auto message = store.begin("H: h\r\n", std::vector<fs::path>{"/mail/bob"}, Recipients::together);
  EXPECT_EQ(spilled(message), ENOSPC);
  EXPECT_EQ(committed(std::move(message)), std::vector<int>{ENOSPC});
  EXPECT_TRUE(files.names().empty());
  EXPECT_EQ(files.open_files(), 0U);
}

// The real file system with room for so many octets, for machines on which a test may not mount a small disk.
class SmallDisk final : public FileOperations {
 public:
  explicit SmallDisk(std::size_t room) : room_(room) {}

  std::expected<int, int> create(const Path& path) override { return real_.create(path); }
  int write(int file, std::string_view octets) override {
    const std::size_t fits = std::min(octets.size(), room_.load());
    room_ -= fits;
    const int error = real_.write(file, octets.substr(0, fits));
    return error == 0 && fits < octets.size() ? ENOSPC : error;
  }
  int copy(const Path& from, int file) override { return real_.copy(from, file); }
  void start_writing_back(int file) override { real_.start_writing_back(file); }
  int sync(int file) override { return real_.sync(file); }
  int close(int file) override { return real_.close(file); }
  int link(const Path& from, const Path& to) override { return real_.link(from, to); }
  int rename(const Path& from, const Path& to) override { return real_.rename(from, to); }
  int remove(const Path& path) override {
    room_ += fs::file_size(path);
    return real_.remove(path);
  }
  int make_folder(const Path& path) override { return real_.make_folder(path); }
  int sync_folder(const Path& path) override { return real_.sync_folder(path); }
  std::vector<Entry> files(const Path& folder) override { return real_.files(folder); }

 private:
  FileOperations& real_ = system_files();
  std::atomic<std::size_t> room_;
};

TEST_F(MaildirStoreTest, AReallyFullDiskLosesNothing) {
  const fs::path disk = root_ / "disk";
  fs::create_directories(disk);
  constexpr std::size_t kRoom = std::size_t{256} << 10;
  const bool mounted = ::mount("none", disk.c_str(), "tmpfs", 0, "size=256k") == 0;
  SmallDisk small(kRoom);
  {
    MaildirStore store(MaildirOptions{}, mounted ? system_files() : small);
    const std::vector<fs::path> mailboxes{disk / "bob"};
    auto first = store.begin("H: first\r\n", mailboxes, Recipients::together);
    EXPECT_EQ(committed(std::move(first)), std::vector<int>{0});
    auto large = store.begin("H: large\r\n", mailboxes, Recipients::together);
    EXPECT_TRUE(large.append(std::string(4 * kRoom, 'x')));
    EXPECT_EQ(spilled(large), ENOSPC);
    EXPECT_EQ(committed(std::move(large)), std::vector<int>{ENOSPC});
    EXPECT_TRUE(files_in(disk / "bob" / "tmp").empty());
    auto after = store.begin("H: after\r\n", mailboxes, Recipients::together);
    EXPECT_EQ(committed(std::move(after)), std::vector<int>{0}) << "the space came back";
    EXPECT_EQ(files_in(disk / "bob" / "new").size(), 2U);
  }
  if (mounted) {
    EXPECT_EQ(::umount(disk.c_str()), 0);
  }
}

}  // namespace
}  // namespace postrider::agent
