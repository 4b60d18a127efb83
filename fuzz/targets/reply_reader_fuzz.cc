// Replies are those of a short reference however the input is cut, within the limits, and survive being
// written.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "postrider/fuzz/support/alphabet.h"
#include "postrider/fuzz/support/choices.h"
#include "postrider/fuzz/support/fuzz_input.h"
#include "postrider/fuzz/support/require.h"
#include "postrider/fuzz/support/splits.h"
#include "postrider/protocol/framing/reply_reader.h"
#include "postrider/protocol/grammar/delivery_decision.h"
#include "postrider/protocol/grammar/reply.h"

namespace {

using namespace postrider::protocol;
using namespace postrider::fuzz;

constexpr std::array<std::string_view, 32> kWords = {"250",
                                                     "250",
                                                     "550",
                                                     "421",
                                                     "334",
                                                     "471",
                                                     "199",
                                                     "600",
                                                     " ",
                                                     "-",
                                                     " ",
                                                     "-",
                                                     "\r\n",
                                                     "\r\n",
                                                     "\r",
                                                     "\n",
                                                     std::string_view("\0", 1),
                                                     "2.1.0 ",
                                                     "5.1.1 ",
                                                     "2.0.0",
                                                     "4.999.999 ",
                                                     "5.01.1 ",
                                                     "text",
                                                     "\t",
                                                     "\xC3\xA9",
                                                     "25",
                                                     "0",
                                                     "x",
                                                     "250 ok\r\n",
                                                     "250-a\r\n",
                                                     "250\r\n",
                                                     "xxxxxxxxxxxxxxxx"};

struct Seen {
  unsigned code = 0;
  std::optional<EnhancedDetail> status;
  std::string text;
  bool truncated = false;

  friend bool operator==(const Seen&, const Seen&) = default;
};
struct Outcome {
  std::vector<Seen> replies;
  std::optional<Errc> error;
  std::size_t consumed = 0;

