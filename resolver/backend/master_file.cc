#include "postrider/resolver/backend/master_file.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <optional>
#include <utility>

#include "postrider/resolver/message.h"
#include "postrider/transport/endpoint.h"

namespace postrider::resolver {
namespace {

struct Token {
  std::string_view text;  // escapes as they were written
  bool quoted = false;
  std::size_t line = 0;
};

// What one line says, or several that parentheses hold together.
struct Entry {
  std::vector<Token> tokens;
  bool indented = false;  // begins with blank: the owner is that of before
};

struct Fault {
  std::size_t line;
  std::string words;
};
template <class T>
using Result = std::expected<T, Fault>;

std::unexpected<Fault> fault(std::size_t line, std::string words) {
  return std::unexpected(Fault{line, std::move(words)});
}
std::unexpected<Fault> fault(const Token& token, std::string_view words) {
  constexpr std::size_t kShown = 80;
  const bool cut = token.text.size() > kShown;
  return fault(token.line,
               '"' + std::string(token.text.substr(0, kShown)) + (cut ? "…\" " : "\" ") + std::string(words));
}

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

class Lexer {
 public:
  explicit Lexer(std::string_view text) : rest_(text) {}

  // The next entry with at least one token; without any at the end of the text.
  Result<Entry> next() {
    Entry entry;
    while (!rest_.empty()) {
      entry.indented = is_blank(rest_.front());
      auto read = line(entry);
      if (!read) return std::unexpected(std::move(read.error()));
      if (!entry.tokens.empty()) break;
    }
    return entry;
  }

 private:
  // Up to and with the LF that ends the entry.
  Result<void> line(Entry& entry) {
    std::size_t opened = 0;
    std::size_t opened_at = 0;
    while (!rest_.empty()) {
      const char c = rest_.front();
      if (c == '\n') {
        rest_.remove_prefix(1);
        ++line_;
        if (opened == 0) return {};
      } else if (is_blank(c)) {
        rest_.remove_prefix(1);
      } else if (c == ';') {
        rest_.remove_prefix(std::min(rest_.find('\n'), rest_.size()));
      } else if (c == '(') {
        rest_.remove_prefix(1);
        opened_at = line_;
        ++opened;
      } else if (c == ')') {
        if (opened == 0) return fault(line_, "a \")\" without its \"(\"");
        rest_.remove_prefix(1);
        --opened;
      } else {
        auto token = c == '"' ? quoted() : plain();
        if (!token) return std::unexpected(std::move(token.error()));
        entry.tokens.push_back(*token);
        if (entry.tokens.size() > kMaxMasterTokens) return fault(line_, "an entry of too many parts");
      }
    }
    if (opened != 0) return fault(opened_at, "a \"(\" without its \")\"");
    return {};
  }

  Result<Token> quoted() {
    for (std::size_t at = 1; at < rest_.size() && rest_[at] != '\n'; ++at) {
      if (rest_[at] == '\\') {
        ++at;
      } else if (rest_[at] == '"') {
        const Token token{rest_.substr(1, at - 1), true, line_};
        rest_.remove_prefix(at + 1);
        return token;
      }
    }
    return fault(line_, "a quoted string without an end");
  }

  Result<Token> plain() {
    std::size_t at = 0;
    for (; at < rest_.size() && std::string_view(" \t\r\n;()\"").find(rest_[at]) == std::string_view::npos;
         ++at) {
      if (rest_[at] == '\\' && at + 1 < rest_.size() && rest_[at + 1] != '\n') ++at;
    }
    const Token token{rest_.substr(0, at), false, line_};
    rest_.remove_prefix(at);
    return token;
  }

