#include "postrider/fuzz/smuggling/verdict.h"

#include <algorithm>
#include <cstddef>

namespace postrider::fuzz {
namespace {

bool is_break(char octet) noexcept { return octet == '\r' || octet == '\n'; }
bool is_padding(char octet) noexcept { return octet == '\0' || octet == ' ' || octet == '\t'; }

const TakenMessage* find_marked(std::span<const TakenMessage> taken, const std::string& mark) {
  const auto found = std::ranges::find_if(
      taken, [&mark](const TakenMessage& each) { return each.raw.find(mark) != std::string::npos; });
  return found == taken.end() ? nullptr : &*found;
}

// Every CR, LF, CRLF as CRLF.
std::string with_crlf(std::string_view octets) {
  std::string out;
  for (std::size_t at = 0; at < octets.size(); ++at) {
    if (!is_break(octets[at])) {
      out += octets[at];
      continue;
    }
    if (octets[at] == '\r' && at + 1 < octets.size() && octets[at + 1] == '\n') ++at;
    out += "\r\n";
  }
  return out;
}

// A dot more wherever one begins a line that CRLF ended.
std::string stuffed(std::string_view octets) {
  std::string out;
  for (std::size_t at = 0; at < octets.size(); ++at) {
    const bool begins = at >= 2 && octets.substr(at - 2, 2) == "\r\n";
    if (begins && octets[at] == '.') out += '.';
    out += octets[at];
  }
  return out;
}

// What a right receiver has, of octets as they come in.
std::string unstuffed(std::string_view octets) {
  std::string out;
  for (std::size_t at = 0; at < octets.size(); ++at) {
    const bool begins = at >= 2 && octets.substr(at - 2, 2) == "\r\n";
    if (begins && octets[at] == '.') continue;
    out += octets[at];
  }
  return out;
}

std::string content_of(const Variant& variant) {
  const std::string sequence = variant.sequence();
  return variant.carrier == Carrier::bdat ? sequence : unstuffed(sequence);
}

Sent how_sent(const Variant& variant, std::string_view left) {
  const std::string sequence = variant.sequence();
  const std::string content = content_of(variant);
  if (left == sequence) return Sent::as_it_came;
  if (left == stuffed(content)) return Sent::unchanged;
  const bool normalised = left == stuffed(with_crlf(content)) || left == stuffed(with_crlf(sequence));
  return normalised ? Sent::normalised : Sent::changed;
}

std::string between(std::string_view raw, std::string_view from, std::string_view to, bool& whole) {
  const std::size_t begin = raw.find(from);
  if (begin == std::string_view::npos) return {};
  const std::size_t at = begin + from.size();
  const std::size_t end = raw.find(to, at);
  whole = end != std::string_view::npos;
  return std::string(raw.substr(at, whole ? end - at : std::string_view::npos));
}

Received how_received(const Variant& variant, const ProbeMessage& probe, const InboundResult& said) {
  if (said.not_offered) return Received::not_offered;
  if (!said.problem.empty()) return Received::unknown;
  if (said.replies.size() > probe.replies) return Received::ended;
  if (said.replies.empty()) {
    return said.end == WireOutcome::timeout ? Received::no_reply : Received::closed;
  }
  const bool refused =
      std::ranges::any_of(said.replies, [](const InboundReply& each) { return each.code >= 400; });
  if (refused) return Received::refused;
  // Nobody has seen all of such a chunk yet.
  if (variant.size == ChunkSize::beyond_32_bits) return Received::ended;
  return said.replies.size() < probe.replies ? Received::no_reply : Received::content;
}

}  // namespace

Verdict judge(const Variant& variant, const ProbeMessage& probe, const InboundResult& said,
              std::span<const TakenMessage> taken) {
  Verdict out;
  out.problem = said.problem;
  out.received = how_received(variant, probe, said);
  if (!said.replies.empty()) out.reply = said.replies.front().text;
  const TakenMessage* outer = find_marked(taken, outer_mark(probe.id));
  const TakenMessage* inner = find_marked(taken, inner_mark(probe.id));
  const bool two = inner != nullptr && inner != outer;
  if (outer != nullptr) {
    bool whole = false;
    out.left = between(outer->raw, before_mark(probe.id), kBehindMark, whole);
    out.sent = two ? Sent::two : whole ? how_sent(variant, out.left) : Sent::cut;
    out.leaks = ends_for_lenient_readers(out.left);
  } else if (two) {
    out.sent = Sent::two;
  }
  if (out.received == Received::content && out.sent == Sent::normalised) out.received = Received::normalised;
  const bool became_two = out.received == Received::ended || out.sent == Sent::two || out.sent == Sent::cut;
  if (variant.expected == Expected::content) {
    out.smuggled = became_two;
  } else {
    out.lost_end = !became_two && (out.received == Received::content || out.received == Received::normalised);
  }
  return out;
}

std::vector<std::string> ends_for_lenient_readers(std::string_view raw) {
  std::vector<std::string> out;
  for (std::size_t dot = raw.find('.'); dot != std::string_view::npos; dot = raw.find('.', dot + 1)) {
    std::size_t begin = dot;
    while (begin != 0 && raw[begin - 1] == '\0') --begin;
    if (begin == 0 || !is_break(raw[begin - 1])) continue;
    std::size_t end = dot + 1;
    while (end < raw.size() && is_padding(raw[end])) ++end;
    if (end == raw.size() || !is_break(raw[end])) continue;
    while (begin != 0 && is_break(raw[begin - 1])) --begin;
    while (end < raw.size() && is_break(raw[end])) ++end;
    out.emplace_back(raw.substr(begin, end - begin));
  }
  return out;
}

std::string_view to_string(Received received) noexcept {
  switch (received) {
    case Received::unknown: return "not sent";
    case Received::not_offered: return "not offered";
    case Received::refused: return "refused";
    case Received::closed: return "closed";
    case Received::no_reply: return "no reply";
    case Received::ended: return "ended data";
    case Received::content: return "content";
    case Received::normalised: return "normalised";
  }
  return "not sent";
}

std::string_view to_string(Sent sent) noexcept {
  switch (sent) {
    case Sent::nothing: return "nothing";
    case Sent::as_it_came: return "as it came";
    case Sent::unchanged: return "unchanged";
    case Sent::normalised: return "normalised";
    case Sent::changed: return "changed";
    case Sent::cut: return "cut";
    case Sent::two: return "two messages";
  }
  return "nothing";
}

}  // namespace postrider::fuzz
