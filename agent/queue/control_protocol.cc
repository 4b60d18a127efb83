#include "postrider/agent/queue/control_protocol.h"

#include <algorithm>
#include <array>
#include <limits>
#include <span>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "postrider/agent/log/json_object.h"
#include "postrider/agent/queue/queue_json.h"
#include "postrider/protocol/grammar/base64.h"

namespace postrider::agent {
namespace {

namespace json = boost::json;

using What = ControlRequest::What;
using Kind = QueueFailure::Kind;

constexpr std::size_t kDepth = 8;  // of brackets in brackets; what we write has five

struct KindName {
  Kind kind;
  std::string_view name;
};
constexpr std::array<KindName, 9> kKinds{{{Kind::missing, "missing"},
                                          {Kind::damaged, "damaged"},
                                          {Kind::held, "held"},
                                          {Kind::delivered, "delivered"},
                                          {Kind::store, "store"},
                                          {Kind::agent, "agent"},
                                          {Kind::refused, "refused"},
                                          {Kind::nobody, "nobody"},
                                          {Kind::forbidden, "forbidden"}}};

constexpr std::array<QueueAction, 4> kActions{QueueAction::retry, QueueAction::hold, QueueAction::release,
                                              QueueAction::drop};

std::string line(const JsonObject& object) { return object.str() + "\n"; }

std::optional<json::object> parse_object(std::string_view text) {
  json::parse_options options;
  options.max_depth = kDepth;
  json::error_code failure;
  json::value value = json::parse(json::string_view(text.data(), text.size()), failure, {}, options);
  if (failure || !value.is_object()) return std::nullopt;
  return std::move(value.get_object());
}

std::optional<std::string_view> text_at(const json::object& object, std::string_view key) {
  const json::value* found = object.if_contains(json::string_view(key.data(), key.size()));
  if (found == nullptr || !found->is_string()) return std::nullopt;
  return std::string_view(found->get_string().data(), found->get_string().size());
}

std::optional<std::uint64_t> number_at(const json::object& object, std::string_view key) {
  const json::value* found = object.if_contains(json::string_view(key.data(), key.size()));
  if (found == nullptr || !found->is_int64() || found->get_int64() < 0) return std::nullopt;
  return static_cast<std::uint64_t>(found->get_int64());
}

std::optional<bool> truth_at(const json::object& object, std::string_view key) {
  const json::value* found = object.if_contains(json::string_view(key.data(), key.size()));
  if (found == nullptr || !found->is_bool()) return std::nullopt;
  return found->get_bool();
}

std::optional<queue::MessageId> id_at(const json::object& object, std::string_view key) {
  const auto text = text_at(object, key);
  return text ? queue::MessageId::parse(*text) : std::nullopt;
}

std::string_view name_of(What what, QueueAction action) {
  switch (what) {
    case What::list: return "list";
    case What::show: return "show";
    case What::content: return "content";
    case What::retry_all: return "retry-all";
    case What::act: break;
  }
  return to_string(action);
}

bool read_verb(std::string_view verb, ControlRequest& request) {
  for (const What what : {What::list, What::show, What::content, What::retry_all}) {
    request.what = what;
    if (verb == name_of(what, {})) return true;
  }
  request.what = What::act;
  const auto action = std::ranges::find(kActions, verb, [](QueueAction each) { return to_string(each); });
  if (action == kActions.end()) return false;
  request.action = *action;
  return true;
}

std::optional<ControlAnswer> read_recipients(const json::value& value) {
  if (!value.is_array()) return std::nullopt;
  MoreRecipients more;
  for (const json::value& each : value.get_array()) {
    if (!each.is_object()) return std::nullopt;
    auto recipient = read_recipient(each.get_object());
    if (!recipient) return std::nullopt;
    more.recipients.push_back(*std::move(recipient));
  }
  return more;
}

std::optional<ControlAnswer> read_content(const json::value& value) {
  if (!value.is_string()) return std::nullopt;
  const std::string_view text(value.get_string().data(), value.get_string().size());
  ContentPart part;
  part.octets.resize(protocol::base64_decoded_bound(text.size()));
  const auto decoded = protocol::base64_decode(text, std::span<char>(part.octets));
  if (!decoded) return std::nullopt;
  part.octets.resize(decoded->size());
  return part;
}

std::optional<ControlAnswer> read_done(const json::value& value) {
  if (!value.is_object()) return std::nullopt;
  const json::object& object = value.get_object();
  ControlDone done;
  done.changed = truth_at(object, "changed").value_or(false);
  done.progress.seen = number_at(object, "seen").value_or(0);
  done.progress.changed = number_at(object, "now_due").value_or(0);
  done.progress.last = id_at(object, "last").value_or(queue::MessageId());
  done.progress.until = id_at(object, "until").value_or(queue::MessageId());
  done.progress.end = truth_at(object, "end").value_or(true);
  return done;
}

std::optional<ControlAnswer> read_failure(const json::value& value) {
  if (!value.is_object()) return std::nullopt;
  const auto kind = text_at(value.get_object(), "kind");
  const auto text = text_at(value.get_object(), "text");
  if (!kind || !text) return std::nullopt;
  const auto known = std::ranges::find(kKinds, *kind, &KindName::name);
  return QueueFailure{known == kKinds.end() ? Kind::refused : known->kind, std::string(*text)};
}

}  // namespace

std::string to_line(const ControlRequest& request) {
  JsonObject out;
  out.text("do", name_of(request.what, request.action));
  switch (request.what) {
    case What::list: out.text("after", request.after.to_string()); break;
    case What::content: out.number("limit", request.limit); [[fallthrough]];
    case What::show:
    case What::act: out.text("id", request.id.to_string()); break;
    case What::retry_all:
      out.text("domain", request.scope.domain);
      out.text("after", request.scope.after.to_string());
      out.text("until", request.scope.until.to_string());
      break;
  }
  return line(out);
}

std::vector<std::string> to_lines(const QueueEntry& entry) {
  std::vector<std::string> lines{line(JsonObject().raw("entry", show_json_without_recipients(entry)))};
  std::vector<std::string> piece;
  std::size_t octets = 0;
  for (const EntryRecipient& each : entry.recipients) {
    piece.push_back(show_json(each));
    octets += piece.back().size();
    if (octets < kControlPiece && &each != &entry.recipients.back()) continue;
    lines.push_back(line(JsonObject().raw_list("recipients", piece)));
    piece.clear();
    octets = 0;
  }
  return lines;
}

std::string content_line(std::string_view octets) {
  std::string encoded;
  protocol::base64_encode(octets, encoded);
  return line(JsonObject().text("content", encoded));
}

std::string to_line(const ControlDone& done) {
  JsonObject out;
  out.truth("changed", done.changed).number("seen", done.progress.seen);
  out.number("now_due", done.progress.changed).text("last", done.progress.last.to_string());
  out.text("until", done.progress.until.to_string()).truth("end", done.progress.end);
  return line(JsonObject().raw("done", out.str()));
}

std::string to_line(const QueueFailure& failure) {
  const auto known = std::ranges::find(kKinds, failure.kind, &KindName::kind);
  JsonObject out;
  out.text("kind", known == kKinds.end() ? "store" : known->name).text("text", failure.text);
  return line(JsonObject().raw("error", out.str()));
}

std::expected<ControlRequest, std::string> parse_request(std::string_view line) {
  const auto object = parse_object(line);
  if (!object) return std::unexpected("a request is a JSON object");
  const auto verb = text_at(*object, "do");
  ControlRequest request;
  if (!verb || !read_verb(*verb, request)) {
    return std::unexpected("\"do\" is list, show, content, retry, retry-all, hold, release or drop");
  }
  const auto id = id_at(*object, "id");
  const auto after = id_at(*object, "after");
  switch (request.what) {
    case What::list:
      if (!after) return std::unexpected("\"after\" is an id");
      request.after = *after;
      break;
    case What::retry_all: {
      const auto domain = text_at(*object, "domain");
      const auto until = id_at(*object, "until");
      if (!domain || !after || !until) {
        return std::unexpected("\"domain\" is a text, \"after\" and \"until\" are ids");
      }
      request.scope.domain = *domain;
      request.scope.after = *after;
      request.scope.until = *until;
      break;
    }
    case What::content: {
      const auto limit = number_at(*object, "limit");
      if (!limit) return std::unexpected("\"limit\" is a number of octets");
      request.limit = *limit;
      [[fallthrough]];
    }
    case What::show:
    case What::act:
      if (!id) return std::unexpected("\"id\" is that of a message");
      request.id = *id;
      break;
  }
  return request;
}

std::optional<ControlAnswer> parse_answer(std::string_view line) {
  const auto object = parse_object(line);
  if (!object) return std::nullopt;
  if (const json::value* entry = object->if_contains("entry")) {
    if (!entry->is_object()) return std::nullopt;
    auto read = read_entry(entry->get_object());
    if (!read) return std::nullopt;
    return *std::move(read);
  }
  if (const json::value* more = object->if_contains("recipients")) return read_recipients(*more);
  if (const json::value* content = object->if_contains("content")) return read_content(*content);
  if (const json::value* done = object->if_contains("done")) return read_done(*done);
  if (const json::value* failure = object->if_contains("error")) return read_failure(*failure);
  return std::nullopt;
}

}  // namespace postrider::agent
