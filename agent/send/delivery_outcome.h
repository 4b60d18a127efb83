// What a delivery report means for the user of `send`: lines to print, and the exit status.
#pragma once

#include <string>
#include <vector>

#include "postrider/agent/command_line/exit_code.h"
#include "postrider/client/delivery_report.h"

namespace postrider::agent {

// "b@example.net: 550 5.1.1 No such user", for each recipient that was not accepted.
std::vector<std::string> refusals(const client::DeliveryReport& report,
                                  const std::vector<std::string>& recipients);

// 0 when every recipient was accepted. A permanent refusal counts more than a temporary one: 77 when it is
// for want of permission or authentication, else 65. Without one: 69 when nobody was accepted, else 75.
ExitCode exit_code_of(const client::DeliveryReport& report);

}  // namespace postrider::agent
