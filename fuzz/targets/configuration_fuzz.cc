// A configuration is taken, or refused with what is wrong and where; comments, blank lines and CRLF change
// nothing but the numbers of the lines; what is wrong is told in clean lines.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "postrider/agent/config/config_reader.h"
#include "postrider/fuzz/support/alphabet.h"
#include "postrider/fuzz/support/fuzz_input.h"
#include "postrider/fuzz/support/require.h"

namespace {

using namespace postrider::agent;
using namespace postrider::fuzz;

constexpr std::array<std::string_view, 48> kWords = {"hostname = ",
                                                     "state = ",
                                                     "threads = ",
                                                     "[[listen]]\n",
                                                     "address = ",
                                                     "role = ",
                                                     "\"mx\"\n",
                                                     "\"submission\"\n",
                                                     "tls = ",
                                                     "\"starttls\"\n",
                                                     "\"none\"\n",
                                                     "proxy_protocol = ",
                                                     "relay_from = ",
                                                     "[\"127.0.0.1/32\"]\n",
                                                     "[\"::/0\", \"10.0.0.0/8\"]\n",
                                                     "[tls]\n",
                                                     "backend = ",
                                                     "\"wolfssl\"\n",
                                                     "minimum = \"1.3\"\n",
                                                     "[resolver]\n",
                                                     "\"static\"\n",
                                                     "servers = [\"127.0.0.1:5300\"]\n",
                                                     "url = \"https://dns.example/dns-query\"\n",
                                                     "[queue]\n",
                                                     "store = \"memory\"\n",
                                                     "retry = [\"1m\", \"5m\"]\n",
                                                     "expire = \"5d\"\n",
                                                     "[[route]]\n",
                                                     "domains = [\"example.org\"]\n",
                                                     "domains = [\"*\"]\n",
                                                     "deliver = ",
                                                     "\"mx\"\n",
                                                     "\"maildir:/var/mail/{domain}/{local}\"\n",
                                                     "\"smtp://relay.example:587\"\n",
                                                     "\"lmtp+unix:/run/lmtp\"\n",
                                                     "[limits]\n",
                                                     "message_size = \"50MiB\"\n",
                                                     "idle = ",
                                                     "\"5m\"\n",
                                                     "\"127.0.0.1:2525\"\n",
                                                     "\"[::1]:0\"\n",
                                                     "1\n",
                                                     "-1\n",
                                                     "9223372036854775807\n",
                                                     "\n",
                                                     "# comment\n",
                                                     "[log]\nlevel = \"debug\"\n",
                                                     "\xFF"};

// Everything in which two results can differ, but for lines.
std::string summary(const ConfigResult& result) {
  std::string out;
  if (!result) {
    for (const ConfigProblem& each : result.error()) out += each.key + ": " + each.text + "\n";
    return out;
  }
  const Config& config = result->config;
  out += config.hostname + " " + config.state.native() + " " + std::to_string(config.threads);
  for (const Listener& each : config.listeners) out += " " + to_text(each.address);
  out += " " + std::to_string(config.routes.size()) + " " + std::to_string(config.limits.message_size);
  return out;
}

void check_problems(const std::vector<ConfigProblem>& problems, std::size_t lines) {
  require(!problems.empty(), "a refusal has a reason");
  for (const ConfigProblem& each : problems) {
    require(each.file == "f.toml", "a problem names the file");
    require(!each.text.empty(), "and says what it is");
    require(each.line <= lines, "a problem is within the file");
    for (const char c : each.to_text()) {
      require(static_cast<unsigned char>(c) >= 32 && c != 127, "a problem is one clean line");
    }
  }
  require(std::ranges::is_sorted(problems, {}, &ConfigProblem::line),
          "problems come in the order of the file");
}

void check(std::string_view octets) {
  const std::string text(octets);
  const auto lines = static_cast<std::size_t>(std::ranges::count(text, '\n')) + 1;
  const ConfigResult result = read_config(text, "f.toml", "/etc/postrider");
  if (!result) check_problems(result.error(), lines);
  const ConfigResult shifted = read_config("# a comment\n\n" + text, "f.toml", "/etc/postrider");
  // A byte order mark stands at the beginning or not at all.
  if (text.starts_with("\xEF\xBB\xBF")) return;
  require_equal(summary(shifted), summary(result), "a comment in front changes nothing");
  if (!result) {
    for (std::size_t each = 0; each < result.error().size(); ++each) {
      const std::uint32_t line = result.error()[each].line;
      require_equal(shifted.error()[each].line, line == 0 ? 0 : line + 2, "but the lines");
    }
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
