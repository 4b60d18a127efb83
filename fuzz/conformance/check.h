// One thing that an RFC asks of a server, as a short dialogue that shows whether it is so.
//
//   {ID, "RFC 5321 4.1.1.9", Level::should,
//    "NOOP with an argument is answered like NOOP", "",
//    "hello\n> NOOP some words\n< 250"}
//
// An id is made of RFC, section and a word or two. It is for scripts that name it, and stays what it is. The
// dialogue is written as script.h has it. `needs` names, separated by spaces, the extensions that the server
// must have offered, as in its reply to EHLO ("SIZE"; "AUTH:PLAIN": with this argument), and in lower case
// the options without which the check cannot be tried: recipient, refused, login.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "postrider/fuzz/transcript/transcript.h"

namespace postrider::fuzz {

// RFC 2119. What an RFC of before says without capitals counts as it is meant.
enum class Level : std::uint8_t { must, should, may };
std::string_view to_string(Level level) noexcept;  // "MUST"

struct Check {
  std::string_view id;
  std::string_view clause;
  Level level = Level::must;
  std::string_view title;  // a sentence about a server that conforms
  std::string_view needs;
  std::string_view script;
};

enum class Verdict : std::uint8_t {
  passed,
  failed,
  not_offered,     // the extension that it is about
  not_applicable,  // the server does something else that is allowed, so that the question does not come up
  needs_option,    // the user did not say whom to write to, or how to log in
  stuck,           // the server did not let it come so far: a refused sender, no greeting
};
std::string_view to_string(Verdict verdict) noexcept;  // "not offered"

struct CheckResult {
  const Check* check = nullptr;
  Verdict verdict = Verdict::stuck;
  std::string reason;     // "expected 250 to 'NOOP x', and it said '501 …'"; empty when passed
  Transcript transcript;  // without secrets
};

}  // namespace postrider::fuzz
