#include "postrider/queue/report/returned_part.h"

#include <algorithm>

#include "postrider/protocol/framing/scan.h"
#include "postrider/protocol/grammar/utf8.h"
#include "postrider/queue/content/transfer_encoding.h"

namespace postrider::queue {
namespace {

using protocol::Utf8;

constexpr std::size_t kLongestLine = 998;  // RFC 5322 2.1.1
constexpr std::string_view kWholeMessage = "Your message";
constexpr std::string_view kItsHeader = "The header of your message";

// The header without the empty line that ends it: whole fields, at most kReturnedHeader octets of it. A
// single field beyond that is cut.
std::string_view header_of(std::string_view content) noexcept {
  if (content.starts_with("\r\n")) return {};
  const std::size_t empty_line = content.find("\r\n\r\n");
  std::string_view header = content.substr(0, empty_line == content.npos ? content.npos : empty_line + 2);
  if (header.size() <= kReturnedHeader) return header;
  header = header.substr(0, kReturnedHeader);
  for (std::size_t end = header.rfind("\r\n"); end != header.npos && end != 0;
       end = header.rfind("\r\n", end - 1)) {
    const std::size_t next = end + 2;
    if (next < header.size() && header[next] != ' ' && header[next] != '\t') return header.substr(0, next);
  }
  return header;
}

bool wants_content(const ReportRequest& request) noexcept {
  const auto failed = [](const ReportRecipient& each) { return each.action == ReportAction::failed; };
  return request.ret == protocol::DsnReturn::full && request.content_octets <= kReturnedContent &&
         request.content.size() == request.content_octets && std::ranges::any_of(request.recipients, failed);
}

ReportPart whole_message(std::string_view content, std::string_view header, Utf8 utf8) {
  ReportPart part;
  part.description = kWholeMessage;
  part.body = content;
  part.encoding = is_ascii(content) ? "7bit" : "8bit";
  part.type = "message/rfc822";
  if (is_ascii(header)) return part;
  part.type = "message/global";
  if (utf8 == Utf8::no) {  // encoded, it passes where there is no SMTPUTF8, RFC 6533 4.2
    part.encoding = "base64";
    part.body = base64_lines(content);
  }
  return part;
}

ReportPart header_alone(std::string_view header, Utf8 utf8) {
  ReportPart part;
  part.description = kItsHeader;
  const bool plain = is_plain_lines(header);
  const bool ascii = is_ascii(header);
  part.type = plain && !ascii && protocol::is_utf8(header) ? "message/global-headers" : "text/rfc822-headers";
  if (plain && (ascii || (utf8 == Utf8::yes && part.type == "message/global-headers"))) {
    part.encoding = ascii ? "7bit" : "8bit";
    part.body = header;
  } else {
    part.encoding = "quoted-printable";
    part.body = quoted_printable(header);
  }
  return part;
}

}  // namespace

ReportPart returned_part(const ReportRequest& request, Utf8 utf8) {
  const std::string_view header = header_of(request.content);
  // An 8-bit header that is not in UTF-8 has no form in which the whole message could go.
  const bool whole = wants_content(request) && is_plain_lines(request.content) && protocol::is_utf8(header);
  return whole ? whole_message(request.content, header, utf8) : header_alone(header, utf8);
}

bool is_whole(const ReportPart& part) noexcept { return part.description == kWholeMessage; }

bool is_plain_lines(std::string_view text) noexcept {
  while (!text.empty()) {
    const std::size_t end = protocol::find_line_breaker(text);
    if (end > kLongestLine) return false;
    if (end == text.size()) return true;
    if (!text.substr(end).starts_with("\r\n")) return false;
    text.remove_prefix(end + 2);
  }
  return true;
}

bool is_ascii(std::string_view text) noexcept {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

}  // namespace postrider::queue