  std::string_view rest_;
  std::size_t line_ = 1;
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

template <class Number>
std::optional<Number> number(std::string_view text) {
  Number value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// "3600", "1h", "1w2d": at most 2^31 - 1 seconds, RFC 2181 8.
std::optional<std::chrono::seconds> duration(std::string_view text) {
  constexpr std::uint64_t kMost = 0x7fffffff;
  std::uint64_t total = 0;
  if (text.empty()) return std::nullopt;
  while (!text.empty()) {
    std::uint32_t value = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failure != std::errc()) return std::nullopt;
    const bool whole = end == text.data() + text.size();
    if (whole && total != 0) return std::nullopt;
    std::uint64_t unit = 1;
    if (!whole) {
      switch (*end) {
        case 's':
        case 'S': break;
        case 'm':
        case 'M': unit = 60; break;
        case 'h':
        case 'H': unit = 3600; break;
        case 'd':
        case 'D': unit = 86400; break;
        case 'w':
        case 'W': unit = 604800; break;
        default: return std::nullopt;
      }
    }
    total += value * unit;
    if (total > kMost) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()) + (whole ? 0 : 1));
  }
  return std::chrono::seconds(total);
}

// The octets that a string stands for: "\;" and "\059" are one each.
std::optional<std::string> unescaped(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '\\') {
      out += text[at];
      continue;
    }
    if (++at == text.size()) return std::nullopt;
    if (!is_digit(text[at])) {
      out += text[at];
      continue;
    }
    const auto code = text.size() - at < 3 ? std::nullopt : number<std::uint8_t>(text.substr(at, 3));
    if (!code) return std::nullopt;
    out += static_cast<char>(*code);
    at += 2;
  }
  return out;
}

std::optional<std::string> from_hex(std::string_view digits) {
  if (digits.size() % 2 != 0) return std::nullopt;
  std::string out;
  for (; !digits.empty(); digits.remove_prefix(2)) {
    std::uint8_t octet = 0;
    const auto [end, failure] = std::from_chars(digits.data(), digits.data() + 2, octet, 16);
    if (failure != std::errc() || end != digits.data() + 2) return std::nullopt;
    out += static_cast<char>(octet);
  }
  return out;
}

void put_u16(std::string& out, std::uint16_t value) {
  out += static_cast<char>(value >> 8);
  out += static_cast<char>(value & 0xff);
}

void put_u32(std::string& out, std::uint32_t value) {
  put_u16(out, static_cast<std::uint16_t>(value >> 16));
  put_u16(out, static_cast<std::uint16_t>(value & 0xffff));
}

// Whether the dot at the end is one that ends the name, not an escaped one.
bool is_absolute(std::string_view text) {
  if (!text.ends_with('.')) return false;
  std::size_t slashes = 0;
  while (slashes + 1 < text.size() && text[text.size() - 2 - slashes] == '\\') ++slashes;
  return slashes % 2 == 0;
}

std::optional<DomainName> parse_name(std::string_view text, const DomainName& origin) {
  if (text == "@") return origin;
  auto name = DomainName::parse(text);
  if (!name || is_absolute(text)) return name;
  std::string wire = name->wire();
  wire.pop_back();
  return DomainName::from_wire(wire + origin.wire());
}

// The data of one record, token by token.
class DataReader {
 public:
  DataReader(std::vector<Token> tokens, std::size_t line, const DomainName& origin)
      : tokens_(std::move(tokens)), line_(line), origin_(origin) {}

  Result<std::string> read(RecordType type) {
    if (!tokens_.empty() && !tokens_.front().quoted && tokens_.front().text == "\\#") {
      generic();
    } else {
      typed(type);
    }
    if (!fault_ && next_ < tokens_.size()) fail(tokens_[next_], "is more than belongs there");
    if (fault_) return std::unexpected(std::move(*fault_));
    return std::move(data_);
  }

 private:
  void typed(RecordType type) {
    switch (type) {
      case RecordType::a: address(transport::Endpoint::Family::ipv4); break;
      case RecordType::aaaa: address(transport::Endpoint::Family::ipv6); break;
      case RecordType::cname:
      case RecordType::ns:
      case RecordType::ptr: name(); break;
      case RecordType::mx:
        integer<std::uint16_t>("preference");
        name();
        break;
      case RecordType::soa: soa(); break;
      case RecordType::txt: strings(); break;
      case RecordType::tlsa:  // RFC 6698 2.2
        for (const std::string_view what : {"usage", "selector", "matching type"})
          integer<std::uint8_t>(what);
        hex("certificate association data");
        break;
      default: fail(to_string(type) + " has no form but that of \\#"); break;
    }
  }

  // RFC 3597 5: \# LENGTH HEX…
  void generic() {
    ++next_;
    const Token* const length = take("length");
    if (length == nullptr) return;
    const auto octets = number<std::uint16_t>(length->text);
    if (!octets) return fail(*length, "is no length");
    if (*octets != 0) hex("hexadecimal digits");
    if (!fault_ && data_.size() != *octets) {
      fail(*length, "is not the number of octets, which is " + std::to_string(data_.size()));
    }
  }

