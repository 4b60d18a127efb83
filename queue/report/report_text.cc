#include "postrider/queue/report/report_text.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "postrider/protocol/grammar/octets.h"
#include "postrider/queue/report/mail_date.h"
#include "postrider/queue/report/report_field.h"

namespace postrider::queue {
namespace {

using protocol::EnhancedStatus;
using protocol::Utf8;

constexpr std::size_t kWidth = 76;
constexpr std::array kInOrder = {ReportAction::failed, ReportAction::delayed, ReportAction::delivered,
                                 ReportAction::relayed, ReportAction::expanded};

struct Advice {
  std::uint16_t subject;
  std::optional<std::uint16_t> detail;  // none: every other one of the subject
  std::string_view text;
};

// By RFC 3463 3; the first that fits.
constexpr std::array<Advice, 14> kAdvice = {{
    {1, 7, "The other server does not accept your address as that of a sender. Ask your provider."},
    {1, 8, "The other server does not accept your address as that of a sender. Ask your provider."},
    {1, 10, "The domain of this address takes no mail at all. Look for another address."},
    {1, {}, "There is no such address. Look for a typing error, or ask the recipient for the right one."},
    {2, 2, "The recipient's mailbox is full. Send the message again later, or tell the recipient."},
    {2, 3, "The message is larger than the recipient may get. Send a smaller one."},
    {2, {}, "The recipient's mailbox takes no mail at present. Try to reach the recipient in another way."},
    {3, 4, "The message is larger than the other server takes. Send a smaller one."},
    {3, {}, "Something is wrong with the other server. Send the message again later."},
    {4,
     {},
     "The other server could not be reached. Look for a typing error in the part of the address "
     "behind the @, or send the message again later."},
    {6, 7, "The other server cannot handle addresses with letters beyond A to Z. Use another address."},
    {6,
     {},
     "The other server cannot take a message in this form. Send it as plain text, or with other "
     "attachments."},
    {7,
     {},
     "The other server refused the message by rules of its own. The recipient or your provider can help."},
    {5, {}, "The two servers did not understand each other. Your provider can help."},
}};

std::string_view advice(const EnhancedStatus& status) noexcept {
  for (const Advice& each : kAdvice) {
    if (each.subject == status.code.subject && each.detail.value_or(status.code.detail) == status.code.detail)
      return each.text;
  }
  return "If you do not know what to do about it, ask your provider, and show this message.";
}

std::string_view heading(ReportAction action) noexcept {
  switch (action) {
    case ReportAction::failed: return "Your message could not be delivered to:";
    case ReportAction::delayed:
      return "Your message could not be delivered yet. You need not send it again: we go on trying. It is "
             "for:";
    case ReportAction::delivered: return "Your message was delivered to:";
    case ReportAction::relayed:
      return "Your message was handed to the next server, which may tell nothing of what becomes of it. It "
             "is for:";
    case ReportAction::expanded:
      return "Your message was handed on to several recipients, of whom we shall not report. It came to:";
  }
  return {};
}

std::string_view subject_word(ReportAction action) noexcept {
  switch (action) {
    case ReportAction::failed: return "Undeliverable";
    case ReportAction::delayed: return "Delayed";
    case ReportAction::delivered: return "Delivered";
    case ReportAction::relayed: return "Relayed";
    case ReportAction::expanded: return "Handed on";
  }
  return {};
}

// The address as the sender knows it.
const std::string& known_address(const ReportRecipient& recipient) noexcept {
  const bool rewritten = recipient.original_type.empty() && !recipient.original.empty();
  return rewritten ? recipient.original : recipient.address;
}

void paragraph(std::string_view text, std::string_view indent, std::string& out) {
  wrap(clean_text(text, Utf8::yes), indent, kWidth, out);
}

void describe(const ReportRecipient& recipient, std::string& out) {
  out.append("\r\n  <").append(clean_address(known_address(recipient), Utf8::yes)).append(">\r\n");
  if (known_address(recipient) != recipient.address) {
    out.append("    passed on to <").append(clean_address(recipient.address, Utf8::yes)).append(">\r\n");
  }
  const std::string host = clean_text(recipient.remote_mta, Utf8::yes);
  const std::string said = clean_text(recipient.diagnostic, Utf8::yes);
  if (!said.empty()) {
    paragraph(host.empty()                      ? "The reason:"
              : recipient.is_of_a_socket_here() ? "The mail store here said:"
                                                : "The server " + host + " said:",
              "    ", out);
    paragraph(said, "      ", out);
  }
  if (recipient.action == ReportAction::failed) paragraph(advice(recipient.status), "    ", out);
  if (recipient.action == ReportAction::delayed && recipient.will_retry_until) {
    paragraph("We try until " + write_mail_date(*recipient.will_retry_until) +
                  ", and tell you if it cannot be delivered.",
              "    ", out);
  }
}

}  // namespace

std::string report_subject(const ReportRequest& request, Utf8 utf8) {
  // What is worst comes first in the list of actions.
  const auto worst = std::ranges::min(request.recipients, {}, &ReportRecipient::action).action;
  const auto is_worst = [worst](const ReportRecipient& each) { return each.action == worst; };
  const auto count = std::ranges::count_if(request.recipients, is_worst);
  std::string out(subject_word(worst));
  out.append(": your message");
  const std::string& address = known_address(*std::ranges::find_if(request.recipients, is_worst));
  if (count > 1) {
    out.append(" to ").append(std::to_string(count)).append(" recipients");
  } else if (address == clean_address(address, utf8)) {
    out.append(" to ").append(address);
  }
  return clean_text(out, utf8);
}

std::string report_text(const ReportRequest& request, bool whole) {
  std::string out;
  paragraph("This is the mail server " + request.hostname +
                ". It has news of a message that you sent, and "
                "that came here on " +
                write_mail_date(request.arrived) + ".",
            "", out);
  for (const ReportAction action : kInOrder) {
    const auto is_it = [action](const ReportRecipient& each) { return each.action == action; };
    if (std::ranges::none_of(request.recipients, is_it)) continue;
    out.append("\r\n");
    paragraph(heading(action), "", out);
    for (const ReportRecipient& each : request.recipients) {
      if (is_it(each)) describe(each, out);
    }
  }
  out.append("\r\n");
  paragraph(whole ? "What follows is this report for programs, and your message."
                  : "What follows is this report for programs, and the header of your message.",
            "", out);
  return out;
}

}  // namespace postrider::queue
