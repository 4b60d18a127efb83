// An accepted DNS message is what the C library reads, reads back equal, and answers with its type alone.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <arpa/nameser.h>

#include "postrider/fuzz/support/fuzz_input.h"
#include "postrider/fuzz/support/require.h"
#include "postrider/resolver/answer.h"
#include "postrider/resolver/message.h"

namespace {

using namespace postrider::resolver;
using namespace postrider::fuzz;
using std::chrono::seconds;

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  return text;
}

// The same octets, read by the C library's functions for names and numbers.
class Reference {
 public:
  explicit Reference(std::string_view octets)
      : begin_(reinterpret_cast<const unsigned char*>(octets.data())),
        end_(begin_ + octets.size()),
        at_(begin_ + NS_HFIXEDSZ) {}

  std::string name() {
    unsigned char wire[NS_MAXCDNAME];
    const int taken = ns_name_unpack(begin_, end_, at_, wire, sizeof wire);
    require(taken > 0, "the C library reads the name");
    at_ += taken;
    std::string out;
    for (const unsigned char* label = wire; *label != 0; label += 1 + *label) {
      out.append(reinterpret_cast<const char*>(label), 1U + *label);
    }
    return lower(out + '\0');
  }
  std::uint16_t u16() {
    at_ += 2;
    return static_cast<std::uint16_t>(at_[-2] << 8 | at_[-1]);
  }
  std::uint32_t u32() {
    const std::uint32_t high = u16();
    return high << 16 | u16();
  }
  std::string raw(std::size_t size) {
    at_ += size;
    return {reinterpret_cast<const char*>(at_ - size), size};
  }
  std::string data(RecordType type, std::size_t size) {
    const unsigned char* const after = at_ + size;
    std::string out;
    switch (type) {
      case RecordType::cname:
      case RecordType::ns:
      case RecordType::ptr: out = name(); break;
      case RecordType::mx:
        out = raw(2);
        out += name();
        break;
      case RecordType::soa:
        out = name();
        out += name();
        out += raw(20);
        break;
      case RecordType::rrsig:
        out = raw(18);
        out += name();
        out += raw(static_cast<std::size_t>(after - at_));
        break;
      default: out = raw(size);
    }
    require(at_ == after, "the data is the whole of it");
    return out;
  }
  bool at_end() const { return at_ == end_; }
  std::size_t count(std::size_t section) const {
    const unsigned char* const number = begin_ + 4 + 2 * section;
    return static_cast<std::size_t>(number[0] << 8 | number[1]);
  }

 private:
  const unsigned char* begin_;
  const unsigned char* end_;
  const unsigned char* at_;
};

void compare(std::string_view octets, const Message& message) {
  Reference reference(octets);
  require(reference.count(0) <= 1, "one question at most");
  if (reference.count(0) == 1) {
    const std::string name = reference.name();
    const std::uint16_t type = reference.u16();
    if (reference.u16() == ns_c_in) {
      require_equal(message.questions.at(0).name.wire(), name, "the name of the question");
      require_equal(static_cast<std::uint16_t>(message.questions.at(0).type), type, "its type");
    } else {
      require(message.questions.empty(), "a question of another class is none");
    }
  }
  const std::vector<Record>* const sections[] = {&message.answers, &message.authorities, &message.additional};
  for (std::size_t section = 0; section < 3; ++section) {
    auto record = sections[section]->begin();
    for (std::size_t i = 0; i < reference.count(section + 1); ++i) {
      const std::string owner = reference.name();
      const auto type = static_cast<RecordType>(reference.u16());
      const std::uint16_t record_class = reference.u16();
      const std::uint32_t ttl = reference.u32();
      const std::uint16_t size = reference.u16();
      if (type == RecordType::opt || record_class != ns_c_in) {
        reference.raw(size);
        continue;
      }
      require(record != sections[section]->end(), "no record is lost");
      require_equal(record->owner.wire(), owner, "the owner");
      require_equal(record->type, type, "the type");
      require_equal(record->ttl.count(), ttl > 0x7fffffff ? 0 : ttl, "RFC 2181 8: the TTL");
      require_equal(lower(record->data), lower(reference.data(type, size)), "the data");
      ++record;
    }
    require(record == sections[section]->end(), "no record is made up");
  }
  require(reference.at_end(), "nothing is left");
}

