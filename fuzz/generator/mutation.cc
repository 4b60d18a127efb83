#include "postrider/fuzz/generator/mutation.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "postrider/fuzz/generator/weights.h"

namespace postrider::fuzz {
namespace {

using namespace std::string_view_literals;

std::size_t place(Choices& choices, std::size_t size) {
  return size == 0 ? 0 : choices.below(static_cast<std::uint32_t>(std::min<std::size_t>(size, 65536)));
}

// Lines with their ends; what follows the last CRLF is one too.
std::vector<std::string_view> lines_of(std::string_view octets) {
  std::vector<std::string_view> lines;
  while (!octets.empty()) {
    const std::size_t end = octets.find("\r\n");
    const std::size_t size = end == std::string_view::npos ? octets.size() : end + 2;
    lines.push_back(octets.substr(0, size));
    octets.remove_prefix(size);
  }
  return lines;
}

std::string joined(const std::vector<std::string_view>& lines) {
  std::string all;
  for (const std::string_view line : lines) all += line;
  return all;
}

void change_line_end(Choices& choices, std::string& octets) {
  std::vector<std::size_t> ends;
  for (std::size_t at = octets.find("\r\n"); at != std::string::npos; at = octets.find("\r\n", at + 2))
    ends.push_back(at);
  if (ends.empty()) return;
  static constexpr std::array kVariants{"\n"sv,     "\r"sv,       "\n\r"sv,     "\r\r\n"sv,
                                        "\r\0\n"sv, "\0\r\n"sv,   "\r\n\r\n"sv, ""sv,
                                        " \r\n"sv,  "\x0B\r\n"sv, "\xC2\x85"sv};
  const std::size_t at = ends[place(choices, ends.size())];
  octets.replace(at, 2, one_of(choices, kVariants));
}

void change_dot(Choices& choices, std::string& octets) {
  const std::vector<std::string_view> lines = lines_of(octets);
  const std::size_t chosen = place(choices, lines.size());
  const std::size_t at = lines.empty() ? 0 : static_cast<std::size_t>(lines[chosen].data() - octets.data());
  if (at < octets.size() && octets[at] == '.' && choices.below(2) == 0) {
    octets.erase(at, 1);
  } else {
    octets.insert(at, 1, '.');
  }
}

void change_octet(Choices& choices, std::string& octets) {
  static constexpr std::string_view kOctets("\0\x01\t \x7F\x80\xC3\xFF\r\n.<>@:\"\\", 17);
  if (octets.empty()) return;
  const std::size_t at = place(choices, octets.size());
  octets[at] = kOctets[place(choices, kOctets.size())];
}

void change_lines(Choices& choices, std::string& octets, Mutation mutation) {
  const std::string before = octets;
  std::vector<std::string_view> lines = lines_of(before);
  if (lines.empty()) return;
  const std::size_t at = place(choices, lines.size());
  if (mutation == Mutation::repeat_line) {
    lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(at), lines[at]);
  } else if (mutation == Mutation::drop_line) {
    lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(at));
  } else {
    std::swap(lines[at], lines[place(choices, lines.size())]);
  }
  octets = joined(lines);
}

void insert_line(Choices& choices, std::string& octets, Side side) {
  const std::vector<std::string_view> lines = lines_of(octets);
  std::size_t at = 0;
  for (std::size_t left = place(choices, lines.size() + 1), line = 0; line < left; ++line)
    at += lines[line].size();
  octets.insert(at, side == Side::client ? make_command(choices, {}) + "\r\n" : make_reply(choices));
}

