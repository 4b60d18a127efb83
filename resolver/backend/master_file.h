// Master files, RFC 1035 5.1: the text form of resource records.
//
//   $ORIGIN example.org.
//   $TTL 1h
//   @         SOA   ns hostmaster 1 2h 15m 2w 5m
//             MX    10 mx              ; the owner of before; "mx" is mx.example.org
//   mx        A     192.0.2.25
//   *.lists   MX    10 mx.example.net.
//
//   const auto records = read_master_file(text, "zone.txt");
//   if (!records) std::cerr << to_string(records.error());          // zone.txt:12: "300" is no preference
//
// Understood are comments, quoted strings, parentheses, escapes, $ORIGIN and $TTL, times with units
// (1w2d3h4m5s), class IN, the types A AAAA CNAME MX NS PTR SOA TLSA TXT, and any type in the form of RFC
// 3597 5. There is no $INCLUDE: a file is all that is read.
//
// The first fault ends the reading. Bounds are below; a record is sure to fit into a message.
#pragma once

#include <chrono>
#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "postrider/resolver/record.h"

namespace postrider::resolver {

struct MasterFileFault {
  std::string file;
  std::size_t line = 0;  // from 1; 0: the file could not be read
  std::string words;
};
std::string to_string(const MasterFileFault& fault);

using MasterFileResult = std::expected<std::vector<Record>, MasterFileFault>;

// A file of a wrong name, such as a log, must not fill the memory.
inline constexpr std::size_t kMaxMasterFile = std::size_t{16} << 20;
inline constexpr std::size_t kMaxMasterRecords = 100'000;
inline constexpr std::size_t kMaxMasterTokens = 4096;  // of one entry
// Of an entry without any TTL before a $TTL, RFC 2308 4, or another entry has said one.
inline constexpr std::chrono::seconds kDefaultMasterTtl = std::chrono::hours(1);

// `file` is for faults alone. Relative names stand under `origin` until $ORIGIN says otherwise.
MasterFileResult read_master_file(std::string_view text, std::string_view file = "zone",
                                  const DomainName& origin = {});
MasterFileResult load_master_file(const std::string& path, const DomainName& origin = {});

}  // namespace postrider::resolver
