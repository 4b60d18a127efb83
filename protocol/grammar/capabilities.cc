#include "postrider/protocol/grammar/capabilities.h"

#include <charconv>
#include <utility>

namespace postrider::protocol {
namespace {

// Strongest first, as they are written: some clients take the first that they know.
constexpr std::array<std::string_view, kMechanismCount> kMechanismNames = {
    "CRAM-MD5",           "LOGIN",   "PLAIN", "XOAUTH2", "OAUTHBEARER", "SCRAM-SHA-256",
    "SCRAM-SHA-256-PLUS", "EXTERNAL"};

constexpr std::size_t kMaxMechanismName = 20;  // RFC 4422 3.1: sasl-mech = 1*20mech-char

constexpr bool blank(char c) noexcept { return c == ' ' || c == '\t'; }

// The next word of a line and the blanks around it; empty at the end.
constexpr std::string_view take_word(std::string_view& line) noexcept {
  std::size_t begin = 0;
  while (begin < line.size() && blank(line[begin])) ++begin;
  std::size_t end = begin;
  while (end < line.size() && !blank(line[end])) ++end;
  const std::string_view word = line.substr(begin, end - begin);
  line.remove_prefix(end);
  return word;
}

constexpr std::string_view take_line(std::string_view& text) noexcept {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

// ehlo-keyword = (ALPHA / DIGIT) *(ALPHA / DIGIT / "-"), RFC 5321 4.1.1.1.
constexpr bool is_keyword(std::string_view word) noexcept {
  return !word.empty() && is(word[0], kAlpha | kDigit) && all(word, kLdh);
}

// ehlo-param = 1*(%d33-126), RFC 5321 4.1.1.1.
constexpr bool is_parameter(std::string_view word) noexcept {
  return !word.empty() && all(word, kPrintable) && word.find(' ') == std::string_view::npos;
}

// [ ehlo-param *( SP ehlo-param ) ]
constexpr bool is_parameter_list(std::string_view list) noexcept {
  if (list.empty()) return true;
  for (;;) {
    const std::size_t end = list.find(' ');
    if (!is_parameter(list.substr(0, end))) return false;
    if (end == std::string_view::npos) return true;
    list.remove_prefix(end + 1);
  }
}

std::optional<Extension> find_extension(std::string_view word) noexcept {
  for (std::size_t i = 0; i < kExtensionCount; ++i) {
    const auto extension = static_cast<Extension>(i);
    if (equal_ignoring_case(word, keyword(extension))) return extension;
  }
  return std::nullopt;
}

// Those whose parameters are kept as they were written.
constexpr bool keeps_parameters(Extension extension) noexcept {
  return extension == Extension::mt_priority || extension == Extension::deliver_by ||
         extension == Extension::future_release;
}

template <class Number>
std::optional<Number> parse_number(std::string_view digits, std::size_t max_digits) noexcept {
  Number number = 0;
  if (digits.empty() || digits.size() > max_digits || !all(digits, kDigit)) return std::nullopt;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc()) return std::nullopt;
  return number;
}

// One limit of RFC 9422 4: name "=" 1*6DIGIT without a leading zero. False: unknown, malformed or said
// before.
bool parse_limit(std::string_view word, SessionLimits& limits) noexcept {
  const std::size_t equals = word.find('=');
  if (equals == std::string_view::npos) return false;
  const std::string_view name = word.substr(0, equals);
  const auto number = parse_number<std::uint32_t>(word.substr(equals + 1), 6);
  if (!number || word[equals + 1] == '0') return false;
  std::uint32_t* limit = equal_ignoring_case(name, "MAILMAX")         ? &limits.mail_max
                         : equal_ignoring_case(name, "RCPTMAX")       ? &limits.rcpt_max
                         : equal_ignoring_case(name, "RCPTDOMAINMAX") ? &limits.rcpt_domain_max
                                                                      : nullptr;
  if (limit == nullptr || *limit != 0) return false;
  *limit = *number;
  return true;
}

void append_number(std::string_view before, std::uint64_t number, std::string& text) {
  char digits[20];
  const char* end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  text.append(before).append(digits, static_cast<std::size_t>(end - digits));
}

void write_limits(const SessionLimits& limits, std::string& text) {
  if (limits.mail_max != 0) append_number(" MAILMAX=", limits.mail_max, text);
  if (limits.rcpt_max != 0) append_number(" RCPTMAX=", limits.rcpt_max, text);
  if (limits.rcpt_domain_max != 0) append_number(" RCPTDOMAINMAX=", limits.rcpt_domain_max, text);
}

void write_mechanisms(const Capabilities& offered, std::string& text) {
  for (std::size_t i = kMechanismCount; i-- > 0;) {
    if (offered.mechanisms().has(static_cast<Mechanism>(i))) text.append(" ").append(kMechanismNames[i]);
  }
  if (!offered.other_mechanisms().empty()) text.append(" ").append(offered.other_mechanisms());
}

}  // namespace

std::string_view to_string(Mechanism mechanism) noexcept {
  return kMechanismNames[static_cast<std::size_t>(mechanism)];
}

std::optional<Mechanism> parse_mechanism(std::string_view name) noexcept {
  for (std::size_t i = 0; i < kMechanismCount; ++i) {
    if (equal_ignoring_case(name, kMechanismNames[i])) return static_cast<Mechanism>(i);
  }
  return std::nullopt;
}

bool Capabilities::offer_mechanism(std::string_view name) noexcept {
  if (const std::optional<Mechanism> known = parse_mechanism(name)) return offer_mechanism(*known), true;
  if (name.empty() || name.size() > kMaxMechanismName) return false;
  for (char c : name) {
    if (!is(to_upper(c), kSaslMech)) return false;
  }
  if (!has_mechanism(name)) {
    const std::size_t separator = other_mechanisms_size_ == 0 ? 0 : 1;
    if (other_mechanisms_size_ + separator + name.size() > kMaxOtherMechanisms) return false;
    char* at = other_mechanisms_.data() + other_mechanisms_size_;
    if (separator != 0) *at++ = ' ';
    for (char c : name) *at++ = to_upper(c);
    other_mechanisms_size_ = static_cast<std::uint8_t>(at - other_mechanisms_.data());
  }
  offer(Extension::auth);
  return true;
}

bool Capabilities::has_mechanism(std::string_view name) const noexcept {
  if (const std::optional<Mechanism> known = parse_mechanism(name)) return mechanisms_.has(*known);
  std::string_view rest = other_mechanisms();
  for (std::string_view word = take_word(rest); !word.empty(); word = take_word(rest)) {
    if (equal_ignoring_case(word, name)) return true;
  }
  return false;
}

Capabilities& Capabilities::withdraw(Extension extension) noexcept {
  extensions_.remove(extension);
  switch (extension) {
    case Extension::size: max_size_.reset(); break;
    case Extension::limits: limits_ = SessionLimits(); break;
    case Extension::auth:
      mechanisms_ = MechanismSet();
      other_mechanisms_size_ = 0;
      break;
    default: remove_line(keyword(extension)); break;
  }
  return *this;
}

bool Capabilities::offer_keyword(std::string_view word, std::string_view parameters) noexcept {
  if (!is_keyword(word) || !is_parameter_list(parameters)) return false;
  Capabilities changed = *this;
  const std::optional<Extension> extension = find_extension(word);
  if (!extension || keeps_parameters(*extension)) {
    changed.remove_line(word);
    if (extension) changed.offer(*extension);
    if ((!extension || !parameters.empty()) && !changed.add_line(word, parameters)) return false;
  } else if (extension == Extension::size) {
    const auto octets = parse_number<std::uint64_t>(parameters, 20);
    if (!parameters.empty() && !octets) return false;
    changed.offer_size(octets);
  } else if (extension == Extension::auth) {
    changed.withdraw(Extension::auth).offer(Extension::auth);
    std::string_view rest = parameters;
    for (std::string_view name = take_word(rest); !name.empty(); name = take_word(rest)) {
      if (!changed.offer_mechanism(name)) return false;
    }
  } else if (extension == Extension::limits) {
    SessionLimits limits;
    std::string_view rest = parameters;
    for (std::string_view limit = take_word(rest); !limit.empty(); limit = take_word(rest)) {
      if (!parse_limit(limit, limits)) return false;
    }
    changed.offer_limits(limits);
  } else {
    if (!parameters.empty()) return false;
    changed.offer(*extension);
  }
  *this = changed;
  return true;
}

std::optional<std::string_view> Capabilities::keyword_parameters(std::string_view word) const noexcept {
  const std::optional<Extension> extension = find_extension(word);
  if (extension && !has(*extension)) return std::nullopt;
  const std::string_view line = find_line(word);
  if (line.empty()) return extension ? std::optional<std::string_view>("") : std::nullopt;
  return line.substr(std::min(word.size() + 1, line.size()));
}

// The line of a keyword without its '\n'; empty: there is none.
std::string_view Capabilities::find_line(std::string_view word) const noexcept {
  std::string_view rest = other_lines();
  while (!rest.empty()) {
    const std::string_view line = take_line(rest);
    if (equal_ignoring_case(line.substr(0, line.find(' ')), word)) return line;
  }
  return {};
}

// Adds a line with one space between its words. False, and nothing changes: no room, or some word is no
// ehlo-param.
bool Capabilities::add_line(std::string_view word, std::string_view parameters) noexcept {
  std::size_t size = other_size_;
  if (size + word.size() + 1 > kMaxOther) return false;
  for (char c : word) other_[size++] = to_upper(c);
  for (std::string_view next = take_word(parameters); !next.empty(); next = take_word(parameters)) {
    if (size + 1 + next.size() + 1 > kMaxOther || !is_parameter(next)) return false;
    other_[size++] = ' ';
    for (char c : next) other_[size++] = c;
  }
  other_[size++] = '\n';
  other_size_ = static_cast<std::uint8_t>(size);
  return true;
}

void Capabilities::remove_line(std::string_view word) noexcept {
  const std::string_view line = find_line(word);
  if (line.empty()) return;
  char* to = other_.data() + (line.data() - other_.data());
  const char* from = to + line.size() + 1;
  std::copy(from, static_cast<const char*>(other_.data() + other_size_), to);
  other_size_ = static_cast<std::uint8_t>(other_size_ - line.size() - 1);
}

bool operator==(const Capabilities& a, const Capabilities& b) noexcept {
  return a.extensions_ == b.extensions_ && a.mechanisms_ == b.mechanisms_ && a.max_size_ == b.max_size_ &&
         a.limits_ == b.limits_ && a.other_lines() == b.other_lines() &&
         a.other_mechanisms() == b.other_mechanisms();
}

// Adds the lines of a reply to EHLO to what has been seen so far.
class EhloLineReader {
 public:
  explicit EhloLineReader(Capabilities& seen) noexcept : seen_(seen) {}

