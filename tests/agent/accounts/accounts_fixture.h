// A folder of its own for each test, and primitives that compute with the real library.
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <gtest/gtest.h>
#include <unistd.h>

#include "postrider/agent/accounts/account_file.h"
#include "postrider/agent/accounts/sasl_primitives.h"

namespace postrider::agent {

class AccountsFixture : public testing::Test {
 protected:
  AccountsFixture() {
    std::string name = (std::filesystem::temp_directory_path() / "postrider-accounts-XXXXXX").native();
    folder_ = ::mkdtemp(name.data());
    file_ = folder_ / "accounts.toml";
  }
  ~AccountsFixture() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  // With few iterations, for speed.
  void add(const std::string& name, std::string_view password, std::uint32_t iterations = 4096) {
    const auto written = update_account_file(file_, [&](Accounts& accounts) {
      if (accounts.decoy_key.empty()) accounts.decoy_key = std::string(32, 'k');
      accounts.verifiers[name] =
          protocol::sasl::make_verifier(primitives_, password, "salt of " + name, iterations);
      return true;
    });
    ASSERT_TRUE(written);
  }
  std::string text() const {
    std::ifstream in(file_, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  }
  void write(std::string_view text) const {
    std::ofstream out(file_, std::ios::binary);
    out << text;
  }

  SaslPrimitives primitives_;
  std::filesystem::path folder_;
  std::filesystem::path file_;
};

}  // namespace postrider::agent
