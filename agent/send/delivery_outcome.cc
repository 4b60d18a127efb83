#include "postrider/agent/send/delivery_outcome.h"

#include <algorithm>

namespace postrider::agent {
namespace {

bool is_permanent(const client::RecipientResult& result) {
  return result.decision == protocol::Decision::fail_recipient ||
         result.decision == protocol::Decision::fail_message ||
         (result.reply && result.reply->code().permanent());
}

bool is_about_permission(const client::RecipientResult& result) {
  if (!result.reply) return false;
  const protocol::ReplyCode code = result.reply->code();
  const bool about_authentication = code == protocol::code::auth_required ||
                                    code == protocol::code::auth_failed ||
                                    code == protocol::code::encryption_required;
  // X.7.X: security or policy, RFC 3463 3.8.
  return about_authentication || (result.reply->status() && result.reply->status()->subject == 7);
}

}  // namespace

std::vector<std::string> refusals(const client::DeliveryReport& report,
                                  const std::vector<std::string>& recipients) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < report.recipients.size(); ++i) {
    if (!report.recipients[i].delivered()) out.push_back(recipients[i] + ": " + report.text(i));
  }
  return out;
}

ExitCode exit_code_of(const client::DeliveryReport& report) {
  bool accepted = false;
  bool permanent = false;
  bool permission = false;
  bool unsure = false;
  for (const client::RecipientResult& each : report.recipients) {
    accepted = accepted || each.delivered();
    unsure = unsure || each.may_have_been_delivered;
    if (each.delivered() || !is_permanent(each)) continue;
    permanent = true;
    permission = permission || is_about_permission(each);
  }
  if (report.all_delivered()) return ExitCode::done;
  if (permanent) return permission ? ExitCode::permission : ExitCode::bad_input;
  return accepted || unsure ? ExitCode::temporary : ExitCode::unavailable;
}

}  // namespace postrider::agent
