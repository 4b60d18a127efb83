#include "postrider/server/admission.h"

#include <atomic>
#include <chrono>
#include <list>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

namespace postrider::server {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using transport::Endpoint;
using transport::SteadyTime;
using Refusal = Admission::Refusal;
using Ticket = Admission::Ticket;

constexpr SteadyTime kNow = SteadyTime(seconds(1000));

class AdmissionTest : public testing::Test {
 protected:
  // Nothing when admitted; the ticket is kept.
  std::optional<Refusal> enter(Admission& admission, std::string_view peer, SteadyTime now = kNow) {
    auto entered = admission.enter(*Endpoint::parse(peer), now);
    if (auto* refusal = std::get_if<Refusal>(&entered)) return *refusal;
    tickets_.push_back(std::move(std::get<Ticket>(entered)));
    return std::nullopt;
  }

  std::list<Admission> admissions_;
  std::vector<Ticket> tickets_;
};

TEST_F(AdmissionTest, LimitsTheTotal) {
  Admission& admission = admissions_.emplace_back(AdmissionLimits{.connections = 2});
  EXPECT_FALSE(enter(admission, "192.0.2.1:1"));
  EXPECT_FALSE(enter(admission, "unix:/client"));
  EXPECT_EQ(enter(admission, "127.0.0.1:1"), Refusal::too_many);
  EXPECT_EQ(admission.connections(), 2U);
  tickets_.pop_back();
  EXPECT_EQ(admission.connections(), 1U);
  EXPECT_FALSE(enter(admission, "127.0.0.1:1"));
  tickets_.clear();
  EXPECT_EQ(admission.connections(), 0U);
}

TEST_F(AdmissionTest, AConnectionMayPassToAnotherClient) {
  Admission& admission =
      admissions_.emplace_back(AdmissionLimits{.connections = 3, .connections_per_address = 1});
  EXPECT_FALSE(enter(admission, "unix:/gateway"));
  EXPECT_FALSE(enter(admission, "192.0.2.2:1"));
  const auto pass_to = [this](std::string_view peer) {
    return tickets_.front().pass_to(*Endpoint::parse(peer), kNow);
  };
  EXPECT_FALSE(pass_to("192.0.2.1:1"));
  EXPECT_FALSE(pass_to("192.0.2.1:2")) << "it is counted there already";
  EXPECT_EQ(enter(admission, "192.0.2.1:3"), Refusal::too_many_from_address);
  EXPECT_EQ(pass_to("192.0.2.2:1"), Refusal::too_many_from_address);
  EXPECT_EQ(enter(admission, "192.0.2.1:3"), Refusal::too_many_from_address) << "nothing has changed";
  EXPECT_FALSE(pass_to("192.0.2.3:1"));
  EXPECT_FALSE(enter(admission, "192.0.2.1:3"));
  EXPECT_FALSE(tickets_.front().pass_to(Endpoint(), kNow));
  EXPECT_EQ(admission.addresses(), 2U);
  EXPECT_EQ(admission.connections(), 3U);
  tickets_.clear();
  EXPECT_EQ(admission.connections(), 0U);
  EXPECT_EQ(admission.addresses(), 0U);
}

TEST_F(AdmissionTest, WhoIsNotCountedMayPassToAnybody) {
  Ticket uncounted;
  EXPECT_FALSE(uncounted.pass_to(*Endpoint::parse("192.0.2.1:1"), kNow));
}

TEST_F(AdmissionTest, LimitsEachAddress) {
  Admission& admission = admissions_.emplace_back(AdmissionLimits{.connections_per_address = 2});
  EXPECT_FALSE(enter(admission, "192.0.2.1:1"));
  EXPECT_FALSE(enter(admission, "192.0.2.1:2"));
  EXPECT_EQ(enter(admission, "192.0.2.1:3"), Refusal::too_many_from_address);
  EXPECT_FALSE(enter(admission, "192.0.2.2:3"));
  EXPECT_EQ(admission.connections(), 3U);
  EXPECT_EQ(admission.addresses(), 2U);
  tickets_.clear();
  EXPECT_EQ(admission.addresses(), 0U);
  EXPECT_FALSE(enter(admission, "192.0.2.1:3"));
}

TEST_F(AdmissionTest, CountsIpv6ByItsNetwork) {
  Admission& admission = admissions_.emplace_back(AdmissionLimits{.connections_per_address = 1});
  EXPECT_FALSE(enter(admission, "[2001:db8:0:1::1]:1"));
  EXPECT_EQ(enter(admission, "[2001:db8:0:1:ffff::2]:1"), Refusal::too_many_from_address);
  EXPECT_FALSE(enter(admission, "[2001:db8:0:2::1]:1"));
}

TEST_F(AdmissionTest, LoopbackCountsOnlyWhenTold) {
  Admission& lax = admissions_.emplace_back(AdmissionLimits{.connections_per_address = 1});
  Admission& strict =
      admissions_.emplace_back(AdmissionLimits{.connections_per_address = 1, .count_loopback = true});
  for (const std::string_view peer : {"127.0.0.1:1", "[::1]:1"}) {
    EXPECT_FALSE(enter(lax, peer));
    EXPECT_FALSE(enter(lax, peer));
    EXPECT_FALSE(enter(strict, peer));
    EXPECT_EQ(enter(strict, peer), Refusal::too_many_from_address);
  }
  for (int count = 0; count < 3; ++count) EXPECT_FALSE(enter(strict, "unix:/client"));
  EXPECT_EQ(lax.addresses(), 0U);
}

TEST_F(AdmissionTest, LimitsTheRateOfEachAddress) {
  Admission& admission =
      admissions_.emplace_back(AdmissionLimits{.connections_per_address = 0, .new_per_minute = 3});
  for (int count = 0; count < 3; ++count) EXPECT_FALSE(enter(admission, "192.0.2.1:1"));
  EXPECT_EQ(enter(admission, "192.0.2.1:1"), Refusal::too_fast);
  tickets_.clear();
  EXPECT_EQ(enter(admission, "192.0.2.1:1"), Refusal::too_fast) << "closing does not make it slower";
  EXPECT_FALSE(enter(admission, "192.0.2.2:1"));
  EXPECT_EQ(enter(admission, "192.0.2.1:1", kNow + seconds(19)), Refusal::too_fast);
  EXPECT_FALSE(enter(admission, "192.0.2.1:1", kNow + seconds(21)));
  EXPECT_EQ(enter(admission, "192.0.2.1:1", kNow + seconds(21)), Refusal::too_fast);
  for (int count = 0; count < 3; ++count) EXPECT_FALSE(enter(admission, "192.0.2.1:1", kNow + minutes(10)));
  EXPECT_EQ(enter(admission, "192.0.2.1:1", kNow + minutes(10)), Refusal::too_fast);
}

TEST_F(AdmissionTest, ForgetsAddressesThatAreGone) {
  Admission& admission =
      admissions_.emplace_back(AdmissionLimits{.connections = 1'000'000, .new_per_minute = 3});
  for (int round = 0; round < 20; ++round) {
    for (int address = 0; address < 10'000; ++address) {
      const auto peer =
          Endpoint::ipv4({10, static_cast<std::uint8_t>(round), static_cast<std::uint8_t>(address / 250),
                          static_cast<std::uint8_t>(address % 250)},
                         1);
      auto entered = admission.enter(peer, kNow + minutes(2 * round));
      ASSERT_TRUE(std::holds_alternative<Ticket>(entered));
    }
  }
  EXPECT_LE(admission.addresses(), 40'000U) << "bounded by the clients of the last minute";
}

TEST_F(AdmissionTest, TicketsMove) {
  Admission& admission = admissions_.emplace_back(AdmissionLimits{});
  EXPECT_FALSE(enter(admission, "192.0.2.1:1"));
  Ticket ticket = std::move(tickets_.back());
  tickets_.clear();
  EXPECT_EQ(admission.connections(), 1U);
  ticket = Ticket();
  EXPECT_EQ(admission.connections(), 0U);
  EXPECT_EQ(admission.addresses(), 0U);
}

TEST_F(AdmissionTest, ServesSeveralThreads) {
  Admission& admission =
      admissions_.emplace_back(AdmissionLimits{.connections = 3, .connections_per_address = 2});
  std::atomic<int> admitted = 0;
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 4; ++thread) {
      threads.emplace_back([&] {
        for (int round = 0; round < 5000; ++round) {
          auto entered = admission.enter(*Endpoint::parse("192.0.2.1:1"), kNow);
          if (!std::holds_alternative<Ticket>(entered)) continue;
          ++admitted;
          ASSERT_LE(admission.connections(), 3U + 4U);
        }
      });
    }
  }
  EXPECT_GT(admitted, 0);
  EXPECT_EQ(admission.connections(), 0U);
  EXPECT_EQ(admission.addresses(), 0U);
}

}  // namespace
}  // namespace postrider::server
