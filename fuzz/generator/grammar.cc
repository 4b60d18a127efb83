#include "postrider/fuzz/generator/grammar.h"

#include <algorithm>
#include <array>

#include "postrider/fuzz/generator/weights.h"
#include "postrider/protocol/limits.h"

namespace postrider::fuzz {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kLabel = 63;         // RFC 1035 2.3.4
constexpr std::size_t kCommandLine = 512;  // RFC 5321 4.5.3.1.4
constexpr std::size_t kReplyLine = 512;    // RFC 5321 4.5.3.1.5
constexpr std::size_t kTextLine = 1000;    // RFC 5321 4.5.3.1.6

std::string repeated(std::size_t times, char octet) {
  return std::string(std::min(times, kMostGenerated), octet);
}

// Labels of at most 63 octets until there are `size`.
std::string long_domain(std::size_t size) {
  std::string domain;
  while (domain.size() < size) {
    if (!domain.empty()) domain += '.';
    domain.append(std::min(kLabel, size - std::min(size, domain.size())), 'd');
  }
  domain.resize(size);
  if (!domain.empty() && domain.back() == '.') domain.back() = 'd';
  return domain;
}

std::string_view some_size(Choices& choices) {
  return one_of(choices, {"100", "0", "1", "00000000000000000001", "52428800", "52428801", "4294967296",
                          "18446744073709551615", "18446744073709551616", "99999999999999999999", "-1", "1x",
                          "+5", ""});
}

}  // namespace

std::size_t near_limit(Choices& choices, std::size_t limit) {
  return limit + std::size_t{choices.below(3)} - 1;
}

std::string make_domain(Choices& choices) {
  switch (weighted(choices, {8, 2, 2, 2, 1, 1, 1, 1})) {
    case 1:
      return std::string(one_of(choices, {"[127.0.0.1]", "[IPv6:::1]", "[IPv6:1:2:3:4:5:6:7:8]",
                                          "[256.1.1.1]", "[IPv6:]", "[x-tag:y]", "[127.0.0.1", "[]"}));
    case 2: return long_domain(near_limit(choices, protocol::kMaxDomain));
    case 3: return repeated(near_limit(choices, kLabel), 'l') + ".example";
    case 4:
      return std::string(
          one_of(choices, {"", ".", "a..b", "-a.example", "a-.example", "a.example.", "localhost"}));
    case 5: return "xn--bcher-kva.example";
    case 6:
      return "b\xC3\xBC"
             "cher.example";
    case 7: return "a_b.example";
    default: return std::string(one_of(choices, {"example.org", "example.net", "client.example"}));
  }
}

std::string make_local_part(Choices& choices) {
  switch (weighted(choices, {8, 2, 2, 1, 1, 1})) {
    case 1:
      return std::string(one_of(choices, {"\"a b\"", "\"\"", "\"a\\\"b\"", "\"a\\\\\"", "\"@\"", "\"a",
                                          "\"a\\", "a\"b\"", "\"<>\"", "\">\""}));
    case 2: return repeated(near_limit(choices, protocol::kMaxLocalPart), 'a');
    case 3: return std::string(one_of(choices, {"", ".a", "a.", "a..b", "a b", "a@b", "a,b", "<a"}));
    case 4:
      return "gr\xC3\xBC\xC3\x9F"
             "e";
    case 5: return std::string(one_of(choices, {"a\xFF", "a\xC3", "a\x7F", "a\tb", "a\x01"}));
    default:
      return std::string(one_of(choices, {"a", "postmaster", "b+tag", "first.last", "!#$%&'*/=?^_`{|}~-"}));
  }
}

std::string make_path(Choices& choices, std::string_view plain) {
  const auto around = [](std::string_view inside) { return "<" + std::string(inside) + ">"; };
  switch (weighted(choices, {10, 3, 2, 1, 1, 1, 1})) {
    case 1: {
      std::string mailbox =
          make_local_part(choices) + "@";  // one choice a statement: their order is the seed's meaning
      mailbox += make_domain(choices);
      return around(mailbox);
    }
    case 2:
      return std::string(
          one_of(choices, {"<>", "<Postmaster>", "<postmaster@>", "<@>", "<<>>", "< >", "<", ">", ""}));
    case 3: return around("@relay.example,@" + make_domain(choices) + ":" + std::string(plain));
    case 4: return std::string(plain);  // without brackets
    case 5: return " " + around(plain);
    case 6: {  // RFC 5321 4.5.3.1.3
      const std::size_t size = near_limit(choices, protocol::kMaxPath) - 2;
      return around("a@" + long_domain(size - 2));
    }
    default: return around(plain);
  }
}

