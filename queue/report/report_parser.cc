#include "postrider/queue/report/report_parser.h"

#include <algorithm>
#include <array>
#include <utility>

#include "postrider/protocol/grammar/octets.h"
#include "postrider/protocol/grammar/utf8.h"
#include "postrider/protocol/grammar/xtext.h"
#include "postrider/queue/content/mime_field.h"
#include "postrider/queue/content/mime_walker.h"
#include "postrider/queue/content/transfer_decoding.h"
#include "postrider/queue/report/mail_date.h"
#include "postrider/queue/report/report_field.h"

namespace postrider::queue {
namespace {

using protocol::Utf8;

constexpr std::size_t kStatusPart = std::size_t{1} << 20;
constexpr std::size_t kHeaderPart = std::size_t{64} << 10;

// Every line end is CRLF. A CR that ends no line stays what it is.
std::string with_crlf(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\n' && (at == 0 || text[at - 1] != '\r')) out.push_back('\r');
    out.push_back(text[at]);
  }
  return out;
}

// What follows the colon, without folds and the white space around it.
std::string line_of(std::string_view value) { return unfolded(value, kMaxFieldText); }

std::string trimmed(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return std::string(text);
}

// type ";" text. A type is one word.
TypedText typed(std::string_view value) {
  const std::string line = line_of(value);
  const std::size_t semicolon = line.find(';');
  TypedText out;
  if (semicolon != std::string::npos) {
    out.type = clean_text(line.substr(0, semicolon), Utf8::no);
    for (char& c : out.type) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
  }
  if (out.type.empty() || out.type.find(' ') != std::string::npos) {
    out.type.clear();
    out.text = trimmed(semicolon == 0 ? std::string_view(line).substr(1) : line);
  } else {
    out.text = trimmed(std::string_view(line).substr(semicolon + 1));
  }
  return out;
}

TypedText address(std::string_view value) {
  TypedText out = typed(value);
  if (out.text.size() >= 2 && out.text.starts_with('<') && out.text.ends_with('>')) {
    out.text = out.text.substr(1, out.text.size() - 2);
  }
  if (out.type == "utf-8") {
    std::string decoded(out.text.size(), '\0');
    if (const auto used = protocol::utf8_address_decode(out.text, decoded)) out.text = std::string(*used);
  }
  out.text = clean_address(out.text, Utf8::yes);
  return out;
}

TypedText host(std::string_view value) {
  TypedText out = typed(value);
  out.text = clean_text(out.text, Utf8::yes);
  out.text.resize(std::min(out.text.find(' '), out.text.size()));  // what follows is an explanation
  return out;
}

TypedText diagnostic(std::string_view value) {
  TypedText out = typed(value);
  out.text = clean_text(out.text, Utf8::yes);
  return out;
}

// "failed", and what others add to it.
std::optional<ReportAction> action(std::string_view value) {
  const std::string line = line_of(value);
  std::size_t length = 0;
  while (length < line.size() && protocol::is(line[length], protocol::kAlpha)) ++length;
  for (const ReportAction each : {ReportAction::failed, ReportAction::delayed, ReportAction::delivered,
                                  ReportAction::relayed, ReportAction::expanded}) {
    if (protocol::equal_ignoring_case(std::string_view(line).substr(0, length), to_string(each))) return each;
  }
  return std::nullopt;
}

std::optional<protocol::EnhancedStatus> status(std::string_view value) {
  const std::string line = line_of(value);
  std::string_view number(line);
  // "5.1.1 (bad destination mailbox address)", also without the space
  number = number.substr(0, number.find_first_not_of("0123456789."));
  return protocol::parse_enhanced_status(number);
}

class StatusReader {
 public:
  explicit StatusReader(ParsedReport& report) noexcept : report_(&report) {}

  // RFC 3464 2.1: groups of fields, divided by empty lines; the first one is about the message. Which group a
  // field stands in is not looked at where its name says whom it is about.
  void read(std::string_view text) {
    for (HeaderFields fields(text); fields.next();) {
      if (fields.name().empty()) {
        if (fields.whole() == "\r\n") end_group();
        continue;
      }
      if (!about_message(fields)) about_recipient(fields);
    }
    end_group();
  }

 private:
  bool about_message(const HeaderFields& field) {
    if (field.is("ORIGINAL-ENVELOPE-ID")) {
      report_->envelope_id = clean_text(line_of(field.value()), Utf8::yes);
    } else if (field.is("REPORTING-MTA")) {
      report_->reporting_mta = host(field.value());
    } else if (field.is("ARRIVAL-DATE")) {
      report_->arrived = read_mail_date(field.value());
    } else {
      return false;
    }
    return true;
  }

