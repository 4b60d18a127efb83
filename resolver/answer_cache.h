// Answers by question, as long as their TTLs allow and within two bounds; the least recently used go first.
// Pure: the time comes in as an argument.
#pragma once

#include <cstddef>
#include <list>
#include <optional>

#include <absl/container/flat_hash_map.h>

#include "postrider/resolver/answer.h"
#include "postrider/transport/clock.h"

namespace postrider::resolver {

class AnswerCache {
 public:
  AnswerCache(std::size_t entries, std::size_t octets) noexcept
      : most_entries_(entries), most_octets_(octets) {}

  // With its TTL as of `now`; nullopt when there is none or its time is over.
  std::optional<Answer> find(const Question& question, transport::SteadyTime now);
  // Until `now` and its TTL; one without any time is not kept. Replaces what is there.
  void keep(const Question& question, const Answer& answer, transport::SteadyTime now);
  void clear() noexcept;

  std::size_t size() const noexcept { return index_.size(); }
  std::size_t octets() const noexcept { return octets_; }

 private:
  struct Entry {
    Question question;
    Answer answer;
    transport::SteadyTime until;
    std::size_t octets = 0;
  };
  using Entries = std::list<Entry>;

  void drop(Entries::iterator entry);

  std::size_t most_entries_;
  std::size_t most_octets_;
  std::size_t octets_ = 0;
  Entries entries_;  // the most recently used first
  absl::flat_hash_map<Question, Entries::iterator> index_;
};

}  // namespace postrider::resolver
