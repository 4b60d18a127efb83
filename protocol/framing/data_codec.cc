#include "postrider/protocol/framing/data_codec.h"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string_view>

#include "postrider/protocol/framing/scan.h"

namespace postrider::protocol {

// The tables of the banner, cell by cell.
struct DotTable {
  using State = DotDecoder::State;
  using enum State;

  enum class Flaw : std::uint8_t { none, bare_cr, bare_lf };
  using enum Flaw;
  // What becomes of the octet, or what is put in its stead.
  enum class Put : std::uint8_t {
    octet,     // the octet itself
    nothing,   // it is held back, or part of the terminator
    crlf,      // CRLF for a bare LF
    dot_crlf,  // the same, behind the dot that was held
    // In front of the octet, which is then looked at once more, in the next state:
    cr_again,
    lf_again,
    dot_again,
    dot_crlf_again,
  };
  using enum Put;
  static constexpr std::string_view kText[] = {"", "", "\r\n", ".\r\n", "\r", "\n", ".", ".\r\n"};

  struct Cell {
    State next;
    Put put;
    Flaw flaw;
  };
  enum Column : std::uint8_t { dot_octet, cr_octet, lf_octet, other_octet };
  struct Row {
    Cell cells[4];
  };

  static constexpr Column column(char octet) noexcept {
    return octet == '.' ? dot_octet : octet == '\r' ? cr_octet : octet == '\n' ? lf_octet : other_octet;
  }
  static constexpr bool again(Put put) noexcept { return put >= cr_again; }

  // clang-format off
  static constexpr Row kKeep[] = {
      /* bol           '.'   */ {{{dot, nothing, none},
      /*               CR    */   {cr, octet, none},
      /*               LF    */   {text, octet, bare_lf},
      /*               other */   {text, octet, none}}},
      /* dot           '.'   */ {{{text, octet, none},
      /*               CR    */   {dot_cr, nothing, none},
      /*               LF    */   {text, octet, bare_lf},
      /*               other */   {text, octet, none}}},
      /* dot_cr        '.'   */ {{{text, cr_again, bare_cr},
      /*               CR    */   {text, cr_again, bare_cr},
      /*               LF    */   {done, nothing, none},
      /*               other */   {text, cr_again, bare_cr}}},
      /* cr            '.'   */ {{{text, octet, bare_cr},
      /*               CR    */   {cr, octet, bare_cr},
      /*               LF    */   {bol, octet, none},
      /*               other */   {text, octet, bare_cr}}},
      /* text          '.'   */ {{{text, octet, none},
      /*               CR    */   {cr, octet, none},
      /*               LF    */   {text, octet, bare_lf},
      /*               other */   {text, octet, none}}},
  };

  static constexpr Row kConvert[] = {
      /* bol           '.'   */ {{{dot, nothing, none},
      /*               CR    */   {cr, octet, none},
      /*               LF    */   {bol_converted, crlf, bare_lf},
      /*               other */   {text, octet, none}}},
      /* dot           '.'   */ {{{text, octet, none},
      /*               CR    */   {dot_cr, nothing, none},
      /*               LF    */   {bol_converted, dot_crlf, bare_lf},
      /*               other */   {text, octet, none}}},
      /* dot_cr        '.'   */ {{{bol_converted, dot_crlf_again, bare_cr},
      /*               CR    */   {bol_converted, dot_crlf_again, bare_cr},
      /*               LF    */   {done, nothing, none},
      /*               other */   {bol_converted, dot_crlf_again, bare_cr}}},
      /* cr            '.'   */ {{{bol_converted, lf_again, bare_cr},
      /*               CR    */   {bol_converted, lf_again, bare_cr},
      /*               LF    */   {bol, octet, none},
      /*               other */   {bol_converted, lf_again, bare_cr}}},
      /* text          '.'   */ {{{text, octet, none},
      /*               CR    */   {cr, octet, none},
      /*               LF    */   {bol_converted, crlf, bare_lf},
      /*               other */   {text, octet, none}}},
      /* bol_converted '.'   */ {{{dot_converted, nothing, none},
      /*               CR    */   {cr, octet, none},
      /*               LF    */   {bol_converted, crlf, bare_lf},
      /*               other */   {text, octet, none}}},
      /* dot_converted '.'   */ {{{text, octet, none},
      /*               CR    */   {text, dot_again, none},
      /*               LF    */   {bol_converted, dot_crlf, bare_lf},
      /*               other */   {text, octet, none}}},
  };
  // clang-format on

