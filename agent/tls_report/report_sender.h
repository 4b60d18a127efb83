// Sends the daily reports of TLSRPT, and keeps the counters on disk meanwhile: RFC 8460.
//
//   ReportSender sender(parts);
//   sender.start();                             // on the loop, or before it runs
//   …
//   co_await sender.stop();                     // soon: a lookup under way is waited for
//
// A report covers a day of UTC and is sent up to kLongestDelay after its end, so that not everybody writes to
// a domain at midnight (RFC 8460 4.1). Each domain with counters is asked for its TXT record; where that has
// a mailto: address the report goes into the queue, from <> so that nobody answers it, for kPatience. Once it
// is durable there, or nobody wants it, the counters are forgotten; where the record cannot be looked up or
// the queue cannot take the report, kRest later is another try, until the day is kOldest old. A report that
// was sent just before a crash is sent again, with the same id.
//
// Without a contact nothing is sent, and the counters are kept until they are too old. Not built: https:
// addresses, and DKIM signatures, which RFC 8460 3 demands of mail (a smart host may sign).
//
// On one loop. What it was made of outlives it, and it outlives every task of it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <random>
#include <string>
#include <string_view>

#include "postrider/agent/config/config.h"
#include "postrider/agent/log/log.h"
#include "postrider/agent/queue/queue_intake.h"
#include "postrider/agent/tls_report/report_address.h"
#include "postrider/agent/tls_report/report_store.h"
#include "postrider/queue/spool.h"
#include "postrider/resolver/resolver.h"
#include "postrider/transport/loop.h"
#include "postrider/transport/signal.h"

namespace postrider::agent {

struct ReportSenderParts {
  transport::Loop& loop;
  resolver::Resolver& resolver;
  ReportStore& store;
  queue::Spool& spool;
  QueueIntake& intake;
  // The line in which mail for an address waits; nullopt: nothing takes it.
  std::function<std::optional<std::string>(std::string_view address)> line_of;
  Log& log;
  std::string hostname;
  TlsReportConfig config;
  std::uint64_t seed = 0;  // of delays
};

struct ReportSenderCounters {
  std::uint64_t sent = 0;      // into the queue
  std::uint64_t unwanted = 0;  // the domain asks for none
  std::uint64_t put_off = 0;
};

class ReportSender {
 public:
  static constexpr std::chrono::hours kLongestDelay{4};  // RFC 8460 4.1
  static constexpr std::chrono::hours kPatience{24};     // RFC 8460 5.5
  static constexpr std::chrono::minutes kSaveEvery{1};
  static constexpr std::chrono::hours kRest{1};
  static constexpr std::chrono::days kOldest{2};
  static constexpr std::chrono::seconds kLookup{10};
  static constexpr std::size_t kMostOctets = std::size_t{4} << 20;  // of JSON; more is not sent

  explicit ReportSender(ReportSenderParts parts);

  void start();
  // From the loop's thread.
  void use(std::string hostname, const TlsReportConfig& config);
  transport::Task<void> stop();

  const ReportSenderCounters& counters() const noexcept { return counters_; }
  // When reports are sent next.
  transport::SystemTime due() const noexcept { return due_; }

 private:
  using Day = ReportCounts::Day;
  enum class Fate : std::uint8_t { settled, put_off };

  transport::Task<void> run();
  transport::Task<void> send_all();
  transport::Task<Fate> send(Day day, std::string domain);
  transport::Task<Fate> queue_report(Day day, std::string domain, ReportPolicy policy);
  std::optional<queue::QueuedMessage> envelope(const ReportPolicy& policy) const;
  std::string content(Day day, std::string_view domain, const ReportPolicy& policy, queue::MessageId id);
  void save();
  void plan_next();
  void note(LogLevel level, std::string_view event, std::string_view domain, std::string_view reason);
  Day today() const;

  ReportSenderParts parts_;
  std::mt19937_64 random_;
  transport::SystemTime due_;
  transport::SteadyTime saved_at_;
  transport::Signal wake_;
  transport::Signal ended_;
  bool running_ = false;
  bool stopping_ = false;
  bool save_failed_ = false;  // and was said
  ReportSenderCounters counters_;
};

}  // namespace postrider::agent
