#include "postrider/resolver/mta_sts/sts_store.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <fstream>
#include <iterator>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "postrider/resolver/mta_sts/sts_record.h"

namespace postrider::resolver {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kTitle = "postrider mta-sts 1\n";
constexpr std::string_view kFresh = ".fresh-";

// A name that is one of a file and nothing else: letters, digits, hyphen, underscore and single dots.
bool is_file_name(std::string_view text) noexcept {
  return !text.empty() && text.front() != '.' && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  });
}

std::string words(const fs::path& file, int number) {
  return file.string() + ": " + std::generic_category().message(number);
}

// The rest of the line that begins with `key`, which is taken; nullopt when it does not.
std::optional<std::string_view> take_field(std::string_view& text, std::string_view key) noexcept {
  if (!text.starts_with(key)) return std::nullopt;
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view value = text.substr(key.size(), end - key.size());
  text.remove_prefix(end + 1);
  return value;
}

std::optional<transport::SystemTime> read_time(std::string_view text) noexcept {
  constexpr std::int64_t kLatest = 9'000'000'000;  // keeps nanoseconds within 64 bits
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (seconds < 0 || seconds > kLatest) return std::nullopt;
  return transport::SystemTime(std::chrono::seconds(seconds));
}

int write_file(const fs::path& file, std::string_view text) {
  const int out = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (out < 0) return errno;
  int failure = 0;
  while (!text.empty() && failure == 0) {
    const ::ssize_t written = ::write(out, text.data(), text.size());
    if (written < 0 && errno != EINTR) failure = errno;
    if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
  }
  if (failure == 0 && ::fsync(out) != 0) failure = errno;
  ::close(out);
  return failure;
}

}  // namespace

std::string write_sts_entry(const StsEntry& entry) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(entry.fetched.time_since_epoch());
  std::string out(kTitle);
  out += "id " + entry.id + "\nfetched " + std::to_string(seconds.count()) + "\n\n" + entry.policy.text();
  return out + "end:\n";
}

std::expected<StsEntry, std::string> read_sts_entry(std::string_view text) {
  if (!text.starts_with(kTitle)) return std::unexpected("is no policy of this program");
  // A file that was cut has another policy than the one that was fetched.
  if (!text.ends_with("\nend:\n")) return std::unexpected("was cut");
  text.remove_prefix(kTitle.size());
  const auto id = take_field(text, "id ");
  const auto fetched = take_field(text, "fetched ");
  const auto empty = take_field(text, "");
  if (!id || !fetched || !empty || !empty->empty()) return std::unexpected("has a malformed head");
  const std::string record = "v=STSv1; id=" + std::string(*id);
  if (id->empty() || read_sts_records({record}).id != *id) return std::unexpected("has no valid id");
  const auto time = read_time(*fetched);
  if (!time) return std::unexpected("has no valid time");
  auto policy = StsPolicy::parse(text);
  if (!policy) return std::unexpected("has a policy that " + policy.error());
  return StsEntry(std::string(*id), *std::move(policy), *time);
}

std::optional<std::string> StsStore::open() {
  const std::lock_guard lock(mutex_);
  if (folder_.empty()) return std::nullopt;
  std::error_code error;
  fs::create_directories(folder_, error);
  if (error) return folder_.string() + ": " + error.message();
  files_ = 0;
  for (fs::directory_iterator each(folder_, error), end; !error && each != end; each.increment(error)) {
    const std::string name = each->path().filename().string();
    std::error_code ignored;
    if (name.starts_with(kFresh)) {
      fs::remove(each->path(), ignored);
    } else if (each->is_regular_file(ignored)) {
      ++files_;
    }
  }
  if (error) return folder_.string() + ": " + error.message();
  return std::nullopt;
}

fs::path StsStore::file_of(const DomainName& domain) const {
  const std::string name = domain.text();
  return folder_.empty() || !is_file_name(name) || name == "damaged" ? fs::path() : folder_ / name;
}

void StsStore::drop(Order::iterator cached) {
  octets_ -= cached->text.size();
  entries_.erase(cached->domain);
  order_.erase(cached);
}

void StsStore::remember(const DomainName& domain, std::string text) {
  const auto found = entries_.find(domain);
  if (found != entries_.end()) drop(found->second);
  octets_ += text.size();
  order_.push_front(Cached{domain, std::move(text)});
  entries_[domain] = order_.begin();
  while (order_.size() > kMaxInMemory || octets_ > kMaxOctets) drop(std::prev(order_.end()));
}

void StsStore::forget(const DomainName& domain) {
  const auto found = entries_.find(domain);
  if (found != entries_.end()) drop(found->second);
  const fs::path file = file_of(domain);
  if (!file.empty() && ::unlink(file.c_str()) == 0 && files_ > 0) --files_;
}

void StsStore::set_aside(const fs::path& file) {
  std::error_code error;
  fs::create_directories(folder_ / "damaged", error);
  fs::rename(file, folder_ / "damaged" / file.filename(), error);
  if (error) fs::remove(file, error);
  ++damaged_;
  if (files_ > 0) --files_;
}

std::optional<StsEntry> StsStore::load(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return std::nullopt;
  std::string text(kMaxFileOctets + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  auto entry = read_sts_entry(text);
  if (!entry) {
    set_aside(file);
    return std::nullopt;
  }
  return *std::move(entry);
}

std::optional<StsEntry> StsStore::find(const DomainName& domain, transport::SystemTime now) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(domain);
  std::optional<StsEntry> entry;
  if (found != entries_.end()) {
    if (auto read = read_sts_entry(found->second->text)) entry = *std::move(read);
  } else if (const fs::path file = file_of(domain); !file.empty()) {
    entry = load(file);
  }
  if (!entry) return std::nullopt;
  // One from the future was fetched by a clock that was wrong: its age means nothing.
  if (entry->expires() <= now || entry->fetched > now + std::chrono::hours(24)) {
    forget(domain);
    return std::nullopt;
  }
  if (found != entries_.end()) {
    order_.splice(order_.begin(), order_, found->second);
  } else {
    remember(domain, write_sts_entry(*entry));
  }
  return entry;
}

std::optional<std::string> StsStore::put(const DomainName& domain, const StsEntry& entry) {
  const std::lock_guard lock(mutex_);
  StsEntry kept = entry;
  kept.fetched = std::chrono::floor<std::chrono::seconds>(entry.fetched);
  const std::string text = write_sts_entry(kept);
  remember(domain, text);
  const fs::path file = file_of(domain);
  if (file.empty()) return std::nullopt;
  std::error_code ignored;
  const bool is_new = !fs::exists(file, ignored);
  if (is_new && files_ >= kMaxFiles) return file.string() + ": there are too many policies already";
  const fs::path fresh =
      folder_ / (std::string(kFresh) + std::to_string(::getpid()) + "-" + std::to_string(++written_));
  int failure = write_file(fresh, text);
  if (failure == 0 && ::rename(fresh.c_str(), file.c_str()) != 0) failure = errno;
  if (failure != 0) {
    ::unlink(fresh.c_str());
    return words(file, failure);
  }
  if (is_new) ++files_;
  return std::nullopt;
}

std::size_t StsStore::in_memory() const {
  const std::lock_guard lock(mutex_);
  return order_.size();
}
std::size_t StsStore::octets() const {
  const std::lock_guard lock(mutex_);
  return octets_;
}
std::size_t StsStore::files() const {
  const std::lock_guard lock(mutex_);
  return files_;
}
std::size_t StsStore::damaged() const {
  const std::lock_guard lock(mutex_);
  return damaged_;
}

}  // namespace postrider::resolver
