// What every backend of the resolver must find in the zones of tests/interop/resolver_backends.py, as one
// list.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "postrider/resolver/answer.h"
#include "postrider/resolver/record.h"

namespace postrider::tests {

// What DNSSEC really says about an answer, whoever looks.
enum class Truth : std::uint8_t { secure, insecure, bogus };

struct Case {
  std::string what;
  std::string name;
  resolver::RecordType type = resolver::RecordType::a;
  Truth truth = Truth::secure;
  resolver::Answer::Outcome outcome = resolver::Answer::Outcome::found;
  std::vector<std::string> records;  // as show() writes them, in any order
  std::string canonical;             // when a CNAME leads there
  // The CNAME leads to what the authoritative server does not know: that alone is its answer then.
  bool leaves_server = false;
};

std::vector<Case> conformance_cases();

// The records of an answer for a comparison: "10 mx1.example.test", "192.0.2.1", "3 1 1 0123…".
std::vector<std::string> show(const resolver::Answer& answer, resolver::RecordType type);

}  // namespace postrider::tests
