// Parameters that are accepted can be written, and read back as equal values within the bounds of their RFCs.
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
#include "postrider/protocol/grammar/parameters.h"
#include "postrider/protocol/grammar/utf8.h"
#include "postrider/protocol/grammar/xtext.h"

namespace {

using namespace postrider::protocol;
using namespace postrider::fuzz;

constexpr std::array<std::string_view, 48> kWords = {" SIZE=",
                                                     " BODY=",
                                                     "7BIT",
                                                     "8BITMIME",
                                                     "BINARYMIME",
                                                     " SMTPUTF8",
                                                     " RET=",
                                                     "FULL",
                                                     "HDRS",
                                                     " ENVID=",
                                                     " AUTH=",
                                                     "<>",
                                                     " REQUIRETLS",
                                                     " MT-PRIORITY=",
                                                     "-9",
                                                     " BY=",
                                                     ";",
                                                     "N",
                                                     "R",
                                                     "T",
                                                     " HOLDFOR=",
                                                     " HOLDUNTIL=",
                                                     "2026-02-28T23:59:60",
                                                     "Z",
                                                     "+01:00",
                                                     " NOTIFY=",
                                                     "NEVER",
                                                     "SUCCESS",
                                                     "FAILURE",
                                                     "DELAY",
                                                     ",",
                                                     " ORCPT=",
                                                     "rfc822;",
                                                     "utf-8;",
                                                     "a@b.example",
                                                     "+2B",
                                                     "\\x{20AC}",
                                                     "\xC3\xA9",
                                                     "\xFF",
                                                     " XTRACE=",
                                                     " XCOLOUR",
                                                     " XFLAG",
                                                     "=",
                                                     "0",
                                                     "99999999999999999999",
                                                     "123456789",
                                                     " ",
                                                     "\t"};

void check_text(LineText text, std::size_t most) {
  require(text.size() <= most && is_xtext(text), "xtext as written, within its bound");
}

void check_values(const MailParameters& p) {
  check_text(p.envid, 100);
  check_text(p.auth, 3 * kMaxPath);
  if (p.deliver_by) {
    const std::int32_t seconds = p.deliver_by->seconds;
    require(seconds >= -999999999 && seconds <= 999999999, "RFC 2852 4: nine digits");
    require(seconds > 0 || p.deliver_by->mode == DeliverBy::Mode::notify,
            "RFC 2852 4: R needs a positive time");
  }
  if (p.future_release) {
    const bool for_seconds = p.future_release->until.empty();
    require(for_seconds == (p.future_release->seconds != 0), "RFC 4865 4.2: one of the two");
    require(p.future_release->seconds <= 999999999, "RFC 4865 3: nine digits");
  }
  if (p.mt_priority) require(*p.mt_priority >= -9 && *p.mt_priority <= 9, "RFC 6710 3: -9 to 9");
}

void check_values(const RcptParameters& p) {
  const DsnNotify n = p.notify;
  require(!n.never || (!n.success && !n.failure && !n.delay), "RFC 3461 4.1: NEVER stands alone");
  require(n.given == (n.never || n.success || n.failure || n.delay), "something was asked for");
  require(p.orcpt_type.size() + 1 + p.orcpt_address.size() <= 500, "RFC 3461 4.2: 500 characters");
}

Command command_with(const MailParameters& p) { return Mail{ReversePath{}, p}; }
Command command_with(const RcptParameters& p) {
  return Rcpt{ForwardPath{.mailbox = {}, .postmaster = true}, p};
}
const MailParameters& parameters_of(const Command& c, const MailParameters&) {
  return std::get<Mail>(c).parameters;
}
const RcptParameters& parameters_of(const Command& c, const RcptParameters&) {
  return std::get<Rcpt>(c).parameters;
}

// Each word of the registered ones is found by its name.
void check_registered(const RegisteredParameters& registered) {
  for (const std::string_view name : {"XTRACE", "xcolour", "XFLAG"}) {
    const auto found = registered.find(name);
    if (!found) continue;
    require(found->empty() || std::string_view(registered.text).find(*found) != std::string_view::npos,
            "a value that is found stands in the list");
  }
}

template <class Parameters>
void check(std::string_view text, Utf8 utf8, const ExtensionTable* table,
           Result<Parameters> (*read)(Cursor&, Utf8, const ExtensionTable*) noexcept) {
  Cursor cursor(text);
  const Result<Parameters> parameters = read(cursor, utf8, table);
  if (!parameters) {
    require(cursor.offset() == 0, "a recogniser that fails does not move");
    require(parameters.error().offset <= text.size(), "an error lies within the text");
    require_explained(parameters.error().code);
    return;
  }
  require(cursor.done(), "parameters reach to the end of the line");
  require(fits_one_line(text), "and fit into a line");
  check_values(*parameters);
  check_registered(parameters->registered);
  require(table != nullptr || parameters->registered.text.empty(), "nothing is registered without a table");

  const Command command = command_with(*parameters);
  std::string wire;
  require(write_command(command, wire, table).has_value(), "parameters that were accepted can be written");
  const std::string_view line = std::string_view(wire).substr(0, wire.size() - 2);
  const ParsedLine again = parse_command(line, {Utf8::yes, {}, table});
  require(again.command && *again.command == command, "and read back as equal ones");
  require(parameters_of(*again.command, *parameters).used == parameters->used, "of the same extensions");
}

void check_one(std::string_view text, Utf8 utf8) {
  Cursor cursor(text);
  const Result<Parameter> parameter = esmtp_param(cursor, utf8);
  if (!parameter) return require(cursor.offset() == 0, "a recogniser that fails does not move");
  std::string spelled(parameter->keyword);
  if (parameter->value) spelled += "=" + std::string(*parameter->value);
  require_equal(cursor.since(0), spelled, "a parameter is its keyword and value");
  require(cursor.done() || cursor.peek() == ' ', "up to a space");
  require(!parameter->value || (!parameter->value->empty() && is_utf8(*parameter->value)),
          "RFC 5321 4.1.2: a value is not empty");
}

void run(std::string_view octets) {
  const ExactCopy copy(octets);
  const std::string_view text = copy.view();
  for (const Utf8 utf8 : {Utf8::no, Utf8::yes}) {
    for (const ExtensionTable* table : {static_cast<const ExtensionTable*>(nullptr), &extensions()}) {
      check<MailParameters>(text, utf8, table, mail_parameters);
      check<RcptParameters>(text, utf8, table, rcpt_parameters);
    }
    check_one(text, utf8);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  if (size > 2048) return 0;
  const std::string_view text = FuzzInput::as_text(octets, size);
  run(text);
  if (size <= 64) run(spell(text, kWords));
  return 0;
}
