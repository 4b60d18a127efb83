// The counters of TLSRPT in a file, so that a day's report survives a restart.
//
//   ReportStore store(config.state / "tls-report");
//   if (const auto problem = store.open()) …           // for the log; counting begins anew
//   store.counts().record(…);
//   if (const auto problem = store.save()) …           // now and then; does nothing when nothing has changed
//
// One file, written beside and renamed, at most kMaxOctets: domains beyond that are counted and reported, but
// not kept. What cannot be read back is set aside as counts.damaged. Short, blocking file operations.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "postrider/agent/tls_report/report_counts.h"

namespace postrider::agent {

// The file's text, whole domains up to `most` octets, and back; the failure continues a sentence that began
// with the file's name.
std::string write_report_counts(const ReportCounts& counts, std::size_t most);
std::expected<ReportCounts, std::string> read_report_counts(std::string_view text);

class ReportStore {
 public:
  static constexpr std::size_t kMaxOctets = std::size_t{16} << 20;  // mail to endless domains fills no disk

  explicit ReportStore(std::filesystem::path folder) : folder_(std::move(folder)) {}

  // Makes the folder if need be, and reads what was kept. For people: what is wrong.
  std::optional<std::string> open();
  // What is wrong, for people; the next call tries again.
  std::optional<std::string> save();

  ReportCounts& counts() noexcept { return counts_; }

 private:
  std::filesystem::path folder_;
  ReportCounts counts_;
  std::uint64_t saved_ = 0;  // the version that the file has
};

}  // namespace postrider::agent
