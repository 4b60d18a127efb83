#include "postrider/agent/accounts/account_file.h"

#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "postrider/tests/agent/accounts/accounts_fixture.h"

namespace postrider::agent {
namespace {

std::string account(std::string_view name) {
  const std::string key = std::string(42, 'A') + "A=";
  return "[[account]]\nname = \"" + std::string(name) +
         "\"\nsalt = \"QUJD\"\niterations = 4096\nstored_key = \"" + key + "\"\nserver_key = \"" + key +
         "\"\n";
}

std::string problems(std::string_view toml) {
  const AccountsResult read = parse_accounts(toml, "f");
  if (read) return "good";
  std::string text;
  for (const ConfigProblem& each : read.error()) text += each.to_text() + "\n";
  return text;
}

TEST(ParseAccounts, ReadsWhatToTomlWrites) {
  Accounts accounts;
  accounts.decoy_key = std::string(32, '\xff');
  for (const std::string name : {"fred@example.org", "jörg", "a'b"}) {
    protocol::sasl::ScramVerifier verifier{"salt of " + name, 50'000, {}, {}};
    verifier.stored_key.fill('\x80');
    verifier.server_key.fill('\0');
    accounts.verifiers.emplace(name, verifier);
  }
  const AccountsResult read = parse_accounts(to_toml(accounts), "f");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->decoy_key, accounts.decoy_key);
  EXPECT_EQ(read->verifiers, accounts.verifiers);
  EXPECT_TRUE(parse_accounts("", "f")->verifiers.empty());
}

TEST(ParseAccounts, NamesFileLineAndKeyOfEachFault) {
  EXPECT_EQ(problems(account("Fred")), "good");
  EXPECT_EQ(problems(account("fred") + account("FRED")),
            "f:8: account[1].name: \"FRED\" stands here twice\n");
  EXPECT_EQ(problems("[[account]]\n"),
            "f:1: account[0].salt: is missing\nf:1: account[0].iterations: is missing\n"
            "f:1: account[0].stored_key: is missing\nf:1: account[0].server_key: is missing\n"
            "f:1: account[0].name: is missing\n");
  EXPECT_NE(problems(account("a b")).find("f:2: account[0].name: \"a b\" holds a character"),
            std::string::npos);
  EXPECT_NE(problems("x = 1\n").find("f:1: x:"), std::string::npos);
  EXPECT_NE(problems("decoy_key = \"QUJD\"\n").find("f:1: decoy_key: is not base64 of 16 to 64 octets"),
            std::string::npos);
  EXPECT_NE(problems("[[account]\n").find("f:1: "), std::string::npos);
  const auto with = [](std::string_view what, std::string_view by) {
    std::string text = account("fred");
    return problems(text.replace(text.find(what), what.size(), by));
  };
  EXPECT_NE(with("4096", "4095").find("f:4: account[0].iterations"), std::string::npos);
  EXPECT_NE(with("4096", "5000001").find("f:4: account[0].iterations"), std::string::npos);
  EXPECT_NE(with("4096", "\"x\"").find("f:4: account[0].iterations"), std::string::npos);
  EXPECT_NE(with("QUJD", "QUJ").find("f:3: account[0].salt: is not base64 of 1 to 128 octets"),
            std::string::npos);
  EXPECT_NE(with("QUJD", "").find("f:3: account[0].salt"), std::string::npos);
  EXPECT_NE(with("AA=\"", "AA\"").find("f:5: account[0].stored_key: is not base64 of 32 octets"),
            std::string::npos);
  EXPECT_NE(problems(account("fred") + "password = \"x\"\n").find("f:7: account[0].password"),
            std::string::npos);
}

class AccountFile : public AccountsFixture {};

TEST_F(AccountFile, IsWrittenForItsOwnerAlone) {
  add("fred", "pencil");
  struct stat info{};
  ASSERT_EQ(::stat(file_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777u, 0600u);
  EXPECT_EQ(text().find("pencil"), std::string::npos);
  EXPECT_EQ(read_account_file(file_)->verifiers.size(), 1u);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "accounts.toml.new"));
}

TEST_F(AccountFile, MissingMeansNoAccounts) {
  EXPECT_TRUE(read_account_file(file_)->verifiers.empty());
  EXPECT_FALSE(read_account_file(folder_));
}

TEST_F(AccountFile, StaysAsItIsWhenNothingChangesOrItIsBroken) {
  add("fred", "pencil");
  const std::string before = text();
  EXPECT_FALSE(*update_account_file(file_, [](Accounts&) { return false; }));
  EXPECT_EQ(text(), before);
  write("broken =");
  const auto failed = update_account_file(file_, [](Accounts&) { return true; });
  ASSERT_FALSE(failed);
  EXPECT_TRUE(std::holds_alternative<std::vector<ConfigProblem>>(failed.error()));
  EXPECT_EQ(text(), "broken =");
}

TEST_F(AccountFile, SurvivesAWriterThatWasKilled) {
  std::ofstream(folder_ / "accounts.toml.new") << "half of";
  add("fred", "pencil");
  EXPECT_EQ(read_account_file(file_)->verifiers.size(), 1u);
}

TEST_F(AccountFile, IsWrittenThroughALink) {
  std::filesystem::create_directory(folder_ / "real");
  std::ofstream(folder_ / "real" / "accounts.toml") << "";
  std::filesystem::create_symlink(folder_ / "real" / "accounts.toml", file_);
  add("fred", "pencil");
  EXPECT_TRUE(std::filesystem::is_symlink(file_));
  EXPECT_EQ(read_account_file(folder_ / "real" / "accounts.toml")->verifiers.size(), 1u);
}

TEST_F(AccountFile, TwoWritersLoseNothing) {
  constexpr int kEach = 20;
  std::vector<std::thread> writers;
  for (int writer = 0; writer < 3; ++writer) {
    writers.emplace_back([&, writer] {
      for (int i = 0; i < kEach; ++i) {
        const auto written = update_account_file(file_, [&](Accounts& accounts) {
          protocol::sasl::ScramVerifier verifier{"salt", 4096, {}, {}};
          accounts.verifiers.emplace("u" + std::to_string(writer) + "-" + std::to_string(i), verifier);
          return true;
        });
        EXPECT_TRUE(written);
      }
    });
  }
  for (std::thread& each : writers) each.join();
  EXPECT_EQ(read_account_file(file_)->verifiers.size(), 3u * kEach);
}

}  // namespace
}  // namespace postrider::agent
