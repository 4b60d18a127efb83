#include "postrider/client/tls_decision.h"

#include <array>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postrider::client {
namespace {

using resolver::Answer;
using resolver::DomainName;
using resolver::LookupFault;
using resolver::Security;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using transport::TlsPolicy;

DomainName name(std::string_view text) { return DomainName::parse(text).value(); }

struct Numbers {
  std::uint8_t usage;
  std::uint8_t selector;
  std::uint8_t matching;
  std::size_t octets;
};

Answer tlsa_found(Security security, const std::vector<Numbers>& records) {
  Answer answer;
  answer.outcome = Answer::Outcome::found;
  answer.security = security;
  answer.canonical = name("_25._tcp.mx.example.org");
  for (const Numbers& each : records) {
    resolver::Record record;
    record.owner = answer.canonical;
    record.type = resolver::RecordType::tlsa;
    record.data = {static_cast<char>(each.usage), static_cast<char>(each.selector),
                   static_cast<char>(each.matching)};
    record.data += std::string(each.octets, 'h');
    answer.records.push_back(record);
  }
  return answer;
}

Answer tlsa_absent(Answer::Outcome outcome, Security security) {
  Answer answer;
  answer.outcome = outcome;
  answer.security = security;
  return answer;
}

Answer tlsa_failed(LookupFault fault) { return Answer::failed(fault, "what went wrong"); }

constexpr Numbers kDaneEe = {3, 1, 1, 32};
constexpr Numbers kDaneTa = {2, 0, 2, 64};

TlsInputs inputs(TlsLevel level = TlsLevel::opportunistic) {
  TlsInputs in;
  in.level = level;
  in.domain = name("example.org");
  in.host = name("mx.example.org");
  return in;
}

// With DNSSEC for everything, and this TLSA answer.
TlsInputs signed_inputs(Answer tlsa, TlsLevel level = TlsLevel::opportunistic) {
  TlsInputs in = inputs(level);
  in.mx_security = Security::secure;
  in.name_security = Security::secure;
  in.tlsa = std::move(tlsa);
  return in;
}

std::string_view word(TlsVerdict verdict) {
  constexpr std::array<std::string_view, 3> kWords = {"connect", "skip_host", "defer"};
  return kWords[static_cast<std::size_t>(verdict)];
}
std::string_view word(TlsUse use) {
  constexpr std::array<std::string_view, 4> kWords = {"none", "opportunistic", "required", "implicit"};
  return kWords[static_cast<std::size_t>(use)];
}
std::string_view word(TlsPolicy policy) {
  constexpr std::array<std::string_view, 4> kWords = {"none", "opportunistic", "pkix", "dane"};
  return kWords[static_cast<std::size_t>(policy)];
}
std::string_view word(TlsReason reason) {
  constexpr std::array<std::string_view, 5> kWords = {"route", "dane", "sts", "sts_testing", "require_tls"};
  return kWords[static_cast<std::size_t>(reason)];
}

// "required pkix by sts", "defer by dane"; "or clear" when clear text is all right.
std::string decided(const TlsInputs& in) {
  const TlsDecision decision = decide_tls(in);
  std::string out;
  if (decision.verdict == TlsVerdict::connect) {
    out.append(word(decision.use)).append(" ").append(word(decision.target.policy));
    if (decision.clear_allowed) out += " or clear";
  } else {
    out = word(decision.verdict);
    if (decision.clear_allowed) out += " BUT CLEAR";
  }
  return out.append(" by ").append(word(decision.reason));
}

TEST(TlsDecision, DoesWhatTheRouteAsksForWhenNothingIsPublished) {
  EXPECT_EQ(decided(inputs(TlsLevel::none)), "none none or clear by route");
  EXPECT_EQ(decided(inputs(TlsLevel::opportunistic)), "opportunistic opportunistic or clear by route");
  EXPECT_EQ(decided(inputs(TlsLevel::required)), "required opportunistic by route");
  EXPECT_EQ(decided(inputs(TlsLevel::verify)), "required pkix by route");
  const TlsDecision decision = decide_tls(inputs());
  EXPECT_EQ(decision.target.name, "mx.example.org");
  EXPECT_EQ(decision.target.port, 25);
  EXPECT_THAT(decision.target.also, IsEmpty());
  EXPECT_THAT(decision.target.tlsa, IsEmpty());
}

TEST(TlsDecision, VerifiesByUsableTlsaRecordsWhateverTheRouteAsksFor) {
  for (const TlsLevel level :
       {TlsLevel::none, TlsLevel::opportunistic, TlsLevel::required, TlsLevel::verify}) {
    for (const Numbers& record : {kDaneEe, kDaneTa, Numbers{3, 0, 0, 900}, Numbers{2, 1, 1, 32}}) {
      const TlsInputs in = signed_inputs(tlsa_found(Security::secure, {record}), level);
      EXPECT_EQ(decided(in), "required dane by dane");
      EXPECT_THAT(decide_tls(in).text, HasSubstr("1 usable"));
    }
  }
}

TEST(TlsDecision, HandsOnTheUsableRecordsAlone) {
  const TlsDecision decision = decide_tls(
      signed_inputs(tlsa_found(Security::secure, {{1, 1, 1, 32}, kDaneTa, {3, 1, 1, 31}, kDaneEe})));
  ASSERT_EQ(decision.target.tlsa.size(), 2U);
  EXPECT_EQ(decision.target.tlsa[0].usage, 2);
  EXPECT_EQ(decision.target.tlsa[0].matching, 2);
  EXPECT_EQ(decision.target.tlsa[1].usage, 3);
  EXPECT_EQ(decision.target.tlsa[1].data, std::string(32, 'h'));
  EXPECT_THAT(decision.text, HasSubstr("2 usable TLSA records"));
}

TEST(TlsDecision, HandsOnNoMoreRecordsThanAreReasonable) {
  const std::vector<Numbers> many(1000, kDaneEe);
  const TlsDecision decision = decide_tls(signed_inputs(tlsa_found(Security::secure, many)));
  EXPECT_EQ(decision.target.policy, TlsPolicy::dane);
  EXPECT_EQ(decision.target.tlsa.size(), kMostTlsaRecords);
}

TEST(TlsDecision, DemandsTlsButNoAuthenticationWhenNoSecureRecordIsUsable) {
  for (const Numbers& record :
       {Numbers{0, 1, 1, 32}, Numbers{1, 0, 1, 32}, Numbers{3, 2, 1, 32}, Numbers{3, 1, 3, 32},
        Numbers{255, 1, 1, 32}, Numbers{3, 1, 1, 20}, Numbers{2, 1, 2, 32}, Numbers{3, 1, 0, 0}}) {
    const auto with = [&record](TlsLevel level) {
      return decided(signed_inputs(tlsa_found(Security::secure, {record}), level));
    };
    EXPECT_EQ(with(TlsLevel::none), "required opportunistic by dane");
    EXPECT_EQ(with(TlsLevel::opportunistic), "required opportunistic by dane");
    EXPECT_EQ(with(TlsLevel::required), "required opportunistic by dane");
    EXPECT_EQ(with(TlsLevel::verify), "required pkix by dane");
  }
}

TEST(TlsDecision, GoesOnWithoutDaneWhenTlsaRecordsAreProvenAbsentOrNotProtected) {
  for (const Answer& tlsa :
       {tlsa_absent(Answer::Outcome::no_data, Security::secure),
        tlsa_absent(Answer::Outcome::no_name, Security::secure),
        tlsa_absent(Answer::Outcome::no_data, Security::insecure),
        tlsa_absent(Answer::Outcome::no_name, Security::indeterminate),
        tlsa_found(Security::insecure, {kDaneEe}), tlsa_found(Security::indeterminate, {kDaneEe})}) {
    EXPECT_EQ(decided(signed_inputs(tlsa)), "opportunistic opportunistic or clear by route");
    EXPECT_EQ(decided(signed_inputs(tlsa, TlsLevel::verify)), "required pkix by route");
  }
}

TEST(TlsDecision, DefersWhenSomebodyMayHideTlsaRecords) {
  for (const Answer& tlsa : {tlsa_failed(LookupFault::timed_out), tlsa_failed(LookupFault::unreachable),
                             tlsa_failed(LookupFault::server_failure), tlsa_failed(LookupFault::bogus),
                             tlsa_failed(LookupFault::malformed), tlsa_failed(LookupFault::too_many),
                             tlsa_failed(LookupFault::cancelled), tlsa_found(Security::bogus, {kDaneEe}),
                             tlsa_absent(Answer::Outcome::no_data, Security::bogus),
                             tlsa_absent(Answer::Outcome::no_name, Security::bogus)}) {
    for (const TlsLevel level :
         {TlsLevel::none, TlsLevel::opportunistic, TlsLevel::required, TlsLevel::verify}) {
      EXPECT_EQ(decided(signed_inputs(tlsa, level)), "defer by dane");
    }
  }
  EXPECT_THAT(decide_tls(signed_inputs(tlsa_failed(LookupFault::timed_out))).text,
              HasSubstr("what went wrong"));
}

TEST(TlsDecision, DefersWhenTheTlsaRecordsWereForgotten) {
  TlsInputs in = signed_inputs({});
  in.tlsa.reset();
  EXPECT_EQ(decided(in), "defer by dane");
}

TEST(TlsDecision, DefersWhenMxOrAddressesAreBogus) {
  TlsInputs in = signed_inputs(tlsa_found(Security::secure, {kDaneEe}));
  in.mx_security = Security::bogus;
  EXPECT_EQ(decided(in), "defer by dane");
  in.require_tls = true;
  EXPECT_EQ(decided(in), "defer by dane") << "and no bounce";
  in = signed_inputs(tlsa_found(Security::secure, {kDaneEe}));
  in.name_security = Security::bogus;
  EXPECT_EQ(decided(in), "defer by dane");
}

TEST(TlsDecision, BelievesTlsaRecordsOnlyWhenMxAndAddressesAreSecureToo) {
  for (const Security mx : {Security::secure, Security::insecure, Security::indeterminate}) {
    for (const Security addresses : {Security::secure, Security::insecure, Security::indeterminate}) {
      const bool both = mx == Security::secure && addresses == Security::secure;
      EXPECT_EQ(dane_possible(mx, addresses), both);
      TlsInputs in = signed_inputs(tlsa_found(Security::secure, {kDaneEe}));
      in.mx_security = mx;
      in.name_security = addresses;
      EXPECT_EQ(decided(in),
                both ? "required dane by dane" : "opportunistic opportunistic or clear by route");
      // Nor does their failure matter then: nobody had to ask.
      in.tlsa = tlsa_failed(LookupFault::server_failure);
      EXPECT_EQ(decided(in), both ? "defer by dane" : "opportunistic opportunistic or clear by route");
    }
  }
  EXPECT_FALSE(dane_possible(Security::bogus, Security::secure));
}

TEST(TlsDecision, LooksForTheHostAndTheDomainInACertificateOfDane) {
  TlsInputs in = signed_inputs(tlsa_found(Security::secure, {kDaneTa}));
  in.port = 2525;
  TlsDecision decision = decide_tls(in);
  EXPECT_EQ(decision.target.name, "mx.example.org");
  EXPECT_EQ(decision.target.port, 2525);
  EXPECT_THAT(decision.target.also, ElementsAre("example.org"));

  // An alias: SNI is the name where the TLSA records stand, RFC 7672 8.1.
  in.tlsa_base = name("real.example.net");
  decision = decide_tls(in);
  EXPECT_EQ(decision.target.name, "real.example.net");
  EXPECT_THAT(decision.target.also, ElementsAre("mx.example.org", "example.org"));
  // They stood below the alias itself.
  in.tlsa_base = in.host;
  EXPECT_EQ(decide_tls(in).target.name, "mx.example.org");
  EXPECT_THAT(decide_tls(in).target.also, ElementsAre("example.org"));

  // The domain is an alias itself: both names will do, RFC 7672 3.2.2.
  in.domain_canonical = name("example.com");
  EXPECT_THAT(decide_tls(in).target.also, ElementsAre("example.org", "example.com"));

  // An implicit MX is its domain.
  in = signed_inputs(tlsa_found(Security::secure, {kDaneTa}));
  in.host = in.domain;
  EXPECT_THAT(decide_tls(in).target.also, IsEmpty());
}

TEST(TlsDecision, LooksForTheHostAloneWithoutDane) {
  TlsInputs in = inputs();
  in.sts = StsMatch::enforce_listed;
  in.tlsa_base = name("real.example.net");
  EXPECT_EQ(decide_tls(in).target.name, "mx.example.org");
  EXPECT_THAT(decide_tls(in).target.also, IsEmpty());
}

TEST(TlsDecision, FollowsMtaSts) {
  struct Case {
    StsMatch sts;
    TlsLevel level;
    std::string_view expected;
  };
  for (const Case& each : {
           Case{StsMatch::enforce_listed, TlsLevel::none, "required pkix by sts"},
           Case{StsMatch::enforce_listed, TlsLevel::opportunistic, "required pkix by sts"},
           Case{StsMatch::enforce_listed, TlsLevel::required, "required pkix by sts"},
           Case{StsMatch::enforce_listed, TlsLevel::verify, "required pkix by sts"},
           Case{StsMatch::enforce_unlisted, TlsLevel::none, "skip_host by sts"},
           Case{StsMatch::enforce_unlisted, TlsLevel::verify, "skip_host by sts"},
           Case{StsMatch::testing_listed, TlsLevel::none, "none none or clear by sts_testing"},
           Case{StsMatch::testing_listed, TlsLevel::opportunistic,
                "opportunistic opportunistic or clear by sts_testing"},
           Case{StsMatch::testing_unlisted, TlsLevel::opportunistic,
                "opportunistic opportunistic or clear by sts_testing"},
           Case{StsMatch::testing_unlisted, TlsLevel::required, "required opportunistic by sts_testing"},
           Case{StsMatch::testing_listed, TlsLevel::verify, "required pkix by sts_testing"},
       }) {
    TlsInputs in = inputs(each.level);
    in.sts = each.sts;
    EXPECT_EQ(decided(in), each.expected);
  }
}

TEST(TlsDecision, PutsDaneBeforeMtaSts) {
  const auto with = [](const Answer& tlsa, StsMatch sts) {
    TlsInputs in = signed_inputs(tlsa);
    in.sts = sts;
    return decided(in);
  };
  const Answer usable = tlsa_found(Security::secure, {kDaneEe});
  const Answer unusable = tlsa_found(Security::secure, {{0, 1, 1, 32}});
  EXPECT_EQ(with(usable, StsMatch::enforce_listed), "required dane by dane");
  EXPECT_EQ(with(usable, StsMatch::testing_unlisted), "required dane by dane");
  EXPECT_EQ(with(unusable, StsMatch::enforce_listed), "required pkix by sts");
  EXPECT_EQ(with(unusable, StsMatch::testing_listed), "required opportunistic by dane");
  EXPECT_EQ(with(tlsa_failed(LookupFault::timed_out), StsMatch::enforce_listed), "defer by dane");
  // What a policy forbids, DANE does not allow.
  EXPECT_EQ(with(usable, StsMatch::enforce_unlisted), "skip_host by sts");
  EXPECT_EQ(with(tlsa_failed(LookupFault::timed_out), StsMatch::enforce_unlisted), "skip_host by sts");
}

TEST(TlsDecision, VerifiesForRequireTlsAndAsksWhoVouchesForTheHost) {
  const auto with = [](TlsInputs in, StsMatch sts) {
    in.require_tls = true;
    in.sts = sts;
    return decided(in);
  };
  EXPECT_EQ(with(inputs(), StsMatch::no_policy), "skip_host by require_tls");
  EXPECT_EQ(with(inputs(TlsLevel::verify), StsMatch::no_policy), "skip_host by require_tls");
  EXPECT_EQ(with(inputs(), StsMatch::testing_unlisted), "skip_host by require_tls");
  EXPECT_EQ(with(inputs(), StsMatch::testing_listed), "required pkix by require_tls");
  EXPECT_EQ(with(inputs(), StsMatch::enforce_listed), "required pkix by sts");
  EXPECT_EQ(with(inputs(), StsMatch::enforce_unlisted), "skip_host by sts");

  TlsInputs in = inputs(TlsLevel::none);
  in.mx_security = Security::secure;
  in.name_security = Security::insecure;
  EXPECT_EQ(with(in, StsMatch::no_policy), "required pkix by require_tls");
  in.mx_security = Security::insecure;
  EXPECT_EQ(with(in, StsMatch::no_policy), "skip_host by require_tls");
  EXPECT_EQ(with(signed_inputs(tlsa_found(Security::secure, {kDaneEe})), StsMatch::no_policy),
            "required dane by dane");
  EXPECT_EQ(with(signed_inputs(tlsa_found(Security::secure, {{1, 1, 1, 32}})), StsMatch::no_policy),
            "required pkix by require_tls");
  EXPECT_EQ(with(signed_inputs(tlsa_absent(Answer::Outcome::no_data, Security::secure)), StsMatch::no_policy),
            "required pkix by require_tls");
  EXPECT_EQ(with(signed_inputs(tlsa_failed(LookupFault::timed_out)), StsMatch::no_policy), "defer by dane");
}

TEST(TlsDecision, NamesTheTlsaRecordsOfAHost) {
  EXPECT_EQ(tlsa_name(name("mx.example.org"), 25), name("_25._tcp.mx.example.org"));
  EXPECT_EQ(tlsa_name(name("mx.example.org"), 65535), name("_65535._tcp.mx.example.org"));
  const std::string label(63, 'a');
  EXPECT_FALSE(tlsa_name(name(label + "." + label + "." + label + "." + std::string(60, 'b')), 25));
}

// ---- Nothing that somebody adds makes mail less safe: every combination, every single step up. ----

const std::vector<Answer>& tlsa_answers() {
  // In order of what they ask for. All of them with secure MX and addresses, but for the first.
  static const std::vector<Answer> kAnswers = {
      Answer(),
      tlsa_found(Security::insecure, {kDaneEe}),
      tlsa_absent(Answer::Outcome::no_name, Security::secure),
      tlsa_found(Security::secure, {{1, 1, 1, 32}}),
      tlsa_found(Security::secure, {{1, 1, 1, 32}, kDaneTa}),
      tlsa_failed(LookupFault::server_failure),
  };
  return kAnswers;
}

struct Combination {
  std::size_t level = 0;
  std::size_t dane = 0;
  std::size_t sts = 0;
  std::size_t require_tls = 0;

