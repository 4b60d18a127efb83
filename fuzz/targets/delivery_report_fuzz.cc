// A report that we write is a message in which nothing is injected, and reads back as what it was made of;
// what is read of others is bounded and clean.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "postrider/fuzz/support/alphabet.h"
#include "postrider/fuzz/support/fuzz_input.h"
#include "postrider/fuzz/support/require.h"
#include "postrider/protocol/grammar/utf8.h"
#include "postrider/queue/report/delivery_report.h"
#include "postrider/queue/report/report_parser.h"

namespace {

using namespace postrider::queue;
using namespace postrider::fuzz;

constexpr std::array<std::string_view, 48> kWords = {
    "Content-Type: multipart/report; boundary=a\r\n",
    "Content-Type: multipart/mixed; boundary=\"b\"\r\n",
    "Content-Type: message/delivery-status\r\n",
    "Content-Type: message/global-delivery-status\r\n",
    "Content-Type: text/rfc822-headers\r\n",
    "Content-Type: message/rfc822\r\n",
    "Content-Type: message/global\r\n",
    "Content-Transfer-Encoding: base64\r\n",
    "Content-Transfer-Encoding: quoted-printable\r\n",
    "--a\r\n",
    "--a--\r\n",
    "--b\r\n",
    "--b--\r\n",
    "Reporting-MTA: dns; mail\r\n",
    "Original-Envelope-Id: ",
    "Arrival-Date: ",
    "Final-Recipient: ",
    "Original-Recipient: ",
    "rfc822; ",
    "utf-8; ",
    "Action: ",
    "failed\r\n",
    "delayed\r\n",
    "Status: ",
    "5.1.1",
    "Remote-MTA: dns; mx\r\n",
    "Diagnostic-Code: smtp; ",
    "550 5.1.1 No\r\n",
    "Will-Retry-Until: ",
    "Mon, 21 Sep 2026 14:13:20 +0000\r\n",
    "Message-ID: <1@example.com>\r\n",
    "bob@example.org\r\n",
    "\\x{E9}",
    "\xC3\xA9",
    "\xFF",
    "=",
    "=0D=0A",
    "(",
    ")",
    "\"",
    ";",
    ":",
    " ",
    "\t",
    "\r\n",
    "\r",
    "\n",
    std::string_view("\0", 1),
};

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 128; });
}

void check_clean(std::string_view text) {
  require(text.size() <= 2'000, "a text has its bound");
  require(postrider::protocol::is_utf8(text), "a text is UTF-8");
  for (const char c : text) require(static_cast<unsigned char>(c) >= 32 && c != 127, "and has no controls");
}

void check_typed(const TypedText& text) {
  check_clean(text.type);
  check_clean(text.text);
}

void check_parser(std::string_view octets) {
  const ExactCopy copy(octets);
  const auto report = parse_report(copy.view());
  if (!report) return;
  require(!report->recipients.empty() && report->recipients.size() <= kParsedRecipients,
          "a report names some");
  check_clean(report->envelope_id);
  check_typed(report->reporting_mta);
  check_clean(report->message_id);
  for (const ParsedRecipient& each : report->recipients) {
    check_typed(each.original);
    check_typed(each.final);
    check_typed(each.remote_mta);
    check_typed(each.diagnostic);
    require(!each.original.text.empty() || !each.final.text.empty(), "a recipient has an address");
  }
}

// The lines of a message, each of which the transport could carry.
std::vector<std::string_view> lines_of(std::string_view content) {
  std::vector<std::string_view> lines;
  while (!content.empty()) {
    const std::size_t end = content.find("\r\n");
    require(end != content.npos, "every line has its end");
    const std::string_view line = content.substr(0, end);
    require(line.size() <= 998, "RFC 5322 2.1.1");
    require(line.find_first_of(std::string_view("\r\n\0", 3)) == line.npos, "nothing else ends a line");
    lines.push_back(line);
    content.remove_prefix(end + 2);
  }
  return lines;
}

// The names of the fields up to the next empty line, from which `line` goes on.
std::string names(const std::vector<std::string_view>& lines, std::size_t& line) {
  std::string out;
  for (; line < lines.size() && !lines[line].empty(); ++line) {
    if (lines[line].starts_with(' ')) {
      require(lines[line].find_first_not_of(' ') != std::string_view::npos, "a fold has something in it");
      continue;
    }
    const std::size_t colon = lines[line].find(':');
    require(colon != std::string_view::npos, "a field has a name");
    out.append(lines[line].substr(0, colon)).append(" ");
  }
  ++line;
  return out;
}

void check_message(const DeliveryReport& report, const ReportRecipient& recipient) {
  const auto lines = lines_of(report.content);
  std::size_t line = 0;
  require_equal(names(lines, line),
                "Date From To Subject Message-ID Auto-Submitted MIME-Version Content-Type "
                "Content-Transfer-Encoding ",
                "the header has these fields and no other");
  require(report.needs_eight_bit || report.needs_smtputf8 || is_ascii(report.content), "else it is ASCII");
  for (std::size_t each = 0; each < line; ++each) {
    require(report.needs_smtputf8 || is_ascii(lines[each]), "so is its header");
  }
  // The boundary, as a reader finds it: RFC 2046 5.1.1.
  const std::string_view delimiter = lines.at(line);
  require(delimiter.starts_with("--=_"), "the first part begins");
  std::vector<std::size_t> parts;
  for (std::size_t each = 0; each < lines.size(); ++each) {
    if (lines[each].starts_with(delimiter)) parts.push_back(each);
  }
  require_equal(parts.size(), std::size_t{4}, "three parts");
  require(parts[3] + 1 == lines.size() && lines[parts[3]] == std::string(delimiter) + "--", "and an end");
  for (std::size_t part = 0; part < 3; ++part) {
    line = parts[part] + 1;
    require_equal(names(lines, line), "Content-Description Content-Type Content-Transfer-Encoding ",
                  "a part's header is ours");
  }
  line = parts[1] + 5;
  require(names(lines, line).ends_with("Reporting-MTA Arrival-Date "), "RFC 3464 2.2");
  std::string expected = "Final-Recipient Action Status ";
  // A socket of this machine is no host that a sender could ask.
  if (!recipient.remote_mta.empty() && !recipient.remote_mta.starts_with("unix:")) expected += "Remote-MTA ";
  if (!recipient.diagnostic.empty()) expected += "Diagnostic-Code ";
  expected += "Last-Attempt-Date ";
  if (recipient.action == ReportAction::delayed) expected += "Will-Retry-Until ";
  require(names(lines, line).ends_with(expected), "RFC 3464 2.3");
  require(line == parts[2], "and nothing more");
}

bool is_plain_address(std::string_view text) {
  return !text.empty() && text.size() <= 64 && postrider::protocol::is_utf8(text) && text.front() != ' ' &&
         text.back() != ' ' && text.front() != '<' && text.find('\\') == text.npos &&
         std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) >= 32 && c != 127; });
}

