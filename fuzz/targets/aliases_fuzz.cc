// A file of aliases is taken whole or refused with every problem in its place; what is taken names addresses
// that a command can have, and reads back the same once it is written.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "postrider/agent/alias/alias_lines.h"
#include "postrider/fuzz/support/alphabet.h"
#include "postrider/fuzz/support/fuzz_input.h"
#include "postrider/fuzz/support/require.h"

namespace {

using namespace postrider::agent;
using namespace postrider::fuzz;

constexpr std::array<std::string_view, 32> kWords = {"info",
                                                     "@example.org",
                                                     "alice@example.org",
                                                     "bob",
                                                     "\"d o\"@example.net",
                                                     "\"a\\\"b\"",
                                                     ":",
                                                     ",",
                                                     " ",
                                                     "\t",
                                                     "\n",
                                                     "\r\n",
                                                     "\n ",
                                                     "#",
                                                     " # a comment",
                                                     "|/bin/true",
                                                     "/var/mail/x",
                                                     ":include:/etc/list",
                                                     "\\root",
                                                     "postmaster",
                                                     "[192.0.2.1]",
                                                     "[IPv6:::1]",
                                                     "@",
                                                     "\"",
                                                     "\\",
                                                     ".",
                                                     "+tag",
                                                     "\xC3\xA9",
                                                     "\xFF",
                                                     std::string_view("\0", 1),
                                                     "EXAMPLE",
                                                     "info: alice\n"};

// As a command may have it, which is what a file may have too; but a line that begins with "#" is a comment.
std::string quoted_number_sign(std::string text) {
  if (!text.starts_with('#')) return text;
  text.insert(std::min(text.find('@'), text.size()), 1, '"');
  return '"' + text;
}

std::string written(const AliasAddress& address) {
  if (!address.domain.empty()) return address.text();
  AliasAddress whole = address;
  whole.domain = "x.example";
  const std::string text = whole.text();
  require(text.ends_with("@x.example"), "a local part can be said");
  return text.substr(0, text.size() - std::string_view("@x.example").size());
}

std::string name_of(const AliasLine& line) {
  if (line.names == AliasLine::Names::domain) return "@" + line.name.domain;
  return quoted_number_sign(written(line.name));
}

std::string write(const std::vector<AliasLine>& lines) {
  std::string out;
  for (const AliasLine& line : lines) {
    out += name_of(line) + ":";
    for (std::size_t each = 0; each < line.targets.size(); ++each) {
      const std::string target = written(line.targets[each]);
      // Behind white space it would be a comment; and it may be too long for quotes.
      const bool close_by = target.starts_with('#');
      out += each == 0 ? (close_by ? "" : " ") : (close_by ? "," : ",\n ");
      out += target;
    }
    out += "\n";
  }
  return out;
}

void check_lines(const std::vector<AliasLine>& lines, std::size_t count) {
  std::uint32_t before = 0;
  for (const AliasLine& line : lines) {
    require(line.number > before && line.number <= count, "lines are numbered in their order");
    before = line.number;
    require(!line.targets.empty() && line.targets.size() <= kMostAliasTargets, "a line has targets");
    require(line.names != AliasLine::Names::everywhere || line.name.domain.empty(),
            "everywhere is no domain");
    require(line.names != AliasLine::Names::domain || line.name.local.empty(), "a catch-all is no address");
    // Whose local part may be "", RFC 5321 4.1.2.
    for (const AliasAddress& target : line.targets)
      require(!written(target).empty(), "a target can be named");
  }
}

void check(std::string_view octets) {
  const ExactCopy copy(octets);
  const auto lines = parse_aliases(copy.view(), "aliases");
  const auto count = static_cast<std::size_t>(std::ranges::count(octets, '\n')) + 1;
  if (!lines) {
    require(!lines.error().empty() && lines.error().size() <= kMostAliasProblems + 2,
            "a refusal has reasons");
    for (const ConfigProblem& each : lines.error()) {
      require(each.line >= 1 && each.line <= count && !each.text.empty(), "each in its place");
      for (const char c : each.to_text()) {
        require(static_cast<unsigned char>(c) >= 32 && c != 127, "as a clean line");
      }
    }
    return;
  }
  check_lines(*lines, count);
  const std::string text = write(*lines);
  const auto again = parse_aliases(text, "aliases");
  require(again.has_value() && again->size() == lines->size(), "what is written is read");
  for (std::size_t each = 0; each < lines->size(); ++each) {
    require((*again)[each].names == (*lines)[each].names && (*again)[each].name == (*lines)[each].name &&
                (*again)[each].targets == (*lines)[each].targets,
            "as what it was");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  if (size > 4096) return 0;
  const std::string_view text = FuzzInput::as_text(octets, size);
  check(text);
  if (size <= 64) check(spell(text, kWords));
  return 0;
}
