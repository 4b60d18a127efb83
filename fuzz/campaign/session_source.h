// Which session has which number: those of a corpus first, then as many as anybody wants from a seed.
//
//   const SessionSource source(seed, settings, corpus);
//   source.plan(0)    // the same on every machine
#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "postrider/fuzz/generator/session_plan.h"
#include "postrider/fuzz/transcript/transcript.h"

namespace postrider::fuzz {

class SessionSource {
 public:
  SessionSource(std::uint64_t seed, SessionSettings settings, std::vector<SessionPlan> corpus = {});

  SessionPlan plan(std::uint64_t number) const;
  std::uint64_t seed() const noexcept { return seed_; }

 private:
  std::uint64_t seed_;
  SessionSettings settings_;
  std::vector<SessionPlan> corpus_;
};

// What a transcript's client wrote, one step a write; how many replies it waits for is not known.
SessionPlan plan_of(const Transcript& transcript);

// A file of a corpus: a transcript, or octets that choose, as a fuzzer finds them.
SessionPlan plan_of_file(std::string_view content, const SessionSettings& settings);

// All files of a folder, by name. The failure is a sentence.
std::expected<std::vector<SessionPlan>, std::string> read_corpus(const std::filesystem::path& folder,
                                                                 const SessionSettings& settings);

}  // namespace postrider::fuzz
