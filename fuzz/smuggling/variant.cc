#include "postrider/fuzz/smuggling/variant.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

namespace postrider::fuzz {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kEnd = "\r\n.\r\n";
constexpr std::string_view kEndOfData = "RFC 5321 4.1.1.4";
constexpr std::string_view kLineEnds = "RFC 5321 2.3.8";
constexpr std::string_view kTransparency = "RFC 5321 4.5.2";
constexpr std::string_view kChunks = "RFC 3030 2";

struct LineEnd {
  std::string_view name;
  std::string_view octets;
};
// What some reader or other has taken for the end of a line.
constexpr std::array<LineEnd, 6> kLineEndings{{
    {"crlf", "\r\n"},
    {"lf", "\n"},
    {"cr", "\r"},
    {"crcrlf", "\r\r\n"},
    {"lfcr", "\n\r"},
    {"crnullf", "\r\0\n"sv},
}};

struct Fixed {
  std::string_view name;
  std::string_view sequence;
  std::string_view what;
  std::string_view clause;
};
constexpr std::array<Fixed, 22> kFixed{{
    {"crlf-nul-dot-crlf", "\r\n\0.\r\n"sv, "a NUL before the dot", kEndOfData},
    {"crlf-dot-nul-crlf", "\r\n.\0\r\n"sv, "a NUL behind the dot", kEndOfData},
    {"crlf-dot-cr-nul-lf", "\r\n.\r\0\n"sv, "a NUL within the last CRLF", kEndOfData},
    {"crlf-dot-space-crlf", "\r\n. \r\n", "a space behind the dot", kEndOfData},
    {"crlf-dot-tab-crlf", "\r\n.\t\r\n", "a tab behind the dot", kEndOfData},
    {"crlf-space-dot-crlf", "\r\n .\r\n", "a space before the dot", kEndOfData},
    {"crlf-dot-dot-crlf", "\r\n..\r\n", "a line of one dot, as a right sender writes it", kTransparency},
    {"crlf-dot-dot-dot-crlf", "\r\n...\r\n", "a line of two dots", kTransparency},
    {"lf-dot-dot-lf", "\n..\n", "what becomes LF . LF where dots are removed behind LF", kTransparency},
    {"lf-dot-dot-crlf", "\n..\r\n", "what becomes LF . CRLF where dots are removed behind LF", kTransparency},
    {"cr-dot-dot-cr", "\r..\r", "what becomes CR . CR where dots are removed behind CR", kTransparency},
    {"crlf-dot-dot-lf", "\r\n..\n", "what becomes CRLF . LF once its dot is removed", kTransparency},
    {"crlf-dot-dot-cr", "\r\n..\r", "what becomes CRLF . CR once its dot is removed", kTransparency},
    {"nel-dot-nel", "\xC2\x85.\xC2\x85", "U+0085, a line end of Unicode, in UTF-8", kLineEnds},
    {"nel-octet-dot-nel-octet", "\x85.\x85", "the octet 85, a line end of ISO 8859 and ISO 6429", kLineEnds},
    {"ls-dot-ls", "\xE2\x80\xA8.\xE2\x80\xA8", "U+2028, a line end of Unicode, in UTF-8", kLineEnds},
    {"vt-dot-vt", "\v.\v", "vertical tabs, which some libraries split lines at", kLineEnds},
    {"ff-dot-ff", "\f.\f", "form feeds, which some libraries split lines at", kLineEnds},
    {"high-crlf-dot-high-crlf", "\x8D\x8A.\x8D\x8A", "CRLF with the eighth bit set, for who cuts it off",
     kLineEnds},
    {"crlf-high-dot-crlf", "\r\n\xAE\r\n", "the dot with its eighth bit set, for who cuts it off",
     kEndOfData},
    {"crlf-fullwidth-dot-crlf", "\r\n\xEF\xBC\x8E\r\n", "U+FF0E, a dot to who normalises Unicode",
     kEndOfData},
    {"crlf-ideographic-dot-crlf", "\r\n\xE3\x80\x82\r\n", "U+3002, a dot in host names of IDNA", kEndOfData},
}};

struct Cut {
  std::string_view name;
  std::array<std::string_view, 5> pieces;  // empty ones at the end do not count
  std::string_view what;
};
constexpr std::array<Cut, 9> kCuts{{
    {"split-cr", {"\r", "\n.\r\n"}, "the end, cut within its first CRLF"},
    {"split-crlf", {"\r\n", ".\r\n"}, "the end, cut before its dot"},
    {"split-dot", {"\r\n.", "\r\n"}, "the end, cut behind its dot"},
    {"split-dot-cr", {"\r\n.\r", "\n"}, "the end, cut within its last CRLF"},
    {"split-everywhere", {"\r", "\n", ".", "\r", "\n"}, "the end, one octet a write"},
    {"split-lf-dot-lf", {"\n", ".", "\n"}, "LF . LF, one octet a write"},
    {"split-crlf-dot-lf", {"\r\n.", "\n"}, "CRLF . LF, cut behind the dot"},
    {"split-cr-dot-crlf", {"\r", ".", "\r\n"}, "CR . CRLF, cut around the dot"},
    {"split-crlf-dot-cr", {"\r\n.", "\r"}, "CRLF . CR at the end of a write, and no LF behind it"},
}};

struct Chunks {
  std::string_view name;
  std::array<std::string_view, 3> pieces;
  std::string_view what;
};
constexpr std::array<Chunks, 9> kChunked{{
    {"bdat-crlf-dot-crlf", {"\r\n.\r\n"}, "the end of DATA within a chunk"},
    {"bdat-lf-dot-lf", {"\n.\n"}, "LF . LF within a chunk"},
    {"bdat-lf-dot-crlf", {"\n.\r\n"}, "LF . CRLF within a chunk"},
    {"bdat-cr-dot-cr", {"\r.\r"}, "CR . CR within a chunk"},
    {"bdat-crlf-dot-lf", {"\r\n.\n"}, "CRLF . LF within a chunk"},
    {"bdat-split-dot", {"\r\n.", "\r\n"}, "the end of DATA over two chunks, cut behind the dot"},
    {"bdat-split-cr", {"\r", "\n.\r\n"}, "the end of DATA over two chunks, cut within its first CRLF"},
    {"bdat-split-crlf", {"\r\n", ".\r\n"}, "the end of DATA over two chunks, cut before the dot"},
    {"bdat-split-everywhere",
     {"\r", "\n.\r", "\n"},
     "the end of DATA over three chunks, cut within both CRLFs"},
}};

Variant make(std::string_view name, std::string_view what, std::string_view clause) {
  Variant out;
  out.name = name;
  out.what = what;
  out.clause = clause;
  return out;
}

template <std::size_t Count>
std::vector<std::string> without_empty(const std::array<std::string_view, Count>& pieces) {
  std::vector<std::string> out;
  for (const std::string_view piece : pieces) {
    if (!piece.empty()) out.emplace_back(piece);
  }
  return out;
}

void add_products(std::vector<Variant>& out) {
  for (const LineEnd& before : kLineEndings) {
    for (const LineEnd& after : kLineEndings) {
      const std::string name = std::string(before.name) + "-dot-" + std::string(after.name);
      Variant variant = make(name, "a dot between these line ends", kEndOfData);
      variant.pieces = {std::string(before.octets) + "." + std::string(after.octets)};
      out.push_back(std::move(variant));
    }
  }
}

void add_chunks(std::vector<Variant>& out) {
  for (const Chunks& each : kChunked) {
    Variant variant = make(each.name, each.what, kChunks);
    variant.carrier = Carrier::bdat;
    variant.pieces = without_empty(each.pieces);
    out.push_back(std::move(variant));
  }
  Variant beyond =
      make("bdat-size-beyond-32-bits",
           "a chunk of 2^32 octets and some: who cuts that to 32 bits reads content as commands", kChunks);
  beyond.size = ChunkSize::beyond_32_bits;
  Variant zero = make("bdat-size-leading-zero",
                      "a size with a leading zero: who reads it as octal reads content as commands", kChunks);
  zero.size = ChunkSize::leading_zero;
  for (Variant* each : {&beyond, &zero}) {
    each->carrier = Carrier::bdat;
    each->pieces = {"\r\n"};
    out.push_back(std::move(*each));
  }
}

std::vector<Variant> make_variants() {
  std::vector<Variant> out;
  add_products(out);
  for (const Fixed& each : kFixed) {
    Variant variant = make(each.name, each.what, each.clause);
    variant.pieces = {std::string(each.sequence)};
    out.push_back(std::move(variant));
  }
  for (const Cut& each : kCuts) {
    Variant variant = make(each.name, each.what, kEndOfData);
    variant.pieces = without_empty(each.pieces);
    out.push_back(std::move(variant));
  }
  Variant empty =
      make("empty-message", "the end at once behind the 354: a message without an octet", kEndOfData);
  empty.pieces = {".\r\n"};
  empty.empty_message = true;
  out.push_back(std::move(empty));
  // Those that do end it come first.
  std::vector<Variant> sorted;
  std::vector<Variant> others;
  for (Variant& each : out) {
    const bool ends = each.empty_message || each.sequence().find(kEnd) != std::string::npos;
    each.expected = ends ? Expected::end : Expected::content;
    (ends ? sorted : others).push_back(std::move(each));
  }
  std::ranges::move(others, std::back_inserter(sorted));
  add_chunks(sorted);
  return sorted;
}

}  // namespace

std::string Variant::sequence() const {
  std::string out;
  for (const std::string& piece : pieces) out += piece;
  return out;
}

const std::vector<Variant>& variants() {
  static const std::vector<Variant> kAll = make_variants();
  return kAll;
}

const Variant* find_variant(std::string_view name) {
  const std::vector<Variant>& all = variants();
  const auto found = std::ranges::find(all, name, &Variant::name);
  return found == all.end() ? nullptr : &*found;
}

}  // namespace postrider::fuzz
