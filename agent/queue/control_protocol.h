// What is said over an agent's control socket: a JSON object a line, RFC 8259.
//
//   {"do":"list","after":"0000000000000"}
//                              {"entry":{…}} {"recipients":[…]} {"entry":{…}} {"done":{…}}
//   {"do":"hold","id":"0f3q…"}                 {"done":{"changed":true}} or {"error":{"kind":…,"text":…}}
//
// Each request is answered by lines of which the last one is `done` or `error`; then the next one may come.
// An entry with many recipients goes in several lines: `recipients` belong to the entry before. Content is
// base64, in `content`. Members that are not known are passed over. Lines are bounded on both sides.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "postrider/agent/queue/queue_source.h"

namespace postrider::agent {

// Stops whoever sends a line without an end. A request holds an id or two and a domain, RFC 5321 4.5.3.1.2.
inline constexpr std::size_t kMaxControlRequest = 4096;
// An answer's lines are cut behind kControlPiece; one recipient more fits in any case.
inline constexpr std::size_t kMaxControlAnswer = std::size_t{1} << 20;
inline constexpr std::size_t kControlPiece = std::size_t{48} << 10;

struct ControlRequest {
  enum class What : std::uint8_t { list, show, content, act, retry_all };

  ControlRequest() = default;
  explicit ControlRequest(What asked) : what(asked) {}

  What what = What::list;
  QueueAction action = QueueAction::retry;  // act
  queue::MessageId id;                      // show, content, act
  queue::MessageId after;                   // list
  std::uint64_t limit = 0;                  // content
  RetryScope scope;                         // retry_all
};

struct MoreRecipients {
  std::vector<EntryRecipient> recipients;
};
struct ContentPart {
  std::string octets;
};
struct ControlDone {
  bool changed = false;    // act
  RetryProgress progress;  // retry_all
};
using ControlAnswer = std::variant<QueueEntry, MoreRecipients, ContentPart, ControlDone, QueueFailure>;

// Lines with their ends.
std::string to_line(const ControlRequest& request);
// The entry in as many lines as it needs.
std::vector<std::string> to_lines(const QueueEntry& entry);
std::string content_line(std::string_view octets);
std::string to_line(const ControlDone& done);
std::string to_line(const QueueFailure& failure);

// Lines without their ends. An error says what is wrong with it.
std::expected<ControlRequest, std::string> parse_request(std::string_view line);
std::optional<ControlAnswer> parse_answer(std::string_view line);

}  // namespace postrider::agent
