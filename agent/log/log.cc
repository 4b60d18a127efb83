#include "postrider/agent/log/log.h"

#include <cstdio>
#include <ctime>
#include <mutex>

#include <spdlog/logger.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include "postrider/agent/log/escape.h"

namespace postrider::agent {
namespace {

// Hands each line to a function. spdlog has one of its own only since 1.11.
class FunctionSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit FunctionSink(std::function<void(std::string_view)> function) : function_(std::move(function)) {}

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    function_(std::string_view(message.payload.data(), message.payload.size()));
  }
  void flush_() override {}

  std::function<void(std::string_view)> function_;
};

// The line is formatted by us, so spdlog's part is the lock, the write and the flush.
std::shared_ptr<spdlog::logger> logger_on(spdlog::sink_ptr sink) {
  auto logger = std::make_shared<spdlog::logger>("postrider", std::move(sink));
  logger->set_pattern("%v");
  logger->set_level(spdlog::level::trace);
  return logger;
}

spdlog::level::level_enum spdlog_level(LogLevel level) noexcept {
  switch (level) {
    case LogLevel::debug: return spdlog::level::debug;
    case LogLevel::info: return spdlog::level::info;
    case LogLevel::warning: return spdlog::level::warn;
    case LogLevel::error: break;
  }
  return spdlog::level::err;
}

}  // namespace

LogLine& LogLine::add(std::string_view key, std::string_view value) {
  fields_.push_back(Field{std::string(key), std::string(value), false});
  return *this;
}

LogLine& LogLine::add_number(std::string_view key, std::uint64_t value) {
  fields_.push_back(Field{std::string(key), std::to_string(value), true});
  return *this;
}

LogLine& LogLine::add(std::string_view key, std::chrono::nanoseconds duration) {
  const auto microseconds = std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
  std::array<char, 48> text{};
  const int size =
      std::snprintf(text.data(), text.size(), "%lld.%06lld", static_cast<long long>(microseconds / 1'000'000),
                    static_cast<long long>(microseconds % 1'000'000));
  fields_.push_back(Field{std::string(key), std::string(text.data(), static_cast<std::size_t>(size)), true});
  return *this;
}

std::string LogLine::format(LogFormat format, transport::SystemTime time) const {
  std::string out;
  if (format == LogFormat::text) {
    out.append(iso_time(time)).append(" ").append(to_string(level_)).append(" ");
    append_text_value(event_, out);
    for (const Field& field : fields_) {
      out.append(" ").append(field.key).append("=");
      append_text_value(field.value, out);
    }
    return out;
  }
  out.append("{\"time\":\"").append(iso_time(time)).append("\",\"level\":\"").append(to_string(level_));
  out.append("\",\"event\":");
  append_json_string(event_, out);
  for (const Field& field : fields_) {
    out.append(",");
    append_json_string(field.key, out);
    out.append(":");
    if (field.number) {
      out.append(field.value);
    } else {
      append_json_string(field.value, out);
    }
  }
  return out.append("}");
}

Log::Log(const LogConfig& config, transport::Clock& clock)
    : format_(config.format),
      level_(config.level),
      clock_(clock),
      logger_(logger_on(std::make_shared<spdlog::sinks::stderr_sink_mt>())) {}

Log::Log(const LogConfig& config, std::function<void(std::string_view)> sink, transport::Clock& clock)
    : format_(config.format),
      level_(config.level),
      clock_(clock),
      logger_(logger_on(std::make_shared<FunctionSink>(std::move(sink)))) {}

Log::~Log() = default;

void Log::configure(const LogConfig& config) noexcept {
  format_.store(config.format, std::memory_order_relaxed);
  level_.store(config.level, std::memory_order_relaxed);
}

void Log::write(const LogLine& line) {
  if (!enabled(line.level())) return;
  const std::string text = line.format(format_.load(std::memory_order_relaxed), clock_.system_now());
  logger_->log(spdlog_level(line.level()), spdlog::string_view_t(text.data(), text.size()));
}

std::string iso_time(transport::SystemTime time) {
  const auto milliseconds =
      std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
  const std::time_t seconds = static_cast<std::time_t>(milliseconds / 1000);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 40> text{};
  std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  size += static_cast<std::size_t>(
      std::snprintf(text.data() + size, text.size() - size, ".%03dZ", static_cast<int>(milliseconds % 1000)));
  return std::string(text.data(), size);
}

std::string_view to_string(LogLevel level) noexcept {
  switch (level) {
    case LogLevel::debug: return "debug";
    case LogLevel::info: return "info";
    case LogLevel::warning: return "warning";
    case LogLevel::error: break;
  }
  return "error";
}

}  // namespace postrider::agent
