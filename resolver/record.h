// Resource records as mail needs them: the raw ones of a message, and typed values made of their data.
//
// Everything here is pure. A function that makes values of records passes over data that is malformed:
// whoever sent it is at fault for that record alone.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "postrider/resolver/domain_name.h"

namespace postrider::resolver {

// Any other number is possible and carried through. IANA's registry; RFC 1035 3.2.2, 3596, 6698.
enum class RecordType : std::uint16_t {
  a = 1,
  ns = 2,
  cname = 5,
  soa = 6,
  ptr = 12,
  mx = 15,
  txt = 16,
  aaaa = 28,
  opt = 41,    // RFC 6891, no data of a name
  rrsig = 46,  // RFC 4034 3
  tlsa = 52,
};
// "MX"; "TYPE999" for a number without a name, RFC 3597 5.
std::string to_string(RecordType type);
std::optional<RecordType> parse_record_type(std::string_view text);

// Of class IN.
struct Record {
  Record() = default;

  DomainName owner;
  RecordType type = RecordType::a;
  std::chrono::seconds ttl{};
  std::string data;  // wire form; names in it are uncompressed

  bool operator==(const Record&) const = default;
};

struct MxRecord {
  std::uint16_t preference = 0;
  DomainName exchange;  // the root: "null MX", RFC 7505

  bool operator==(const MxRecord&) const = default;
};

// An IPv4 or IPv6 address; ipv4 uses the first four octets.
struct Address {
  enum class Family : std::uint8_t { ipv4, ipv6 };

  Family family = Family::ipv4;
  std::array<std::uint8_t, 16> octets{};

  bool operator==(const Address&) const = default;
};
std::string to_string(const Address& address);

// One TLSA record, RFC 6698 2.1, as it came: any numbers.
struct TlsaData {
  std::uint8_t usage = 0;
  std::uint8_t selector = 0;
  std::uint8_t matching = 0;
  std::string data;

  bool operator==(const TlsaData&) const = default;
};

// The values of all records of the fitting type, in the order of `records`.
std::vector<MxRecord> mx_records(const std::vector<Record>& records);
std::vector<Address> addresses(const std::vector<Record>& records);  // A and AAAA
std::vector<std::string> texts(const std::vector<Record>& records);  // TXT; the strings of one joined
std::vector<TlsaData> tlsa_records(const std::vector<Record>& records);
std::vector<DomainName> pointers(const std::vector<Record>& records);  // PTR
// The target of a CNAME, NS or PTR record.
std::optional<DomainName> target(const Record& record);
// How long a negative answer may be kept, RFC 2308 5: the lesser of a SOA record's own TTL and its MINIMUM.
std::optional<std::chrono::seconds> negative_ttl(const Record& soa);

}  // namespace postrider::resolver
