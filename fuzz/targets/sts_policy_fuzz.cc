// A policy is its own text once it is written, names hosts, ages a year at most, and lists what its patterns
// list.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "postrider/fuzz/support/alphabet.h"
#include "postrider/fuzz/support/fuzz_input.h"
#include "postrider/fuzz/support/require.h"
#include "postrider/resolver/mta_sts/sts_policy.h"
#include "postrider/resolver/mta_sts/sts_record.h"

namespace {

using namespace postrider::resolver;
using namespace postrider::fuzz;

constexpr std::array<std::string_view, 32> kWords = {"version: STSv1\n",
                                                     "version:",
                                                     "STSv1",
                                                     "mode: enforce\n",
                                                     "mode: testing\n",
                                                     "mode: none\n",
                                                     "mode:",
                                                     "max_age: ",
                                                     "max_age: 0\n",
                                                     "604800\n",
                                                     "31557600",
                                                     "9999999999",
                                                     "mx: ",
                                                     "mx: *.",
                                                     "*.",
                                                     "example.org",
                                                     "mail",
                                                     ".",
                                                     "\n",
                                                     "\r\n",
                                                     "\r",
                                                     " ",
                                                     ":",
                                                     "key: value\n",
                                                     "v=STSv1; id=",
                                                     "v=STSv1;",
                                                     "id=a;",
                                                     "=",
                                                     ";",
                                                     "1",
                                                     "\xC3\xA9",
                                                     "x.example.net\n"};

// The name with one more label in front, where that fits.
void check_pattern(const StsPolicy& policy, const StsPattern& pattern) {
  require(!pattern.name.is_root(), "a pattern names a domain");
  require(pattern.matches(pattern.name) != pattern.wildcard, "a wildcard does not stand for its own domain");
  const auto below = pattern.name.below("x");
  if (!below) return;
  require(pattern.matches(*below) == pattern.wildcard, "a wildcard stands for one label");
  require(!pattern.wildcard || policy.lists(*below), "a policy lists what its patterns list");
  const auto further = below->below("y");
  if (further) require(!pattern.matches(*further), "no pattern stands for two labels");
}

void check_policy(std::string_view text) {
  const auto policy = StsPolicy::parse(text);
  if (!policy) {
    require(!policy.error().empty(), "a refusal says why");
    return;
  }
  require(policy->mode == StsMode::none || !policy->mx.empty(), "a policy lists hosts");
  require(policy->max_age >= std::chrono::seconds(0) && policy->max_age <= StsPolicy::kMaxAge,
          "a policy lives for a year at most");
  for (const StsPattern& each : policy->mx) check_pattern(*policy, each);
  const std::string written = policy->text();
  require(written.size() > StsPolicy::kMaxOctets || StsPolicy::parse(written) == policy,
          "a policy that is written is the same policy");
  require(sts_match(*policy, DomainName()) != StsMatch::enforce_listed, "the root is no host of a policy");
}

void check_record(std::string_view text) {
  const StsRecord record = read_sts_records({std::string(text)});
  require(record.id.size() <= StsRecord::kMaxId, "an id is short");
  require(record.id.empty() || record.fault.empty(), "a record is usable or not");
  require(record.id.empty() || text.starts_with("v=STSv1"), "a record has its version");
  for (const char c : record.id)
    require((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'), "an id is plain");
  if (record.announced())
    require(!read_sts_records({std::string(text), std::string(text)}).announced(), "two records are none");
}

void run(std::string_view octets) {
  const ExactCopy copy(octets);
  check_policy(copy.view());
  check_record(copy.view());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  if (size > 4096) return 0;
  const std::string_view text = FuzzInput::as_text(octets, size);
  run(text);
  run(spell(text, kWords));
  run("version: STSv1\nmode: enforce\nmax_age: 1\nmx: " + spell(text, kWords));
  return 0;
}
