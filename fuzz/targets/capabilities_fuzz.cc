// Whatever a server says of itself: writing what was read gives a reply to EHLO that reads back as the same.
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "postrider/fuzz/support/alphabet.h"
#include "postrider/fuzz/support/fuzz_input.h"
#include "postrider/fuzz/support/require.h"
#include "postrider/protocol/framing/reply_reader.h"
#include "postrider/protocol/grammar/capabilities.h"

namespace {

using namespace postrider::protocol;
using namespace postrider::fuzz;

constexpr std::array<std::string_view, 48> kWords = {"\n",
                                                     "\n",
                                                     "\n",
                                                     "PIPELINING",
                                                     "SIZE",
                                                     " 1000",
                                                     " 0",
                                                     "8BITMIME",
                                                     "STARTTLS",
                                                     "AUTH",
                                                     " PLAIN",
                                                     " LOGIN",
                                                     "AUTH=PLAIN",
                                                     " SCRAM-SHA-256-PLUS",
                                                     " NTLM",
                                                     " gssapi",
                                                     "ENHANCEDSTATUSCODES",
                                                     "DSN",
                                                     "CHUNKING",
                                                     "BINARYMIME",
                                                     "SMTPUTF8",
                                                     "REQUIRETLS",
                                                     "MT-PRIORITY",
                                                     " MIXER",
                                                     "DELIVERBY",
                                                     " 60",
                                                     "FUTURERELEASE",
                                                     " 604800 ",
                                                     "2026-12-31T00:00:00Z",
                                                     "LIMITS",
                                                     " RCPTMAX=100",
                                                     " MAILMAX=",
                                                     "RCPTDOMAINMAX=7",
                                                     "HELP",
                                                     "VRFY",
                                                     "EXPN",
                                                     "ETRN",
                                                     "XCLIENT",
                                                     " NAME ADDR",
                                                     "X",
                                                     "-",
                                                     " ",
                                                     "\t",
                                                     "=",
                                                     "99999999999999999999",
                                                     "\xC3\xA9",
                                                     "\r",
                                                     "xxxxxxxxxxxxxxxx"};

void check_bounds(const Capabilities& seen) {
  require(seen.other_lines().size() <= Capabilities::kMaxOther, "unknown keywords are bounded");
  require(seen.other_mechanisms().size() <= Capabilities::kMaxOtherMechanisms, "mechanisms are bounded");
  require(seen.other_lines().empty() || seen.other_lines().ends_with('\n'), "each line ends");
  const SessionLimits& limits = seen.limits();
  require(limits.mail_max <= Capabilities::kMaxLimit && limits.rcpt_max <= Capabilities::kMaxLimit &&
              limits.rcpt_domain_max <= Capabilities::kMaxLimit,
          "RFC 9422 4: six digits");
  require(!seen.max_size() || seen.has(Extension::size), "a size needs SIZE");
  for (std::size_t i = 0; i < kExtensionCount; ++i) {
    const auto extension = static_cast<Extension>(i);
    require(seen.keyword_parameters(keyword(extension)).has_value() == seen.has(extension),
            "a keyword is found when it is offered");
  }
  for (std::size_t i = 0; i < kMechanismCount; ++i) {
    const auto mechanism = static_cast<Mechanism>(i);
    require(seen.has_mechanism(to_string(mechanism)) == seen.mechanisms().has(mechanism),
            "a mechanism is found when it is offered");
  }
}

// Over the wire, as a client sees it.
Capabilities transported(const Capabilities& offered) {
  std::string text;
  write_ehlo_text("mx.example.org", offered, text);
  std::string wire;
  write_reply(ReplyView(code::ok, text), WriteEnhanced::no, wire);
  ReplyReader reader{Limits{}};
  const ReplyReader::Read read = reader.next(wire);
  require(read.reply && *read.reply && read.consumed == wire.size(), "it is one reply");
  const Result<Capabilities> seen = parse_ehlo_reply(**read.reply);
  require(seen.has_value(), "and one to EHLO");
  return *seen;
}

// Keywords and mechanisms taken away and offered again.
void check_changes(Capabilities changed) {
  for (std::size_t i = 0; i < kExtensionCount; ++i) {
    const auto extension = static_cast<Extension>(i);
    const bool had = changed.has(extension);
    changed.withdraw(extension);
    require(!changed.has(extension), "what is withdrawn is gone");
    require(!changed.keyword_parameters(keyword(extension)), "with its parameters");
    if (had && i % 2 == 0) require(changed.offer_keyword(keyword(extension), ""), "it can be offered again");
  }
  check_bounds(changed);
  require(transported(changed) == changed, "what was changed reads back as the same, too");
}

void run(std::string_view octets) {
  const ExactCopy copy(octets);
  const std::string_view text = copy.view();
  require(!parse_ehlo_reply(ReplyView(code::mailbox_unavailable, text)), "a refusal offers nothing");
  ReplyView reply(code::ok, text);
  const Result<Capabilities> seen = parse_ehlo_reply(reply);
  require(seen.has_value(), "a server may say anything");
  check_bounds(*seen);
  require(transported(*seen) == *seen, "what was seen is written and reads back as the same");
  check_changes(*seen);

  reply.truncated = true;
  const Result<Capabilities> cut = parse_ehlo_reply(reply);
  require(cut.has_value(), "a reply that was cut is read as far as it came");
  check_bounds(*cut);

  // The same lines, offered one by one.
  Capabilities offered;
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    const std::size_t space = std::min(line.find(' '), line.size());
    const Capabilities before = offered;
    const std::string_view word = line.substr(0, space);
    if (offered.offer_keyword(word, line.substr(std::min(space + 1, line.size())))) {
      require(offered.keyword_parameters(word).has_value(), "what is offered is found");
    } else {
      require(offered == before, "what is refused changes nothing");
    }
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  check_bounds(offered);
  require(transported(offered) == offered, "what is offered reads back as the same");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  if (size > 1024) return 0;
  const std::string_view text = FuzzInput::as_text(octets, size);
  run(text);
  if (size <= 128) run(spell(text, kWords));
  return 0;
}
