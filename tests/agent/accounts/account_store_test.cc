#include "postrider/agent/accounts/account_store.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "postrider/tests/agent/accounts/accounts_fixture.h"

namespace postrider::agent {
namespace {

using protocol::sasl::StoredVerifier;
using protocol::sasl::Verdict;

class Store : public AccountsFixture {
 protected:
  AccountStore open() {
    return {file_, primitives_, [this](const std::vector<ConfigProblem>& problems) {
              for (const ConfigProblem& each : problems) reported_.push_back(each.to_text());
            }};
  }
  std::vector<std::string> reported_;
};

TEST_F(Store, ChecksPasswordsInAnyCaseOfTheName) {
  add("fred", "pencil");
  AccountStore store = open();
  const Verdict good = store.check("FRED", "pencil");
  EXPECT_EQ(good.kind, Verdict::Kind::accepted);
  EXPECT_EQ(good.user, "fred");
  EXPECT_EQ(store.check("fred", "Pencil").kind, Verdict::Kind::refused);
  EXPECT_EQ(store.check("nobody", "pencil").kind, Verdict::Kind::refused);
  EXPECT_EQ(store.check("a b", "pencil").kind, Verdict::Kind::refused);
}

TEST_F(Store, DecoysLookLikeAccounts) {
  add("anna", "pencil", 6000);
  add("fred", "pencil", 5000);
  add("otto", "pencil", 5000);
  AccountStore store = open();
  const StoredVerifier known = store.find("fred");
  EXPECT_TRUE(known.known);
  EXPECT_EQ(known.verifier.salt, "salt of fred");
  const StoredVerifier decoy = store.find("nobody");
  EXPECT_FALSE(decoy.known);
  EXPECT_EQ(decoy.verifier.iterations, 5000u);
  EXPECT_EQ(decoy.verifier, store.find("NoBody").verifier);
  EXPECT_EQ(decoy.verifier, open().find("nobody").verifier);  // after a restart too
  EXPECT_NE(decoy.verifier.salt, store.find("nobody2").verifier.salt);
}

TEST_F(Store, SeesChangesAndKeepsWhatWasGood) {
  AccountStore store = open();
  EXPECT_EQ(store.check("fred", "pencil").kind, Verdict::Kind::refused);
  add("fred", "pencil");
  EXPECT_EQ(store.check("fred", "pencil").kind, Verdict::Kind::accepted);
  write("nonsense");
  EXPECT_EQ(store.check("fred", "pencil").kind, Verdict::Kind::accepted);
  EXPECT_EQ(store.check("fred", "pencil").kind, Verdict::Kind::accepted);
  EXPECT_EQ(reported_.size(), 1u);
  std::filesystem::remove(file_);
  EXPECT_EQ(store.check("fred", "pencil").kind, Verdict::Kind::refused);
}

}  // namespace
}  // namespace postrider::agent
