// A path is a bracketed mailbox, <> or <Postmaster>, whatever its route; leniency only ever accepts more.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "postrider/fuzz/support/alphabet.h"
#include "postrider/fuzz/support/explained.h"
#include "postrider/fuzz/support/fuzz_input.h"
#include "postrider/fuzz/support/require.h"
#include "postrider/protocol/grammar/address.h"

namespace {

using namespace postrider::protocol;
using namespace postrider::fuzz;

constexpr std::array<std::string_view, 32> kWords = {
    "<",           "<",           ">",           ">",
    "@",           "@",           ":",           ",",
    "@a.example,", "@b.example:", "a",           "user",
    "example.org", ".",           "\"",          "\\",
    " ",           "Postmaster",  "postMASTER",  "<>",
    "[",           "]",           "[192.0.2.1]", "[IPv6:::1]",
    "\xC3\xA9",    "\xFF",        "-",           "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "\r",          "\n",          "SIZE=1",      "="};

std::string bracketed(const Mailbox& mailbox) { return '<' + std::string(mailbox.text()) + '>'; }

// What both kinds of path have in common.
void check_taken(std::string_view taken, const Mailbox& mailbox, bool special) {
  require(!taken.empty() && fits_one_line(taken), "a path is not empty and lies within one line");
  require(mailbox.text().empty() == special, "a path has a mailbox or is one of the two special ones");
  if (taken.front() == '<') {
    require(taken.back() == '>', "a bracket that is opened is closed");
    require(taken.ends_with(std::string(mailbox.text()) + ">"), "the mailbox is the last of the path");
  } else {
    require(special || taken == mailbox.text(), "without brackets there is the mailbox alone");
  }
  require(bracketed(mailbox).size() <= kMaxPath, "RFC 5321 4.5.3.1.3");
}

bool reverse(std::string_view text, Utf8 utf8, bool lenient, ReversePath& out) {
  Cursor cursor(text);
  const Result<ReversePath> path = reverse_path(cursor, utf8, lenient);
  if (!path) {
    require(cursor.offset() == 0, "a recogniser that fails does not move");
    require(path.error().offset <= text.size(), "an error lies within the text");
    require_explained(path.error().code);
    return false;
  }
  out = *path;
  check_taken(cursor.since(0), path->mailbox, path->null);
  require(path->null == (cursor.since(0) == "<>"), "<> is the null path");
  const std::string again = bracketed(path->mailbox);
  Cursor second(again);
  const Result<ReversePath> same = reverse_path(second, utf8);
  require(same && *same == *path && second.done(), "a path without its route is the same path");
  return true;
}

bool forward(std::string_view text, Utf8 utf8, bool lenient, ForwardPath& out) {
  Cursor cursor(text);
  const Result<ForwardPath> path = forward_path(cursor, utf8, lenient);
  if (!path) {
    require(cursor.offset() == 0, "a recogniser that fails does not move");
    return false;
  }
  out = *path;
  check_taken(cursor.since(0), path->mailbox, path->postmaster);
  const std::string again = path->postmaster ? "<Postmaster>" : bracketed(path->mailbox);
  Cursor second(again);
  const Result<ForwardPath> same = forward_path(second, utf8);
  require(same && *same == *path && second.done(), "a path without its route is the same path");
  return true;
}

void run(std::string_view octets) {
  const ExactCopy copy(octets);
  const std::string_view text = copy.view();
  for (const Utf8 utf8 : {Utf8::no, Utf8::yes}) {
    ReversePath from;
    ReversePath from_lenient;
    if (reverse(text, utf8, false, from)) {
      require(reverse(text, utf8, true, from_lenient) && from == from_lenient, "leniency changes no path");
    } else {
      reverse(text, utf8, true, from_lenient);
    }
    ForwardPath to;
    ForwardPath to_lenient;
    if (forward(text, utf8, false, to)) {
      require(forward(text, utf8, true, to_lenient) && to == to_lenient, "leniency changes no path");
      const bool both = !to.postmaster;
      require(!both || (reverse(text, utf8, false, from) && from.mailbox == to.mailbox),
              "what can receive can send");
    } else {
      forward(text, utf8, true, to_lenient);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  if (size > 2048) return 0;
  const std::string_view text = FuzzInput::as_text(octets, size);
  run(text);
  if (size <= 128) run(spell(text, kWords));
  return 0;
}
