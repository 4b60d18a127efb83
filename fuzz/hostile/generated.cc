#include <algorithm>
#include <array>
#include <cstddef>
#include <random>
#include <string>
#include <string_view>

#include "postrider/fuzz/hostile/behaviour.h"

namespace postrider::fuzz {
namespace {

using namespace std::string_view_literals;

// std::mt19937_64 gives the same numbers everywhere; the distributions of the standard library do not.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : engine_(seed) {}

  std::size_t below(std::size_t count) { return static_cast<std::size_t>(engine_() % count); }
  bool one_in(std::size_t count) { return below(count) == 0; }

 private:
  std::mt19937_64 engine_;
};

constexpr std::array<std::string_view, 22> kCodes = {"250", "250", "250", "220", "221",  "235", "251", "252",
                                                     "354", "334", "421", "450", "451",  "452", "500", "550",
                                                     "554", "199", "666", "25",  "2500", "abc"};
constexpr std::array<std::string_view, 5> kSeparators = {" ", " ", "-", "", "\t"};
constexpr std::array<std::string_view, 10> kTexts = {
    "Ok",           "2.0.0 Ok", "5.1.1 Nobody", "4.7.1 Later",  "",
    "\xFF\xFE\x80", "a\0b"sv,   "250 2.0.0 Ok", "SIZE 1000000", "STARTTLS"};
constexpr std::array<std::string_view, 7> kEnds = {"\r\n", "\r\n", "\r\n", "\r\n", "\n", "\r", "\r\r\n"};

template <std::size_t Count>
std::string_view pick(Dice& dice, const std::array<std::string_view, Count>& from) {
  return from[dice.below(Count)];
}

// Almost a reply, of a line or some.
std::string reply(Dice& dice) {
  std::string out;
  const std::size_t lines = 1 + (dice.one_in(4) ? dice.below(5) : 0);
  std::string_view code = pick(dice, kCodes);
  for (std::size_t at = 0; at < lines; ++at) {
    if (dice.one_in(12)) code = pick(dice, kCodes);
    out.append(code).append(at + 1 < lines ? "-" : pick(dice, kSeparators));
    out.append(pick(dice, kTexts));
    if (dice.one_in(40)) out.append(dice.below(20'000), 'x');
    out.append(pick(dice, kEnds));
  }
  if (dice.one_in(10)) out.resize(dice.below(out.size() + 1));
  return out;
}

Act act(Dice& dice) {
  constexpr std::array<Deed, 14> kDeeds = {Deed::ordinary,   Deed::ordinary, Deed::ordinary, Deed::ordinary,
                                           Deed::say,        Deed::say,      Deed::say,      Deed::swallow,
                                           Deed::close,      Deed::reset,    Deed::twice,    Deed::drip,
                                           Deed::half_close, Deed::silent};
  const Deed deed = kDeeds[dice.below(kDeeds.size())];
  const bool speaks = deed == Deed::say || dice.one_in(2);
  return Act(deed, speaks ? reply(dice) : std::string());
}

}  // namespace

Script generated_script(std::uint64_t seed) {
  Dice dice(seed);
  Script script;
  script.offers.clear();
  for (const std::string_view offer :
       {"PIPELINING"sv, "8BITMIME"sv, "SIZE 100000"sv, "CHUNKING"sv, "STARTTLS"sv, "DSN"sv, "SMTPUTF8"sv,
        "ENHANCEDSTATUSCODES"sv, "SIZE"sv, "X"sv}) {
    if (dice.one_in(2)) script.offers.emplace_back(offer);
  }
  for (std::size_t at = 0; at < kStages; ++at) {
    // Most stages are as they should be, or no session would come far.
    if (!dice.one_in(4)) continue;
    for (std::size_t left = 1 + dice.below(3); left != 0; --left) script.acts[at].push_back(act(dice));
  }
  script.slow = dice.one_in(20);
  script.drops_group = dice.one_in(20);
  if (dice.one_in(5)) {
    script.tls = static_cast<TlsDeed>(dice.below(6));
    script.tls_octets = reply(dice);
  }
  return script;
}

}  // namespace postrider::fuzz
