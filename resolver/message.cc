#include "postrider/resolver/message.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace postrider::resolver {
namespace {

constexpr std::size_t kHeader = 12;
constexpr std::size_t kLeastRecord = 11;  // the root, and ten octets of numbers
constexpr std::uint16_t kClassIn = 1;

// RFC 1035 4.1.1, and RFC 4035 3.1.6 and 3.2.2 for AD and CD.
constexpr std::uint16_t kResponse = 0x8000;
constexpr std::uint16_t kAuthoritative = 0x0400;
constexpr std::uint16_t kTruncated = 0x0200;
constexpr std::uint16_t kRecursionDesired = 0x0100;
constexpr std::uint16_t kRecursionAvailable = 0x0080;
constexpr std::uint16_t kAuthenticData = 0x0020;
constexpr std::uint16_t kCheckingDisabled = 0x0010;
constexpr std::uint16_t kCode = 0x000f;

constexpr std::uint32_t kDnssecOk = 0x8000;   // in the TTL of OPT, RFC 6891 6.1.3
constexpr std::uint16_t kLeastPayload = 512;  // RFC 6891 6.2.3

std::size_t octet(char c) noexcept { return static_cast<unsigned char>(c); }

// Reads from the front. After the first fault everything is zero or empty, so that only the end of a step
// needs to look.
class Reader {
 public:
  explicit Reader(std::string_view octets) : octets_(octets), end_(octets.size()) {}

  bool failed() const noexcept { return fault_.has_value(); }
  MessageFault fault() const noexcept { return *fault_; }
  std::size_t at() const noexcept { return at_; }
  std::size_t left() const noexcept { return end_ - at_; }

  void fail(MessageFault::Kind kind) { fail(kind, at_); }
  void fail(MessageFault::Kind kind, std::size_t offset) {
    if (!fault_) fault_ = MessageFault{kind, offset};
    at_ = end_;
  }

  std::string_view take(std::size_t count) {
    if (failed() || left() < count) {
      fail(short_);
      return {};
    }
    at_ += count;
    return octets_.substr(at_ - count, count);
  }
  std::uint16_t u16() { return static_cast<std::uint16_t>(number(take(2))); }
  std::uint32_t u32() { return number(take(4)); }

  // Within [at, at + size) alone, until leave(): the data of a record.
  void enter(std::size_t size) {
    end_ = at_ + size;
    short_ = MessageFault::Kind::bad_record_data;
  }
  void leave() {
    if (left() != 0) fail(MessageFault::Kind::bad_record_data);
    end_ = octets_.size();
    if (failed()) at_ = end_;
    short_ = MessageFault::Kind::too_short;
  }

  enum class Pointers : bool { refused, followed };
  // RFC 1035 4.1.4. "A prior occurrence" lies before the labels that point to it: each jump ends what may be
  // read at the place where the labels so far began, so no octet is read twice and nothing goes in circles.
  DomainName name(Pointers pointers = Pointers::followed) {
    std::string wire;
    std::size_t at = at_;
    std::size_t began = at_;
    std::size_t end = end_;
    bool jumped = false;
    for (std::size_t jumps = 0; !failed();) {
      if (at >= end) {
        fail(jumped ? MessageFault::Kind::bad_name : short_, at);
        break;
      }
      const std::size_t length = octet(octets_[at]);
      if (length <= DomainName::kMaxLabel) {
        if (end - at <= length) {
          fail(jumped ? MessageFault::Kind::bad_name : short_, at);
        } else if (wire.size() + 1 + length + (length == 0 ? 0 : 1) > DomainName::kMaxOctets) {
          fail(MessageFault::Kind::bad_name, at);
        }
        if (failed()) break;
        wire += octets_.substr(at, 1 + length);
        at += 1 + length;
        if (!jumped) at_ = at;
        if (length == 0) return *DomainName::from_wire(wire);
        continue;
      }
      if (end - at < 2 && (length & 0xc0) == 0xc0) {
        fail(jumped ? MessageFault::Kind::bad_name : short_, at);
        break;
      }
      // 01 and 10 begin what was never standard or is no more, RFC 6891 5.
      if ((length & 0xc0) != 0xc0 || pointers == Pointers::refused || ++jumps > DomainName::kMaxLabels) {
        fail(MessageFault::Kind::bad_name, at);
        break;
      }
      const std::size_t to = (length & 0x3f) << 8 | octet(octets_[at + 1]);
      if (to >= began || to < kHeader) {
        fail(MessageFault::Kind::bad_name, at);
        break;
      }
      if (!jumped) at_ = at + 2;
      jumped = true;
      end = began;
      at = began = to;
    }
    return {};
  }

 private:
  static std::uint32_t number(std::string_view octets) noexcept {
    std::uint32_t value = 0;
    for (const char c : octets) value = value << 8 | static_cast<std::uint32_t>(octet(c));
    return value;
  }