std::string make_mail_parameters(Choices& choices) {
  std::string out;
  for (std::uint32_t left = choices.below(4); left != 0; --left) {
    switch (choices.below(9)) {
      case 0: out += " SIZE=" + std::string(some_size(choices)); break;
      case 1:
        out += " BODY=";
        out += one_of(choices, {"8BITMIME", "7BIT", "BINARYMIME", "", "9BIT"});
        break;
      case 2: out += " SMTPUTF8"; break;
      case 3:
        out += " RET=";
        out += one_of(choices, {"FULL", "HDRS", "ALL", ""});
        break;
      case 4: out += " ENVID=" + repeated(choices.once_in(4) ? near_limit(choices, 100) : 4, 'e'); break;
      case 5:
        out += " AUTH=";
        out += one_of(choices, {"<>", "a+40example.org", "a+2", "+zz", "a=b"});
        break;
      case 6:
        out += one_of(choices, {" X-UNKNOWN", " X-UNKNOWN=1", " =", " A==B", " SIZE", "  ", " \t"});
        break;
      case 7:
        out += " MT-PRIORITY=";
        out += one_of(choices, {"0", "9", "-9", "10", "+1"});
        break;
      default:
        out +=
            one_of(choices, {" REQUIRETLS", " BY=100;R", " HOLDFOR=10", " HOLDUNTIL=2026-01-01T00:00:00Z"});
        break;
    }
  }
  return out;
}

std::string make_rcpt_parameters(Choices& choices) {
  std::string out;
  for (std::uint32_t left = choices.below(3); left != 0; --left) {
    switch (choices.below(4)) {
      case 0:
        out += " NOTIFY=";
        out += one_of(choices, {"NEVER", "SUCCESS", "SUCCESS,FAILURE,DELAY", "NEVER,FAILURE", "", ","});
        break;
      case 1:
        out += " ORCPT=";
        out += one_of(choices, {"rfc822;b@example.net", "rfc822;", ";b", "utf-8;b@example.net", "rfc822;+"});
        break;
      case 2: out += " ORCPT=rfc822;" + repeated(near_limit(choices, 500), 'o'); break;  // RFC 3461 4.2
      default: out += one_of(choices, {" X-UNKNOWN=1", " NOTIFY", " SIZE=1"}); break;
    }
  }
  return out;
}

std::string make_hello(Choices& choices, const Words& words) {
  std::string line(one_of(choices, {"EHLO"sv, "EHLO"sv, "EHLO"sv, "HELO"sv, "ehlo"sv, "LHLO"sv}));
  switch (weighted(choices, {12, 4, 1, 1})) {
    case 1: return line + " " + make_domain(choices);
    case 2: return line + std::string(one_of(choices, {"", " ", "  a", " a b", "\ta"}));
    case 3: return line + " " + repeated(near_limit(choices, kCommandLine - 2) - 5, 'h');
    default: return line + " " + words.client;
  }
}

std::string make_mail(Choices& choices, const Words& words) {
  std::string line(one_of(choices, {"MAIL FROM:"sv, "MAIL FROM:"sv, "MAIL FROM:"sv, "mail from:"sv,
                                    "MAIL  FROM:"sv, "MAIL FROM"sv, "MAIL"sv, "SEND FROM:"sv}));
  line += make_path(choices, words.sender);
  line += make_mail_parameters(choices);
  return line;
}

std::string make_rcpt(Choices& choices, const Words& words) {
  std::string line(one_of(choices, {"RCPT TO:"sv, "RCPT TO:"sv, "RCPT TO:"sv, "rcpt to:"sv, "RCPT TO :"sv,
                                    "RCPT TO"sv, "RCPT"sv}));
  line += make_path(choices, words.recipient);
  line += make_rcpt_parameters(choices);
  return line;
}

std::string make_other(Choices& choices, const Words& words) {
  switch (weighted(choices, {4, 4, 2, 2, 2, 2, 2, 1, 1})) {
    case 1: return std::string(one_of(choices, {"RSET", "rset", "RSET x", "RSET "}));
    case 2: return "VRFY " + make_local_part(choices);
    case 3:
      return std::string(one_of(choices, {"HELP", "HELP MAIL", "EXPN list", "ETRN example.org", "TURN"}));
    case 4:
      return std::string(
          one_of(choices, {"", " ", ".", "..", "\t", "250 Ok", "GET / HTTP/1.1", "XYZZY", "N", "QUIT x"}));
    case 5: return "NOOP " + repeated(near_limit(choices, kCommandLine - 2) - 5, 'n');  // RFC 5321 4.5.3.1.4
    case 6: return "NOOP " + repeated(near_limit(choices, std::size_t{1} << (9 + choices.below(4))), 'n');
    case 7: return make_hello(choices, words);
    case 8: return std::string("\x16\x03\x01\x00\xA5", 5);  // the beginning of a ClientHello
    default: return std::string(one_of(choices, {"NOOP", "noop", "NOOP x"}));
  }
}

std::string make_command(Choices& choices, const Words& words) {
  switch (choices.below(8)) {
    case 0: return make_hello(choices, words);
    case 1:
    case 2: return make_mail(choices, words);
    case 3:
    case 4: return make_rcpt(choices, words);
    case 5:
      return std::string(one_of(
          choices, {"DATA", "data", "DATA x", "BDAT 0 LAST", "BDAT 0", "STARTTLS", "AUTH PLAIN", "QUIT"}));
    default: return make_other(choices, words);
  }
}

