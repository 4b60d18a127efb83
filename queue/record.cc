#include "postrider/queue/record.h"

#include <array>
#include <cstddef>
#include <limits>
#include <utility>

#include "postrider/queue/crc32c.h"

namespace postrider::queue {
namespace {

constexpr std::size_t kSumOctets = 4;
constexpr std::size_t kLeastRecipient = 8;  // octets, of one without any text

// Negative numbers that are small are short as well: 0, -1, 1, -2 … are 0, 1, 2, 3 …
constexpr std::uint64_t folded(std::int64_t number) noexcept {
  return static_cast<std::uint64_t>(number) << 1 ^ static_cast<std::uint64_t>(number >> 63);
}
constexpr std::int64_t unfolded(std::uint64_t number) noexcept {
  return static_cast<std::int64_t>(number >> 1 ^ (~(number & 1) + 1));
}

class Writer {
 public:
  void octet(std::uint8_t value) { out_.push_back(static_cast<char>(value)); }
  void number(std::uint64_t value) {
    for (; value > 0x7f; value >>= 7) octet(static_cast<std::uint8_t>(value | 0x80));
    octet(static_cast<std::uint8_t>(value));
  }
  void time(Time value) { number(folded(value.time_since_epoch().count())); }
  void text(std::string_view value) {
    number(value.size());
    out_.append(value);
  }
  std::string finish() && {
    const std::uint32_t sum = crc32c(out_);
    for (std::size_t shift = 0; shift < 8 * kSumOctets; shift += 8)
      octet(static_cast<std::uint8_t>(sum >> shift));
    return std::move(out_);
  }

 private:
  std::string out_;
};

// Reads on after a fault, of zeros: whoever reads looks at `fault` in the end, and before each loop.
class Reader {
 public:
  explicit Reader(std::string_view octets) : rest_(octets) {}

  std::string_view fault() const noexcept { return fault_; }
  std::size_t left() const noexcept { return rest_.size(); }