  std::string_view octets_;
  std::size_t at_ = 0;
  std::size_t end_;
  MessageFault::Kind short_ = MessageFault::Kind::too_short;
  std::optional<MessageFault> fault_;
};

// The data of a record with the names in it uncompressed. RFC 3597 4: names are compressed in the types of
// RFC 1035 alone, everything else is carried as it is.
std::string read_data(Reader& in, RecordType type, std::size_t size) {
  in.enter(size);
  std::string data;
  switch (type) {
    case RecordType::cname:
    case RecordType::ns:
    case RecordType::ptr: data = in.name().wire(); break;
    case RecordType::mx:
      data = in.take(2);
      data += in.name().wire();
      break;
    case RecordType::soa:
      data = in.name().wire();
      data += in.name().wire();
      data += in.take(20);
      break;
    case RecordType::rrsig:
      data = in.take(18);
      data += in.name(Reader::Pointers::refused).wire();  // RFC 4034 3.1.7
      data += in.take(in.left());
      break;
    default: data = in.take(size); break;
  }
  in.leave();
  return data;
}

// A TTL with its highest bit set counts as zero, RFC 2181 8.
std::chrono::seconds lifetime(std::uint32_t ttl) { return std::chrono::seconds(ttl >> 31 != 0 ? 0 : ttl); }

void read_record(Reader& in, Message& message, std::vector<Record>& records) {
  Record record;
  record.owner = in.name();
  record.type = static_cast<RecordType>(in.u16());
  const std::uint16_t record_class = in.u16();
  const std::uint32_t ttl = in.u32();
  const std::size_t size = in.u16();
  if (in.left() < size) in.fail(MessageFault::Kind::too_short);
  if (in.failed()) return;
  if (record.type == RecordType::opt) {
    in.take(size);
    // The upper eight bits of the response code, RFC 6891 6.1.3.
    if (&records == &message.additional && record.owner.is_root()) {
      const auto low = static_cast<unsigned>(message.code) & kCode;
      message.code = static_cast<ResponseCode>(ttl >> 24 << 4 | low);
    }
    return;
  }
  if (record_class != kClassIn) {
    in.take(size);
    return;
  }
  record.ttl = lifetime(ttl);
  record.data = read_data(in, record.type, size);
  if (!in.failed()) records.push_back(std::move(record));
}

void read_flags(Message& message, std::uint16_t flags) {
  message.response = (flags & kResponse) != 0;
  message.authoritative = (flags & kAuthoritative) != 0;
  message.truncated = (flags & kTruncated) != 0;
  message.recursion_desired = (flags & kRecursionDesired) != 0;
  message.recursion_available = (flags & kRecursionAvailable) != 0;
  message.authentic_data = (flags & kAuthenticData) != 0;
  message.checking_disabled = (flags & kCheckingDisabled) != 0;
  message.code = static_cast<ResponseCode>(flags & kCode);
}

std::uint16_t flags_of(const Message& message) {
  unsigned flags = static_cast<unsigned>(message.code) & kCode;
  if (message.response) flags |= kResponse;
  if (message.authoritative) flags |= kAuthoritative;
  if (message.truncated) flags |= kTruncated;
  if (message.recursion_desired) flags |= kRecursionDesired;
  if (message.recursion_available) flags |= kRecursionAvailable;
  if (message.authentic_data) flags |= kAuthenticData;
  if (message.checking_disabled) flags |= kCheckingDisabled;
  return static_cast<std::uint16_t>(flags);
}

void put_u16(std::string& out, std::size_t value) {
  out += static_cast<char>(value >> 8 & 0xff);
  out += static_cast<char>(value & 0xff);
}

void put_u32(std::string& out, std::uint32_t value) {
  put_u16(out, value >> 16);
  put_u16(out, value & 0xffff);
}

void put_question(std::string& out, const Question& question) {
  out += question.name.wire();
  put_u16(out, static_cast<std::uint16_t>(question.type));
  put_u16(out, kClassIn);
}

void put_opt(std::string& out, std::uint16_t payload, std::uint32_t extended_flags) {
  out += '\0';
  put_u16(out, static_cast<std::uint16_t>(RecordType::opt));
  put_u16(out, payload < kLeastPayload ? kLeastPayload : payload);
  put_u32(out, extended_flags);
  put_u16(out, 0);
}

void put_record(std::string& out, const Record& record) {
  constexpr std::chrono::seconds kMost(0x7fffffff);  // RFC 2181 8
  out += record.owner.wire();
  put_u16(out, static_cast<std::uint16_t>(record.type));
  put_u16(out, kClassIn);
  put_u32(out, static_cast<std::uint32_t>(std::clamp(record.ttl, std::chrono::seconds(0), kMost).count()));
  put_u16(out, record.data.size());
  out += record.data;
}

std::size_t size_of(const Record& record) {
  return record.owner.wire().size() + kLeastRecord - 1 + record.data.size();
}

}  // namespace

