// A line over the control socket is understood or refused, whatever it says; what was understood is the same
// when it is said again, and is one line within its bound.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "postrider/agent/queue/control_protocol.h"
#include "postrider/agent/queue/queue_json.h"
#include "postrider/fuzz/support/alphabet.h"
#include "postrider/fuzz/support/fuzz_input.h"
#include "postrider/fuzz/support/require.h"
#include "postrider/protocol/grammar/utf8.h"

namespace {

using namespace postrider::agent;
using namespace postrider::fuzz;

constexpr std::array<std::string_view, 40> kWords = {"{\"do\":\"list\",",
                                                     "{\"do\":\"show\",",
                                                     "{\"do\":\"content\",\"limit\":9,",
                                                     "{\"do\":\"hold\",",
                                                     "{\"do\":\"drop\",",
                                                     "{\"do\":\"retry-all\",",
                                                     "\"after\":",
                                                     "\"until\":",
                                                     "\"id\":",
                                                     "\"domain\":",
                                                     "\"0f3q000000000\"",
                                                     "\"0000000000000\"",
                                                     "\"example.org\"",
                                                     "{\"entry\":{",
                                                     "{\"recipients\":[{",
                                                     "{\"done\":{",
                                                     "{\"error\":{\"kind\":\"store\",",
                                                     "{\"content\":\"aGVsbG8=\"",
                                                     "\"text\":\"no\"",
                                                     "\"changed\":true",
                                                     "\"state\":\"deferred\"",
                                                     "\"state\":\"damaged\"",
                                                     "\"sender\":\"a@example.org\"",
                                                     "\"size\":100",
                                                     "\"arrived\":\"2026-11-21T22:31:04.120Z\"",
                                                     "\"next_attempt\":null",
                                                     "\"attempts\":3",
                                                     "\"address\":\"b@example.org\"",
                                                     "\"last_reply\":\"450 later\"",
                                                     "\"seen\":18446744073709551615",
                                                     "-1",
                                                     "1e400",
                                                     "\"\\u0000\\ud800\"",
                                                     "null",
                                                     ",",
                                                     "[",
                                                     "]",
                                                     "{",
                                                     "}",
                                                     "\xFF"};

std::string_view without_end(const std::string& line) {
  require(line.size() >= 2 && line.ends_with('\n'), "a line has its end");
  require_equal(line.find('\n'), line.size() - 1, "and is one line");
  return std::string_view(line).substr(0, line.size() - 1);
}

void check_request(std::string_view line) {
  const auto request = parse_request(line);
  if (!request) return require(!request.error().empty(), "a refusal says why");
  const std::string said = to_line(*request);
  const auto again = parse_request(without_end(said));
  require(again.has_value(), "what is said is understood");
  require(again->what == request->what && again->id == request->id && again->after == request->after &&
              again->limit == request->limit && again->scope.domain == request->scope.domain &&
              again->scope.after == request->scope.after && again->scope.until == request->scope.until,
          "as it was meant");
  require(request->what != ControlRequest::What::act || again->action == request->action, "and done so");
}

void check_entry(const QueueEntry& entry) {
  QueueEntry whole;
  for (const std::string& line : to_lines(entry)) {
    require(line.size() <= kMaxControlAnswer, "a line has its bound");
    const auto piece = parse_answer(without_end(line));
    require(piece.has_value(), "what is said is understood");
    if (const auto* head = std::get_if<QueueEntry>(&*piece)) {
      whole = *head;
    } else {
      for (const EntryRecipient& each : std::get<MoreRecipients>(*piece).recipients) {
        whole.recipients.push_back(each);
      }
    }
  }
  require(whole == entry, "an entry is the same when it was sent");
}

void check_answer(std::string_view line) {
  const auto answer = parse_answer(line);
  if (!answer) return;
  if (const auto* entry = std::get_if<QueueEntry>(&*answer)) {
    check_entry(*entry);
  } else if (const auto* done = std::get_if<ControlDone>(&*answer)) {
    const std::string said = to_line(*done);
    const auto again = parse_answer(without_end(said));
    require(again && std::get<ControlDone>(*again).progress == done->progress, "so is what was done");
  } else if (const auto* failure = std::get_if<QueueFailure>(&*answer)) {
    const std::string said = to_line(*failure);
    const auto again = parse_answer(without_end(said));
    require(again && std::get<QueueFailure>(*again).kind == failure->kind, "so is a failure");
  } else if (const auto* part = std::get_if<ContentPart>(&*answer)) {
    const std::string said = content_line(part->octets);
    const auto again = parse_answer(without_end(said));
    require(again && std::get<ContentPart>(*again).octets == part->octets, "so is content");
  }
}

void check(std::string_view octets) {
  const ExactCopy copy(octets);
  check_request(copy.view());
  check_answer(copy.view());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  if (size > 8192) return 0;
  const std::string_view text = FuzzInput::as_text(octets, size);
  check(text);
  if (size <= 64) check(spell(text, kWords));
  return 0;
}
