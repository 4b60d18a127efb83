// A file of accounts is taken whole or refused with what is wrong and where; what is taken is the same once
// it is written and read again; a login server's lines are read or refused, and what is read stood in them.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "postrider/agent/accounts/account_file.h"
#include "postrider/agent/accounts/dovecot_protocol.h"
#include "postrider/agent/accounts/user_name.h"
#include "postrider/fuzz/support/alphabet.h"
#include "postrider/fuzz/support/fuzz_input.h"
#include "postrider/fuzz/support/require.h"

namespace {

using namespace postrider::agent;
using namespace postrider::fuzz;

constexpr std::array<std::string_view, 32> kWords = {
    "decoy_key = \"MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI=\"\n",
    "[[account]]\n",
    "name = \"fred\"\n",
    "name = \"Fred@Example.org\"\n",
    "name = \"\"\n",
    "salt = \"MTIzNDU2Nzg5MDEyMzQ1Ng==\"\n",
    "salt = \"\"\n",
    "iterations = 50000\n",
    "iterations = 1\n",
    "iterations = 99999999999\n",
    "stored_key = \"MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI=\"\n",
    "server_key = \"MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI=\"\n",
    "server_key = \"x\"\n",
    "password = \"secret\"\n",
    "VERSION\t1\t2",
    "MECH\tPLAIN\tplaintext",
    "MECH\tX\tprivate",
    "MECH\tANONYMOUS\tanonymous",
    "DONE",
    "CONT\t1\t",
    "OK\t1\tuser=fred",
    "FAIL\t1\ttemp",
    "FAIL\t4294967296",
    "SPID\t7",
    "\t",
    "\x01",
    "\x01t",
    "user=",
    "Zm9v",
    "\n",
    "\xC3\xA9",
    "\xFF"};

void check_file(std::string_view octets) {
  const AccountsResult accounts = parse_accounts(octets, "accounts.toml");
  if (!accounts) {
    require(!accounts.error().empty(), "a refusal has a reason");
    for (const ConfigProblem& each : accounts.error()) {
      require(!each.text.empty() && each.file == "accounts.toml", "which says what it is and where");
    }
    return;
  }
  for (const auto& [name, verifier] : accounts->verifiers) {
    require_equal(canonical_user_name(name).value_or(""), name, "a name is kept in its canonical form");
    require(verifier.iterations != 0 && !verifier.salt.empty(), "a verifier is whole");
  }
  const AccountsResult again = parse_accounts(to_toml(*accounts), "accounts.toml");
  require(again.has_value() && again->decoy_key == accounts->decoy_key, "what is written is read");
  require_equal(again->verifiers.size(), accounts->verifiers.size(), "all of it");
  for (const auto& [name, verifier] : accounts->verifiers) {
    const auto found = again->verifiers.find(name);
    require(found != again->verifiers.end() && found->second == verifier, "as what it was");
  }
}

bool is_within(std::string_view part, std::string_view whole) {
  return part.empty() ||
         (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

void check_line(std::string_view octets) {
  const ExactCopy copy(octets);
  const auto line = dovecot::parse_line(copy.view());
  if (!line) return require(!line.error().empty(), "a refusal says why");
  if (const auto* more = std::get_if<dovecot::Continue>(&*line)) {
    require(is_within(more->base64, copy.view()), "a challenge stands in the line");
  } else if (const auto* accepted = std::get_if<dovecot::Accepted>(&*line)) {
    require(accepted->user.size() <= octets.size(), "nothing is made up");
    require(octets.starts_with("OK\t"), "nobody is let in by another word");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  if (size > 4096) return 0;
  const std::string_view text = FuzzInput::as_text(octets, size);
  check_file(text);
  check_line(text);
  if (size > 64) return 0;
  const std::string spelled = spell(text, kWords);
  check_file(spelled);
  check_line(spelled);
  return 0;
}
