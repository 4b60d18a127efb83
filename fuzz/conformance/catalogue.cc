#include "postrider/fuzz/conformance/catalogue.h"

#include <algorithm>

namespace postrider::fuzz {

const std::vector<Check>& catalogue() {
  static const std::vector<Check> all = [] {
    using namespace conformance;
    std::vector<Check> out;
    for (const std::span<const Check> part :
         {session_checks(), argument_checks(), content_checks(), size_checks(), status_checks(),
          pipelining_checks(), chunking_checks(), starttls_checks(), dsn_checks(), auth_checks(),
          eight_bit_checks(), utf8_checks()}) {
      out.insert(out.end(), part.begin(), part.end());
    }
    return out;
  }();
  return all;
}

const Check* find_check(std::string_view id) noexcept {
  const auto found = std::ranges::find(catalogue(), id, &Check::id);
  return found == catalogue().end() ? nullptr : &*found;
}

}  // namespace postrider::fuzz
