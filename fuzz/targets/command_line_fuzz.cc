// What is accepted is written as one line that reads back equal; what is refused keeps its verb.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "postrider/fuzz/support/alphabet.h"
#include "postrider/fuzz/support/explained.h"
#include "postrider/fuzz/support/extensions.h"
#include "postrider/fuzz/support/fuzz_input.h"
#include "postrider/fuzz/support/require.h"
#include "postrider/protocol/grammar/command.h"
#include "postrider/protocol/grammar/owned.h"

namespace {

using namespace postrider::protocol;
using namespace postrider::fuzz;

constexpr std::array<std::string_view, 64> kWords = {
    "MAIL FROM:", "RCPT TO:",  "EHLO ",    "BDAT ",
    "AUTH ",      "VRFY ",     "NOOP",     "STARTTLS",
    "XCLIENT ",   "XNOTE",     "DATA",     "ETRN ",
    "<",          ">",         "@",        ":",
    ",",          " ",         "\"",       "\\",
    "[",          "]",         ".",        "-",
    "a",          "b.example", "1",        "192.0.2.1",
    "IPv6:",      "::",        "tag:",     "Postmaster",
    " SIZE=",     " BODY=",    "8BITMIME", "BINARYMIME",
    " SMTPUTF8",  " RET=",     "HDRS",     " ENVID=",
    " AUTH=",     "<>",        " NOTIFY=", "NEVER",
    "DELAY",      " ORCPT=",   "rfc822;",  "utf-8;",
    "+2B",        "\\x{20AC}", "\xC3\xA9", "\xFF",
    " BY=",       ";RT",       " LAST",    " HOLDFOR=",
    " XTRACE=",   " XCOLOUR",  " XFLAG",   "=",
    "\t",         "\r",        "\n",       std::string_view("\0", 1)};

Leniency every_lenience() {
  return Leniency()
      .allow(Lenience::space_after_colon)
      .allow(Lenience::missing_angle_brackets)
      .allow(Lenience::any_hello_name);
}

// A view of a command lies within its line.
void require_within(std::string_view line, std::string_view view) {
  if (view.empty()) return;
  require(view.data() >= line.data() && view.data() + view.size() <= line.data() + line.size(),
          "a view of a command lies within the line");
}

void require_views_within(std::string_view line, const Command& command) {
  if (const auto* mail = std::get_if<Mail>(&command)) {
    require_within(line, mail->from.mailbox.text());
    require_within(line, mail->parameters.envid);
    require_within(line, mail->parameters.auth);
    require_within(line, mail->parameters.registered.text);
  } else if (const auto* rcpt = std::get_if<Rcpt>(&command)) {
    require_within(line, rcpt->to.mailbox.text());
    require_within(line, rcpt->parameters.orcpt_type);
    require_within(line, rcpt->parameters.orcpt_address);
    require_within(line, rcpt->parameters.registered.text);
  } else if (const auto* plain = std::get_if<Plain>(&command)) {
    require_within(line, plain->argument);
  } else if (const auto* hello = std::get_if<Hello>(&command)) {
    require_within(line, hello->name.text());
  } else if (const auto* auth = std::get_if<Auth>(&command)) {
    require_within(line, auth->mechanism);
    if (auth->initial) require_within(line, *auth->initial);
  } else if (const auto* extended = std::get_if<Extended>(&command)) {
    require_within(line, extended->argument);
  }
}

void require_one_line(std::string_view wire) {
  require(wire.ends_with("\r\n"), "a written command ends in CRLF");
  require(fits_one_line(wire.substr(0, wire.size() - 2)), "a written command is one line");
}

void check_accepted(std::string_view line, const ParsedLine& parsed, const ExtensionTable* table) {
  const Command& command = *parsed.command;
  require(fits_one_line(line), "a line with CR, LF or NUL is refused");
  require(verb_of(command) == parsed.verb, "the command is the verb's");
  require_views_within(line, command);

  std::string wire = "before";
  const Result<void> written = write_command(command, wire, table);
  const bool junk_name = parsed.used.allows(Lenience::any_hello_name);
  require(junk_name || written.has_value(), "what was accepted can be written");
  if (!written) {
    require_equal(wire, "before", "a command that cannot be written appends nothing");
    return;
  }
  wire.erase(0, 6);
  require_one_line(wire);
  const std::string_view again = std::string_view(wire).substr(0, wire.size() - 2);
  const ParsedLine strict = parse_command(again, {.utf8 = Utf8::yes, .leniency = {}, .extensions = table});
  require(strict.command.has_value() && *strict.command == command,
          "a written command reads back as an equal one");
  require(strict.used.none(), "a written command needs no lenience");
  std::string twice;
  require(write_command(*strict.command, twice, table).has_value(), "and is written again");
  require_equal(twice, wire, "as the same line");
  if (const auto* mail = std::get_if<Mail>(&command)) {
    const Result<Owned<Mail>> owned = Owned<Mail>::copy(*mail, table);
    require(owned.has_value() && owned->value() == *mail, "a copy that owns its text is equal");
  }
}

ParsedLine check(std::string_view line, const Syntax& syntax) {
  const ParsedLine parsed = parse_command(line, syntax);
  const ParsedLine again = parse_command(line, syntax);
  require(parsed.verb == again.verb && parsed.used == again.used && parsed.command == again.command,
          "reading a line twice gives the same");
  if (parsed.command) {
    check_accepted(line, parsed, syntax.extensions);
  } else {
    require(parsed.command.error().offset <= line.size(), "an error lies within the line");
    require_explained(parsed.command.error().code);
  }
  require(!to_string(parsed.verb).empty(), "a verb has a name for logs");
  const Verb named = parse_verb(line.substr(0, line.find(' ')));
  if (named != Verb::unknown) require(parsed.verb == named, "the verb of a line is known, good or bad");
  return parsed;
}

// What is more lenient accepts at least as much, and reads it in the same way.
void require_wider(const ParsedLine& narrow, const ParsedLine& wide) {
  if (!narrow.command) return;
  require(wide.command.has_value() && *wide.command == *narrow.command,
          "what is accepted is accepted, and means the same, under a more lenient syntax");
  require(wide.used == narrow.used, "and needs no more lenience");
}

void run(std::string_view octets) {
  const ExactCopy copy(octets);
  const std::string_view line = copy.view();
  const ExtensionTable* table = &extensions();
  const ParsedLine strict = check(line, {});
  const ParsedLine utf8 = check(line, {Utf8::yes, {}, nullptr});
  const ParsedLine lenient = check(line, {Utf8::no, every_lenience(), nullptr});
  const ParsedLine open = check(line, {Utf8::yes, {}, table});
  const ParsedLine all = check(line, {Utf8::yes, every_lenience(), table});
  require(strict.used.none() && utf8.used.none() && open.used.none(), "strict syntax tolerates nothing");
  require_wider(strict, utf8);
  require_wider(strict, lenient);
  require_wider(utf8, open);
  require_wider(open, all);
  require_wider(lenient, all);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  if (size > 4096) return 0;
  const std::string_view text = FuzzInput::as_text(octets, size);
  run(text);
  if (size <= 64) run(spell(text, kWords));
  return 0;
}
