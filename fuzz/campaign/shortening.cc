#include "postrider/fuzz/campaign/shortening.h"

#include <algorithm>
#include <utility>

namespace postrider::fuzz {
namespace {

constexpr std::size_t kFirst = 1;      // the greeting stays
constexpr std::size_t kShortRun = 24;  // octets that are not worth a try

void forget_cuts_beyond(PlanStep& step) {
  std::erase_if(step.cuts, [&](std::size_t at) { return at == 0 || at >= step.octets.size(); });
}

}  // namespace

Shortening::Shortening(SessionPlan plan) : best_(std::move(plan)) {}

const SessionPlan* Shortening::next() {
  candidate_.reset();
  while (tries_ < kMostTries && phase_ != Phase::done && !candidate_) {
    if (propose()) break;
    phase_ = static_cast<Phase>(static_cast<unsigned>(phase_) + 1);
    width_ = step_ = at_ = 0;
  }
  if (!candidate_) return nullptr;
  ++tries_;
  return &*candidate_;
}

void Shortening::tell(bool shows) {
  if (shows && candidate_) {
    best_ = *std::move(candidate_);
  } else if (phase_ == Phase::steps) {
    step_ += width_;
  } else if (phase_ == Phase::lines || phase_ == Phase::octets) {
    at_ += width_;
  }
  if (phase_ == Phase::cuts) phase_ = Phase::steps, width_ = step_ = at_ = 0;
  candidate_.reset();
}

bool Shortening::propose() {
  switch (phase_) {
    case Phase::cuts: {
      const bool any =
          std::ranges::any_of(best_.steps, [](const PlanStep& step) { return !step.cuts.empty(); });
      if (!any) return false;
      candidate_ = best_;
      for (PlanStep& step : candidate_->steps) step.cuts.clear();
      return true;
    }
    case Phase::steps: return propose_steps();
    case Phase::lines: return propose_lines();
    case Phase::octets: return propose_octets();
    case Phase::done: break;
  }
  return false;
}

// Halves, quarters ... single steps.
bool Shortening::propose_steps() {
  const std::size_t size = best_.steps.size();
  if (size <= kFirst) return false;
  if (width_ == 0) {
    width_ = std::max<std::size_t>(1, (size - kFirst) / 2);
    step_ = kFirst;
  }
  if (step_ >= size) {
    if (width_ == 1) return false;
    width_ /= 2;
    step_ = kFirst;
  }
  candidate_ = best_;
  const auto begin = candidate_->steps.begin() + static_cast<std::ptrdiff_t>(step_);
  candidate_->steps.erase(begin, begin + static_cast<std::ptrdiff_t>(std::min(width_, size - step_)));
  return true;
}

// One line of a step that has several. Its owners stay unknown then.
bool Shortening::propose_lines() {
  for (; step_ < best_.steps.size(); ++step_, at_ = 0) {
    const std::string& octets = best_.steps[step_].octets;
    const std::size_t first = octets.find("\r\n");
    if (first == std::string::npos || first + 2 >= octets.size() || at_ >= octets.size()) continue;
    const std::size_t end = octets.find("\r\n", at_);
    width_ = end == std::string::npos ? octets.size() - at_ : end + 2 - at_;
    candidate_ = best_;
    PlanStep& step = candidate_->steps[step_];
    step.octets.erase(at_, width_);
    step.loose = true;
    forget_cuts_beyond(step);
    return true;
  }
  return false;
}

// Long runs: the second half of what is left of a line.
bool Shortening::propose_octets() {
  while (step_ < best_.steps.size()) {
    const std::string& octets = best_.steps[step_].octets;
    if (at_ >= octets.size()) {
      ++step_;
      at_ = 0;
      continue;
    }
    const std::size_t end = std::min(octets.find("\r\n", at_), octets.size());
    if (end - at_ < kShortRun) {
      at_ = end + 2;
      continue;
    }
    width_ = (end - at_) / 2;
    candidate_ = best_;
    PlanStep& step = candidate_->steps[step_];
    step.octets.erase(end - width_, width_);
    forget_cuts_beyond(step);
    return true;
  }
  return false;
}

}  // namespace postrider::fuzz
