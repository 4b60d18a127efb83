// The results of `postrider fuzz` as text, JSON and JUnit XML, and the transcripts of its findings.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <string>
#include <vector>

#include "postrider/agent/fuzz/fuzz_options.h"
#include "postrider/fuzz/campaign/campaign.h"
#include "postrider/fuzz/campaign/comparison.h"

namespace postrider::agent {

struct FuzzReport {
  fuzz::CampaignProgress progress;
  std::vector<fuzz::FoundFault> found;
  std::vector<std::string> files;  // of the transcripts, one a finding, "" where there is none
  std::chrono::nanoseconds time{};

  std::string to_text(const FuzzOptions& options) const;
  std::string to_json(const FuzzOptions& options) const;
  std::string to_junit(const FuzzOptions& options) const;
};

// The fault and its clause, in letters that every file system has.
std::string file_name(const fuzz::Finding& finding);

// Writes the transcripts into `options.findings`, which is made, and notes where. The failure is a sentence.
std::expected<void, std::string> write_findings(const FuzzOptions& options, FuzzReport& report);

struct ComparisonReport {
  std::uint64_t sessions = 0;
  std::vector<fuzz::Disagreement> disagreements;
  std::chrono::nanoseconds time{};

  std::string to_text(const FuzzOptions& options) const;
  std::string to_json(const FuzzOptions& options) const;
  std::string to_junit(const FuzzOptions& options) const;
};

}  // namespace postrider::agent
