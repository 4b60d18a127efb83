#include "postrider/agent/tls_report/report_store.h"

#include <array>
#include <cerrno>
#include <charconv>
#include <fstream>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace postrider::agent {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kTitle = "postrider tls-report 1\n";
constexpr std::string_view kEnd = "end\n";
constexpr std::string_view kNothing = "-";
constexpr std::int64_t kLatestDay = 100'000;  // of 1970: keeps seconds within reach

// ---- Words: what is no visible ASCII, and '%', as %XX; no octets as "-" ----

void put_word(std::string_view text, std::string& out) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  out += ' ';
  if (text.empty()) out += kNothing;
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    if (octet > ' ' && octet < 0x7f && c != '%' && !(c == '-' && text == kNothing)) {
      out += c;
    } else {
      out += '%';
      out += kDigits[octet >> 4];
      out += kDigits[octet & 15];
    }
  }
}

std::optional<std::string> decoded(std::string_view word) {
  if (word == kNothing) return std::string();
  std::string out;
  for (std::size_t i = 0; i < word.size(); ++i) {
    if (word[i] != '%') {
      out += word[i];
      continue;
    }
    unsigned value = 0;
    const std::string_view digits = word.substr(i + 1, 2);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    if (digits.size() != 2 || error != std::errc() || end != digits.data() + 2) return std::nullopt;
    out += static_cast<char>(value);
    i += 2;
  }
  return out;
}

// ---- Writing ----

void put_policy(const ReportedPolicy& policy, const ReportedCounts& counts, std::string& out) {
  out.append("policy ").append(to_string(policy.type));
  out.append(" ").append(std::to_string(counts.successes));
  out.append(" ").append(std::to_string(counts.failures)).append("\n");
  if (!policy.domain.empty()) {
    out += "base";
    put_word(policy.domain, out);
    out += '\n';
  }
  for (const std::string& each : policy.lines) {
    out += "line";
    put_word(each, out);
    out += '\n';
  }
  for (const std::string& each : policy.hosts) {
    out += "host";
    put_word(each, out);
    out += '\n';
  }
  for (const auto& [session, count] : counts.details) {
    out.append("detail ").append(to_string(session.failure)).append(" ").append(std::to_string(count));
    for (const std::string* each :
         {&session.sending_address, &session.receiving_host, &session.receiving_address, &session.reason}) {
      put_word(*each, out);
    }
    out += '\n';
  }
}

// ---- Reading ----

// One line: its first word, and the others.
class Line {
 public:
  explicit Line(std::string_view text) : rest_(text) {}

  std::optional<std::string_view> raw() {
    if (rest_.data() == nullptr) return std::nullopt;
    const std::size_t space = rest_.find(' ');
    const std::string_view word = rest_.substr(0, space);
    rest_ = space == std::string_view::npos ? std::string_view() : rest_.substr(space + 1);
    if (word.empty()) return std::nullopt;
    return word;
  }
  std::optional<std::string> word() {
    const auto text = raw();
    return text ? decoded(*text) : std::nullopt;
  }
  template <class T>
  std::optional<T> number() {
    const auto text = raw();
    T value{};
    if (!text) return std::nullopt;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
    if (error != std::errc() || end != text->data() + text->size()) return std::nullopt;
    return value;
  }
  bool over() const noexcept { return rest_.data() == nullptr; }

 private:
  std::string_view rest_;
};

class Reader {
 public:
  // False: this line cannot stand here.
  bool take(std::string_view text) {
    Line line(text);
    const auto kind = line.raw();
    if (!kind) return false;
    if (*kind == "domain") return take_domain(line) && line.over();
    if (*kind == "policy") return take_policy(line) && line.over();
    if (*kind == "base") return take_base(line) && line.over();
    if (*kind == "line" || *kind == "host") return take_text(*kind == "line", line) && line.over();
    return *kind == "detail" && take_detail(line) && line.over();
  }
  ReportCounts finish() {
    close();
    return std::move(counts_);
  }

