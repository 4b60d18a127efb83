// Results as JUnit XML, which CI servers show: suites with tests, each passed, failed, skipped or in error.
//
//   JunitReport report("postrider fuzz 127.0.0.1:25");
//   report.suite("RFC 5321", "1.500");
//   report.passed({"RFC 5321", "quit"}).failed({"RFC 5321", "rset"}, "503 to RSET", transcript);
//   file << report.str();
//
// Any octets may stand in names, messages and texts: see markup.h for what becomes of those that XML has no
// form for. A suite counts what is in it, and the whole counts its suites.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace postrider::agent {

struct JunitTest {
  std::string_view group;  // the class, of which readers make a tree; empty: none
  std::string_view name;
};

class JunitReport {
 public:
  explicit JunitReport(std::string_view name);

  // The tests that follow belong to it. `seconds` as a decimal number; empty: not said.
  JunitReport& suite(std::string_view name, std::string_view seconds = {});

  // Behind a suite().
  JunitReport& passed(const JunitTest& test);
  // `text` may have several lines.
  JunitReport& failed(const JunitTest& test, std::string_view message, std::string_view text);
  JunitReport& skipped(const JunitTest& test, std::string_view message);
  // It could not be tried.
  JunitReport& error(const JunitTest& test, std::string_view message);

  std::string str() const;

 private:
  struct Counts {
    std::size_t tests = 0;
    std::size_t failures = 0;
    std::size_t errors = 0;
    std::size_t skipped = 0;
  };
  struct Suite {
    std::string name;
    std::string seconds;
    Counts counts;
    std::string cases;  // XML
  };

  static std::string attributes(const Counts& counts);
  void add(const JunitTest& test, std::string_view inside);

  std::string name_;
  std::vector<Suite> suites_;
};

}  // namespace postrider::agent
