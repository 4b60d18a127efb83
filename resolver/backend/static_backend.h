// A name server of our own in the same process: answers from records that it was given, for networks without
// DNS, for trying things out, and for tests.
//
//   const auto records = load_master_file("zone.txt");
//   Resolver resolver(loop, std::make_unique<StaticBackend>(loop, *records, Security::secure));
//
// What is not among the records does not exist. A zone begins at each SOA record, and without any all is one
// zone: CNAMEs are followed inside a zone, and negative answers carry its SOA, or one of the root with
// kNegativeTtl. Wildcards are those of RFC 4592, without delegations. Answers are made as messages, so that
// they take the way of all others.
//
// Failures can be had for the asking:
//
//   backend.set_fault(name, LookupFault::timed_out);             // nothing until the deadline
//   backend.set_fault(name, LookupFault::server_failure, RecordType::tlsa);
//   backend.set_security(zone, Security::bogus);                 // of the name and all names below it
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <absl/container/flat_hash_map.h>

#include "postrider/resolver/backend.h"
#include "postrider/transport/loop.h"

namespace postrider::resolver {

class StaticBackend final : public Backend {
 public:
  static constexpr std::chrono::seconds kNegativeTtl = std::chrono::minutes(1);

  // `loop` outlives the backend.
  StaticBackend(transport::Loop& loop, const std::vector<Record>& records,
                Security security = Security::indeterminate);

  // From the next question on.
  void set_records(const std::vector<Record>& records);

  // What becomes of questions for this very name, all of them or those of one type, which go before. none
  // takes a fault away. timed_out answers at the deadline; server_failure is SERVFAIL from a server,
  // malformed an answer that is no message, bogus one that is marked so; the others fail at once.
  void set_fault(const DomainName& name, LookupFault fault, std::optional<RecordType> type = std::nullopt);
  // What is claimed of answers for this name and those below it; the longest name counts.
  void set_security(const DomainName& name, Security security);
  // Answers take this long.
  void set_delay(transport::Duration delay) noexcept { delay_ = delay; }

  Task<AskResult> ask(Question question, transport::SteadyTime deadline) override;
  std::string_view name() const noexcept override { return "static"; }

  // Questions so far.
  std::size_t asked() const noexcept { return asked_; }

  // The answer without what was set for the name.
  Message answer(const Question& question) const;

 private:
  using Node = std::vector<Record>;  // empty for a name that only has others below it
  struct FaultKey {
    DomainName name;
    std::uint32_t type;

    bool operator==(const FaultKey&) const = default;
    template <typename H>
    friend H AbslHashValue(H state, const FaultKey& key) {
      return H::combine(std::move(state), key.name, key.type);
    }
  };

  const Node* find(const DomainName& name) const;
  const Record* zone_of(const DomainName& name) const;
  LookupFault fault_of(const Question& question) const;
  Security security_of(const DomainName& name) const;
  AskResult answer_with(const Question& question, LookupFault fault) const;

  transport::Loop& loop_;
  Security security_;
  transport::Duration delay_{};
  std::size_t asked_ = 0;
  absl::flat_hash_map<DomainName, Node> nodes_;
  absl::flat_hash_map<FaultKey, LookupFault> faults_;
  absl::flat_hash_map<DomainName, Security> securities_;
};

}  // namespace postrider::resolver
