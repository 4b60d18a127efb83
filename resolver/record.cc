#include "postrider/resolver/record.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <arpa/inet.h>

namespace postrider::resolver {
namespace {

constexpr std::array<std::pair<RecordType, std::string_view>, 11> kNames = {{
    {RecordType::a, "A"},
    {RecordType::ns, "NS"},
    {RecordType::cname, "CNAME"},
    {RecordType::soa, "SOA"},
    {RecordType::ptr, "PTR"},
    {RecordType::mx, "MX"},
    {RecordType::txt, "TXT"},
    {RecordType::aaaa, "AAAA"},
    {RecordType::opt, "OPT"},
    {RecordType::rrsig, "RRSIG"},
    {RecordType::tlsa, "TLSA"},
}};

constexpr std::string_view kUnnamed = "TYPE";  // RFC 3597 5

bool equal_without_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) {
    const auto upper = [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; };
    return upper(x) == upper(y);
  });
}

std::uint32_t number(std::string_view octets) noexcept {
  std::uint32_t value = 0;
  for (const char c : octets) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

// The length of the uncompressed name at the front of `data`, with its end.
std::optional<std::size_t> name_length(std::string_view data) noexcept {
  std::size_t at = 0;
  while (at < data.size()) {
    const auto label = static_cast<std::size_t>(static_cast<unsigned char>(data[at]));
    if (label > DomainName::kMaxLabel) return std::nullopt;
    at += 1 + label;
    if (label == 0) return at;
  }
  return std::nullopt;
}

// All values that `value_of` makes of records of `type`.
template <class Value, class ValueOf>
std::vector<Value> values(const std::vector<Record>& records, RecordType type, ValueOf value_of) {
  std::vector<Value> out;
  for (const Record& record : records) {
    if (record.type != type) continue;
    if (auto value = value_of(record)) out.push_back(std::move(*value));
  }
  return out;
}

std::optional<MxRecord> mx_of(const Record& record) {
  if (record.data.size() < 2) return std::nullopt;
  const std::string_view data = record.data;
  auto exchange = DomainName::from_wire(data.substr(2));
  if (!exchange) return std::nullopt;
  return MxRecord{static_cast<std::uint16_t>(number(data.substr(0, 2))), std::move(*exchange)};
}

// The strings of one record belong together without anything between them, RFC 7208 3.3.
std::optional<std::string> text_of(const Record& record) {
  std::string_view rest = record.data;
  if (rest.empty()) return std::nullopt;
  std::string out;
  while (!rest.empty()) {
    const auto size = static_cast<std::size_t>(static_cast<unsigned char>(rest.front()));
    if (size >= rest.size()) return std::nullopt;
    out += rest.substr(1, size);
    rest.remove_prefix(1 + size);
  }
  return out;
}

std::optional<TlsaData> tlsa_of(const Record& record) {
  if (record.data.size() < 3) return std::nullopt;
  const auto octet = [&](std::size_t at) { return static_cast<std::uint8_t>(record.data[at]); };
  return TlsaData{octet(0), octet(1), octet(2), record.data.substr(3)};
}

}  // namespace

std::string to_string(RecordType type) {
  for (const auto& [known, name] : kNames) {
    if (known == type) return std::string(name);
  }
  return std::string(kUnnamed) + std::to_string(static_cast<unsigned>(type));
}

std::optional<RecordType> parse_record_type(std::string_view text) {
  for (const auto& [type, name] : kNames) {
    if (equal_without_case(text, name)) return type;
  }
  if (!equal_without_case(text.substr(0, kUnnamed.size()), kUnnamed)) return std::nullopt;
  text.remove_prefix(kUnnamed.size());
  std::uint16_t type = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), type);
  if (failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return static_cast<RecordType>(type);
}

std::string to_string(const Address& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int family = address.family == Address::Family::ipv4 ? AF_INET : AF_INET6;
  ::inet_ntop(family, address.octets.data(), text.data(), text.size());
  return text.data();
}

std::vector<MxRecord> mx_records(const std::vector<Record>& records) {
  return values<MxRecord>(records, RecordType::mx, mx_of);
}

std::vector<Address> addresses(const std::vector<Record>& records) {
  std::vector<Address> out;
  for (const Record& record : records) {
    Address address;
    if (record.type == RecordType::a && record.data.size() == 4) {
      address.family = Address::Family::ipv4;
    } else if (record.type == RecordType::aaaa && record.data.size() == 16) {
      address.family = Address::Family::ipv6;
    } else {
      continue;
    }
    std::ranges::transform(record.data, address.octets.begin(),
                           [](char c) { return static_cast<std::uint8_t>(c); });
    out.push_back(address);
  }
  return out;
}

std::vector<std::string> texts(const std::vector<Record>& records) {
  return values<std::string>(records, RecordType::txt, text_of);
}

std::vector<TlsaData> tlsa_records(const std::vector<Record>& records) {
  return values<TlsaData>(records, RecordType::tlsa, tlsa_of);
}

std::vector<DomainName> pointers(const std::vector<Record>& records) {
  return values<DomainName>(records, RecordType::ptr, target);
}

std::optional<DomainName> target(const Record& record) {
  if (record.type != RecordType::cname && record.type != RecordType::ns && record.type != RecordType::ptr) {
    return std::nullopt;
  }
  return DomainName::from_wire(record.data);
}

std::optional<std::chrono::seconds> negative_ttl(const Record& soa) {
  if (soa.type != RecordType::soa) return std::nullopt;
  std::string_view rest = soa.data;
  for (int names = 0; names < 2; ++names) {
    const auto length = name_length(rest);
    if (!length) return std::nullopt;
    rest.remove_prefix(*length);
  }
  constexpr std::size_t kNumbers = 20;  // SERIAL REFRESH RETRY EXPIRE MINIMUM, RFC 1035 3.3.13
  if (rest.size() != kNumbers) return std::nullopt;
  return std::min(soa.ttl, std::chrono::seconds(number(rest.substr(kNumbers - 4))));
}

}  // namespace postrider::resolver
