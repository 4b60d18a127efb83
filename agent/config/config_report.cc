#include "postrider/agent/config/config_report.h"

namespace postrider::agent {

std::string ConfigProblem::to_text() const {
  std::string out = file;
  if (line != 0) out += ":" + std::to_string(line);
  if (!key.empty()) out += ": " + key;
  out += ": " + text;
  // Keys and parts of the file are echoed to a terminal: no control octet may reach it.
  for (char& c : out) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  return out;
}

std::uint32_t ConfigOrigins::line(std::string_view key) const {
  const auto found = lines_.find(key);
  return found == lines_.end() ? 0 : found->second;
}

}  // namespace postrider::agent