  std::uint64_t number(std::uint64_t most = std::numeric_limits<std::uint64_t>::max()) {
    std::uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
      if (rest_.empty()) return fail("ends too early");
      const auto octet = static_cast<std::uint8_t>(rest_.front());
      rest_.remove_prefix(1);
      const std::uint64_t bits = octet & 0x7fU;
      if (shift == 63 && octet > 1) return fail("has a number of more than 64 bits");
      value |= bits << shift;
      if ((octet & 0x80) != 0) continue;
      if (octet == 0 && shift != 0) return fail("has a number that is longer than it needs to be");
      return value <= most ? value : fail("has a number that is too large");
    }
  }
  template <class T>
  T small() {
    return static_cast<T>(number(std::numeric_limits<T>::max()));
  }
  bool flag() { return number(1) != 0; }
  Time time() { return Time(Duration(unfolded(number()))); }
  std::string text() {
    const std::uint64_t size = number();
    if (size > rest_.size()) {
      fail("has a text that is longer than the rest");
      return {};
    }
    std::string value(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return value;
  }
  std::uint64_t fail(std::string_view why) {
    if (fault_.empty()) fault_ = why;
    rest_ = {};
    return 0;
  }

 private:
  std::string_view rest_;
  std::string_view fault_;
};

// Bits from the lowest on; a new one goes to the end, with a new version. By version.
constexpr std::array<unsigned, kRecordVersion> kMessageFlags = {2, 3};
constexpr std::array<unsigned, kRecordVersion> kContentFlags = {8, 9};
constexpr std::uint64_t kHasDeadline = 4;

// The first that has all of it.
std::uint8_t version_of(const QueuedMessage& message) noexcept {
  return message.deliver_by || message.content.tls_optional ? kRecordVersion : kFirstRecordVersion;
}

std::uint64_t flags_of(const ContentFacts& facts) {
  std::uint64_t out = 0;
  for (const bool each : {facts.tls_optional, facts.eight_bit_header, facts.ends_with_line, facts.long_line,
                          facts.nul, facts.bare_lf, facts.bare_cr, facts.binary, facts.eight_bit}) {
    out = out << 1 | (each ? 1U : 0U);
  }
  return out;
}

void write(Writer& out, const ContentFacts& facts) {
  out.number(facts.octets);
  out.number(flags_of(facts));
  out.number(facts.hops);
}

ContentFacts read_content(Reader& in, std::uint8_t version) {
  ContentFacts facts;
  facts.octets = in.number();
  std::uint64_t flags = in.number((1U << kContentFlags[version - 1]) - 1);
  for (bool* each : {&facts.eight_bit, &facts.binary, &facts.bare_cr, &facts.bare_lf, &facts.nul,
                     &facts.long_line, &facts.ends_with_line, &facts.eight_bit_header, &facts.tls_optional}) {
    *each = (flags & 1) != 0;
    flags >>= 1;
  }
  facts.hops = in.small<std::uint16_t>();
  return facts;
}

void write(Writer& out, const QueuedRecipient& recipient) {
  out.text(recipient.rcpt);
  out.text(recipient.original);
  out.text(recipient.destination);
  out.number(recipient.attempts);
  out.time(recipient.next_attempt);
  out.number(recipient.delay_reported ? 1 : 0);
  out.text(recipient.last_reply);
  out.text(recipient.last_host);
}

QueuedRecipient read_recipient(Reader& in) {
  QueuedRecipient recipient;
  recipient.rcpt = in.text();
  recipient.original = in.text();
  recipient.destination = in.text();
  recipient.attempts = in.small<std::uint32_t>();
  recipient.next_attempt = in.time();
  recipient.delay_reported = in.flag();
  recipient.last_reply = in.text();
  recipient.last_host = in.text();
  return recipient;
}

void write(Writer& out, const DeliverBy& deliver_by) {
  out.time(deliver_by.at);
  out.number((deliver_by.returns ? 1U : 0U) | (deliver_by.trace ? 2U : 0U));
}

DeliverBy read_deadline(Reader& in) {
  DeliverBy out;
  out.at = in.time();
  const std::uint64_t flags = in.number(3);
  out.returns = (flags & 1) != 0;
  out.trace = (flags & 2) != 0;
  return out;
}

QueuedMessage read_fields(Reader& in, std::uint8_t version) {
  QueuedMessage message;
  message.id = MessageId{in.number()};
  message.mail = in.text();
  message.arrived = in.time();
  message.expires = in.time();
  message.priority = static_cast<std::int8_t>(unfolded(in.number(std::numeric_limits<std::uint8_t>::max())));
  const std::uint64_t flags = in.number((1U << kMessageFlags[version - 1]) - 1);
  message.held = (flags & 1) != 0;
  message.report = (flags & 2) != 0;
  message.user = in.text();
  message.content = read_content(in, version);
  if ((flags & kHasDeadline) != 0) message.deliver_by = read_deadline(in);
  if (version_of(message) != version) in.fail("is of a later version than it needs to be");
  const std::uint64_t recipients = in.number();
  if (recipients > in.left() / kLeastRecipient) in.fail("has fewer recipients than it says");
  if (in.fault().empty()) message.recipients.reserve(recipients);
  for (std::uint64_t count = 0; count < recipients && in.fault().empty(); ++count)
    message.recipients.push_back(read_recipient(in));
  if (in.left() != 0) in.fail("goes on behind its end");
  return message;
}

std::uint32_t sum_in(std::string_view octets) noexcept {
  std::uint32_t sum = 0;
  for (std::size_t at = 0; at < kSumOctets; ++at)
    sum |= static_cast<std::uint32_t>(static_cast<unsigned char>(octets[at])) << 8 * at;
  return sum;
}

}  // namespace

std::string encode(const QueuedMessage& message) {
  Writer out;
  out.octet(version_of(message));
  out.number(message.id.value);
  out.text(message.mail);
  out.time(message.arrived);
  out.time(message.expires);
  out.number(folded(message.priority));
  out.number((message.held ? 1U : 0U) | (message.report ? 2U : 0U) |
             (message.deliver_by ? kHasDeadline : 0U));
  out.text(message.user);
  write(out, message.content);
  if (message.deliver_by) write(out, *message.deliver_by);
  out.number(message.recipients.size());
  for (const QueuedRecipient& each : message.recipients) write(out, each);
  return std::move(out).finish();
}

std::expected<QueuedMessage, std::string> decode(std::string_view octets) {
  if (octets.empty()) return std::unexpected("the record is empty");
  const auto version = static_cast<std::uint8_t>(octets.front());
  if (version < kFirstRecordVersion || version > kRecordVersion) {
    return std::unexpected("the record has version " + std::to_string(version) + ", and " +
                           std::to_string(kRecordVersion) + " is the latest that is known");
  }
  if (octets.size() < 1 + kSumOctets) return std::unexpected("the record ends too early");
  const std::string_view summed = octets.substr(0, octets.size() - kSumOctets);
  if (crc32c(summed) != sum_in(octets.substr(summed.size())))
    return std::unexpected("the record does not have its checksum");
  Reader in(summed.substr(1));
  QueuedMessage message = read_fields(in, version);
  if (!in.fault().empty()) return std::unexpected("the record " + std::string(in.fault()));
  return message;
}

}  // namespace postrider::queue