// RFC 5321 4.5.3.1: octets with CRLF of a command, a reply and a line of text; the last is ours.
void stretch(Choices& choices, std::string& octets) {
  static constexpr std::array<std::size_t, 3> kLimits{512, 1000, 2048};
  const std::vector<std::string_view> lines = lines_of(octets);
  if (lines.empty()) return;
  const std::string_view line = lines[place(choices, lines.size())];
  const std::size_t wanted = near_limit(choices, kLimits[place(choices, kLimits.size())]);
  if (line.size() >= wanted) return;
  const std::size_t ending = line.ends_with("\r\n") ? 2 : 0;
  const auto at = static_cast<std::size_t>(line.data() - octets.data()) + line.size() - ending;
  octets.insert(at, wanted - line.size(), 'x');
}

void change_number(Choices& choices, std::string& octets) {
  const std::size_t from = place(choices, octets.size());
  const std::size_t begin = octets.find_first_of("0123456789", from);
  if (begin == std::string::npos) return;
  const std::size_t end = std::min(octets.find_first_not_of("0123456789", begin), octets.size());
  octets.replace(begin, end - begin,
                 one_of(choices, {"0", "1", "65536", "2147483648", "4294967295", "18446744073709551615",
                                  "18446744073709551616", "-1", "00000000000000000000000"}));
}

void insert_utf8(Choices& choices, std::string& octets) {
  const std::size_t at = place(choices, octets.size() + 1);
  octets.insert(at, one_of(choices, {"\xC3\xBC"sv, "\xE2\x98\x83"sv, "\xF0\x9F\x93\xAE"sv, "\xC3"sv,
                                     "\xC0\x8A"sv, "\xE2\x80\xA8"sv, "\xED\xA0\x80"sv, "\xEF\xBC\xA0"sv}));
}

void change_case(Choices& choices, std::string& octets) {
  const std::size_t from = place(choices, octets.size());
  for (std::size_t at = from; at < octets.size() && octets[at] != '\r'; ++at) {
    if ((octets[at] >= 'A' && octets[at] <= 'Z') || (octets[at] >= 'a' && octets[at] <= 'z')) {
      octets[at] = static_cast<char>(octets[at] ^ 0x20);
    }
  }
}

}  // namespace

std::string_view to_string(Mutation mutation) noexcept {
  static constexpr std::array<std::string_view, kMutationCount> kNames{
      "line-end",    "dot",      "end-of-data", "octet", "repeat-line", "drop-line", "swap-lines",
      "insert-line", "to-limit", "number",      "utf8",  "case",        "truncate",  "duplicate"};
  return kNames[static_cast<std::size_t>(mutation)];
}

void mutate(Choices& choices, std::string& octets, Mutation mutation, std::size_t most, Side side) {
  switch (mutation) {
    case Mutation::line_end: change_line_end(choices, octets); break;
    case Mutation::dot: change_dot(choices, octets); break;
    case Mutation::end_of_data: {
      const std::size_t at = place(choices, octets.size() + 1);
      octets.insert(at, one_of(choices, kEndsOfData));
      break;
    }
    case Mutation::octet: change_octet(choices, octets); break;
    case Mutation::repeat_line:
    case Mutation::drop_line:
    case Mutation::swap_lines: change_lines(choices, octets, mutation); break;
    case Mutation::insert_line: insert_line(choices, octets, side); break;
    case Mutation::to_limit: stretch(choices, octets); break;
    case Mutation::number: change_number(choices, octets); break;
    case Mutation::utf8: insert_utf8(choices, octets); break;
    case Mutation::letter_case: change_case(choices, octets); break;
    case Mutation::truncate: octets.resize(place(choices, octets.size() + 1)); break;
    case Mutation::duplicate: {
      const std::size_t from = place(choices, octets.size());
      const std::string piece = octets.substr(from, 1 + choices.below(64));
      octets.insert(from, piece);
      break;
    }
  }
  if (octets.size() > most) octets.resize(most);
}

Mutation mutate(Choices& choices, std::string& octets, std::size_t most, Side side) {
  const auto mutation = static_cast<Mutation>(choices.below(static_cast<std::uint32_t>(kMutationCount)));
  mutate(choices, octets, mutation, most, side);
  return mutation;
}

}  // namespace postrider::fuzz
