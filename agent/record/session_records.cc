#include "postrider/agent/record/session_records.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <string_view>
#include <system_error>
#include <utility>

namespace postrider::agent {
namespace {

// Sessions that begin in the same microsecond from the same address and port.
constexpr int kMostOfOneName = 100;

// "20261128-193700.123456", UTC: names sort as the sessions began.
std::string time_text(transport::SystemTime now) {
  const auto day = std::chrono::floor<std::chrono::days>(now);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(std::chrono::floor<std::chrono::microseconds>(now - day));
  std::array<char, 64> text{};
  const int size =
      std::snprintf(text.data(), text.size(), "%04d%02u%02u-%02d%02d%02d.%06d", static_cast<int>(date.year()),
                    static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                    static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                    static_cast<int>(time.seconds().count()), static_cast<int>(time.subseconds().count()));
  return std::string(text.data(), static_cast<std::size_t>(std::max(size, 0)));
}

// An address as part of a file's name.
std::string name_of(const transport::Endpoint& peer) {
  std::string out = peer.is_ip() ? peer.address_to_string() + "-" + std::to_string(peer.port()) : "local";
  std::ranges::replace_if(out, [](char c) { return c == ':' || c == '%' || c == '/'; }, '.');
  return out;
}

}  // namespace

struct SessionRecords::File {
  std::ofstream out;
  transport::SteadyTime begun;
  bool has_head = false;

  void write(std::string_view text) {
    // Several connections in one file: the format's own line once.
    if (text == fuzz::kTranscriptHeader && std::exchange(has_head, true)) return;
    out << text << std::flush;
  }
};

std::expected<SessionRecords, std::string> SessionRecords::open(const std::filesystem::path& path,
                                                                Files files, const transport::Clock& clock) {
  std::error_code ignored;
  const bool folder =
      files == Files::each || path.native().ends_with('/') || std::filesystem::is_directory(path, ignored);
  if (folder) {
    std::error_code failure;
    std::filesystem::create_directories(path, failure);
    if (failure) return std::unexpected(path.native() + ": " + failure.message());
    if (!std::filesystem::is_directory(path, failure))
      return std::unexpected(path.native() + " is no folder");
    return SessionRecords(path, nullptr, clock);
  }
  auto file = std::make_shared<File>();
  file->out.open(path, std::ios::binary | std::ios::trunc);
  if (!file->out) return std::unexpected(path.native() + " cannot be written");
  file->begun = clock.steady_now();
  return SessionRecords({}, std::move(file), clock);
}

std::shared_ptr<transport::StreamTap> SessionRecords::tap(fuzz::WireRole role,
                                                          const transport::Endpoint& with) const {
  if (file_) {
    const auto write = [file = file_](std::string_view text) { file->write(text); };
    return std::make_shared<fuzz::Recorder>(*clock_, role, with.to_string(), write, file_->begun);
  }
  const std::string name = time_text(clock_->system_now()) + "-" + name_of(with);
  for (int number = 1; number <= kMostOfOneName; ++number) {
    const std::string more = number == 1 ? "" : "-" + std::to_string(number);
    const std::filesystem::path path = folder_ / (name + more + ".transcript");
    // "x": made by us, and nobody else's.
    const std::shared_ptr<std::FILE> out(std::fopen(path.c_str(), "wbx"), [](std::FILE* file) {
      if (file != nullptr) std::fclose(file);
    });
    if (!out) {
      if (std::filesystem::exists(path)) continue;
      break;
    }
    const auto write = [out](std::string_view text) {
      std::fwrite(text.data(), 1, text.size(), out.get());
      std::fflush(out.get());
    };
    return std::make_shared<fuzz::Recorder>(*clock_, role, with.to_string(), write, clock_->steady_now());
  }
  std::cerr << "postrider: a session is not recorded, since no file can be made in " << folder_.native()
            << '\n';
  return nullptr;
}

std::unique_ptr<transport::TappedNetwork> recording(transport::Loop& loop, transport::Network& inner,
                                                    const SessionRecords* records) {
  if (records == nullptr) return nullptr;
  return std::make_unique<transport::TappedNetwork>(loop, inner, [records](const transport::Endpoint& to) {
    return records->tap(fuzz::WireRole::client, to);
  });
}

}  // namespace postrider::agent