  friend bool operator==(const Outcome&, const Outcome&) = default;
};

// ---- The reference: the whole input, line by line ----

// One line of at most `limit` octets with CRLF, without it. nullopt: none yet, or `error`.
std::optional<std::string_view> next_line(std::string_view input, std::size_t limit,
                                          std::optional<Errc>& error) {
  const std::size_t at = input.find_first_of(std::string_view("\r\n\0", 3));
  const std::size_t end = std::min(at, input.size());
  const bool ends = end < input.size();
  const bool cr = ends && input[end] == '\r';
  const std::size_t needed = cr ? end + 2 : end + 1;  // octets that decide what ends the line
  if (needed > limit) {
    if (input.size() >= limit) error = Errc::line_too_long;
    return std::nullopt;
  }
  if (!ends || needed > input.size()) {
    if (input.size() >= limit) error = Errc::line_too_long;
    return std::nullopt;
  }
  if (cr && input[end + 1] == '\n') return input.substr(0, end);
  error = cr ? Errc::bare_carriage_return : input[end] == '\n' ? Errc::bare_line_feed : Errc::nul_octet;
  return std::nullopt;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

void add_text(Seen& reply, std::string_view text, bool first, const Limits& limits) {
  std::string_view rest = text;
  const std::optional<EnhancedStatus> found = parse_enhanced_status(rest);
  if (found && found->klass == reply.code / 100) {
    if (first || !reply.status) reply.status = found->code;
    if (reply.status == found->code) text = rest;
  }
  if (reply.truncated) return;
  if (!first) reply.text += '\n';
  reply.text += text;
  if (reply.text.size() <= limits.reply_text) return;
  reply.text.resize(limits.reply_text);
  reply.truncated = true;
}

Outcome reference(std::string_view input, const Limits& limits) {
  Outcome out;
  Seen reply;
  std::size_t lines = 0;
  while (!out.error) {
    const auto line = next_line(input.substr(out.consumed), limits.reply_line, out.error);
    if (!line) break;
    const std::string_view l = *line;
    const bool code = l.size() >= 3 && l[0] >= '2' && l[0] <= '5' && is_digit(l[1]) && is_digit(l[2]);
    const bool last = l.size() == 3 || (l.size() > 3 && l[3] == ' ');
    if (!code || (!last && l[3] != '-')) {
      out.error = Errc::bad_reply_code;
      break;
    }
    const unsigned value = static_cast<unsigned>((l[0] - '0') * 100 + (l[1] - '0') * 10 + (l[2] - '0'));
    if (lines == 0) reply = Seen{value, {}, {}, false};
    if (value != reply.code) {
      out.error = Errc::reply_code_changed;
      break;
    }
    if (lines == limits.reply_lines) {
      out.error = Errc::reply_too_long;
      break;
    }
    add_text(reply, l.substr(std::min<std::size_t>(4, l.size())), lines == 0, limits);
    ++lines;
    out.consumed += l.size() + 2;
    if (!last) continue;
    out.replies.push_back(reply);
    lines = 0;
  }
  return out;
}

// ---- The reader ----

Outcome observe(std::string_view input, const Cuts& cuts, const Limits& limits) {
  ReplyReader reader(limits);
  Outcome out;
  feed(input, cuts, [&](std::string_view unconsumed) {
    std::size_t consumed = 0;
    for (;;) {
      const ReplyReader::Read read = reader.next(unconsumed.substr(consumed));
      consumed += read.consumed;
      require(consumed <= unconsumed.size(), "no more is consumed than there was");
      if (!read.reply) break;
      if (!*read.reply) {
        require(!out.error || (out.error == read.reply->error().code && read.consumed == 0),
                "an error stays, and nothing more is consumed");
        out.error = read.reply->error().code;
        break;
      }
      require(!out.error, "no reply comes behind an error");
      const ReplyView& reply = **read.reply;
      require(reply.text.size() <= limits.reply_text, "a text has a bound");
      require(!reader.mid_reply(), "a reply is told when its last line is there");
      out.replies.push_back({reply.code.value(), reply.status, std::string(reply.text), reply.truncated});
    }
    require(out.error || unconsumed.size() - consumed < limits.reply_line, "no more is kept than a line");
    out.consumed += consumed;
    return consumed;
  });
  return out;
}

// ---- Writing ----

bool plain(std::string_view text) {
  if (!all(text, kReplyText | kLineBreaker) || text.find_first_of(std::string_view("\r\0", 2)) != text.npos) {
    return false;
  }
  if (text.starts_with('\n') || text.ends_with('\n') || text.find("\n\n") != text.npos) return false;
  std::size_t line = 0;
  for (const char c : text) {
    line = c == '\n' ? 0 : line + 1;
    if (line > kMaxReplyTextLine - 12) return false;
  }
  return true;
}

// A line of a text that looks like a status is read as one when the reply is written without.
bool has_status_like_line(const Seen& reply) {
  std::string_view rest = reply.text;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    if (parse_enhanced_status(line)) return true;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return false;
}

void check_written(const Seen& reply) {
  const auto code = ReplyCode::received(reply.code);
  const ReplyView view(*code, reply.status, reply.text);
  const std::string log = to_log_line(view);
  for (const char c : log)
    require(static_cast<unsigned char>(c) >= 32 && c != 127, "a log line has no controls");

  for (const WriteEnhanced enhanced : {WriteEnhanced::no, WriteEnhanced::yes}) {
    std::string wire;
    write_reply(view, enhanced, wire);
    const Outcome again = observe(wire, {}, Limits{.reply_text = 1 << 20, .reply_lines = 1 << 16});
    require(!again.error && again.replies.size() == 1 && again.consumed == wire.size(),
            "what is written is one reply");
    const Seen& back = again.replies.front();
    const bool writable = ReplyCode::from(reply.code).has_value();
    require_equal(back.code, writable ? reply.code : reply.code / 100 * 100 + 50, "with its code");
    require(ReplyCode::from(back.code).has_value(), "which is one of RFC 5321 4.2");
    if (enhanced == WriteEnhanced::yes && reply.code / 100 != 3) {
      require(back.status == reply.status.value_or(status::other), "and its status");
    }
    if (plain(reply.text) && !has_status_like_line(reply))
      require_equal(back.text, reply.text, "and its text");
  }
}

void check_decisions(const Seen& reply) {
  const ReplyView view(*ReplyCode::received(reply.code), reply.status, reply.text);
  for (std::size_t i = 0; i < kStageCount; ++i) {
    const auto stage = static_cast<Stage>(i);
    const Decision decision = decide(stage, view);
    require(decision == decide(stage, view), "a decision is a function of stage and reply");
    require(!to_string(stage).empty() && !to_string(decision).empty(), "and both have names for logs");
    if (decision == Decision::delivered) {
      require(view.code.positive() && stage == Stage::content, "delivered: RFC 5321 6.1");
    }
    const bool last_word = stage == Stage::quit;  // nothing depends on it any more
    const bool refused = view.code.transient() || view.code.permanent();
    require(last_word || !refused || decision != Decision::proceed, "a refusal is no way to go on");
  }
}

void run(std::string_view settings, std::string_view input) {
  OctetChoices choices(settings);
  Limits limits;
  limits.reply_line = 512 - choices.below(500);
  limits.reply_text = 256 - choices.below(250);
  limits.reply_lines = 9 - choices.below(9);
  const Outcome expected = reference(input, limits);
  const Outcome whole = observe(input, {}, limits);
  require(whole.error == expected.error, "the error is that of the reference");
  require(whole.replies == expected.replies, "the replies are those of the reference");
  require_equal(whole.consumed, expected.consumed, "what is consumed is what the reference says");
  require(observe(input, octet_by_octet(input.size()), limits) == expected, "octet by octet");
  require(observe(input, random_cuts(input.size(), choices), limits) == expected, "cut anywhere");
  for (const Seen& reply : expected.replies) {
    check_written(reply);
    check_decisions(reply);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  if (size > 2048) return 0;
  FuzzInput in(octets, size);
  const std::string_view settings = in.line();
  run(settings, in.rest());
  if (in.rest().size() <= 128) run(settings, spell(in.rest(), kWords));
  return 0;
}
