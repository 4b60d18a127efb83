#include "postrider/agent/accounts/account_authenticator.h"

#include <chrono>
#include <ctime>
#include <memory>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "postrider/protocol/sasl/client.h"
#include "postrider/tests/agent/accounts/accounts_fixture.h"
#include "postrider/tests/support/run_task.h"

namespace postrider::agent {
namespace {

namespace sasl = protocol::sasl;
using server::AuthStep;

class AccountLogin : public AccountsFixture {
 protected:
  AccountLogin() {
    add("fred", "pencil");
    store_.emplace(file_, primitives_, AccountStore::Report());
    authenticator_.emplace(AccountAuthenticator::usual_mechanisms(), *store_, *pool_, throttle_, primitives_);
    peer_.loop = &loop_;
    peer_.peer = *transport::Endpoint::parse("192.0.2.1:1000");
    peer_.local = *transport::Endpoint::parse("192.0.2.2:587");
    peer_.connection.encrypted = true;
    peer_.connection.bindings = {{std::string(sasl::kTlsExporter), "channel"}};
  }

  // An answer at once, or after as long as it takes. Time passes only for who waits for it, and not while a
  // thread of the pool is at work.
  AuthStep wait(server::Soon<AuthStep> soon) {
    if (soon.is_ready()) return soon.value();
    std::optional<AuthStep> result;
    loop_.spawn(tests::keep_result(std::move(soon).task(), result));
    const auto sleeps = [this] { return loop_.deadlines().next() != transport::kNever; };
    while (!result) {
      tests::run_until(loop_, [&] { return result || sleeps(); });
      if (result) break;
      clock_.advance(std::chrono::milliseconds(100));
      waited_ += std::chrono::milliseconds(100);
      loop_.expire();
      tests::settle(loop_);
    }
    return *std::move(result);
  }
  static std::string shown(const AuthStep& step) {
    if (const auto* challenge = std::get_if<server::Challenge>(&step)) return "334 " + challenge->base64;
    return protocol::to_log_line(std::get<server::Reply>(step).view());
  }

  // A client of ours against the authenticator; the last reply, or the client's fault.
  std::string log_in(std::string user, std::string_view password, protocol::Mechanism which) {
    protocol::Capabilities offered;
    authenticator_->offer(peer_, offered);
    sasl::Credentials credentials;
    credentials.user = std::move(user);
    credentials.password = sasl::Secret(password);
    sasl::ClientConditions conditions;
    conditions.encrypted = true;
    conditions.only = which;
    conditions.bindings = peer_.connection.bindings;
    auto client = sasl::ClientExchange::begin(offered.mechanisms(), credentials, conditions, primitives_);
    if (!client) return std::string(to_string(client.error()));
    auto started = authenticator_->start(to_string(which), peer_);
    if (!started) return protocol::to_log_line(started.error().view());
    authentication_ = *std::move(started);
    const auto initial = (*client)->initial();
    AuthStep step = wait(
        authentication_->begin(initial ? std::optional<std::string_view>(initial->view()) : std::nullopt));
    while (const auto* challenge = std::get_if<server::Challenge>(&step)) {
      const auto line = (*client)->respond(challenge->base64);
      if (!line) return std::string(to_string(line.error()));
      step = wait(authentication_->respond(line->view()));
    }
    const std::string reply = shown(step);
    if (reply.starts_with("235") && !(*client)->finish()) return "server not proven";
    return reply;
  }

