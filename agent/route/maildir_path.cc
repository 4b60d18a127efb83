#include "postrider/agent/route/maildir_path.h"

#include <algorithm>
#include <system_error>

namespace postrider::agent {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kLocal = "{local}";
constexpr std::string_view kDomain = "{domain}";
constexpr std::size_t kLongestName = 255;   // NAME_MAX of every common file system, in octets
constexpr std::size_t kLongestPath = 4000;  // PATH_MAX is 4096; a message's own name is still to follow

bool has_placeholder(std::string_view component) { return component.find('{') != std::string_view::npos; }

std::string expanded(std::string_view pattern, std::string_view local, std::string_view domain) {
  std::string out;
  while (!pattern.empty()) {
    const std::size_t brace = pattern.find('{');
    out += pattern.substr(0, brace);
    if (brace == std::string_view::npos) break;
    pattern.remove_prefix(brace);
    const bool is_local = pattern.starts_with(kLocal);
    out += is_local ? local : domain;
    pattern.remove_prefix(is_local ? kLocal.size() : kDomain.size());
  }
  return out;
}

// Whether `name` could be what `component` expanded to. Looks at the fixed text before the first placeholder
// and behind the last, which is enough to stay away from folders that are certainly not ours.
bool could_be(std::string_view name, std::string_view component) {
  const std::string_view before = component.substr(0, component.find('{'));
  const std::string_view after = component.substr(component.rfind('}') + 1);
  return name.size() > before.size() + after.size() && name.starts_with(before) && name.ends_with(after) &&
         !name.starts_with('.');
}

void collect(const fs::path& parent, fs::path::iterator component, fs::path::iterator end,
             std::vector<fs::path>& found) {
  std::error_code error;
  if (component == end) {
    if (fs::is_directory(parent / "tmp", error)) found.push_back(parent);
    return;
  }
  const fs::path& current = *component;
  const auto next = std::next(component);
  if (!has_placeholder(current.native())) {
    collect(parent / current, next, end, found);
    return;
  }
  for (fs::directory_iterator entry(parent, error), last; !error && entry != last; entry.increment(error)) {
    std::error_code ignored;
    if (entry->is_symlink(ignored) || !entry->is_directory(ignored)) continue;
    if (could_be(entry->path().filename().native(), current.native())) {
      collect(entry->path(), next, end, found);
    }
  }
}

}  // namespace

bool is_safe_in_path(std::string_view value) noexcept {
  if (value.empty() || value.size() > kLongestName || value.front() == '.') return false;
  return std::ranges::none_of(value, [](char c) {
    const auto octet = static_cast<unsigned char>(c);
    return octet < 0x20 || octet == 0x7f || c == '/';
  });
}

std::string folded(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

std::expected<MaildirPath, std::string> MaildirPath::parse(std::string_view text) {
  if (text.empty()) return std::unexpected("names no folder");
  if (text.find('\0') != std::string_view::npos) return std::unexpected("has a NUL in its path");
  for (std::size_t at = 0; (at = text.find_first_of("{}", at)) != std::string_view::npos;) {
    const std::string_view rest = text.substr(at);
    if (rest.starts_with(kLocal)) {
      at += kLocal.size();
    } else if (rest.starts_with(kDomain)) {
      at += kDomain.size();
    } else {
      return std::unexpected("has a placeholder other than {local} and {domain}");
    }
  }
  return MaildirPath(text);
}

void MaildirPath::resolve_in(const fs::path& folder) {
  text_ = (folder / text_).lexically_normal().native();
  // "maildir:./mail/" and "maildir:./mail" are one folder.
  while (text_.size() > 1 && text_.ends_with('/')) text_.pop_back();
}

std::optional<fs::path> MaildirPath::expand(std::string_view local, std::string_view domain) const {
  const bool uses_local = text_.find(kLocal) != std::string::npos;
  const bool uses_domain = text_.find(kDomain) != std::string::npos;
  if (uses_local && !is_safe_in_path(local)) return std::nullopt;
  if (uses_domain && !is_safe_in_path(domain)) return std::nullopt;
  std::string path = expanded(text_, folded(local), folded(domain));
  if (path.size() > kLongestPath) return std::nullopt;
  fs::path result(std::move(path));
  for (const fs::path& component : result) {
    if (component.native().size() > kLongestName) return std::nullopt;
  }
  return result;
}

std::vector<fs::path> MaildirPath::existing() const {
  const fs::path pattern(text_);
  std::vector<fs::path> found;
  collect(fs::path(), pattern.begin(), pattern.end(), found);
  return found;
}

}  // namespace postrider::agent
