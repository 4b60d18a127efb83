// A listener's policy where it can be exchanged: sessions on several threads take it, a reload replaces it.
#pragma once

#include <memory>
#include <mutex>
#include <utility>

#include <absl/base/thread_annotations.h>

#include "postrider/agent/serve/mail_policy.h"

namespace postrider::agent {

class ListenerPolicy {
 public:
  explicit ListenerPolicy(std::shared_ptr<const MailPolicy> policy) : policy_(std::move(policy)) {}

  std::shared_ptr<const MailPolicy> current() const {
    const std::lock_guard lock(mutex_);
    return policy_;
  }

  void replace(std::shared_ptr<const MailPolicy> policy) {
    const std::lock_guard lock(mutex_);
    policy_ = std::move(policy);
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const MailPolicy> policy_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace postrider::agent
