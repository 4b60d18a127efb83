// Sends the daily reports of TLSRPT, and keeps the counters on disk meanwhile: RFC 8460.
//
//   ReportSender sender(parts);
//   sender.start();                             // on the loop, or before it runs
//   …
//   co_await sender.stop();                     // soon: a lookup or a POST under way is given up
//
// A report covers a day of UTC and is sent up to kLongestDelay after its end, so that not everybody writes to
// a domain at midnight (RFC 8460 4.1). Each domain with counters is asked for its TXT record. The report is
// posted to each https: address there (report_post.h), and goes into the queue for the mailto: addresses,
// from
// <> so that nobody answers it, for kPatience. Once one address has it (RFC 8460 3), it is durable in the
// queue, or nobody wants it, the counters are forgotten. Where the record cannot be looked up, no server took
// the report and neither did the queue, kRest later is another try, and then after twice as long each time,
// for kPatience after the first one (RFC 8460 5.5) or until the day is kOldest old. A report that was sent
// just before a crash is sent again, with the same id.
//
// Without a contact nothing is sent, and the counters are kept until they are too old. Not built: DKIM
// signatures, which RFC 8460 3 demands of mail (a smart host may sign).
//
// On one loop. What it was made of outlives it, and it outlives every task of it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

#include "postrider/agent/config/config.h"
#include "postrider/agent/log/log.h"
#include "postrider/agent/queue/queue_intake.h"
#include "postrider/agent/tls_report/report_address.h"
#include "postrider/agent/tls_report/report_post.h"
#include "postrider/agent/tls_report/report_store.h"
#include "postrider/queue/spool.h"
#include "postrider/resolver/resolver.h"
#include "postrider/transport/loop.h"
#include "postrider/transport/signal.h"

namespace postrider::agent {

struct ReportSenderParts {
  transport::Loop& loop;
  transport::Network& network;
  resolver::Resolver& resolver;
  transport::HostAddresses& addresses;  // of web servers
  std::shared_ptr<const transport::TlsClientContext> tls;
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
  std::uint64_t posted = 0;    // by HTTPS; one report may have gone both ways
  std::uint64_t unwanted = 0;  // the domain asks for none
  std::uint64_t put_off = 0;
  std::uint64_t given_up = 0;  // was put off for too long
};

class ReportSender {
 public:
  static constexpr std::chrono::hours kLongestDelay{4};  // RFC 8460 4.1
  static constexpr std::chrono::hours kPatience{24};     // RFC 8460 5.5
  static constexpr std::chrono::minutes kSaveEvery{1};
  static constexpr std::chrono::hours kRest{1};  // before the second try
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
  // What has become of a report, or of one way to hand it over.
  enum class Fate : std::uint8_t { settled, put_off, impossible };
  // One that was put off.
  struct Delay {
    transport::SystemTime first;  // try
    transport::SystemTime next;
    std::chrono::seconds rest{};  // before it
  };
  using Delays = std::map<std::pair<Day, std::string>, Delay>;
  // What all ways have in common.
  struct Report {
    Report() = default;

    std::string contact;
    std::string submitter;
    std::string unique_id;
    std::string report_id;
    std::string gzipped_json;
  };

  transport::Task<void> run();
  transport::Task<void> send_all();
  transport::Task<void> send_due(Day day, std::string domain);
  transport::Task<Fate> send(Day day, std::string domain);
  transport::Task<bool> post(std::string domain, std::string url, std::string gzipped_json);
  transport::Task<Fate> queue_report(Day day, std::string domain, ReportPolicy policy, Report report);
  bool is_due(Day day, const std::string& domain, bool planned) const;
  void put_off(Day day, const std::string& domain);
  std::optional<Report> make(Day day, std::string_view domain);
  std::optional<queue::QueuedMessage> envelope(const ReportPolicy& policy) const;
  std::string content(Day day, std::string_view domain, const ReportPolicy& policy, Report report,
                      queue::MessageId id) const;
  void save();
  void plan_next();
  void note(LogLevel level, std::string_view event, std::string_view domain, std::string_view reason);
  Day today() const;

  ReportSenderParts parts_;
  ReportPost post_;
  std::mt19937_64 random_;
  transport::SystemTime planned_;  // for what nobody has tried yet
  transport::SystemTime due_;      // that, or sooner what was put off
  Delays delays_;
  transport::SteadyTime saved_at_;
  transport::Signal wake_;
  transport::Signal ended_;
  bool running_ = false;
  std::stop_source stop_;
  bool save_failed_ = false;  // and was said
  ReportSenderCounters counters_;
};

}  // namespace postrider::agent
