// The result of `postrider smuggle` as a table and as JSON.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "postrider/agent/smuggle/smuggle_options.h"
#include "postrider/fuzz/smuggling/smuggling.h"

namespace postrider::agent {

// The last column: "ok", "SMUGGLED", "LEAKS", "END LOST", or "unknown".
std::string_view word_of(const fuzz::SmugglingCase& each) noexcept;

// Of fuzz::SmugglingRun's cases() and sums().
std::string smuggle_text(const SmuggleOptions& options, const std::vector<fuzz::SmugglingCase>& cases,
                         const fuzz::SmugglingSums& sums);
std::string smuggle_json(const SmuggleOptions& options, const std::vector<fuzz::SmugglingCase>& cases,
                         const fuzz::SmugglingSums& sums);

// The catalogue.
std::string variants_text();
std::string variants_json();

}  // namespace postrider::agent