  void about_recipient(const HeaderFields& field) {
    if (field.is("FINAL-RECIPIENT")) {
      if (!recipient_.final.text.empty()) end_group();  // the empty line between two was forgotten
      recipient_.final = address(field.value());
    } else if (field.is("ORIGINAL-RECIPIENT")) {
      if (!recipient_.original.text.empty()) end_group();
      recipient_.original = address(field.value());
    } else if (field.is("ACTION")) {
      recipient_.action = action(field.value());
    } else if (field.is("STATUS")) {
      recipient_.status = status(field.value());
    } else if (field.is("REMOTE-MTA")) {
      recipient_.remote_mta = host(field.value());
    } else if (field.is("DIAGNOSTIC-CODE")) {
      recipient_.diagnostic = diagnostic(field.value());
    } else if (field.is("LAST-ATTEMPT-DATE")) {
      recipient_.last_attempt = read_mail_date(field.value());
    } else if (field.is("WILL-RETRY-UNTIL")) {
      recipient_.will_retry_until = read_mail_date(field.value());
    }
  }

  // A group that names nobody is about nobody.
  void end_group() {
    ParsedRecipient recipient = std::exchange(recipient_, {});
    if (recipient.final.text.empty() && recipient.original.text.empty()) return;
    if (report_->recipients.size() < kParsedRecipients) report_->recipients.push_back(std::move(recipient));
  }

  ParsedReport* report_;
  ParsedRecipient recipient_;
};

// The parts of the message that count, decoded.
class Parts final : public MimeVisitor {
 public:
  std::optional<std::string> status_text;      // of the first message/delivery-status
  std::optional<std::string> returned_header;  // of the message that it is about

 private:
  void header_of_returned(std::string_view text) {
    if (!returned_header) returned_header = text.substr(0, kHeaderPart);
  }

  void header(const MimePart& part, bool) override {
    wanted_ = nullptr;
    encoding_ = part.encoding;
    if (part.is_message && part.messages == 1) header_of_returned(part.header);
    if (part.messages != 0 || part.kind != MimePart::Kind::leaf) return;
    const std::string& subtype = part.type.subtype;
    if (part.type.type == "message" &&
        (subtype == "delivery-status" || subtype == "global-delivery-status")) {
      if (!status_text) wanted_ = &status_text;
      bound_ = kStatusPart;
    } else if (part.type.is("text", "rfc822-headers") || part.type.is("message", "global-headers") ||
               part.type.is("message", "rfc822") || part.type.is("message", "global")) {
      if (!returned_header) wanted_ = &returned_header;
      bound_ = kHeaderPart;
    }
    if (wanted_ != nullptr) wanted_->emplace();
  }
  void content(std::string_view octets) override {
    if (wanted_ == nullptr) return;
    std::string& text = **wanted_;
    text.append(octets.substr(0, bound_ - std::min(bound_, text.size())));
  }
  void content_line_end() override { content("\r\n"); }
  void content_end() override {
    if (wanted_ == nullptr) return;
    std::string& text = **wanted_;
    if (encoding_ == "base64") {
      text = with_crlf(decode_base64(text));
    } else if (encoding_ == "quoted-printable") {
      text = with_crlf(decode_quoted_printable(text));
    }
    wanted_ = nullptr;
  }
  void boundary(std::string_view) override {}
  void outside(std::string_view, bool) override {}

  std::optional<std::string>* wanted_ = nullptr;  // where the current part goes
  std::size_t bound_ = 0;
  std::string encoding_;
};

std::string message_id(std::string_view header) {
  for (HeaderFields fields(header.substr(0, header.find("\r\n\r\n"))); fields.next();) {
    if (!fields.is("MESSAGE-ID")) continue;
    std::string id = clean_text(line_of(fields.value()), Utf8::yes);
    const std::size_t open = id.find('<');
    const std::size_t close = id.find('>', open == std::string::npos ? 0 : open);
    if (open != std::string::npos && close != std::string::npos) id = id.substr(open + 1, close - open - 1);
    return id;
  }
  return {};
}

}  // namespace

std::expected<ParsedReport, ReportFault> parse_report(std::string_view message) {
  Parts parts;
  MimeWalker walker(parts);
  // A message with too much structure is read as far as it was understood.
  if (walker.put(with_crlf(message.substr(0, kParsedReport)))) walker.finish();
  if (!parts.status_text) return std::unexpected(ReportFault::no_report);
  ParsedReport report;
  StatusReader(report).read(*parts.status_text);
  if (report.recipients.empty()) return std::unexpected(ReportFault::no_recipients);
  if (parts.returned_header) report.message_id = message_id(*parts.returned_header);
  return report;
}

}  // namespace postrider::queue
