#include "postrider/fuzz/conformance/catalogue.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "postrider/fuzz/conformance/reply_properties.h"
#include "postrider/fuzz/conformance/script.h"

namespace postrider::fuzz {
namespace {

TEST(Catalogue, HasAtLeastAHundredAndFiftyChecksOfTenRfcs) {
  EXPECT_GE(catalogue().size(), 150U);
  std::set<std::string> rfcs;
  for (const Check& check : catalogue())
    rfcs.insert(std::string(check.clause.substr(0, check.clause.rfind(' '))));
  EXPECT_EQ(rfcs, (std::set<std::string>{"RFC 1870", "RFC 2034", "RFC 2920", "RFC 3030", "RFC 3207",
                                         "RFC 3461", "RFC 4954", "RFC 5321", "RFC 6152", "RFC 6531"}));
}

TEST(Catalogue, EveryIdIsOfItsRfcAndThereOnce) {
  std::set<std::string_view> ids;
  for (const Check& check : catalogue()) {
    EXPECT_TRUE(ids.insert(check.id).second) << check.id;
    const std::string rfc = "rfc" + std::string(check.clause.substr(4, 4)) + "-";
    EXPECT_TRUE(check.id.starts_with(rfc)) << check.id;
    EXPECT_TRUE(std::ranges::all_of(check.id, [](unsigned char c) {
      return std::islower(c) != 0 || std::isdigit(c) != 0 || c == '-' || c == '.';
    })) << check.id;
    EXPECT_EQ(find_check(check.id), &check);
  }
  EXPECT_EQ(find_check("nothing"), nullptr);
}

TEST(Catalogue, EveryScriptIsOneAndAsksForWhatItUses) {
  for (const Check& check : catalogue()) {
    const auto steps = parse_script(check.script);
    ASSERT_TRUE(steps) << check.id << ": " << steps.error();
    for (const Step& step : *steps) {
      if (step.kind != StepKind::property) continue;
      EXPECT_TRUE(property_fault(step.text, read_wire_reply("250 a\r\n"), {}))
          << check.id << ": " << step.line;
    }
    const std::string needs = " " + std::string(check.needs) + " ";
    for (const std::string_view option : std::array<std::string_view, 2>{"recipient", "refused"}) {
      const bool used = check.script.find("{" + std::string(option)) != check.script.npos ||
                        (option == "recipient" && check.script.find("rcpt\n") == 0) ||
                        (option == "recipient" && check.script.find("\nrcpt") != check.script.npos);
      if (used) {
        EXPECT_NE(needs.find(" " + std::string(option) + " "), needs.npos) << check.id << " needs " << option;
      }
    }
  }
}

TEST(Catalogue, EveryTitleIsASentenceWithoutItsEnd) {
  for (const Check& check : catalogue()) {
    EXPECT_FALSE(check.title.empty());
    EXPECT_FALSE(std::islower(static_cast<unsigned char>(check.title.front())) != 0) << check.title;
    EXPECT_FALSE(check.title.ends_with('.')) << check.title;
  }
}

}  // namespace
}  // namespace postrider::fuzz
