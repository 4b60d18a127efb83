// File names that no other delivery, process or host uses, as the Maildir convention makes them:
// seconds "." M microseconds P process Q sequence R random "." host.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include "postrider/transport/clock.h"

namespace postrider::agent {

class UniqueNames {
 public:
  // '/' and ':' in `hostname` are written \057 and \072, as the convention has it.
  UniqueNames(std::string_view hostname, transport::Clock& clock);

  // From any thread.
  std::string next();

 private:
  std::string host_;
  std::string process_;
  transport::Clock& clock_;
  std::atomic<std::uint64_t> sequence_ = 0;
};

}  // namespace postrider::agent
