#include "postrider/agent/accounts/user_command.h"

#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include "postrider/tests/agent/accounts/accounts_fixture.h"

namespace postrider::agent {
namespace {

class UserCommand : public AccountsFixture {
 protected:
  ExitCode add_one(std::string_view name, std::string_view password, bool replace = false) {
    return add_user(file_, name, password, replace, primitives_, {out_, errors_});
  }
  std::string listed(bool json = false) {
    out_.str("");
    EXPECT_EQ(list_users(file_, json, {out_, errors_}), ExitCode::done);
    return out_.str();
  }

  std::ostringstream out_;
  std::ostringstream errors_;
};

TEST_F(UserCommand, AddsListsAndRemoves) {
  EXPECT_EQ(listed(), "");
  EXPECT_EQ(listed(true), "[]\n");
  EXPECT_EQ(add_one("Fred@example.org", "pencil"), ExitCode::done);
  EXPECT_EQ(add_one("anna", "pencil"), ExitCode::done);
  EXPECT_EQ(listed(), "anna\nfred@example.org\n");
  EXPECT_EQ(listed(true),
            "[\n  {\"name\": \"anna\", \"iterations\": 50000},\n"
            "  {\"name\": \"fred@example.org\", \"iterations\": 50000}\n]\n");
  const Accounts accounts = *read_account_file(file_);
  EXPECT_EQ(accounts.decoy_key.size(), 32u);
  const auto& anna = accounts.verifiers.find("anna")->second;
  EXPECT_EQ(anna.salt.size(), kSaltOctets);
  EXPECT_NE(anna.salt, accounts.verifiers.find("fred@example.org")->second.salt);
  EXPECT_TRUE(protocol::sasl::matches_password(primitives_, anna, "pencil"));
  EXPECT_EQ(remove_user(file_, "ANNA", {out_, errors_}), ExitCode::done);
  EXPECT_EQ(listed(), "fred@example.org\n");
  EXPECT_EQ(errors_.str(), "");
}

TEST_F(UserCommand, ReplacesWhenToldTo) {
  EXPECT_EQ(add_one("fred", "pencil"), ExitCode::done);
  EXPECT_EQ(add_one("Fred", "chalk"), ExitCode::bad_input);
  EXPECT_NE(errors_.str().find("--replace"), std::string::npos);
  EXPECT_EQ(add_one("Fred", "chalk", true), ExitCode::done);
  const Accounts accounts = *read_account_file(file_);
  EXPECT_TRUE(
      protocol::sasl::matches_password(primitives_, accounts.verifiers.find("fred")->second, "chalk"));
}

TEST_F(UserCommand, RefusesWhatCannotBe) {
  EXPECT_EQ(add_one("a b", "pencil"), ExitCode::bad_input);
  EXPECT_EQ(add_one("", "pencil"), ExitCode::bad_input);
  EXPECT_EQ(add_one("fred", ""), ExitCode::bad_input);
  EXPECT_EQ(add_one("fred", "a\x01"), ExitCode::bad_input);
  EXPECT_EQ(add_one("fred", std::string(1025, 'p')), ExitCode::bad_input);
  EXPECT_EQ(remove_user(file_, "fred", {out_, errors_}), ExitCode::bad_input);
  EXPECT_EQ(remove_user(file_, "a b", {out_, errors_}), ExitCode::bad_input);
  EXPECT_FALSE(std::filesystem::exists(file_));
  write("nonsense");
  EXPECT_EQ(add_one("fred", "pencil"), ExitCode::configuration);
  EXPECT_EQ(list_users(file_, false, {out_, errors_}), ExitCode::configuration);
  EXPECT_EQ(text(), "nonsense");
}

TEST_F(UserCommand, SaysWhenTheFolderCannotBe) {
  file_ = folder_ / "accounts.toml" / "x" / "accounts.toml";
  std::ofstream(folder_ / "accounts.toml") << "";
  EXPECT_EQ(add_one("fred", "pencil"), ExitCode::temporary);
}

}  // namespace
}  // namespace postrider::agent
