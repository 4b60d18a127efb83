#include "postrider/tests/protocol/support/command_generator.h"

#include <algorithm>
#include <array>
#include <functional>
#include <vector>

#include "postrider/protocol/grammar/base64.h"
#include "postrider/protocol/grammar/xtext.h"

namespace postrider::protocol::testing {
namespace {

constexpr std::string_view kLetDig = "abcxyzABCXYZ0189";
constexpr std::string_view kAtext = "abcXYZ019!#$%&'*+-/=?^_`{|}~";
constexpr std::string_view kHex = "0123456789abcdefABCDEF";
constexpr std::array<std::string_view, 5> kBeyondAscii = {"\xC3\xA5", "\xE2\x82\xAC", "\xE4\xBE\x8B",
                                                          "\xF0\x9F\x93\xAC", "\xC2\x80"};

std::string printable() {
  std::string all;
  for (char c = 32; c < 127; ++c) all.push_back(c);
  return all;
}

}  // namespace

std::string CommandGenerator::some_of(std::string_view alphabet, std::uint32_t least, std::uint32_t most) {
  std::string out;
  for (std::uint32_t n = least + below(most - least + 1); n > 0; --n) {
    out.push_back(alphabet[below(static_cast<std::uint32_t>(alphabet.size()))]);
  }
  return out;
}

std::string CommandGenerator::any_case(std::string_view word) {
  std::string out(word);
  if (sometimes(2)) return out;
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z' && sometimes(2)) c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

std::string CommandGenerator::number(std::uint32_t most_digits) {
  std::string digits = some_of("0123456789", 1, most_digits);
  return digits;
}

std::string CommandGenerator::local_part() {
  std::string out;
  if (sometimes(4)) {
    out = "\"";
    for (std::uint32_t n = below(12); n > 0; --n) {
      const std::string c = some_of(printable(), 1, 1);
      if (c == "\"" || c == "\\" || sometimes(8)) out += "\\";
      out += c;
      if (sometimes(10)) out += kBeyondAscii[below(kBeyondAscii.size())];
    }
    return out + "\"";
  }
  for (std::uint32_t atoms = 1 + below(4); atoms > 0; --atoms) {
    if (!out.empty()) out += ".";
    out += some_of(kAtext, 1, 8);
    if (sometimes(12)) out += kBeyondAscii[below(kBeyondAscii.size())];
  }
  return out;
}

std::string CommandGenerator::domain() {
  std::string out;
  for (std::uint32_t labels = 1 + below(4); labels > 0; --labels) {
    if (!out.empty()) out += ".";
    out += some_of(kLetDig, 1, 3);
    if (sometimes(3)) out += some_of("abc09-", 0, 5) + some_of(kLetDig, 1, 1);
  }
  return out;
}

std::string CommandGenerator::address_literal() {
  const auto snum = [this] { return std::to_string(below(256)); };
  const std::string ipv4 = snum() + "." + snum() + "." + snum() + "." + snum();
  const auto groups = [this](std::uint32_t n) {
    std::string out;
    for (; n > 0; --n) out += (out.empty() ? "" : ":") + some_of(kHex, 1, 4);
    return out;
  };
  switch (below(6)) {
    case 0: return "[" + ipv4 + "]";
    case 1: return "[" + any_case("IPV6:") + groups(8) + "]";
    case 2: {
      const std::uint32_t before = below(7);
      return "[IPv6:" + groups(before) + "::" + groups(below(7 - before)) + "]";
    }
    case 3: return "[IPv6:" + groups(6) + ":" + ipv4 + "]";
    case 4: {
      const std::uint32_t before = below(5);
      const std::string behind = groups(below(5 - before));
      return "[IPv6:" + groups(before) + "::" + behind + (behind.empty() ? "" : ":") + ipv4 + "]";
    }
    default: return "[" + some_of("xyz-", 0, 3) + "t:" + some_of("abc!#:;,.<>@~^Z", 1, 12) + "]";
  }
}

std::string CommandGenerator::mailbox() {
  return local_part() + "@" + (sometimes(6) ? address_literal() : domain());
}

std::string CommandGenerator::path_list() {
  std::string out;
  if (!sometimes(8)) return out;
  for (std::uint32_t hops = 1 + below(3); hops > 0; --hops) out += (out.empty() ? "@" : ",@") + domain();
  return out + ":";
}

std::string CommandGenerator::xtext(std::uint32_t most) {
  std::string out;
  xtext_encode(some_of(printable(), 1, most), out);
  return out;
}

std::string CommandGenerator::mail_parameters() {
  std::vector<std::string> all;
  const auto maybe = [&](const std::function<std::string()>& make) {
    if (sometimes(4)) all.push_back(make());
  };
  const auto keyword = [this](std::string_view word) { return any_case(word); };
  maybe([&] { return keyword("SIZE=") + number(20); });
  maybe([&] { return keyword("BODY=") + any_case(std::array{"7BIT", "8BITMIME", "BINARYMIME"}[below(3)]); });
  maybe([&] { return keyword("SMTPUTF8"); });
  maybe([&] { return keyword("REQUIRETLS"); });
  maybe([&] { return keyword("RET=") + any_case(sometimes(2) ? "FULL" : "HDRS"); });
  maybe([&] { return keyword("ENVID=") + xtext(30); });
  maybe([&] {
    std::string identity;
    xtext_encode(sometimes(3) ? "<>" : mailbox(), identity);
    return keyword("AUTH=") + identity;
  });
  maybe([&] { return keyword("MT-PRIORITY=") + std::to_string(static_cast<int>(below(19)) - 9); });
  maybe([&] {
    const bool returns = sometimes(2);
    const std::string sign = returns ? "" : std::array{"", "+", "-"}[below(3)];
    return keyword("BY=") + sign + "1" + number(8) + ";" + any_case(returns ? "R" : "N") +
           (sometimes(2) ? "T" : "");
  });
  maybe([&] {
    if (sometimes(2)) return keyword("HOLDFOR=") + "9" + number(8);
    return keyword("HOLDUNTIL=") + (sometimes(2) ? "2026-11-21T10:00:00Z" : "1996-12-19T16:39:57.25-08:00");
  });
  std::shuffle(all.begin(), all.end(), random_);
  std::string out;
  for (const std::string& one : all) out += " " + one;
  return out;
}

std::string CommandGenerator::rcpt_parameters() {
  std::string notify;
  if (sometimes(3)) {
    notify = any_case(" NOTIFY=");
    notify += any_case(std::array{"NEVER", "SUCCESS", "FAILURE,DELAY", "DELAY,SUCCESS,FAILURE",
                                  "SUCCESS,SUCCESS"}[below(5)]);
  }
  std::string orcpt;
  if (sometimes(3)) {
    orcpt = any_case(" ORCPT=");
    if (sometimes(3)) {
      orcpt += "utf-8;";
      utf8_address_encode("p\xC3\xA5l+x@" + domain(), orcpt);
    } else {
      orcpt += any_case("X400") + ";" + xtext(40);
    }
  }
  return sometimes(2) ? notify + orcpt : orcpt + notify;
}

std::string CommandGenerator::free_text() {
  std::string text = some_of(printable(), 1, 40);
  if (sometimes(6)) text += kBeyondAscii[below(kBeyondAscii.size())];
  if (text.front() == ' ') text.front() = '(';
  if (text.back() == ' ') text.back() = ')';
  return text;
}

std::string CommandGenerator::base64() {
  std::string octets(1 + below(40), '\0');
  for (char& c : octets) c = static_cast<char>(below(256));
  std::string out;
  base64_encode(octets, out);
  return out;
}

std::string CommandGenerator::line() {
  const std::string behind = sometimes(10) ? "  " : "";
  switch (below(20)) {
    case 0:
      return any_case(sometimes(3) ? "LHLO" : "EHLO") + " " + (sometimes(4) ? address_literal() : domain()) +
             behind;
    case 1: return any_case("HELO ") + domain() + behind;
    case 2: return any_case("MAIL FROM:") + "<>" + mail_parameters() + behind;
    case 3:
    case 4:
    case 5:
    case 6: return any_case("MAIL FROM:") + "<" + path_list() + mailbox() + ">" + mail_parameters() + behind;
    case 7: return any_case("RCPT TO:") + any_case("<POSTMASTER>") + rcpt_parameters() + behind;
    case 8:
    case 9:
    case 10:
    case 11: return any_case("RCPT TO:") + "<" + path_list() + mailbox() + ">" + rcpt_parameters() + behind;
    case 12:
      return any_case(std::array{"DATA", "RSET", "QUIT", "STARTTLS", "NOOP", "HELP"}[below(6)]) + behind;
    case 13:
    case 14: return any_case("BDAT ") + number(18) + (sometimes(2) ? any_case(" LAST") : "") + behind;
    case 15: return any_case(sometimes(2) ? "NOOP " : "HELP ") + free_text() + behind;
    case 16: return any_case(sometimes(2) ? "VRFY " : "EXPN ") + free_text() + behind;
    case 17: return any_case("AUTH ") + some_of("ABCXYZ019-_", 1, 20) + behind;
    case 18:
      return any_case("AUTH ") + some_of("ABCXYZ019-_", 1, 20) + " " + (sometimes(4) ? "=" : base64()) +
             behind;
    default: return any_case("ETRN ") + (sometimes(3) ? "@" : "") + domain() + behind;
  }
}

}  // namespace postrider::protocol::testing
