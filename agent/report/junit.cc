#include "postrider/agent/report/junit.h"

#include "postrider/agent/report/markup.h"

namespace postrider::agent {
namespace {

std::string attribute(std::string_view name, std::string_view value) {
  return " " + std::string(name) + "=\"" + markup_attribute(value) + "\"";
}

std::string without_text(std::string_view element, std::string_view message) {
  return "<" + std::string(element) + attribute("message", message) + "/>";
}

}  // namespace

JunitReport::JunitReport(std::string_view name) : name_(name) {}

JunitReport& JunitReport::suite(std::string_view name, std::string_view seconds) {
  suites_.push_back({.name = std::string(name), .seconds = std::string(seconds), .counts = {}, .cases = {}});
  return *this;
}

JunitReport& JunitReport::passed(const JunitTest& test) {
  add(test, "");
  return *this;
}

JunitReport& JunitReport::failed(const JunitTest& test, std::string_view message, std::string_view text) {
  add(test, "<failure" + attribute("message", message) + ">" + markup_text(text) + "</failure>");
  ++suites_.back().counts.failures;
  return *this;
}

JunitReport& JunitReport::skipped(const JunitTest& test, std::string_view message) {
  add(test, without_text("skipped", message));
  ++suites_.back().counts.skipped;
  return *this;
}

JunitReport& JunitReport::error(const JunitTest& test, std::string_view message) {
  add(test, without_text("error", message));
  ++suites_.back().counts.errors;
  return *this;
}

void JunitReport::add(const JunitTest& test, std::string_view inside) {
  std::string& out = suites_.back().cases;
  ++suites_.back().counts.tests;
  out += "    <testcase";
  if (!test.group.empty()) out += attribute("classname", test.group);
  out += attribute("name", test.name);
  if (inside.empty()) {
    out += "/>\n";
  } else {
    out.append(">\n      ").append(inside).append("\n    </testcase>\n");
  }
}

std::string JunitReport::attributes(const Counts& counts) {
  return attribute("tests", std::to_string(counts.tests)) +
         attribute("failures", std::to_string(counts.failures)) +
         attribute("errors", std::to_string(counts.errors)) +
         attribute("skipped", std::to_string(counts.skipped));
}

std::string JunitReport::str() const {
  Counts sum;
  std::string inside;
  for (const Suite& each : suites_) {
    sum.tests += each.counts.tests;
    sum.failures += each.counts.failures;
    sum.errors += each.counts.errors;
    sum.skipped += each.counts.skipped;
    inside += "  <testsuite" + attribute("name", each.name) + attributes(each.counts);
    if (!each.seconds.empty()) inside += attribute("time", each.seconds);
    inside += ">\n" + each.cases + "  </testsuite>\n";
  }
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites" + attribute("name", name_) +
         attributes(sum) + ">\n" + inside + "</testsuites>\n";
}

}  // namespace postrider::agent
