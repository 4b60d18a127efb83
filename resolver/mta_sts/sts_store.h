// MTA-STS policies that were fetched, in memory and in a folder, so that they survive a restart: a cached
// policy is what protects a domain when an attacker blocks the next fetch (RFC 8461 10.2).
//
//   StsStore store("state/mta-sts");                     // "" keeps nothing on disk
//   if (const auto error = store.open()) …               // the folder, in words
//   store.put(domain, entry);
//   const std::optional<StsEntry> kept = store.find(domain, clock.system_now());
//
// One file a domain, named like it, written beside and renamed; the file alone is synced. What cannot be read
// back goes to the folder `damaged` and counts as not there. A write that fails is told and changes nothing
// else: memory has the policy all the same. Bounds: kMaxInMemory entries and kMaxOctets of their text (the
// least recently used go, their files stay), and kMaxFiles files.
//
// One store for a process, any thread may use it. find() and put() do short, blocking file operations.
#pragma once

#include <chrono>
#include <cstddef>
#include <expected>
#include <filesystem>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <absl/container/flat_hash_map.h>

#include "postrider/resolver/domain_name.h"
#include "postrider/resolver/mta_sts/sts_policy.h"
#include "postrider/transport/clock.h"

namespace postrider::resolver {

struct StsEntry {
  StsEntry() = default;
  StsEntry(std::string record_id, StsPolicy what, transport::SystemTime at)
      : id(std::move(record_id)), policy(std::move(what)), fetched(at) {}

  std::string id;  // of the TXT record that announced it
  StsPolicy policy;
  transport::SystemTime fetched;  // in whole seconds

  transport::SystemTime expires() const noexcept { return fetched + policy.max_age; }
  bool operator==(const StsEntry&) const = default;
};

// The file's text, and back; the failure continues a sentence that began with the file's name.
std::string write_sts_entry(const StsEntry& entry);
std::expected<StsEntry, std::string> read_sts_entry(std::string_view text);

class StsStore {
 public:
  static constexpr std::size_t kMaxInMemory = 10'000;
  static constexpr std::size_t kMaxOctets = std::size_t{64} << 20;  // strangers write large policies
  // A year of strangers' domains; more policies are kept in memory alone.
  static constexpr std::size_t kMaxFiles = 100'000;
  static constexpr std::size_t kMaxFileOctets = StsPolicy::kMaxOctets + 4096;

  explicit StsStore(std::filesystem::path folder) : folder_(std::move(folder)) {}

  // Makes the folder if need be, removes what a crash left of writing, and counts. For people: what is wrong.
  std::optional<std::string> open();

  // The policy while it is valid; one that has expired is forgotten.
  std::optional<StsEntry> find(const DomainName& domain, transport::SystemTime now);
  // Replaces what was there. The failure of writing, in words.
  std::optional<std::string> put(const DomainName& domain, const StsEntry& entry);

  std::size_t in_memory() const;
  std::size_t octets() const;
  std::size_t files() const;
  std::size_t damaged() const;  // files that were set aside since open()

 private:
  struct Cached {
    DomainName domain;
    std::string text;  // of write_sts_entry(): small, and its size is known
  };
  using Order = std::list<Cached>;

  std::filesystem::path file_of(const DomainName& domain) const;
  std::optional<StsEntry> load(const std::filesystem::path& file);
  void remember(const DomainName& domain, std::string text);
  void drop(Order::iterator cached);
  void forget(const DomainName& domain);
  void set_aside(const std::filesystem::path& file);

  std::filesystem::path folder_;
  mutable std::mutex mutex_;
  Order order_;  // the most recently used first
  absl::flat_hash_map<DomainName, Order::iterator> entries_;
  std::size_t octets_ = 0;
  std::size_t files_ = 0;
  std::size_t damaged_ = 0;
  std::size_t written_ = 0;
};

}  // namespace postrider::resolver