  void read(std::string_view line) noexcept {
    std::string_view rest = line;
    std::string_view word = take_word(rest);
    // "AUTH=LOGIN PLAIN", from before RFC 2554; sent beside the right form by many.
    if (word.size() >= 5 && equal_ignoring_case(word.substr(0, 5), "AUTH=")) {
      read_mechanisms(word.substr(5));
      return read_mechanisms(rest);
    }
    if (!is_keyword(word)) return;
    const std::optional<Extension> extension = find_extension(word);
    if (extension == Extension::auth) return read_mechanisms(rest);
    if (!seen_.keyword_parameters(word)) first_of(word, extension, rest);
  }

 private:
  void read_mechanisms(std::string_view names) noexcept {
    seen_.offer(Extension::auth);
    for (std::string_view name = take_word(names); !name.empty(); name = take_word(names)) {
      seen_.offer_mechanism(name);
    }
  }

  void first_of(std::string_view word, std::optional<Extension> extension, std::string_view rest) noexcept {
    if (extension == Extension::size) {
      seen_.offer_size(parse_number<std::uint64_t>(take_word(rest), 20));
    } else if (extension == Extension::limits) {
      SessionLimits limits;
      for (std::string_view limit = take_word(rest); !limit.empty(); limit = take_word(rest)) {
        parse_limit(limit, limits);
      }
      seen_.offer_limits(limits);
    } else if (!extension) {
      seen_.add_line(word, rest);
    } else {
      seen_.offer(*extension);
      std::string_view parameters = rest;
      if (keeps_parameters(*extension) && !take_word(parameters).empty()) seen_.add_line(word, rest);
    }
  }

