#include "postrider/fuzz/smuggling/probe_message.h"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace postrider::fuzz {
namespace {

// A chunk's size in octal digits, read as decimal ones, leaves room for what looks like commands from here
// on.
constexpr std::size_t kOctalRoom = 01400;

std::string header(const ProbeMessage& probe, std::string_view mark) {
  std::string out;
  out.append("From: <").append(probe.sender).append(">\r\nTo: <").append(probe.recipient);
  out.append(">\r\nSubject: end of data, ").append(probe.id).append("\r\n").append(mark).append("\r\n\r\n");
  return out;
}

// Everything in front of the sequence.
std::string front(const ProbeMessage& probe) {
  return header(probe, outer_mark(probe.id)) + before_mark(probe.id);
}

// What would be a second message; ended.
std::string behind(const ProbeMessage& probe) {
  std::string out(kBehindMark);
  out.append(probe.sender).append(">\r\nRCPT TO:<").append(probe.recipient).append(">\r\nDATA\r\n");
  out.append(header(probe, inner_mark(probe.id))).append("second\r\n.\r\n");
  return out;
}

std::string chunk(std::string_view size, std::string_view content, bool last) {
  std::string out = "BDAT ";
  out.append(size).append(last ? " LAST\r\n" : "\r\n").append(content);
  return out;
}

void write_data(const Variant& variant, ProbeMessage& probe) {
  std::string next = variant.empty_message ? "" : front(probe);
  for (const std::string& piece : variant.pieces) {
    next += piece;
    probe.writes.push_back(std::exchange(next, {}));
  }
  // The commands leave with the last piece, as a sender's that knows what it does would.
  if (variant.pieces.size() == 1) {
    probe.writes.back() += behind(probe);
  } else {
    probe.writes.push_back(behind(probe));
  }
}

void write_chunks(const Variant& variant, ProbeMessage& probe) {
  std::string next = front(probe);
  for (std::size_t at = 0; at + 1 < variant.pieces.size(); ++at) {
    next += variant.pieces[at];
    probe.writes.push_back(chunk(std::to_string(next.size()), next, false));
    next.clear();
  }
  next += variant.pieces.back() + behind(probe);
  probe.writes.push_back(chunk(std::to_string(next.size()), next, true));
  probe.replies = variant.pieces.size();
}

void write_beyond(const Variant& variant, ProbeMessage& probe) {
  const std::string before = front(probe) + variant.sequence();
  const std::uint64_t size = (std::uint64_t{1} << 32) + before.size();
  probe.writes.push_back(chunk(std::to_string(size), before + behind(probe), true));
}

std::string octal(std::size_t number) {
  std::string out;
  for (; number != 0; number /= 8) out.insert(out.begin(), static_cast<char>('0' + number % 8));
  return out;
}

// Lines of text until there are `wanted` octets.
void fill(std::string& text, std::size_t wanted) {
  while (text.size() + 2 <= wanted) {
    const std::size_t left = wanted - text.size() - 2;
    std::size_t line = std::min<std::size_t>(left, 70);
    if (left == line + 1) --line;  // no line has one octet
    text.append(line, 'x').append("\r\n");
  }
}

// So much in front that its length in octal, read as decimal, holds all that follows as well.
void write_zero(const Variant& variant, ProbeMessage& probe) {
  const std::string begin = before_mark(probe.id) + variant.sequence();
  std::string all = header(probe, outer_mark(probe.id));
  fill(all, kOctalRoom);
  all += begin;
  const std::string size = octal(all.size());
  all += behind(probe);
  fill(all, std::stoul(size));
  probe.writes.push_back(chunk("0" + size, all, true));
}

}  // namespace

ProbeMessage make_probe(const Variant& variant, std::string id, std::string sender, std::string recipient) {
  ProbeMessage probe;
  probe.id = std::move(id);
  probe.sender = std::move(sender);
  probe.recipient = std::move(recipient);
  if (variant.carrier == Carrier::data) {
    write_data(variant, probe);
  } else if (variant.size == ChunkSize::beyond_32_bits) {
    write_beyond(variant, probe);
  } else if (variant.size == ChunkSize::leading_zero) {
    write_zero(variant, probe);
  } else {
    write_chunks(variant, probe);
  }
  return probe;
}

std::string outer_mark(std::string_view id) { return "X-Postrider-Smuggle: outer " + std::string(id); }
std::string inner_mark(std::string_view id) { return "X-Postrider-Smuggle: inner " + std::string(id); }
std::string before_mark(std::string_view id) { return "begin-" + std::string(id) + "|"; }

}  // namespace postrider::fuzz