std::size_t records_of(const Message& message) {
  return message.answers.size() + message.authorities.size() + message.additional.size();
}

std::size_t written_size(const Message& message) {
  std::size_t size = 12 + 11;
  for (const Question& each : message.questions) size += each.name.wire().size() + 4;
  for (const auto* section : {&message.answers, &message.authorities, &message.additional}) {
    for (const Record& each : *section) size += each.owner.wire().size() + 10 + each.data.size();
  }
  return size;
}

void check_written(const Message& message) {
  const std::string written = write_message(message);
  require(written.size() <= Message::kMaxOctets, "a message has its bound");
  const auto again = read_message(ExactCopy(written).view());
  require(again.has_value(), "what is written is read");
  if (again->truncated == message.truncated && records_of(*again) == records_of(message)) {
    require(*again == message, "and is the same");
  } else {
    require(again->truncated, "what was left out is told");
    require(written_size(message) > Message::kMaxOctets || records_of(message) == Message::kMaxRecords,
            "nothing is left out without need");
  }
  require_equal(write_message(*again), written, "writing it once more changes nothing");
}

// Whether CNAMEs of the answer lead from the question to `end`.
bool leads_to(const Message& message, const DomainName& from, const DomainName& end) {
  std::set<std::string> reached = {from.wire()};
  for (std::size_t round = 0; round < kMaxAliases; ++round) {
    for (const Record& each : message.answers) {
      if (each.type == RecordType::cname && reached.contains(each.owner.wire())) reached.insert(each.data);
    }
  }
  return reached.contains(end.wire());
}

void check_answer(const Message& message, RecordType type, Security security) {
  Message asked = message;
  if (asked.questions.empty()) asked.questions.emplace_back();
  asked.questions.front().type = type;
  const Question question = asked.questions.front();
  const Answer answer = interpret(question, asked, security);
  require_equal(answer.security, security, "security is handed through");
  require_equal(answer.found(), !answer.records.empty(), "found means records");
  const bool failed = answer.outcome == Answer::Outcome::failed;
  require_equal(failed, answer.fault != LookupFault::none, "a failure has its fault");
  require_equal(failed, !answer.failure.empty(), "and its words");
  require(answer.ttl >= seconds(0) && answer.ttl <= seconds(0x7fffffff), "a TTL has 31 bits");
  require(failed || (asked.response && !asked.truncated && security != Security::bogus),
          "RFC 2181 9, RFC 4035 4.3");
  require(failed || leads_to(asked, question.name, answer.canonical), "CNAMEs lead there");
  for (const Record& each : answer.records) {
    require_equal(each.type, type, "of the type that was asked for");
    require(each.owner == answer.canonical, "and of the name");
    require(answer.ttl <= each.ttl, "kept no longer than any of them");
    require(std::ranges::find(asked.answers, each) != asked.answers.end(), "nothing is made up");
  }
  require((answer.outcome == Answer::Outcome::no_name) <= (asked.code == ResponseCode::no_such_name),
          "no name without NXDOMAIN");
  require(mx_records(answer.records).size() + addresses(answer.records).size() +
                  texts(answer.records).size() + tlsa_records(answer.records).size() +
                  pointers(answer.records).size() <=
              answer.records.size(),
          "at most one value of each");
}

void check_query(const Question& question) {
  QueryOptions options;
  options.dnssec_ok = true;
  const auto query = read_message(write_query(question, 1, options));
  require(query.has_value() && query->questions.size() == 1, "a query is a message");
  require(query->questions.front() == question && !query->response, "with its question");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  const ExactCopy copy(FuzzInput::as_text(octets, size));
  const auto message = read_message(copy.view());
  if (!message) {
    require(message.error().offset <= size, "a fault lies in the message");
    require(!to_string(message.error()).empty(), "and has words");
    return 0;
  }
  require(size >= 12 && size <= Message::kMaxOctets, "with a header, and bounded");
  require(records_of(*message) <= Message::kMaxRecords, "no more records than the bound");
  compare(copy.view(), *message);
  check_written(*message);
  for (const Question& each : message->questions) check_query(each);
  const RecordType asked = message->questions.empty() ? RecordType::a : message->questions.front().type;
  for (const RecordType type : {asked, RecordType::mx, RecordType::a, RecordType::cname, RecordType::tlsa}) {
    check_answer(*message, type, Security::secure);
  }
  check_answer(*message, asked, Security::bogus);
  return 0;
}