  void soa() {
    name();
    name();
    integer<std::uint32_t>("serial number");
    for (const std::string_view what : {"refresh", "retry", "expire", "minimum"}) {
      const Token* const token = take(what);
      if (token == nullptr) return;
      const auto time = duration(token->text);
      if (!time) return fail(*token, "is no time");
      put_u32(data_, static_cast<std::uint32_t>(time->count()));
    }
  }

  void strings() {
    if (tokens_.size() == next_) return fail("a string is missing");
    for (; next_ < tokens_.size(); ++next_) {
      const auto octets = unescaped(tokens_[next_].text);
      if (!octets) return fail(tokens_[next_], "has an escape that is none");
      // RFC 1035 3.3: a <character-string> has at most 255 octets.
      if (octets->size() > 255)
        return fail(tokens_[next_], "has more than 255 octets; make several strings of it");
      data_ += static_cast<char>(octets->size());
      data_ += *octets;
    }
  }

  void name() {
    const Token* const token = take("name");
    if (token == nullptr) return;
    const auto parsed = parse_name(token->text, origin_);
    if (!parsed) return fail(*token, "is no domain name");
    data_ += parsed->wire();
  }

  template <class Number>
  void integer(std::string_view what) {
    const Token* const token = take(what);
    if (token == nullptr) return;
    const auto value = number<Number>(token->text);
    if (!value) return fail(*token, "is no " + std::string(what));
    if constexpr (sizeof(Number) == 4) {
      put_u32(data_, *value);
    } else if constexpr (sizeof(Number) == 2) {
      put_u16(data_, *value);
    } else {
      data_ += static_cast<char>(*value);
    }
  }

  void address(transport::Endpoint::Family family) {
    const Token* const token = take("address");
    if (token == nullptr) return;
    const bool plain = token->text.find_first_of("[]%") == std::string_view::npos;
    const auto parsed = plain ? transport::Endpoint::parse_address(token->text, 0) : std::nullopt;
    if (!parsed || parsed->family() != family) {
      return fail(*token,
                  family == transport::Endpoint::Family::ipv4 ? "is no IPv4 address" : "is no IPv6 address");
    }
    const std::size_t size = family == transport::Endpoint::Family::ipv4 ? 4 : 16;
    for (std::size_t i = 0; i < size; ++i) data_ += static_cast<char>(parsed->address()[i]);
  }

  // All that is left.
  void hex(std::string_view what) {
    const Token* const first = take(what);
    if (first == nullptr) return;
    std::string digits(first->text);
    for (; next_ < tokens_.size(); ++next_) digits += tokens_[next_].text;
    const auto octets = from_hex(digits);
    if (!octets) return fail(*first, "begins what is not all pairs of hexadecimal digits");
    data_ += *octets;
  }

  const Token* take(std::string_view what) {
    if (fault_) return nullptr;
    if (next_ < tokens_.size()) return &tokens_[next_++];
    fail("the " + std::string(what) + " is missing");
    return nullptr;
  }

  void fail(const Token& token, std::string_view words) {
    if (!fault_) fault_ = fault(token, words).error();
  }
  void fail(std::string words) {
    if (!fault_) fault_ = Fault{line_, std::move(words)};
  }

  std::vector<Token> tokens_;
  std::size_t line_;
  const DomainName& origin_;
  std::size_t next_ = 0;
  std::string data_;
  std::optional<Fault> fault_;
};

bool is_class(std::string_view text, std::string_view name) {
  return text.size() == 2 && (text[0] | 0x20) == name[0] && (text[1] | 0x20) == name[1];
}

class MasterReader {
 public:
  explicit MasterReader(DomainName origin) : origin_(std::move(origin)) {}

  Result<std::vector<Record>> read(std::string_view text) {
    Lexer lexer(text);
    while (true) {
      const auto entry = lexer.next();
      if (!entry) return std::unexpected(entry.error());
      if (entry->tokens.empty()) return std::move(records_);
      const Token& first = entry->tokens.front();
      const bool is_directive = !entry->indented && !first.quoted && first.text.starts_with('$');
      auto done = is_directive ? directive(entry->tokens) : record(*entry);
      if (!done) return std::unexpected(std::move(done.error()));
    }
  }

 private:
  Result<void> directive(const std::vector<Token>& tokens) {
    const Token& word = tokens.front();
    const bool is_origin = word.text == "$ORIGIN";
    if (!is_origin && word.text != "$TTL") return fault(word, "is no directive that is known here");
    if (tokens.size() != 2) return fault(word, "takes one value");
    if (is_origin) {
      const auto name = parse_name(tokens[1].text, origin_);
      if (!name) return fault(tokens[1], "is no domain name");
      origin_ = *name;
      return {};
    }
    default_ttl_ = duration(tokens[1].text);
    if (!default_ttl_) return fault(tokens[1], "is no time");
    return {};
  }