  // Only CRLF "." CRLF ends data: one chain of cells leads to the end.
  static consteval bool ends_behind_crlf_dot_crlf_alone(std::span<const Row> rows) {
    for (std::size_t row = 0; row < rows.size(); ++row) {
      for (std::size_t octet_class = 0; octet_class < 4; ++octet_class) {
        const auto from = static_cast<State>(row);
        const State next = rows[row].cells[octet_class].next;
        if (next == bol && !(from == cr && octet_class == lf_octet)) return false;
        if (next == dot && !(from == bol && octet_class == dot_octet)) return false;
        if (next == dot_cr && !(from == dot && octet_class == cr_octet)) return false;
        if (next == done && !(from == dot_cr && octet_class == lf_octet)) return false;
      }
    }
    return true;
  }
};
static_assert(DotTable::ends_behind_crlf_dot_crlf_alone(DotTable::kKeep));
static_assert(DotTable::ends_behind_crlf_dot_crlf_alone(DotTable::kConvert));

namespace {

// Below so many octets the table is as quick as the search for the next octet that needs it.
constexpr std::size_t kWorthARun = 16;

}  // namespace

DotDecoder::Slice DotDecoder::next(std::string_view input) noexcept {
  const DotTable::Row* const rows = endings_ == BareEndings::keep ? DotTable::kKeep : DotTable::kConvert;
  // The slice is [begin, end) of the input. It grows while end == at; once an octet has been held back, it
  // can only be handed out.
  std::size_t at = 0, begin = 0, end = 0;
  while (at < input.size() && state_ != State::done) {
    if (begin == end) begin = end = at;
    if (end == at && in_text() && input.size() - at >= kWorthARun) {
      at = end = at + run(input.substr(at));
      if (at == input.size()) break;
    }
    const char octet = input[at];
    const DotTable::Cell& cell = rows[static_cast<std::size_t>(state_)].cells[DotTable::column(octet)];
    const bool extends = cell.put == DotTable::Put::octet && end == at;
    if (begin != end && !extends && cell.put != DotTable::Put::nothing) break;

    state_ = cell.next;
    if (cell.flaw == DotTable::Flaw::bare_cr) flaws_.bare_cr = true;
    if (cell.flaw == DotTable::Flaw::bare_lf) flaws_.bare_lf = true;
    if (!DotTable::again(cell.put)) {
      if (octet == '\0') flaws_.nul = true;
      if (static_cast<unsigned char>(octet) > 127) flaws_.eight_bit = true;
      ++at;
    }
    const std::string_view text = DotTable::kText[static_cast<std::size_t>(cell.put)];
    if (cell.put == DotTable::Put::octet) end = at;
    line_ += cell.put == DotTable::Put::octet ? 1 : text.size();
    if (state_ == State::bol || state_ == State::bol_converted) end_line();
    if (!text.empty()) {
      octets_ += text.size();
      return {at, text, false};
    }
  }
  octets_ += end - begin;
  return {at, input.substr(begin, end - begin), state_ == State::done};
}

// The states in which octets are emitted as they come until one needs a decision.
bool DotDecoder::in_text() const noexcept {
  return state_ == State::text || state_ == State::cr || state_ == State::bol ||
         state_ == State::bol_converted;
}

// Does what the table says for as many octets as need no decision. Returns how many: all are emitted.
std::size_t DotDecoder::run(std::string_view input) noexcept {
  const bool line_start = state_ == State::bol || state_ == State::bol_converted;
  const TextPlace place{.line_start = line_start, .after_cr = state_ == State::cr, .line = line_};
  const Stops stops = endings_ == BareEndings::keep ? Stops::dots : Stops::dots_and_bare_endings;
  const TextRun run = scan_text(input, place, stops, text_line_);
  if (run.length == 0) return 0;
  flaws_.add(run.flaws);
  line_ = run.end.line;
  state_ = run.end.line_start ? State::bol : run.end.after_cr ? State::cr : State::text;
  return run.length;
}

void DotDecoder::end_line() noexcept {
  if (line_ > text_line_) flaws_.long_line = true;
  line_ = 0;
}

void FlawScanner::look(std::string_view slice) noexcept {
  const TextPlace place{.line_start = false, .after_cr = after_cr_, .line = line_};
  const TextRun run = scan_text(slice, place, Stops::nothing, text_line_);
  flaws_.add(run.flaws);
  after_cr_ = run.end.after_cr;
  line_ = run.end.line;
}

void FlawScanner::finish() noexcept {
  if (after_cr_) flaws_.bare_cr = true;
  if (line_ != 0 && line_ + 2 > text_line_) flaws_.long_line = true;
  after_cr_ = false;
  line_ = 0;
}

Result<DotEncoder::Piece> DotEncoder::next(std::string_view message) noexcept {
  const bool convert = endings_ == BareEndings::convert;
  if (state_ == State::refused) return refuse(refused_);
  if (message.empty()) return Piece{0, {}};
  if (state_ == State::cr && !convert) {
    if (message.front() != '\n') return refuse(Errc::bare_carriage_return);
    state_ = State::bol;
    return Piece{1, "\r\n"};
  }
  if (state_ == State::cr && message.front() != '\n') {
    state_ = State::bol;
    return Piece{0, "\n"};
  }

  const TextPlace place{.line_start = state_ == State::bol, .after_cr = state_ == State::cr};
  const TextRun run = scan_text(message, place, Stops::dots_and_bare_endings, SIZE_MAX);
  std::size_t n = run.length;
  if (run.flaws.nul) {
    n = message.find('\0');
    if (n == 0) return refuse(Errc::nul_in_data);
    state_ = State::text;
    return Piece{n, message.substr(0, n)};
  }
  const bool all = n == message.size();
  if (run.end.after_cr && n != 0) {
    if (convert || all) {
      state_ = State::cr;
      return Piece{n, message.substr(0, convert ? n : n - 1)};
    }
    if (n == 1) return refuse(Errc::bare_carriage_return);
    state_ = State::text;
    return Piece{n - 1, message.substr(0, n - 1)};
  }
  if (n != 0) state_ = run.end.line_start ? State::bol : State::text;
  if (all) return Piece{n, message};
  if (message[n] == '.') {
    state_ = State::dot;
    return Piece{n, message.substr(0, n + 1)};
  }
  // An LF that follows no CR.
  if (n != 0) return Piece{n, message.substr(0, n)};
  if (!convert) return refuse(Errc::bare_line_feed);
  state_ = State::bol;
  return Piece{1, "\r\n"};
}

Result<std::string_view> DotEncoder::finish() noexcept {
  switch (state_) {
    case State::bol: return ".\r\n";
    case State::text: return "\r\n.\r\n";
    case State::cr:
      if (endings_ == BareEndings::convert) return "\n.\r\n";
      return std::unexpected(Error{.code = Errc::bare_carriage_return});
    case State::dot: return std::unexpected(Error{.code = Errc::misuse});
    case State::refused: break;
  }
  return std::unexpected(Error{.code = refused_});
}

std::unexpected<Error> DotEncoder::refuse(Errc code) noexcept {
  state_ = State::refused;
  refused_ = code;
  return std::unexpected(Error{.code = code});
}

}  // namespace postrider::protocol
