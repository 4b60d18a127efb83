// Structured logs on stderr: one event a line, as text (key=value) or JSON, written through spdlog.
//
//   log.write(LogLine(LogLevel::info, "message").add("session", id).add("from", sender).add("size", octets));
//
//   2026-11-21T22:31:04.120Z info message session=5f2k9q-3 from=a@example.org size=1042
//   {"time":"2026-11-21T22:31:04.120Z","level":"info","event":"message","session":"5f2k9q-3", …}
//
// Much of what is logged was written by a peer. Values are escaped, so that no CR, LF or other control octet,
// and no broken UTF-8, reaches the output: one event is always one line, and no value can look like another
// field. Passwords and message content are never handed to this interface.
//
// Any thread may write. Format and level may be changed while others write.
#pragma once

#include <atomic>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "postrider/agent/config/config.h"
#include "postrider/transport/clock.h"

namespace spdlog {
class logger;
}

namespace postrider::agent {

class LogLine {
 public:
  LogLine(LogLevel level, std::string_view event) : level_(level), event_(event) {}

  LogLine& add(std::string_view key, std::string_view value);
  LogLine& add(std::string_view key, std::unsigned_integral auto value) {
    return add_number(key, static_cast<std::uint64_t>(value));
  }
  // In seconds with microseconds: "0.001042".
  LogLine& add(std::string_view key, std::chrono::nanoseconds duration);

  LogLevel level() const noexcept { return level_; }
  // Without a line end.
  std::string format(LogFormat format, transport::SystemTime time) const;

 private:
  struct Field {
    std::string key;
    std::string value;
    bool number;  // written bare in JSON
  };

  LogLine& add_number(std::string_view key, std::uint64_t value);

  LogLevel level_;
  std::string event_;
  std::vector<Field> fields_;
};

class Log {
 public:
  // To stderr. `clock` must outlive the log.
  explicit Log(const LogConfig& config, transport::Clock& clock = transport::RealClock::instance());
  // To `sink`, a line at a time without its end; for tests.
  Log(const LogConfig& config, std::function<void(std::string_view)> sink, transport::Clock& clock);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  void configure(const LogConfig& config) noexcept;
  bool enabled(LogLevel level) const noexcept { return level >= level_.load(std::memory_order_relaxed); }
  void write(const LogLine& line);

 private:
  std::atomic<LogFormat> format_;
  std::atomic<LogLevel> level_;
  transport::Clock& clock_;
  std::shared_ptr<spdlog::logger> logger_;
};

// "2026-11-21T22:31:04.120Z"
std::string iso_time(transport::SystemTime time);

std::string_view to_string(LogLevel level) noexcept;

}  // namespace postrider::agent
