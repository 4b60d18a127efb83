// The resolver of one loop: a bounded cache in front of a backend.
//
//   Resolver resolver(loop, std::make_unique<StaticBackend>(loop, records));
//   const Answer answer = co_await resolver.lookup(Question(name, RecordType::mx), later(loop.now(), 10s));
//   for (const MxRecord& each : mx_records(answer.records)) …
//
// Answers are kept as long as their TTL says, negative ones as their SOA says (RFC 2308), failures for a
// moment; all within the limits below. Identical questions that are under way at the same time are asked
// once. CNAMEs that lead out of an answer are followed, and the chain is as secure as its weakest part. Every
// lookup has its own deadline, and its end does not disturb others that wait for the same question.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "postrider/resolver/answer.h"
#include "postrider/resolver/backend.h"
#include "postrider/transport/loop.h"

namespace postrider::resolver {

struct ResolverLimits {
  std::size_t entries = 100'000;               // answers kept; the least recently used go first
  std::size_t octets = std::size_t{64} << 20;  // memory for them, about
  std::chrono::seconds longest_ttl =
      std::chrono::hours(24);  // RFC 8767 4 caps TTLs; a day keeps changes visible
  std::chrono::seconds longest_negative_ttl = std::chrono::hours(3);  // RFC 2308 5
  std::chrono::seconds failure_ttl = std::chrono::seconds(5);  // RFC 2308 7.1 allows up to five minutes
  std::size_t in_flight = 64;    // questions at the backend; more wait. UDP sockets overflow above
  std::size_t waiting = 10'000;  // for their turn; more fail at once with too_many
  // One question may take this long at the backend, whatever the caller's patience: the answer is of use to
  // the next.
  std::chrono::seconds patience = std::chrono::seconds(10);
};

struct ResolverCounters {
  std::uint64_t lookups = 0;
  std::uint64_t from_cache = 0;
  std::uint64_t joined = 0;  // an identical question was under way
  std::uint64_t asked = 0;   // at the backend
  std::uint64_t failed = 0;  // at the backend
};

class Resolver {
 public:
  // `loop` outlives the resolver; no lookup is under way when it is destroyed.
  Resolver(transport::Loop& loop, std::unique_ptr<Backend> backend, ResolverLimits limits = {});
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  Task<Answer> lookup(Question question, transport::SteadyTime deadline);

  const Backend& backend() const noexcept;
  const ResolverCounters& counters() const noexcept;
  std::size_t cached() const noexcept;
  // Forgets every answer.
  void clear() noexcept;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;  // a question under way keeps it
};

}  // namespace postrider::resolver