 private:
  bool take_domain(Line& line) {
    close();
    const auto day = line.number<std::int64_t>();
    auto domain = line.word();
    if (!day || *day < 0 || *day > kLatestDay || !domain || domain->empty()) return false;
    day_ = ReportCounts::Day(std::chrono::days(*day));
    domain_ = *std::move(domain);
    return true;
  }
  bool take_policy(Line& line) {
    if (domain_.empty()) return false;
    close();
    const auto type = client::tls_policy_type_named(line.raw().value_or(std::string_view()));
    const auto successes = line.number<std::uint64_t>();
    const auto failures = line.number<std::uint64_t>();
    if (!type || !successes || !failures) return false;
    open_ = true;
    policy_ = ReportedPolicy();
    policy_.type = *type;
    of_policy_ = ReportedCounts();
    of_policy_.successes = *successes;
    of_policy_.failures = *failures;
    return true;
  }
  bool take_base(Line& line) {
    auto text = line.word();
    if (!open_ || !text || text->empty() || !policy_.domain.empty()) return false;
    policy_.domain = *std::move(text);
    return true;
  }
  bool take_text(bool line_of_policy, Line& line) {
    std::vector<std::string>& to = line_of_policy ? policy_.lines : policy_.hosts;
    auto text = line.word();
    if (!open_ || !text || to.size() >= kMostReportedLines) return false;
    to.push_back(*std::move(text));
    return true;
  }
  bool take_detail(Line& line) {
    // "none" is no failure, and stands for what is not understood as well.
    ReportedSession session;
    session.failure = client::tls_failure_type_named(line.raw().value_or(std::string_view()))
                          .value_or(TlsFailureType::none);
    const auto count = line.number<std::uint64_t>();
    if (!open_ || session.failure == TlsFailureType::none || !count) return false;
    for (std::string* each :
         {&session.sending_address, &session.receiving_host, &session.receiving_address, &session.reason}) {
      auto text = line.word();
      if (!text) return false;
      *each = *std::move(text);
    }
    if (of_policy_.details.size() >= kMostFailureKinds) return false;
    return of_policy_.details.emplace(std::move(session), *count).second;
  }
  void close() {
    if (std::exchange(open_, false)) counts_.add(day_, domain_, std::move(policy_), of_policy_);
  }

  ReportCounts counts_;
  ReportCounts::Day day_;
  std::string domain_;
  bool open_ = false;  // a policy
  ReportedPolicy policy_;
  ReportedCounts of_policy_;
};

// ---- Files ----

std::string words(const fs::path& file, int number) {
  return file.string() + ": " + std::generic_category().message(number);
}

int write_file(const fs::path& file, std::string_view text) {
  const int out = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
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

std::string write_report_counts(const ReportCounts& counts, std::size_t most) {
  std::string out(kTitle);
  for (const auto& [key, policies] : counts.all()) {
    std::string domain = "domain " + std::to_string(key.first.time_since_epoch().count());
    put_word(key.second, domain);
    domain += '\n';
    for (const auto& [policy, of_policy] : policies) put_policy(policy, of_policy, domain);
    if (out.size() + domain.size() + kEnd.size() > most) continue;
    out += domain;
  }
  return out.append(kEnd);
}

std::expected<ReportCounts, std::string> read_report_counts(std::string_view text) {
  if (!text.starts_with(kTitle)) return std::unexpected("has no counters of this program");
  text.remove_prefix(kTitle.size());
  Reader reader;
  for (std::size_t number = 2; text != kEnd; ++number) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return std::unexpected("was cut");
    if (!reader.take(text.substr(0, end))) {
      return std::unexpected("is not understood in line " + std::to_string(number));
    }
    text.remove_prefix(end + 1);
  }
  return reader.finish();
}

std::optional<std::string> ReportStore::open() {
  std::error_code error;
  fs::create_directories(folder_, error);
  if (error) return folder_.string() + ": " + error.message();
  const fs::path file = folder_ / "counts";
  std::ifstream in(file, std::ios::binary);
  if (!in) {
    if (fs::exists(file, error)) return file.string() + ": cannot be opened";
    return std::nullopt;
  }
  std::string text(kMaxOctets + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  auto counts = read_report_counts(text);
  if (!counts) {
    const fs::path aside = folder_ / "counts.damaged";
    fs::rename(file, aside, error);
    return file.string() + ": " + counts.error() + "; it is kept as " + aside.string();
  }
  counts_ = *std::move(counts);
  saved_ = counts_.version();
  return std::nullopt;
}

std::optional<std::string> ReportStore::save() {
  if (saved_ == counts_.version()) return std::nullopt;
  const fs::path file = folder_ / "counts";
  const fs::path fresh = folder_ / ".fresh-counts";
  int failure = write_file(fresh, write_report_counts(counts_, kMaxOctets));
  if (failure == 0 && ::rename(fresh.c_str(), file.c_str()) != 0) failure = errno;
  if (failure != 0) {
    ::unlink(fresh.c_str());
    return words(file, failure);
  }
  saved_ = counts_.version();
  return std::nullopt;
}

}  // namespace postrider::agent
