// Makes command lines out of the grammar, the same ones for the same seed: every line is one that
// parse_command reads with Utf8::yes, in any of the forms that the RFCs allow.
//
//   CommandGenerator generate(42);
//   std::string line = generate.line();          // "maIl FROM:<\"a b\"@[192.0.2.1]> SIZE=17"
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <string_view>

namespace postrider::protocol::testing {

class CommandGenerator {
 public:
  explicit CommandGenerator(std::uint32_t seed) : random_(seed) {}

  // Any command, without CRLF.
  std::string line();

  std::string local_part();
  std::string domain();
  std::string address_literal();
  std::string mailbox();
  std::string mail_parameters();  // each with a space before it
  std::string rcpt_parameters();

 private:
  std::uint32_t below(std::uint32_t bound) { return static_cast<std::uint32_t>(random_()) % bound; }
  bool sometimes(std::uint32_t one_in) { return below(one_in) == 0; }
  std::string some_of(std::string_view alphabet, std::uint32_t least, std::uint32_t most);
  std::string any_case(std::string_view word);
  std::string path_list();  // a source route, or nothing
  std::string number(std::uint32_t most_digits);
  std::string xtext(std::uint32_t most);
  std::string free_text();
  std::string base64();

  std::mt19937 random_;
};

}  // namespace postrider::protocol::testing
