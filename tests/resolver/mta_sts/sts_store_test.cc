#include "postrider/resolver/mta_sts/sts_store.h"

#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <stdlib.h>

namespace postrider::resolver {
namespace {

namespace fs = std::filesystem;
using std::chrono::seconds;
using transport::SystemTime;

DomainName name(std::string_view text) { return DomainName::parse(text).value(); }

StsEntry entry(std::string id, SystemTime at, std::string_view host = "mx.example.org") {
  return StsEntry(std::move(id),
                  StsPolicy::parse("version: STSv1\nmode: enforce\nmx: " + std::string(host) +
                                   "\nmx: *.example.net\nmax_age: 1000\n")
                      .value(),
                  at);
}

class StsStoreTest : public testing::Test {
 protected:
  StsStoreTest() {
    std::string pattern = (fs::temp_directory_path() / "sts-store-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~StsStoreTest() override { fs::remove_all(folder_); }

  void write(const fs::path& file, std::string_view text) {
    fs::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << text;
  }

  fs::path folder_;
  SystemTime now_{seconds(1'700'000'000)};
  DomainName domain_ = name("example.org");
};

TEST_F(StsStoreTest, KeepsAPolicyOverARestart) {
  {
    StsStore store(folder_ / "deep" / "down");
    ASSERT_FALSE(store.open());
    EXPECT_FALSE(store.put(domain_, entry("1", now_)));
    EXPECT_EQ(store.files(), 1U);
  }
  StsStore store(folder_ / "deep" / "down");
  ASSERT_FALSE(store.open());
  EXPECT_EQ(store.files(), 1U);
  EXPECT_EQ(store.in_memory(), 0U);
  EXPECT_EQ(store.find(domain_, now_ + seconds(999)), entry("1", now_));
  EXPECT_EQ(store.in_memory(), 1U);
  EXPECT_FALSE(store.find(name("other.example"), now_));
}

TEST_F(StsStoreTest, APolicyEndsWithItsAge) {
  StsStore store(folder_);
  ASSERT_FALSE(store.open());
  store.put(domain_, entry("1", now_));
  EXPECT_TRUE(store.find(domain_, now_ + seconds(999)));
  EXPECT_FALSE(store.find(domain_, now_ + seconds(1000)));
  EXPECT_FALSE(store.find(domain_, now_)) << "it was forgotten";
  EXPECT_EQ(store.files(), 0U);
  EXPECT_TRUE(fs::is_empty(folder_));
}

TEST_F(StsStoreTest, ANewPolicyReplacesTheOld) {
  StsStore store(folder_);
  ASSERT_FALSE(store.open());
  store.put(domain_, entry("1", now_));
  store.put(domain_, entry("2", now_, "other.example.org"));
  EXPECT_EQ(store.files(), 1U);
  StsStore again(folder_);
  ASSERT_FALSE(again.open());
  EXPECT_EQ(again.find(domain_, now_), entry("2", now_, "other.example.org"));
}

TEST_F(StsStoreTest, APolicyOfTheFutureDoesNotCount) {
  StsStore store(folder_);
  ASSERT_FALSE(store.open());
  store.put(domain_, entry("1", now_ + std::chrono::hours(25)));
  EXPECT_FALSE(store.find(domain_, now_));
}

TEST_F(StsStoreTest, DamagedFilesAreSetAside) {
  const std::string good = write_sts_entry(entry("1", now_));
  const std::string bad[] = {"", "x", good.substr(0, good.size() - 1), good + "x", std::string(200'000, 'x')};
  for (const std::string& text : bad) {
    write(folder_ / "example.org", text);
    StsStore store(folder_);
    ASSERT_FALSE(store.open());
    EXPECT_FALSE(store.find(domain_, now_)) << text.size();
    EXPECT_EQ(store.damaged(), 1U);
    EXPECT_EQ(store.files(), 0U);
    EXPECT_FALSE(fs::exists(folder_ / "example.org"));
    EXPECT_TRUE(fs::exists(folder_ / "damaged" / "example.org"));
    EXPECT_FALSE(store.put(domain_, entry("2", now_)));
    EXPECT_TRUE(store.find(domain_, now_));
  }
}

TEST_F(StsStoreTest, WhatACrashLeftIsRemoved) {
  write(folder_ / ".fresh-1-1", "half");
  StsStore store(folder_);
  ASSERT_FALSE(store.open());
  EXPECT_TRUE(fs::is_empty(folder_));
}

TEST_F(StsStoreTest, NamesThatAreNoFileNamesStayInMemory) {
  StsStore store(folder_);
  ASSERT_FALSE(store.open());
  for (const char* odd : {"a\\/b.example", "damaged", "\\.\\.\\/x", "a\\000b"}) {
    EXPECT_FALSE(store.put(name(odd), entry("1", now_))) << odd;
    EXPECT_TRUE(store.find(name(odd), now_)) << odd;
  }
  EXPECT_TRUE(fs::is_empty(folder_));
  EXPECT_EQ(store.in_memory(), 4U);
}

TEST_F(StsStoreTest, TheLongestNameIsStored) {
  const DomainName longest = name(std::string(63, 'a') + "." + std::string(63, 'b') + "." +
                                  std::string(63, 'c') + "." + std::string(61, 'd'));
  StsStore store(folder_);
  ASSERT_FALSE(store.open());
  EXPECT_FALSE(store.put(longest, entry("1", now_)));
  EXPECT_EQ(store.files(), 1U);
}

TEST_F(StsStoreTest, AFailedWriteIsToldAndMemoryHasThePolicy) {
  StsStore store(folder_ / "gone");
  ASSERT_FALSE(store.open());
  fs::remove_all(folder_ / "gone");
  const auto failure = store.put(domain_, entry("1", now_));
  ASSERT_TRUE(failure);
  EXPECT_TRUE(failure->ends_with("example.org: No such file or directory")) << *failure;
  EXPECT_TRUE(store.find(domain_, now_));
}

TEST_F(StsStoreTest, AFolderThatCannotBeIsToldByOpen) {
  write(folder_ / "file", "");
  StsStore store(folder_ / "file" / "below");
  EXPECT_TRUE(store.open());
}

TEST_F(StsStoreTest, WithoutAFolderMemoryIsAll) {
  StsStore store("");
  ASSERT_FALSE(store.open());
  EXPECT_FALSE(store.put(domain_, entry("1", now_)));
  EXPECT_TRUE(store.find(domain_, now_));
  EXPECT_EQ(store.files(), 0U);
}

TEST_F(StsStoreTest, MemoryIsBoundedAndFilesStay) {
  StsStore store("");
  ASSERT_FALSE(store.open());
  const StsEntry one = entry("1", now_);
  for (std::size_t i = 0; i <= StsStore::kMaxInMemory; ++i)
    store.put(name("d" + std::to_string(i) + ".example"), one);
  EXPECT_EQ(store.in_memory(), StsStore::kMaxInMemory);
  EXPECT_FALSE(store.find(name("d0.example"), now_));
  EXPECT_TRUE(store.find(name("d1.example"), now_));
}

TEST_F(StsStoreTest, LargePoliciesTakeABoundedRoom) {
  StsStore store("");
  ASSERT_FALSE(store.open());
  StsEntry large = entry("1", now_);
  large.policy.mx.resize(2900, large.policy.mx.front());
  ASSERT_GT(large.policy.text().size(), 50'000U);
  for (int i = 0; i < 1400; ++i) store.put(name("d" + std::to_string(i) + ".example"), large);
  EXPECT_LE(store.octets(), StsStore::kMaxOctets);
  EXPECT_GT(store.in_memory(), 1000U);
  EXPECT_TRUE(store.find(name("d1399.example"), now_));
}

TEST(StsEntry, ATruncatedOrMutatedTextIsRefusedOrWhole) {
  const StsEntry whole = entry("abc", SystemTime(seconds(5)));
  const std::string text = write_sts_entry(whole);
  EXPECT_EQ(read_sts_entry(text), whole);
  for (std::size_t cut = 0; cut < text.size(); ++cut)
    EXPECT_FALSE(read_sts_entry(text.substr(0, cut))) << cut;
  const char* const heads[] = {"id a-b\nfetched 5\n\n", "id \nfetched 5\n\n",
                               "id a\nfetched -5\n\n",  "id a\nfetched x\n\n",
                               "fetched 5\nid a\n\n",   "id a\nfetched 5\n",
                               "id a\nfetched 5\nx\n",  "id a\nfetched 9999999999999\n\n"};
  for (const char* head : heads) {
    EXPECT_FALSE(read_sts_entry("postrider mta-sts 1\n" + std::string(head) + whole.policy.text() + "end:\n"))
        << head;
  }
}

}  // namespace
}  // namespace postrider::resolver
