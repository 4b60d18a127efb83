#include "postrider/transport/tls/config.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <system_error>

namespace postrider::transport {
namespace {

struct CloseFile {
  void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};

}  // namespace

std::expected<std::string, std::string> PemSource::load(std::string_view what) const {
  const auto problem = [&](std::string_view why) {
    return std::unexpected("cannot read " + std::string(what) + " " + name() + ": " + std::string(why));
  };
  if (value_.empty()) return std::unexpected("no " + std::string(what) + " is given");
  if (!is_file_) return value_;
  const std::unique_ptr<std::FILE, CloseFile> file(std::fopen(value_.c_str(), "rbe"));
  if (!file) return problem(std::generic_category().message(errno));
  std::string text(kMaxOctets + 1, '\0');
  errno = 0;
  text.resize(std::fread(text.data(), 1, text.size(), file.get()));
  if (std::ferror(file.get()) != 0) return problem(std::generic_category().message(errno));
  if (text.size() > kMaxOctets) return problem("it is larger than 4 MiB");
  text.shrink_to_fit();
  return text;
}

bool TlsaRecord::usable() const noexcept {
  if ((usage != 2 && usage != 3) || selector > 1) return false;
  if (matching == 0) return !data.empty();
  return (matching == 1 && data.size() == 32) || (matching == 2 && data.size() == 64);
}

bool valid_alpn(const std::vector<std::string>& protocols) noexcept {
  return std::ranges::all_of(protocols,
                             [](const std::string& name) { return !name.empty() && name.size() <= 255; });
}

std::string session_key(const TlsTarget& target) {
  std::string key;
  const auto add = [&key](std::string_view part) {
    key.append(std::to_string(part.size())).append(":").append(part);
  };
  add(target.name);
  add(std::to_string(target.port));
  key += static_cast<char>('0' + static_cast<int>(target.policy));
  for (const std::string& name : target.also) add(name);
  // Other records, another verification.
  for (const TlsaRecord& record : target.tlsa) {
    key += '/';
    key += static_cast<char>(record.usage);
    key += static_cast<char>(record.selector);
    key += static_cast<char>(record.matching);
    add(record.data);
  }
  return key;
}

}  // namespace postrider::transport
