// What a run of checks came to, for people, scripts and CI.
#pragma once

#include <cstddef>
#include <string>

#include "postrider/fuzz/conformance/runner.h"

namespace postrider::agent {

struct ConformCounts {
  std::size_t passed = 0;
  std::size_t failed_must = 0;
  std::size_t failed_should = 0;  // and MAY
  std::size_t stuck = 0;
  std::size_t not_tried = 0;  // not offered, not applicable, or without the option
};
ConformCounts count(const fuzz::ConformanceReport& report);
// Every MUST that could be tried holds.
bool conforms(const fuzz::ConformanceReport& report);

struct ConformTexts {
  std::string server;        // as the user named it
  bool transcripts = false;  // of every check; else of those that failed or got stuck
};

// One line a check and a transcript for each failure; the sums at the end.
std::string to_text(const fuzz::ConformanceReport& report, const ConformTexts& texts);
std::string to_json(const fuzz::ConformanceReport& report, const ConformTexts& texts);
// A page of its own, without scripts and without anything to load.
std::string to_html(const fuzz::ConformanceReport& report, const ConformTexts& texts);
// As Jenkins, GitLab and others read it: a suite for each RFC. A SHOULD that does not hold is no failure
// there.
std::string to_junit(const fuzz::ConformanceReport& report, const ConformTexts& texts);
// The catalogue: id, level, clause and title of each check.
std::string catalogue_text(const std::vector<const fuzz::Check*>& checks);
std::string catalogue_json(const std::vector<const fuzz::Check*>& checks);

}  // namespace postrider::agent
