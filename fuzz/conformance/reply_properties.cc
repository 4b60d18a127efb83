#include "postrider/fuzz/conformance/reply_properties.h"

#include <algorithm>
#include <array>

#include "postrider/fuzz/transcript/transcript.h"
#include "postrider/protocol/grammar/address.h"
#include "postrider/protocol/grammar/enhanced_status.h"

namespace postrider::fuzz {
namespace {

constexpr std::size_t kLongestLine = 512;  // RFC 5321 4.5.3.1.5
constexpr std::size_t kMostSizeDigits = 20;

char upper(char c) noexcept { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }
bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
bool is_alnum(char c) noexcept { return is_digit(c) || (upper(c) >= 'A' && upper(c) <= 'Z'); }
bool equal_words(std::string_view a, std::string_view b) noexcept {
  return std::ranges::equal(a, b, {}, upper, upper);
}

std::string_view first_word(std::string_view line) { return line.substr(0, line.find(' ')); }
std::string quoted(std::string_view text) { return "'" + escaped(text) + "'"; }

std::string domain_first(const WireReply& reply) {
  const std::string_view word = first_word(reply.lines.front());
  return protocol::Host::parse(word) ? "" : quoted(word) + " is no domain and no address literal";
}

std::string short_lines(const WireReply& reply) {
  std::string_view rest = reply.raw;
  while (!rest.empty()) {
    const std::size_t size = std::min(rest.find('\n'), rest.size() - 1) + 1;
    if (size > kLongestLine) return "a line has " + std::to_string(size) + " octets";
    rest.remove_prefix(size);
  }
  return "";
}

std::string ascii(const WireReply& reply) {
  const auto bad = std::ranges::find_if(reply.raw, [](char c) {
    const auto octet = static_cast<unsigned char>(c);
    return octet > 0x7E || (octet < 0x20 && c != '\t' && c != '\r' && c != '\n');
  });
  return bad == reply.raw.end() ? "" : "it has the octet " + escaped(std::string_view(&*bad, 1));
}

// ehlo-line = ehlo-keyword *( SP ehlo-param )
std::string keyword_fault(std::string_view line) {
  const std::string_view keyword = first_word(line);
  const bool good = !keyword.empty() && is_alnum(keyword.front()) &&
                    std::ranges::all_of(keyword, [](char c) { return is_alnum(c) || c == '-'; });
  if (!good) return quoted(line) + " does not begin with a keyword";
  if (line.find("  ") != line.npos || line.ends_with(' '))
    return quoted(line) + " has spaces that separate nothing";
  return "";
}

std::string ehlo_lines(const WireReply& reply) {
  for (std::size_t at = 1; at < reply.lines.size(); ++at) {
    if (std::string fault = keyword_fault(reply.lines[at]); !fault.empty()) return fault;
  }
  return "";
}

std::string size_value(const WireReply& reply) {
  const auto value = offered(reply, "SIZE");
  if (!value || value->empty()) return "";
  const bool good = value->size() <= kMostSizeDigits && std::ranges::all_of(*value, is_digit);
  return good ? "" : quoted(*value) + " is no number of at most 20 digits";
}

std::string status(const WireReply& reply) {
  for (const std::string& line : reply.lines) {
    std::string_view text = line;
    const auto found = protocol::parse_enhanced_status(text);
    if (!found) return quoted(line) + " begins with no status";
    if (found->klass != reply.first_digit())
      return "the status in " + quoted(line) + " does not agree with the code";
    if (!reply.status || *found != *reply.status) return "the status changes in " + quoted(line);
  }
  return "";
}

std::string no_status(const WireReply& reply) {
  for (const std::string& line : reply.lines) {
    std::string_view text = line;
    if (protocol::parse_enhanced_status(text)) return quoted(line) + " begins with a status";
  }
  return "";
}

std::string challenge(const WireReply& reply) {
  if (!reply.raw.starts_with("334 ")) return "there is no space behind the code";
  const std::string& text = reply.lines.front();
  const bool base64 = text.size() % 4 == 0 && std::ranges::all_of(text, [](char c) {
                        return is_alnum(c) || c == '+' || c == '/' || c == '=';
                      });
  return base64 ? "" : quoted(text) + " is not base64";
}

std::string mailbox(const WireReply& reply, std::string_view recipient) {
  const bool found = std::ranges::any_of(reply.lines, [recipient](const std::string& line) {
    return std::ranges::search(line, recipient, {}, upper, upper).size() == recipient.size();
  });
  return found ? "" : "it does not name " + std::string(recipient);
}

}  // namespace

std::optional<std::string> offered(const WireReply& hello, std::string_view keyword) {
  for (std::size_t at = 1; at < hello.lines.size(); ++at) {
    const std::string_view line = hello.lines[at];
    const std::string_view word = first_word(line);
    if (!equal_words(word, keyword)) continue;
    return std::string(line.substr(std::min(word.size() + 1, line.size())));
  }
  return std::nullopt;
}

std::optional<std::string> property_fault(std::string_view name, const WireReply& reply,
                                          const PropertyContext& context) {
  constexpr std::string_view kNoParameter = "no-parameter-";
  if (reply.lines.empty()) return "there is no reply";
  if (name == "domain-first") return domain_first(reply);
  if (name == "one-line") return reply.lines.size() == 1 ? "" : "it has several lines";
  if (name == "short-lines") return short_lines(reply);
  if (name == "ascii") return ascii(reply);
  if (name == "ehlo-lines") return ehlo_lines(reply);
  if (name == "size-value") return size_value(reply);
  if (name == "status") return status(reply);
  if (name == "no-status") return no_status(reply);
  if (name == "mailbox") return mailbox(reply, context.recipient);
  if (name == "challenge") return challenge(reply);
  if (name.starts_with(kNoParameter)) {
    const auto value = offered(reply, name.substr(kNoParameter.size()));
    return !value || value->empty() ? "" : "it has the parameter " + quoted(*value);
  }
  return std::nullopt;
}

}  // namespace postrider::fuzz
