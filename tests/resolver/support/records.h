// Names, records and octets in a form that tests can be read in.
//
//   records("www 300 A 192.0.2.1")            // one line or many of a master file, under example.org
//   octets("8180 0001 'example' 00")          // hexadecimal digits, and text in quotes
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "postrider/resolver/backend/master_file.h"
#include "postrider/resolver/domain_name.h"
#include "postrider/resolver/message.h"
#include "postrider/resolver/record.h"

namespace postrider::tests {

using resolver::DomainName;
using resolver::Message;
using resolver::Question;
using resolver::Record;

inline DomainName name(std::string_view text) {
  auto parsed = DomainName::parse(text);
  if (!parsed) throw std::invalid_argument("no domain name: " + std::string(text));
  return *parsed;
}

inline std::vector<Record> records(std::string_view lines) {
  auto read = resolver::read_master_file(lines, "test", name("example.org"));
  if (!read) throw std::invalid_argument(to_string(read.error()));
  return *read;
}

inline Record record(std::string_view line) { return records(line).at(0); }

inline std::string octets(std::string_view text) {
  std::string out;
  std::string digits;
  bool quoted = false;
  for (const char c : text) {
    if (c == '\'') {
      quoted = !quoted;
    } else if (quoted) {
      out += c;
    } else if (c != ' ' && c != '\n') {
      digits += c;
      if (digits.size() < 2) continue;
      out += static_cast<char>(std::stoi(digits, nullptr, 16));
      digits.clear();
    }
  }
  if (quoted || !digits.empty()) throw std::invalid_argument("odd octets: " + std::string(text));
  return out;
}

// A response to `question` as a server would send it.
inline Message response_to(const Question& question) {
  Message message;
  message.response = true;
  message.recursion_desired = true;
  message.recursion_available = true;
  message.questions.push_back(question);
  return message;
}

}  // namespace postrider::tests