  TlsInputs inputs() const {
    TlsInputs in = dane == 0 ? client::inputs() : signed_inputs(tlsa_answers()[dane]);
    in.level = static_cast<TlsLevel>(level);
    in.require_tls = require_tls == 1;
    // In order of what they ask for.
    constexpr std::array kSts = {StsMatch::no_policy, StsMatch::testing_listed, StsMatch::testing_unlisted,
                                 StsMatch::enforce_listed, StsMatch::enforce_unlisted};
    in.sts = kSts[sts];
    return in;
  }
};

void for_all(const std::function<void(const Combination&)>& check) {
  for (std::size_t level = 0; level < 4; ++level)
    for (std::size_t dane = 0; dane < tlsa_answers().size(); ++dane)
      for (std::size_t sts = 0; sts < 5; ++sts)
        for (std::size_t require_tls = 0; require_tls < 2; ++require_tls)
          check(Combination{level, dane, sts, require_tls});
}

// Whether `after` allows a connection that is less safe than each one that `before` allows.
bool is_weaker(const TlsDecision& before, const TlsDecision& after) {
  if (after.verdict != TlsVerdict::connect) return false;
  if (before.verdict != TlsVerdict::connect) return true;
  return after.use < before.use || after.target.policy < before.target.policy ||
         (after.clear_allowed && !before.clear_allowed);
}

TEST(TlsDecision, IsNeverWeakenedByAnythingThatIsAdded) {
  std::size_t steps = 0;
  for_all([&steps](const Combination& from) {
    const TlsDecision before = decide_tls(from.inputs());
    const auto check = [&](const Combination& to) {
      ++steps;
      const TlsDecision after = decide_tls(to.inputs());
      // The one way from no connection to one: somebody now vouches for the host, as REQUIRETLS asks for. It
      // is verified then.
      if (before.reason == TlsReason::require_tls && before.verdict == TlsVerdict::skip_host &&
          after.verdict == TlsVerdict::connect) {
        EXPECT_GE(after.target.policy, TlsPolicy::pkix);
        EXPECT_EQ(after.use, TlsUse::required);
        EXPECT_FALSE(after.clear_allowed);
        EXPECT_TRUE(to.dane > 0 || to.sts == 1 || to.sts == 3);
        return;
      }
      EXPECT_FALSE(is_weaker(before, after)) << before.text << " -> " << after.text;
    };
    for (std::size_t level = from.level + 1; level < 4; ++level)
      check(Combination{level, from.dane, from.sts, from.require_tls});
    for (std::size_t dane = from.dane + 1; dane < tlsa_answers().size(); ++dane)
      check(Combination{from.level, dane, from.sts, from.require_tls});
    for (std::size_t sts = from.sts + 1; sts < 5; ++sts)
      check(Combination{from.level, from.dane, sts, from.require_tls});
    if (from.require_tls == 0) check(Combination{from.level, from.dane, from.sts, 1});
  });
  EXPECT_GT(steps, 1000U);
}

TEST(TlsDecision, HangsTogetherForEveryCombination) {
  for_all([](const Combination& each) {
    const TlsDecision decision = decide_tls(each.inputs());
    EXPECT_FALSE(decision.text.empty());
    EXPECT_NE(decision.use, TlsUse::implicit);
    // Clear text exactly where TLS is not demanded.
    EXPECT_EQ(decision.clear_allowed, decision.use < TlsUse::required);
    if (decision.verdict != TlsVerdict::connect) {
      EXPECT_FALSE(decision.clear_allowed);
    }
    // DANE exactly with records to verify by.
    EXPECT_EQ(decision.target.policy == TlsPolicy::dane, !decision.target.tlsa.empty());
    if (decision.use == TlsUse::none) {
      EXPECT_EQ(decision.target.policy, TlsPolicy::none);
    }
    if (decision.use != TlsUse::none) {
      EXPECT_NE(decision.target.policy, TlsPolicy::none);
    }
    if (each.require_tls == 1) {
      EXPECT_GE(decision.target.policy, TlsPolicy::pkix) << decision.text;
    }
  });
}

}  // namespace
}  // namespace postrider::client
