#include "postrider/resolver/mta_sts/sts_record.h"

#include <algorithm>

namespace postrider::resolver {
namespace {

constexpr std::string_view kVersion = "v=STSv1";
constexpr std::size_t kMaxExtensionName = 32;

bool is_alphanumeric(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

std::string_view trim(std::string_view text) noexcept {
  const auto is_space = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

bool is_id(std::string_view text) noexcept {
  return !text.empty() && text.size() <= StsRecord::kMaxId && std::ranges::all_of(text, is_alphanumeric);
}

// RFC 8461 3.1, sts-ext-name and sts-ext-value.
bool is_extension(std::string_view name, std::string_view value) noexcept {
  const auto fits_name = [](char c) { return is_alphanumeric(c) || c == '_' || c == '-' || c == '.'; };
  const auto fits_value = [](char c) { return c > ' ' && c < '\x7f' && c != '=' && c != ';'; };
  return !name.empty() && name.size() <= kMaxExtensionName && is_alphanumeric(name.front()) &&
         std::ranges::all_of(name, fits_name) && !value.empty() && std::ranges::all_of(value, fits_value);
}

// Whether the record is ours to judge: the version, then the delimiter.
bool has_version(std::string_view text) noexcept {
  return text.starts_with(kVersion) && trim(text.substr(kVersion.size())).starts_with(";");
}

StsRecord failed(std::string why) {
  StsRecord record;
  record.fault = std::move(why);
  return record;
}

StsRecord read_record(std::string_view text) {
  StsRecord record;
  text = trim(text.substr(kVersion.size()));
  while (!text.empty()) {
    text.remove_prefix(1);  // the delimiter
    const std::size_t end = std::min(text.find(';'), text.size());
    const std::string_view field = trim(text.substr(0, end));
    text.remove_prefix(end);
    if (field.empty() && trim(text).empty()) break;  // one at the end is allowed
    const std::size_t equals = field.find('=');
    if (equals == std::string_view::npos) return failed("a field has no value");
    const std::string_view name = field.substr(0, equals);
    const std::string_view value = field.substr(equals + 1);
    if (name == "id") {
      if (!is_id(value)) return failed("the id is not 1 to 32 letters and digits");
      if (record.id.empty()) record.id = value;
    } else if (!is_extension(name, value)) {
      return failed("a field is malformed");
    }
  }
  return record.id.empty() ? failed("there is no id") : record;
}

}  // namespace

StsRecord read_sts_records(const std::vector<std::string>& texts) {
  const std::string* found = nullptr;
  for (const std::string& each : texts) {
    if (!has_version(each)) continue;
    if (found != nullptr) return failed("more than one record begins with v=STSv1");
    found = &each;
  }
  return found != nullptr ? read_record(*found) : StsRecord();
}

std::optional<DomainName> sts_record_name(const DomainName& domain) { return domain.below("_mta-sts"); }
std::optional<DomainName> sts_policy_host(const DomainName& domain) { return domain.below("mta-sts"); }

}  // namespace postrider::resolver
