#include "postrider/queue/report/report_field.h"

#include <algorithm>

#include "postrider/protocol/grammar/octets.h"
#include "postrider/protocol/grammar/utf8.h"
#include "postrider/queue/report/mail_date.h"

namespace postrider::queue {
namespace {

using protocol::Utf8;

constexpr std::size_t kFoldAt = 78;  // RFC 5322 2.1.1

bool is_white(char c) noexcept { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

// Octets of the character at the beginning of `text` that may be written; 0 when it may not.
std::size_t writable(std::string_view text, Utf8 utf8) noexcept {
  if (protocol::is(text[0], protocol::kPrintable)) return 1;
  const std::size_t length = utf8 == Utf8::yes ? protocol::utf8_sequence(text) : 0;
  return length > 1 ? length : 0;
}

// Where the next piece of a line of `room` octets ends: before a space, if there is one.
std::size_t piece(std::string_view text, std::size_t room) noexcept {
  if (text.size() <= room) return text.size();
  const std::size_t space = room == 0 ? std::string_view::npos : text.rfind(' ', room);
  if (space != std::string_view::npos && space != 0) return space;
  return std::min(text.find(' ', 1), text.size());
}

}  // namespace

std::string clean_text(std::string_view text, Utf8 utf8) {
  std::string out;
  std::size_t word = 0;
  while (!text.empty() && out.size() < kMaxFieldText) {
    const char first = text[0];
    const std::size_t length = is_white(first) ? 1 : writable(text, utf8);
    if (is_white(first)) {
      if (!out.empty() && out.back() != ' ') out.push_back(' ');
      word = 0;
    } else {
      const std::size_t size = std::max<std::size_t>(length, 1);
      if (word + size > kMaxFieldWord) {
        out.push_back(' ');
        word = 0;
      }
      if (length == 0) {
        out.push_back('?');
      } else {
        out.append(text.substr(0, length));
      }
      word += size;
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  while (out.size() > kMaxFieldText) {  // a character that stood at the edge goes as a whole
    while ((static_cast<unsigned char>(out.back()) & 0xC0U) == 0x80U) out.pop_back();
    out.pop_back();
  }
  if (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

std::string clean_address(std::string_view address, Utf8 utf8) {
  std::string out;
  while (!address.empty()) {
    const std::size_t length = writable(address, utf8);
    const std::size_t size = std::max<std::size_t>(length, 1);
    if (out.size() + size > kMaxFieldAddress) break;
    if (length == 0) {
      out.push_back('?');
    } else {
      out.append(address.substr(0, length));
    }
    address.remove_prefix(size);
  }
  return out;
}

void FieldWriter::text(std::string_view name, std::string_view text) {
  const std::string clean = clean_text(text, utf8_);
  std::string_view rest = clean;
  out_->append(name).append(":");
  std::size_t used = name.size() + 1;
  // Each piece begins with the space that stood before it: taking the line ends away gives the text again.
  std::string_view separator = " ";
  do {
    const std::size_t length = piece(rest, kFoldAt - std::min(used + separator.size(), kFoldAt));
    out_->append(separator).append(rest.substr(0, length));
    rest.remove_prefix(length);
    if (!rest.empty()) out_->append("\r\n");
    separator = {};
    used = 0;
  } while (!rest.empty());
  out_->append("\r\n");
}

void FieldWriter::date(std::string_view name, Time time) { raw(name, write_mail_date(time)); }

void FieldWriter::raw(std::string_view name, std::string_view value) {
  out_->append(name).append(": ").append(value).append("\r\n");
}

void FieldWriter::address(std::string_view name, std::string_view type, std::string_view address) {
  out_->append(name).append(": ").append(type).append("; ").append(clean_address(address, utf8_));
  out_->append("\r\n");
}

void wrap(std::string_view text, std::string_view indent, std::size_t width, std::string& out) {
  while (!text.empty()) {
    const std::size_t length = piece(text, width - std::min(indent.size(), width));
    out.append(indent).append(text.substr(0, length)).append("\r\n");
    text.remove_prefix(length);
    if (!text.empty()) text.remove_prefix(1);  // the space
  }
}

}  // namespace postrider::queue