  Result<void> record(const Entry& entry) {
    const Token& first = entry.tokens.front();
    std::size_t next = 0;
    if (!entry.indented) {
      owner_ = parse_name(first.text, origin_);
      if (!owner_) return fault(first, "is no domain name");
      next = 1;
    }
    if (!owner_) return fault(first, "stands under no owner");
    Record made;
    made.owner = *owner_;
    const auto type = type_of(entry.tokens, next, made.ttl);
    if (!type) return std::unexpected(type.error());
    made.type = *type;
    const Token& word = entry.tokens[next - 1];
    DataReader reader({entry.tokens.begin() + static_cast<std::ptrdiff_t>(next), entry.tokens.end()},
                      word.line, origin_);
    auto data = reader.read(made.type);
    if (!data) return std::unexpected(std::move(data.error()));
    made.data = std::move(*data);
    return add(std::move(made), word);
  }

  // [TTL] [class] type, or class before TTL, RFC 1035 5.1. `next` ends behind the type.
  Result<RecordType> type_of(const std::vector<Token>& tokens, std::size_t& next, std::chrono::seconds& ttl) {
    std::optional<std::chrono::seconds> own_ttl;
    bool classed = false;
    for (; next < tokens.size(); ++next) {
      const Token& token = tokens[next];
      if (!own_ttl && !token.text.empty() && is_digit(token.text.front())) {
        own_ttl = duration(token.text);
        if (!own_ttl) return fault(token, "is no time");
      } else if (!classed && is_class(token.text, "in")) {
        classed = true;
      } else if (is_class(token.text, "ch") || is_class(token.text, "hs") || is_class(token.text, "cs")) {
        return fault(token, "is no class that is known here; IN is");
      } else {
        const auto type = parse_record_type(token.text);
        if (!type || token.quoted) return fault(token, "is no type of records");
        if (*type == RecordType::opt) return fault(token, "stands in messages alone");
        ttl = own_ttl.value_or(default_ttl_.value_or(last_ttl_));
        if (own_ttl) last_ttl_ = *own_ttl;
        ++next;
        return *type;
      }
    }
    return fault(tokens.back().line, "the type of the record is missing");
  }

  // Only what a message can carry, and as it comes out of one.
  Result<void> add(Record made, const Token& type) {
    if (records_.size() == kMaxMasterRecords) {
      return fault(type.line, "more than " + std::to_string(kMaxMasterRecords) + " records");
    }
    Message carrier;
    carrier.response = true;
    carrier.answers.push_back(std::move(made));
    auto carried = read_message(write_message(carrier));
    if (!carried || carried->answers.size() != 1) return fault(type, "has data that no message can carry");
    records_.push_back(std::move(carried->answers.front()));
    return {};
  }

  DomainName origin_;
  std::optional<DomainName> owner_;
  std::optional<std::chrono::seconds> default_ttl_;
  std::chrono::seconds last_ttl_ = kDefaultMasterTtl;
  std::vector<Record> records_;
};

MasterFileFault unreadable(std::string_view file, std::string words) {
  return MasterFileFault{std::string(file), 0, std::move(words)};
}

}  // namespace

std::string to_string(const MasterFileFault& fault) {
  if (fault.line == 0) return fault.file + ": " + fault.words;
  return fault.file + ":" + std::to_string(fault.line) + ": " + fault.words;
}

MasterFileResult read_master_file(std::string_view text, std::string_view file, const DomainName& origin) {
  if (text.size() > kMaxMasterFile) return std::unexpected(unreadable(file, "is too large"));
  auto records = MasterReader(origin).read(text);
  if (records) return std::move(*records);
  return std::unexpected(MasterFileFault{std::string(file), records.error().line, records.error().words});
}

MasterFileResult load_master_file(const std::string& path, const DomainName& origin) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::unexpected(unreadable(path, std::strerror(errno)));
  std::string text(kMaxMasterFile + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad()) return std::unexpected(unreadable(path, std::strerror(errno)));
  text.resize(static_cast<std::size_t>(in.gcount()));
  return read_master_file(text, path, origin);
}

}  // namespace postrider::resolver
