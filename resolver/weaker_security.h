// How secure two answers are together: a chain is as secure as its weakest part.
#pragma once

#include <initializer_list>

#include "postrider/resolver/answer.h"

namespace postrider::resolver {

// From worst to best: bogus, indeterminate, insecure, secure.
constexpr Security weaker(Security a, Security b) noexcept {
  for (const Security each : {Security::bogus, Security::indeterminate, Security::insecure}) {
    if (a == each || b == each) return each;
  }
  return Security::secure;
}

}  // namespace postrider::resolver
