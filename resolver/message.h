// DNS messages: RFC 1035 4, with EDNS(0) of RFC 6891. Octets in, values out, and back; no sockets, no state.
//
//   const std::string query = write_query(Question(name, RecordType::mx), 0x1234, QueryOptions());
//   const auto message = read_message(received);
//   if (!message) …                                       // MessageFault: why, and at which octet
//
// What comes from the network is hostile: lengths and counts are checked before anything is made of them,
// compression pointers go backwards only (so no loop), and a message makes at most kMaxRecords records.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "postrider/resolver/record.h"

namespace postrider::resolver {

// A name's records of one type, class IN.
struct Question {
  Question() = default;
  Question(DomainName asked, RecordType wanted) : name(std::move(asked)), type(wanted) {}

  DomainName name;
  RecordType type = RecordType::a;

  bool operator==(const Question&) const = default;

  template <typename H>
  friend H AbslHashValue(H state, const Question& question) {
    return H::combine(std::move(state), question.name, question.type);
  }
};
// "example.org MX"
std::string to_string(const Question& question);

// RFC 1035 4.1.1; other numbers are possible, and with EDNS they have twelve bits, RFC 6891 6.1.3.
enum class ResponseCode : std::uint16_t {
  no_error = 0,
  format_error = 1,
  server_failure = 2,
  no_such_name = 3,  // NXDOMAIN
  not_implemented = 4,
  refused = 5,
};
// "SERVFAIL", "NXDOMAIN", "RCODE11".
std::string to_string(ResponseCode code);

struct Message {
  // A TCP message has no more than 65535 octets, RFC 1035 4.2.2; a record takes at least 11 of them.
  static constexpr std::size_t kMaxOctets = 65535;
  // Stops a message of tiny records from becoming large in memory. 300 MX records with addresses fit.
  static constexpr std::size_t kMaxRecords = 4096;

  std::uint16_t id = 0;
  bool response = false;
  bool authoritative = false;
  bool truncated = false;
  bool recursion_desired = false;
  bool recursion_available = false;
  bool authentic_data = false;     // AD, RFC 4035 3.2.3
  bool checking_disabled = false;  // CD
  ResponseCode code = ResponseCode::no_error;
  std::vector<Question> questions;
  // Records of another class than IN are left out, and OPT. So is a question of another class.
  std::vector<Record> answers;
  std::vector<Record> authorities;
  std::vector<Record> additional;

  bool operator==(const Message&) const = default;
};

struct MessageFault {
  enum class Kind : std::uint8_t {
    too_short,  // ends inside something
    too_long,   // more than kMaxOctets, or octets behind the last record
    bad_name,   // a label of a reserved kind, a pointer that does not go backwards, a name over 255 octets
    bad_count,  // more than one question, or more records than kMaxRecords
    bad_record_data,  // names inside the data of a known type are malformed, or the data is too short
  };
  Kind kind = Kind::too_short;
  std::size_t offset = 0;

  bool operator==(const MessageFault&) const = default;
};
std::string to_string(const MessageFault& fault);

std::expected<Message, MessageFault> read_message(std::string_view octets);

struct QueryOptions {
  QueryOptions() = default;

  bool recursion_desired = true;
  bool authentic_data = true;  // ask a validating server for its verdict, RFC 6840 5.7
  bool dnssec_ok = false;      // DO, RFC 3225: with signatures
  bool checking_disabled = false;
  std::uint16_t udp_payload = 1232;  // EDNS; 0: no OPT record. DNS flag day 2020's size
};
std::string write_query(const Question& question, std::uint16_t id, const QueryOptions& options);

// With uncompressed names, for backends that make answers themselves, and for tests. What does not fit into
// kMaxOctets or passes kMaxRecords is left out, and the message says that it is truncated (RFC 2181 9).
std::string write_message(const Message& message);

// Whether `response` answers `question`: a response, to this very question. The id is the transport's
// business.
bool answers(const Message& response, const Question& question) noexcept;

}  // namespace postrider::resolver
