#include "postrider/resolver/answer_cache.h"

#include <chrono>
#include <iterator>

namespace postrider::resolver {
namespace {

// About what an answer takes on the heap: exact enough for a bound.
std::size_t octets_of(const Question& question, const Answer& answer) {
  constexpr std::size_t kOfEntry = 128;  // the list's node and the index's slot
  std::size_t sum = kOfEntry + sizeof(Answer) + 2 * question.name.wire().size() + answer.failure.size();
  for (const Record& record : answer.records) {
    sum += sizeof(Record) + record.data.size() + record.owner.wire().size();
  }
  return sum;
}

}  // namespace

std::optional<Answer> AnswerCache::find(const Question& question, transport::SteadyTime now) {
  const auto found = index_.find(question);
  if (found == index_.end()) return std::nullopt;
  const Entries::iterator entry = found->second;
  if (entry->until <= now) {
    drop(entry);
    return std::nullopt;
  }
  entries_.splice(entries_.begin(), entries_, entry);
  Answer answer = entry->answer;
  answer.ttl = std::chrono::ceil<std::chrono::seconds>(entry->until - now);
  return answer;
}

void AnswerCache::keep(const Question& question, const Answer& answer, transport::SteadyTime now) {
  if (const auto old = index_.find(question); old != index_.end()) drop(old->second);
  if (answer.ttl <= std::chrono::seconds::zero()) return;
  const std::size_t octets = octets_of(question, answer);
  if (octets > most_octets_ || most_entries_ == 0) return;
  while (entries_.size() >= most_entries_ || octets_ + octets > most_octets_) drop(std::prev(entries_.end()));
  entries_.push_front({question, answer, transport::later(now, answer.ttl), octets});
  index_.emplace(question, entries_.begin());
  octets_ += octets;
}

void AnswerCache::clear() noexcept {
  index_.clear();
  entries_.clear();
  octets_ = 0;
}

void AnswerCache::drop(Entries::iterator entry) {
  octets_ -= entry->octets;
  index_.erase(entry->question);
  entries_.erase(entry);
}

}  // namespace postrider::resolver