std::string to_string(const Question& question) {
  return question.name.text() + " " + to_string(question.type);
}

std::string to_string(ResponseCode code) {
  switch (code) {
    case ResponseCode::no_error: return "NOERROR";
    case ResponseCode::format_error: return "FORMERR";
    case ResponseCode::server_failure: return "SERVFAIL";
    case ResponseCode::no_such_name: return "NXDOMAIN";
    case ResponseCode::not_implemented: return "NOTIMP";
    case ResponseCode::refused: return "REFUSED";
  }
  return "RCODE" + std::to_string(static_cast<unsigned>(code));
}

std::string to_string(const MessageFault& fault) {
  constexpr std::array<std::string_view, 5> kWords = {"ends too early", "is too long", "has a bad name",
                                                      "promises too much", "has a bad record"};
  std::string out(kWords[static_cast<std::size_t>(fault.kind)]);
  return out + " at octet " + std::to_string(fault.offset);
}

std::expected<Message, MessageFault> read_message(std::string_view octets) {
  using Kind = MessageFault::Kind;
  if (octets.size() > Message::kMaxOctets) {
    return std::unexpected(MessageFault{Kind::too_long, Message::kMaxOctets});
  }
  Reader in(octets);
  Message message;
  message.id = in.u16();
  read_flags(message, in.u16());
  const std::size_t questions = in.u16();
  const std::size_t answers = in.u16();
  const std::size_t authorities = in.u16();
  const std::size_t additional = in.u16();
  const std::size_t records = answers + authorities + additional;
  if (in.failed()) return std::unexpected(in.fault());
  if (questions > 1 || records > Message::kMaxRecords) in.fail(Kind::bad_count, 4);
  if (questions == 1) {
    Question question;
    question.name = in.name();
    question.type = static_cast<RecordType>(in.u16());
    if (in.u16() == kClassIn) message.questions.push_back(std::move(question));
  }
  if (!in.failed() && records * kLeastRecord > in.left()) in.fail(Kind::too_short, octets.size());
  const std::array<std::pair<std::size_t, std::vector<Record>*>, 3> sections = {
      {{answers, &message.answers}, {authorities, &message.authorities}, {additional, &message.additional}}};
  for (const auto& [count, into] : sections) {
    for (std::size_t i = 0; i < count && !in.failed(); ++i) read_record(in, message, *into);
  }
  if (!in.failed() && in.left() != 0) in.fail(Kind::too_long);
  if (in.failed()) return std::unexpected(in.fault());
  return message;
}

std::string write_query(const Question& question, std::uint16_t id, const QueryOptions& options) {
  Message header;
  header.recursion_desired = options.recursion_desired;
  header.authentic_data = options.authentic_data;
  header.checking_disabled = options.checking_disabled;
  const bool edns = options.udp_payload != 0;
  std::string out;
  put_u16(out, id);
  put_u16(out, flags_of(header));
  put_u16(out, 1);
  put_u16(out, 0);
  put_u16(out, 0);
  put_u16(out, edns ? 1 : 0);
  put_question(out, question);
  if (edns) put_opt(out, options.udp_payload, options.dnssec_ok ? kDnssecOk : 0);
  return out;
}

std::string write_message(const Message& message) {
  const std::uint32_t extended = static_cast<std::uint32_t>(message.code) >> 4 & 0xff;
  const bool edns = extended != 0;
  const std::size_t room = Message::kMaxOctets - (edns ? kLeastRecord : 0);
  std::string out(kHeader, '\0');
  for (const Question& question : message.questions) put_question(out, question);
  std::array<std::size_t, 3> counts{};
  const std::array<const std::vector<Record>*, 3> sections = {&message.answers, &message.authorities,
                                                              &message.additional};
  std::size_t written = edns ? 1 : 0;
  bool truncated = message.truncated;
  for (std::size_t i = 0; i < sections.size(); ++i) {
    for (const Record& record : *sections[i]) {
      if (written == Message::kMaxRecords || size_of(record) > room - std::min(room, out.size())) {
        truncated = true;
        break;
      }
      put_record(out, record);
      ++written;
      ++counts[i];
    }
  }
  if (edns) {
    put_opt(out, kLeastPayload, extended << 24);
    ++counts[2];
  }
  std::string header;
  put_u16(header, message.id);
  put_u16(header, flags_of(message) | (truncated ? kTruncated : 0U));
  put_u16(header, message.questions.size());
  for (const std::size_t count : counts) put_u16(header, count);
  return out.replace(0, kHeader, header);
}

bool answers(const Message& response, const Question& question) noexcept {
  return response.response && response.questions.size() == 1 && response.questions.front() == question;
}

}  // namespace postrider::resolver