  Capabilities& seen_;
};

Result<Capabilities> parse_ehlo_reply(const ReplyView& reply) noexcept {
  if (reply.code != code::ok) return std::unexpected(Error{Errc::bad_reply_code});
  Capabilities seen;
  EhloLineReader reader(seen);
  std::string_view text = reply.text;
  // Where the text was cut there may be half a keyword or half a number.
  if (reply.truncated) text = text.substr(0, std::max(text.rfind('\n') + 1, std::size_t{1}) - 1);
  take_line(text);
  while (!text.empty()) reader.read(take_line(text));
  return seen;
}

void write_ehlo_text(std::string_view name, const Capabilities& offered, std::string& text) {
  for (char c : name) text.push_back(c == '\n' ? '?' : c);
  for (std::size_t i = 0; i < kExtensionCount; ++i) {
    const auto extension = static_cast<Extension>(i);
    const std::string_view word = keyword(extension);
    if (!offered.has(extension)) continue;
    // Written with the other lines, whose order counts.
    if (keeps_parameters(extension) && !offered.keyword_parameters(word)->empty()) continue;
    text.append("\n").append(word);
    if (extension == Extension::size && offered.max_size()) append_number(" ", *offered.max_size(), text);
    if (extension == Extension::auth) write_mechanisms(offered, text);
    if (extension == Extension::limits) write_limits(offered.limits(), text);
  }
  std::string_view lines = offered.other_lines();
  if (!lines.empty()) text.append("\n").append(lines.substr(0, lines.size() - 1));
}

}  // namespace postrider::protocol