  transport::ManualClock clock_;
  transport::Loop loop_{clock_};
  transport::Duration waited_{};
  std::optional<AccountStore> store_;
  std::unique_ptr<HashingPool> pool_ = std::make_unique<HashingPool>(1, 8);
  LoginThrottle throttle_;
  std::optional<AccountAuthenticator> authenticator_;
  server::AuthPeer peer_;
  std::unique_ptr<server::Authentication> authentication_;
};

constexpr protocol::Mechanism kEach[] = {protocol::Mechanism::plain, protocol::Mechanism::login,
                                         protocol::Mechanism::scram_sha_256_plus};

TEST_F(AccountLogin, TheRightPasswordGetsIn) {
  for (const protocol::Mechanism which : kEach) {
    EXPECT_EQ(log_in("Fred", "pencil", which), "235 2.7.0 Authenticated") << to_string(which);
    EXPECT_EQ(authentication_->user(), "fred");
  }
}

TEST_F(AccountLogin, NothingElseDoes) {
  for (const protocol::Mechanism which : kEach) {
    for (const std::string user : {"fred", "nobody", "a b"}) {
      const std::string expected = "535 5.7.8 Credentials are not good";
      EXPECT_EQ(log_in(user, "chalk", which), expected) << to_string(which) << " " << user;
      EXPECT_EQ(authentication_->user(), "");
      throttle_.succeeded(peer_.peer, user);
    }
  }
}

TEST_F(AccountLogin, NothingIsOfferedInClear) {
  peer_.connection.encrypted = false;
  protocol::Capabilities offered;
  authenticator_->offer(peer_, offered);
  EXPECT_TRUE(offered.mechanisms().empty());
  EXPECT_EQ(authenticator_->start("PLAIN", peer_).error().code().value(), 538);
  peer_.connection.encrypted = true;
  EXPECT_EQ(authenticator_->start("CRAM-MD5", peer_).error().code().value(), 504);
}

TEST_F(AccountLogin, FailuresMakeTheNextOnesWait) {
  for (int i = 0; i < 3; ++i) log_in("fred", "chalk", protocol::Mechanism::plain);
  EXPECT_EQ(log_in("fred", "chalk", protocol::Mechanism::plain), "535 5.7.8 Credentials are not good");
  EXPECT_GE(waited_, std::chrono::milliseconds(900));
  // A good password waits as well, and then forgives.
  waited_ = {};
  EXPECT_EQ(log_in("fred", "pencil", protocol::Mechanism::plain), "235 2.7.0 Authenticated");
  EXPECT_GE(waited_, std::chrono::milliseconds(1900));
}

TEST_F(AccountLogin, NonsenseIsRefusedAtOnce) {
  auto started = authenticator_->start("plain", peer_);
  ASSERT_TRUE(started);
  auto soon = (*started)->begin("*");
  ASSERT_TRUE(soon.is_ready());
  EXPECT_TRUE(shown(soon.value()).starts_with("501 5.5.2"));
}

TEST_F(AccountLogin, CertificatesNameAccounts) {
  peer_.connection.certificate = true;
  const auto external = [&](std::string_view initial) {
    auto started = authenticator_->start("EXTERNAL", peer_);
    if (!started) return std::string("not offered");
    authentication_ = *std::move(started);
    return shown(wait(authentication_->begin(initial)));
  };
  peer_.certificate_user = "Fred";
  EXPECT_EQ(external("="), "235 2.7.0 Authenticated");
  EXPECT_EQ(authentication_->user(), "fred");
  EXPECT_EQ(external("ZnJlZA=="), "235 2.7.0 Authenticated");
  EXPECT_EQ(external("YW5uYQ=="), "535 5.7.8 Credentials are not good");  // anna
  peer_.certificate_user = "nobody";
  EXPECT_EQ(external("="), "535 5.7.8 Credentials are not good");
  peer_.certificate_user.clear();
  EXPECT_EQ(external("="), "535 5.7.8 Credentials are not good");
  peer_.connection.certificate = false;
  EXPECT_EQ(external("="), "not offered");
}

// Of this thread, in seconds: what else the machine does is not in it.
double processor_time() {
  ::timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

// Not a proof, but a slip such as hashing for known users alone would be a factor of a hundred.
TEST_F(AccountLogin, AnUnknownUserCostsAsMuch) {
  add("slow", "pencil", 200'000);
  add("slow2", "pencil", 200'000);
  const auto cost = [&](const std::string& user) {
    const double from = processor_time();
    (void)store_->check(user, "chalk");
    return processor_time() - from;
  };
  cost("slow");
  double known = 1e9;
  double unknown = 1e9;
  for (int i = 0; i < 3; ++i) {
    known = std::min(known, cost("slow"));
    unknown = std::min(unknown, cost("nobody"));
  }
  EXPECT_GT(unknown, known / 4);
  EXPECT_LT(unknown, known * 4);
}

}  // namespace
}  // namespace postrider::agent
