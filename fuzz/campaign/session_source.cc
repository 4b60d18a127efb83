#include "postrider/fuzz/campaign/session_source.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

#include "postrider/fuzz/support/choices.h"

namespace postrider::fuzz {
namespace {

// Stops: a corpus that fills the memory.
constexpr std::size_t kMostFile = std::size_t{1} << 20;
constexpr std::size_t kMostFiles = 100'000;
// Every fourth session has no faults: what is wrong there is wrong for everybody.
constexpr std::uint64_t kCleanOneIn = 4;

}  // namespace

SessionSource::SessionSource(std::uint64_t seed, SessionSettings settings, std::vector<SessionPlan> corpus)
    : seed_(seed), settings_(std::move(settings)), corpus_(std::move(corpus)) {}

SessionPlan SessionSource::plan(std::uint64_t number) const {
  if (number < corpus_.size()) return corpus_[static_cast<std::size_t>(number)];
  SeededChoices choices(seed_ ^ ((number + 1) * 0x9E3779B97F4A7C15u));
  SessionSettings settings = settings_;
  settings.faults = settings_.faults && number % kCleanOneIn != 0;
  return make_session(choices, settings);
}

SessionPlan plan_of(const Transcript& transcript) {
  SessionPlan plan;
  plan.steps.push_back({.octets = "", .owners = {"greeting"}});
  std::size_t connections = 0;
  for (const TranscriptEvent& event : transcript.events) {
    if (event.kind == TranscriptKind::connected && ++connections > 1) break;
    if (event.kind == TranscriptKind::client) {
      plan.steps.push_back({.octets = event.octets, .loose = true});
    } else if (event.kind == TranscriptKind::tls) {
      plan.steps.push_back({.octets = "", .when = PlanStep::When::after_220, .handshake = true});
    } else if (event.kind == TranscriptKind::client_closed) {
      plan.steps.push_back({.octets = "", .half_close = true});
    }
  }
  if (plan.steps.size() > kMostSteps) plan.steps.resize(kMostSteps);
  return plan;
}

SessionPlan plan_of_file(std::string_view content, const SessionSettings& settings) {
  if (content.starts_with(kTranscriptHeader)) {
    if (const TranscriptResult read = parse_transcript(content)) return plan_of(*read);
  }
  OctetChoices choices(content);
  return make_session(choices, settings);
}

std::expected<std::vector<SessionPlan>, std::string> read_corpus(const std::filesystem::path& folder,
                                                                 const SessionSettings& settings) {
  std::error_code failure;
  std::vector<std::filesystem::path> files;
  for (std::filesystem::directory_iterator at(folder, failure), end; !failure && at != end;
       at.increment(failure)) {
    if (at->is_regular_file()) files.push_back(at->path());
    if (files.size() > kMostFiles) return std::unexpected(folder.string() + " has more than 100000 files");
  }
  if (failure) return std::unexpected(folder.string() + ": " + failure.message());
  std::ranges::sort(files);
  std::vector<SessionPlan> plans;
  for (const std::filesystem::path& path : files) {
    std::ifstream file(path, std::ios::binary);
    const std::string content{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    if (!file) return std::unexpected(path.string() + " cannot be read");
    if (content.size() > kMostFile) return std::unexpected(path.string() + " has more than 1 MiB");
    plans.push_back(plan_of_file(content, settings));
  }
  return plans;
}

}  // namespace postrider::fuzz
