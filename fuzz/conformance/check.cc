#include "postrider/fuzz/conformance/check.h"

namespace postrider::fuzz {

std::string_view to_string(Level level) noexcept {
  switch (level) {
    case Level::must: return "MUST";
    case Level::should: return "SHOULD";
    case Level::may: return "MAY";
  }
  return "";
}

std::string_view to_string(Verdict verdict) noexcept {
  switch (verdict) {
    case Verdict::passed: return "passed";
    case Verdict::failed: return "failed";
    case Verdict::not_offered: return "not offered";
    case Verdict::not_applicable: return "not applicable";
    case Verdict::needs_option: return "needs an option";
    case Verdict::stuck: return "stuck";
  }
  return "";
}

}  // namespace postrider::fuzz
