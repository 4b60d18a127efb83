// Whole conversations between the two sessions, thousands of them, each from a seed. That both sides agree on
// senders, recipients, octets and the owner of each reply is checked inside (fuzz/support/conversation.h).
#include "postrider/tests/protocol/session/session_pair.h"

#include <cstdint>
#include <string>

#include <gtest/gtest.h>

namespace postrider::protocol {
namespace {

using testing::PairCounts;
using testing::SessionPair;

constexpr std::uint64_t kConversations = 2000;

struct Kind {
  const char* name;
  Flavor flavor;
  bool pipelining;
  bool chunking;
};

void PrintTo(const Kind& kind, std::ostream* out) { *out << kind.name; }

class SessionPairs : public ::testing::TestWithParam<Kind> {
 protected:
  // A server of this kind; everything else differs from seed to seed, limits and leniencies included.
  [[nodiscard]] ServerOptions options(std::uint64_t seed) const {
    fuzz::SeededChoices settings(4 * seed + 3);
    ServerOptions options = fuzz::choose_server(settings);
    options.flavor = GetParam().flavor;
    for (Capabilities* offered : {&options.capabilities, &options.capabilities_after_tls}) {
      offered->withdraw(Extension::pipelining).withdraw(Extension::chunking);
      if (GetParam().pipelining) offered->offer(Extension::pipelining);
      if (GetParam().chunking) offered->offer(Extension::chunking);
    }
    return options;
  }
};

TEST_P(SessionPairs, AgreeInThousandsOfConversations) {
  PairCounts all;
  for (std::uint64_t seed = 0; seed < kConversations; ++seed) {
    SessionPair pair(seed, options(seed));
    pair.run();
    all += pair.counts();
  }
  // All that the sessions can do with one another did happen.
  EXPECT_GT(all.messages_taken, kConversations / 4);
  EXPECT_GT(all.messages_refused, kConversations / 20);
  EXPECT_GT(all.recipients, kConversations);
  EXPECT_GT(all.resets, kConversations / 4);
  EXPECT_GT(all.handshakes, kConversations / 50);
  EXPECT_GT(all.logins, kConversations / 100);
  EXPECT_GT(all.broke_off, kConversations / 50);
  if (GetParam().flavor == Flavor::smtp) {
    EXPECT_GT(all.helo_fallbacks, kConversations / 50);
  }
  if (GetParam().chunking) {
    EXPECT_GT(all.chunks, kConversations / 20);
  } else {
    EXPECT_EQ(all.chunks, 0u);
  }
  if (GetParam().pipelining) {
    EXPECT_GT(all.pipelined, 4u);
  } else {
    EXPECT_EQ(all.pipelined, 1u);
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, SessionPairs,
                         ::testing::Values(Kind{"smtp", Flavor::smtp, false, false},
                                           Kind{"smtp_chunks", Flavor::smtp, false, true},
                                           Kind{"smtp_pipelined", Flavor::smtp, true, false},
                                           Kind{"smtp_pipelined_chunks", Flavor::smtp, true, true},
                                           Kind{"lmtp", Flavor::lmtp, false, false},
                                           Kind{"lmtp_chunks", Flavor::lmtp, false, true},
                                           Kind{"lmtp_pipelined", Flavor::lmtp, true, false},
                                           Kind{"lmtp_pipelined_chunks", Flavor::lmtp, true, true}),
                         [](const auto& kind) { return std::string(kind.param.name); });

TEST(SessionPair, ASeedReplaysExactly) {
  fuzz::SeededChoices settings(7);
  const ServerOptions options = fuzz::choose_server(settings);
  SessionPair first(7, options);
  SessionPair second(7, options);
  first.run();
  second.run();
  EXPECT_EQ(first.client().said(), second.client().said());
  EXPECT_EQ(first.server().written(), second.server().written());
  SessionPair other(8, options);
  other.run();
  EXPECT_NE(first.client().said(), other.client().said());
}

}  // namespace
}  // namespace postrider::protocol
