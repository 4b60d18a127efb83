// One line a case: "ok    system at NSD: an A record", or what differs.
#pragma once

#include <iostream>
#include <string>
#include <string_view>
#include <vector>

namespace postrider::tests {

class Report {
 public:
  // An empty list: all is well.
  void add(std::string_view setup, std::string_view what, const std::vector<std::string>& differences) {
    std::cout << (differences.empty() ? "ok    " : "WRONG ") << setup << ": " << what << '\n';
    for (const std::string& each : differences) std::cout << "      " << each << '\n';
    std::cout << std::flush;
    ++cases_;
    if (!differences.empty()) ++wrong_;
  }
  int cases() const noexcept { return cases_; }
  int wrong() const noexcept { return wrong_; }

 private:
  int cases_ = 0;
  int wrong_ = 0;
};

}  // namespace postrider::tests