void check_report(const ReportRequest& request) {
  const ReportRecipient& recipient = request.recipients[0];
  const DeliveryReport report = make_report(request);
  check_message(report, recipient);
  check_parser(report.content);
  const auto read = parse_report(report.content);
  if (!is_plain_address(recipient.address)) return;
  require(read.has_value() && read->recipients.size() == 1, "what we write we read");
  const ParsedRecipient& back = read->recipients[0];
  const bool ascii = is_ascii(recipient.address);
  require_equal(back.final.type, ascii ? "rfc822" : "utf-8", "the type of the address");
  require_equal(back.final.text, recipient.address, "the address");
  if (recipient.original_type == "rfc822" && is_plain_address(recipient.original) &&
      recipient.original.find('+') == std::string::npos && is_ascii(recipient.original)) {
    require_equal(back.original.text, recipient.original, "the address that was given");
  }
  require(back.action == recipient.action && back.status == recipient.status, "what happened");
  require(back.last_attempt == recipient.last_attempt && read->arrived == request.arrived, "when");
  require_equal(back.will_retry_until.has_value(), recipient.action == ReportAction::delayed,
                "RFC 3464 2.3.9");
}

void check_builder(const std::uint8_t* octets, std::size_t size) {
  FuzzInput in(octets, size);
  ReportRequest request;
  request.id = "0";
  request.sender = in.line();
  ReportRecipient recipient;
  recipient.address = in.line();
  recipient.original_type = in.line();
  recipient.original = in.line();
  recipient.remote_mta = in.line();
  recipient.diagnostic = in.line();
  request.envelope_id = in.line();
  request.hostname = in.line();
  request.content = in.rest();
  request.content_octets = request.content.size();
  request.arrived = Time(std::chrono::seconds(1'790'000'000));
  request.now = request.arrived + std::chrono::seconds(60);
  recipient.status = {5, {1, 1}};
  recipient.action = static_cast<ReportAction>(size % 5);
  recipient.last_attempt = request.arrived;
  recipient.will_retry_until = request.now;
  if (request.sender.empty()) return;
  request.recipients = {recipient};
  for (const bool utf8 : {false, true}) {
    for (const auto ret : {postrider::protocol::DsnReturn::full, postrider::protocol::DsnReturn::headers}) {
      request.sender_takes_smtputf8 = utf8;
      request.ret = ret;
      check_report(request);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  if (size > 16'384) return 0;
  const std::string_view text = FuzzInput::as_text(octets, size);
  check_parser(text);
  if (size <= 128) {
    const std::string spelled = spell(text, kWords);
    check_parser(spelled);
    check_parser("Content-Type: multipart/report; boundary=a\r\n\r\n--a\r\n" + spelled);
    check_parser("Content-Type: message/delivery-status\r\n\r\n" + spelled);
  }
  check_builder(octets, size);
  return 0;
}
