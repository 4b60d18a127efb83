#include "postrider/agent/serve/queued_command.h"

#include <variant>

namespace postrider::agent {

std::string as_queued(protocol::Command command) {
  if (auto* mail = std::get_if<protocol::Mail>(&command)) {
    mail->parameters.size.reset();
    mail->parameters.future_release.reset();
    mail->parameters.deliver_by.reset();
    mail->parameters.auth = protocol::LineText();
    mail->parameters.registered = {};
    mail->parameters.used = extensions_of(mail->parameters);
  } else if (auto* rcpt = std::get_if<protocol::Rcpt>(&command)) {
    rcpt->parameters.registered = {};
  }
  std::string line;
  // It was read from a line, or made of what could have been, so it can be written into one.
  [[maybe_unused]] const auto written = write_command(command, line);
  line.resize(line.size() - 2);  // CRLF
  return line;
}

}  // namespace postrider::agent