std::string make_base64(Choices& choices) {
  // "\0nobody\0wrong", and what is none of base64, or too long (RFC 4954 4).
  switch (weighted(choices, {4, 1, 1, 1, 1, 1, 1})) {
    case 1: return "=";
    case 2: return "*";
    case 3:
      return std::string(
          one_of(choices, {"AG5vYm9keQB3cm9uZw", "AG5vYm9keQB3cm9uZw=", "====", "A", "AA AA", "A\x80=="}));
    case 4: return repeated(near_limit(choices, std::size_t{12288} - 2), 'A');
    case 5: return "bm9ib2R5";
    case 6: return "";
    default: return "AG5vYm9keQB3cm9uZw==";
  }
}

std::string make_body(Choices& choices) {
  std::string body = choices.once_in(4) ? "" : "Subject: a test\r\n\r\n";
  for (std::uint32_t left = choices.below(6); left != 0 && body.size() < kMostGenerated / 2; --left) {
    switch (choices.below(6)) {
      case 0: body += "text\r\n"; break;
      case 1: body += one_of(choices, {".\r\n", "..\r\n", ".x\r\n", "...\r\n"}); break;
      case 2: body += "\r\n"; break;
      case 3: body += repeated(near_limit(choices, kTextLine - 2), 'x') + "\r\n"; break;
      case 4:
        body +=
            "gr\xC3\xBC\xC3\x9F"
            "e \xFF\r\n";
        break;
      default:
        body += one_of(choices, {"RSET\r\n", "QUIT\r\n", "MAIL FROM:<a@example.org>\r\n", "250 Ok\r\n"});
        break;
    }
  }
  return body;
}

std::string dot_stuffed(std::string_view body) {
  std::string out;
  bool line_begins = true;
  for (std::size_t at = 0; at < body.size(); ++at) {
    if (line_begins && body[at] == '.') out += '.';
    out += body[at];
    line_begins = body[at] == '\n' && at > 0 && body[at - 1] == '\r';
  }
  return out;
}

std::vector<Chunk> make_chunks(Choices& choices, std::string_view body) {
  std::vector<Chunk> chunks;
  const std::size_t count = 1 + choices.below(3);
  for (std::size_t at = 0; at < count; ++at) {
    const bool last = at + 1 == count;
    const std::size_t size = last ? body.size() : choices.below(static_cast<std::uint32_t>(body.size() + 1));
    Chunk chunk{.command = "BDAT " + std::to_string(size), .octets = std::string(body.substr(0, size))};
    body.remove_prefix(size);
    if (last && !choices.once_in(8)) chunk.command += " LAST";
    if (choices.once_in(25)) chunk.command = "BDAT " + std::string(some_size(choices));
    chunks.push_back(std::move(chunk));
  }
  if (choices.once_in(10)) chunks.push_back({.command = "BDAT 0 LAST", .octets = ""});
  return chunks;
}

std::string make_reply(Choices& choices) {
  const std::string code(
      one_of(choices, {"250", "220", "354", "334", "221", "235", "421",  "450", "451", "500",
                       "503", "550", "554", "150", "600", "25",  "2500", "2 0", "",    "999"}));
  std::string reply;
  for (std::uint32_t left = choices.below(4); left != 0; --left) {
    reply += choices.once_in(8) ? "251" : code;
    reply += "-";
    reply += one_of(choices, {"2.0.0 more", "", "x"});
    reply += "\r\n";
  }
  reply += code;
  reply += one_of(choices, {" ", "", "-", "\t"});
  reply += weighted(choices, {6, 1}) == 0 ? "Ok" : repeated(near_limit(choices, kReplyLine - 6), 'r');
  return reply += one_of(choices, {"\r\n", "\n", "\r", "\r\r\n"});
}

std::string make_ehlo_answer(Choices& choices) {
  static constexpr std::array kKeywords{"PIPELINING"sv,
                                        "SIZE 52428800"sv,
                                        "SIZE"sv,
                                        "8BITMIME"sv,
                                        "STARTTLS"sv,
                                        "ENHANCEDSTATUSCODES"sv,
                                        "CHUNKING"sv,
                                        "BINARYMIME"sv,
                                        "SMTPUTF8"sv,
                                        "DSN"sv,
                                        "AUTH PLAIN LOGIN"sv,
                                        "AUTH=LOGIN"sv,
                                        "AUTH"sv,
                                        "SIZE 99999999999999999999"sv,
                                        "XCLIENT NAME ADDR"sv,
                                        "pipelining"sv,
                                        ""sv,
                                        " "sv,
                                        "-"sv,
                                        "STARTTLS x"sv};
  std::string answer = "250-mx.example.org\r\n";
  for (std::uint32_t left = choices.below(8); left != 0; --left) {
    answer += "250-" + std::string(one_of(choices, kKeywords)) + "\r\n";
  }
  return answer + "250 " + std::string(one_of(choices, kKeywords)) + "\r\n";
}

}  // namespace postrider::fuzz
