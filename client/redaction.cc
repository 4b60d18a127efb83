#include "postrider/client/redaction.h"

namespace postrider::client {

std::string redact_command(protocol::Verb verb, std::string_view line) {
  if (verb != protocol::Verb::auth) return std::string(line);
  const std::size_t mechanism = line.find(' ');
  const std::size_t initial = mechanism == line.npos ? line.npos : line.find(' ', mechanism + 1);
  if (initial == line.npos) return std::string(line);
  return std::string(line.substr(0, initial)).append(" ****\r\n");
}

}  // namespace postrider::client
