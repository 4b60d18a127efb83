#include <array>
#include <string_view>
#include <utility>

#include "postrider/fuzz/hostile/catalogue.h"

namespace postrider::fuzz::hostile {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kStartTls = "RFC 3207 4";
constexpr std::string_view kAfterTls = "RFC 3207 4.2";
constexpr std::string_view kCloseNotify = "RFC 8446 6.1";

Script offering() {
  Script script;
  script.offers = {"PIPELINING", "8BITMIME", "ENHANCEDSTATUSCODES", "SIZE 10000000", "CHUNKING", "STARTTLS"};
  return script;
}

void add(std::vector<Behaviour>& out, std::string_view name, std::string_view what, std::string_view clause,
         Script script) {
  Behaviour added;
  added.name = name;
  added.what = what;
  added.clause = clause;
  added.needs_tls = true;
  added.script = [script = std::move(script)](std::uint64_t) { return script; };
  out.push_back(std::move(added));
}

struct Answer {
  std::string_view name;
  std::string_view what;
  std::string_view clause;
  Deed deed;
  std::string_view octets;
};
constexpr std::array<Answer, 7> kAnswers{{
    {"starttls-refused", "offers STARTTLS and answers it by 454", kStartTls, Deed::say,
     "454 4.7.0 Not now\r\n"},
    {"starttls-unknown", "offers STARTTLS and does not know it", kStartTls, Deed::say, "502 5.5.1 What?\r\n"},
    {"starttls-250", "answers STARTTLS by 250 and goes on in clear", kStartTls, Deed::say,
     "250 2.0.0 Ok\r\n"},
    {"starttls-injects", "has more replies in clear behind its 220, as an attacker would put them there",
     kAfterTls, Deed::say, "220 2.0.0 Go ahead\r\n250-mx.example\r\n250 AUTH PLAIN\r\n250 2.1.0 Ok\r\n"},
    {"starttls-closes", "closes at STARTTLS", kStartTls, Deed::close, ""},
    {"starttls-silent", "says nothing to STARTTLS", "RFC 5321 4.5.3.2", Deed::silent, ""},
    {"starttls-endless", "answers STARTTLS without end", "RFC 5321 4.2.1", Deed::endless,
     "220-and so on\r\n"},
}};

struct Handshake {
  std::string_view name;
  std::string_view what;
  TlsDeed deed;
  std::string_view octets;
};
constexpr std::array<Handshake, 7> kHandshakes{{
    {"tls-plain", "goes on in clear where its handshake should be", TlsDeed::say, "250 2.0.0 Ok\r\n"},
    {"tls-garbage", "sends octets of no meaning where its handshake should be", TlsDeed::say,
     "\x16\x03\x03\x40\x00\xDE\xAD\xBE\xEF"sv},
    {"tls-alert", "sends a fatal alert where its handshake should be", TlsDeed::say,
     "\x15\x03\x03\x00\x02\x02\x28"sv},
    {"tls-closes", "closes where its handshake should be", TlsDeed::close, ""},
    {"tls-resets", "breaks off where its handshake should be", TlsDeed::reset, ""},
    {"tls-silent", "says nothing where its handshake should be", TlsDeed::silent, ""},
    {"tls-endless", "sends records without end where its handshake should be", TlsDeed::endless,
     "\x16\x03\x03\x00\x04\x00\x00\x00\x00"sv},
}};

struct Ending {
  std::string_view name;
  std::string_view what;
  Stage stage;
  Deed deed;
};
constexpr std::array<Ending, 9> kEndings{{
    {"close-notify-mail", "ends TLS by close_notify at MAIL", Stage::mail, Deed::half_close},
    {"close-notify-data", "ends TLS by close_notify at DATA", Stage::data, Deed::half_close},
    {"close-notify-content", "ends TLS by close_notify in the middle of the content", Stage::content,
     Deed::half_close},
    {"close-notify-bdat", "ends TLS by close_notify in the middle of a chunk", Stage::content,
     Deed::half_close},
    {"close-notify-final", "ends TLS by close_notify in place of the verdict", Stage::final_dot,
     Deed::half_close},
    {"tls-cut-mail", "ends the connection at MAIL without close_notify", Stage::mail, Deed::reset},
    {"tls-cut-content", "ends the connection in the content without close_notify", Stage::content,
     Deed::reset},
    {"tls-cut-final", "ends the connection in place of the verdict, without close_notify", Stage::final_dot,
     Deed::reset},
    {"tls-silent-final", "says nothing under TLS in place of the verdict", Stage::final_dot, Deed::silent},
}};

}  // namespace

void add_tls(std::vector<Behaviour>& out) {
  for (const Answer& each : kAnswers) {
    Script script = offering();
    script.at(Stage::start_tls) = {Act(each.deed, std::string(each.octets))};
    if (each.name == "starttls-injects") script.tls = TlsDeed::handshake;
    add(out, each.name, each.what, each.clause, std::move(script));
  }
  for (const Handshake& each : kHandshakes) {
    Script script = offering();
    script.tls = each.deed;
    script.tls_octets = each.octets;
    add(out, each.name, each.what, kStartTls, std::move(script));
  }
  for (const Ending& each : kEndings) {
    Script script = offering();
    script.at(each.stage) = {Act(each.deed)};
    script.only_tls = true;
    add(out, each.name, each.what, kCloseNotify, std::move(script));
    out.back().needs_chunking = each.name == "close-notify-bdat";
  }
  Script forgets = offering();
  forgets.offers_encrypted = {"SIZE 10"};
  add(out, "tls-offers-less", "offers other things under TLS than before", kAfterTls, std::move(forgets));
  Script again = offering();
  again.offers_encrypted = {"STARTTLS", "PIPELINING"};
  add(out, "tls-offers-starttls", "offers STARTTLS under TLS once more", kAfterTls, std::move(again));
}

}  // namespace postrider::fuzz::hostile
