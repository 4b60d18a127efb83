// A mailbox is accepted as the ABNF has it, and is its own text; quoting keeps what a local-part means.
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "postrider/fuzz/support/alphabet.h"
#include "postrider/fuzz/support/fuzz_input.h"
#include "postrider/fuzz/support/grammar_reference.h"
#include "postrider/fuzz/support/require.h"
#include "postrider/protocol/grammar/address.h"
#include "postrider/protocol/grammar/utf8.h"

namespace {

using namespace postrider::protocol;
using namespace postrider::fuzz;

constexpr std::array<std::string_view, 32> kWords = {"a",
                                                     "b",
                                                     "z9",
                                                     "@",
                                                     "@",
                                                     ".",
                                                     "-",
                                                     "\"",
                                                     "\"",
                                                     "\\",
                                                     " ",
                                                     "[",
                                                     "]",
                                                     "192.0.2.1",
                                                     "IPv6:",
                                                     "::1",
                                                     "tag:",
                                                     ":",
                                                     "example.org",
                                                     "\xC3\xA9",
                                                     "\xE2\x82\xAC",
                                                     "\xC0\xAF",
                                                     "\xED\xA0\x80",
                                                     "+",
                                                     "_",
                                                     "=",
                                                     "\t",
                                                     "\r",
                                                     "\n",
                                                     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                                                     "<",
                                                     ">"};

bool is_ascii(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) > 127) return false;
  }
  return true;
}

void check_local_part(std::string_view local) {
  std::array<char, kMaxLocalPart> out;
  const std::string meant(unquote_local_part(local, out));
  const std::optional<std::string> quoted = quote_local_part(meant, Utf8::yes);
  require(quoted.has_value(), "what a local-part stands for can be quoted again");
  require(quoted->size() <= local.size(), "in the shortest form");
  const std::string again = *quoted + "@example.org";
  const Result<Mailbox> mailbox = Mailbox::parse(again, Utf8::yes);
  require(mailbox && mailbox->local_part() == *quoted, "which is a local-part");
  require_equal(unquote_local_part(mailbox->local_part(), out), meant, "that stands for the same octets");
}

Result<Mailbox> check(std::string_view text, Utf8 utf8) {
  const Result<Mailbox> whole = Mailbox::parse(text, utf8);
  Cursor cursor(text);
  const Result<Mailbox> begin = mailbox(cursor, utf8);
  if (!begin) {
    require(cursor.offset() == 0, "a recogniser that fails does not move");
    require(!whole, "and then the whole is no mailbox");
    return whole;
  }
  require_equal(cursor.since(0), begin->text(), "a mailbox is as long as its text");
  require(whole.has_value() == cursor.done(), "the whole is a mailbox when nothing is left");
  const Result<Mailbox> alone = Mailbox::parse(begin->text(), utf8);
  require(alone && *alone == *begin, "a mailbox is one by itself");
  require(begin->local_part().size() <= kMaxLocalPart && begin->host().text().size() <= kMaxDomain &&
              begin->text().size() + 2 <= kMaxPath,
          "no part is longer than RFC 5321 4.5.3.1 allows");
  require_equal(std::string(begin->local_part()) + "@" + std::string(begin->host().text()), begin->text(),
                "local-part, @ and host are the whole of it");
  require(begin->has_non_ascii() == !is_ascii(begin->text()), "has_non_ascii() says what is there");
  require(is_utf8(begin->text()), "a mailbox is UTF-8");
  require(utf8 == Utf8::yes || is_ascii(begin->text()), "and ASCII unless UTF-8 is allowed");
  check_local_part(begin->local_part());
  return whole;
}

// In ASCII, against the short reference.
void check_reference(std::string_view text, const Result<Mailbox>& mailbox) {
  const std::size_t at = text.rfind('@');
  if (at == std::string_view::npos) return require(!mailbox, "a mailbox has an @");
  const std::string_view host = text.substr(at + 1);
  if (mailbox && mailbox->host().is_literal()) {
    return require(is_local_part(mailbox->local_part()), "the ABNF has the local-part");
  }
  const bool expected = is_local_part(text.substr(0, at)) && is_domain(host) && text.size() + 2 <= kMaxPath;
  require(mailbox.has_value() == expected, "accepted exactly when the ABNF has it");
}

void run(std::string_view octets) {
  const ExactCopy copy(octets);
  const std::string_view text = copy.view();
  const Result<Mailbox> ascii = check(text, Utf8::no);
  const Result<Mailbox> utf8 = check(text, Utf8::yes);
  if (ascii) require(utf8 && *utf8 == *ascii, "UTF-8 being allowed changes nothing for ASCII");
  if (text.find('[') == std::string_view::npos) check_reference(text, ascii);

  for (const Utf8 allowed : {Utf8::no, Utf8::yes}) {
    const std::optional<std::string> quoted = quote_local_part(text, allowed);
    if (!quoted) continue;
    std::array<char, kMaxLocalPart> out;
    require(quoted->size() <= kMaxLocalPart, "a quoted local-part is not too long");
    require_equal(unquote_local_part(*quoted, out), text, "quoting keeps the octets");
    Cursor cursor(*quoted);
    require(local_part(cursor, allowed).has_value() && cursor.done(), "quoting gives a local-part");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  if (size > 1024) return 0;
  const std::string_view text = FuzzInput::as_text(octets, size);
  run(text);
  run(spell(text, kWords));
  return 0;
}
