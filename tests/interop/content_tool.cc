// What the queue makes of content, for scripts to look at with other readers. Content comes from stdin.
//   content_tool seven-bit | eight-bit         the content as a next hop without 8BITMIME, or without
//                                              BINARYMIME, gets it; status 65 and the reason when it cannot
//   content_tool report NAME=VALUE…            a delivery report about it: sender, address, type, original,
//                                              action, status, host, said, envelope, full, smtputf8
#include <chrono>
#include <cstddef>
#include <iostream>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "postrider/queue/content/seven_bit.h"
#include "postrider/queue/report/delivery_report.h"

namespace {

using namespace postrider::queue;

constexpr std::size_t kSlice = 100;  // so that parts and lines are cut

int convert(const std::string& content, ContentTarget target) {
  const std::string_view text(content);
  SevenBitScan scan(target);
  for (std::size_t at = 0; at < text.size(); at += kSlice) scan.put(text.substr(at, kSlice));
  auto plan = scan.finish();
  if (!plan) {
    std::cerr << to_string(plan.error()) << '\n';
    return 65;
  }
  SevenBitConverter converter(std::move(*plan));
  std::string out;
  for (std::size_t at = 0; at < text.size(); at += kSlice) converter.put(text.substr(at, kSlice), out);
  converter.finish(out);
  std::cout << out;
  return 0;
}

int report(const std::string& content, std::map<std::string, std::string> values) {
  ReportRecipient recipient;
  recipient.address = values["address"];
  recipient.original_type = values["type"];
  recipient.original = values["original"];
  for (const ReportAction each :
       {ReportAction::delayed, ReportAction::delivered, ReportAction::relayed, ReportAction::expanded}) {
    if (to_string(each) == values["action"]) recipient.action = each;
  }
  std::string_view status = values["status"];
  recipient.status = postrider::protocol::parse_enhanced_status(status).value_or(recipient.status);
  recipient.remote_mta = values["host"];
  recipient.diagnostic = values["said"];
  ReportRequest request;
  request.hostname = "mail.example.com";
  request.id = "0123456789abc";
  request.now = Time(std::chrono::seconds(1'790'000'200));
  request.arrived = Time(std::chrono::seconds(1'790'000'000));
  recipient.last_attempt = request.now;
  recipient.will_retry_until = request.now;
  request.sender = values["sender"];
  request.envelope_id = values["envelope"];
  request.recipients = {recipient};
  request.content = content;
  request.content_octets = content.size();
  if (values["full"] == "yes") request.ret = postrider::protocol::DsnReturn::full;
  request.sender_takes_smtputf8 = values["smtputf8"] == "yes";
  const DeliveryReport made = make_report(request);
  std::cout << made.content;
  std::cerr << (made.needs_eight_bit ? "8BITMIME " : "") << (made.needs_smtputf8 ? "SMTPUTF8" : "") << '\n';
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string content{std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>()};
  const std::string_view what = argc > 1 ? argv[1] : "";
  if (what == "seven-bit") return convert(content, ContentTarget::seven_bit);
  if (what == "eight-bit") return convert(content, ContentTarget::eight_bit);
  if (what != "report") return 64;
  std::map<std::string, std::string> values;
  for (int each = 2; each < argc; ++each) {
    const std::string_view word = argv[each];
    const std::size_t equals = word.find('=');
    if (equals == std::string_view::npos) return 64;
    values[std::string(word.substr(0, equals))] = word.substr(equals + 1);
  }
  return report(content, std::move(values));
}
