// Fuzzes a parser that is not ours, with sessions of SMTP instead of random octets.
//
//   example_fuzz_foreign_parser [SESSIONS [SEED]]    "session 37: MAIL took a path without end", exit status
//   1
//
// The parser is a class that somebody else might have written. What the generator and the mutator give it is
// octets, so that anything can be tried in its place. With clang the same file is a libFuzzer program that
// mutates SMTP:
//
//   clang++ -DFUZZ_WITH_LIBFUZZER -fsanitize=fuzzer,address … -dict=fuzz/smtp.dict
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>

#include "postrider/fuzz/generator/custom_mutator.h"
#include "postrider/fuzz/generator/session_plan.h"

namespace someone_else {

// Reads the commands of a session; it has a fault that random octets would hardly find.
class Parser {
 public:
  void feed(std::string_view octets) {
    for (const char c : octets) {
      if (c == '\r') continue;
      if (c != '\n') {
        line_ += c;
        continue;
      }
      read(line_);
      line_.clear();
    }
  }
  std::size_t paths() const { return paths_; }

 private:
  void read(const std::string& line) {
    const std::size_t open = line.find('<');
    if (line.find("MAIL FROM:") != 0 || open == std::string::npos) return;
    const std::size_t close = line.find('>');
    sender_ = line.substr(open + 1, close - open - 1);  // close may be npos, or in front of open
    ++paths_;
  }

  std::string line_;
  std::string sender_;
  std::size_t paths_ = 0;

 public:
  const std::string& sender() const { return sender_; }
};

}  // namespace someone_else

namespace {

// What must hold: a sender ends where its path does. True: it does.
bool holds(std::string_view octets) {
  someone_else::Parser parser;
  parser.feed(octets);
  return parser.sender().find_first_of("<> ") == std::string::npos;
}

}  // namespace

#ifdef FUZZ_WITH_LIBFUZZER
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  if (!holds({reinterpret_cast<const char*>(octets), size})) std::abort();
  return 0;
}
#else
int main(int argc, char** argv) {
  using namespace postrider::fuzz;
  const std::uint64_t sessions = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 10'000;
  const std::uint64_t seed = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1;
  for (std::uint64_t number = 0; number < sessions; ++number) {
    SeededChoices choices(seed * 1'000'003 + number);
    std::string octets = octets_of(make_session(choices, {}));
    octets = mutated_input(octets, 4096, number);
    if (holds(octets)) continue;
    std::cout << "session " << number << ": MAIL took a path without end\n";
    return 1;
  }
  std::cout << sessions << " sessions, nothing found\n";
  return 0;
}
#endif
