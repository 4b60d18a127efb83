#include "postrider/fuzz/hostile/behaviour.h"

#include <algorithm>
#include <array>
#include <utility>

#include "postrider/fuzz/hostile/catalogue.h"

namespace postrider::fuzz {
namespace {

using namespace std::string_view_literals;

struct Place {
  Stage stage;
  std::string_view name;
  std::string_view when;
};
constexpr std::array<Place, 7> kPlaces{{
    {Stage::connect, "connect", "in place of the greeting"},
    {Stage::hello, "hello", "after EHLO"},
    {Stage::mail, "mail", "after MAIL"},
    {Stage::rcpt, "rcpt", "after RCPT"},
    {Stage::data, "data", "after DATA"},
    {Stage::content, "content", "in the middle of the content"},
    {Stage::final_dot, "final", "after the final dot"},
}};

constexpr std::string_view kTimeouts = "RFC 5321 4.5.3.2";
constexpr std::string_view kClosing = "RFC 5321 3.8";
constexpr std::string_view kReplies = "RFC 5321 4.2";
constexpr std::string_view kMultiLine = "RFC 5321 4.2.1";
constexpr std::string_view kOneReply = "RFC 5321 4.2";
constexpr std::string_view kLineLength = "RFC 5321 4.5.3.1.5";
constexpr std::string_view kLegal = "-";

struct Misdeed {
  std::string_view name;
  std::string_view what;
  std::string_view clause;
  Deed deed;
  std::string_view octets;
  bool in_content = true;  // makes sense where no reply is due
};
constexpr std::array<Misdeed, 22> kMisdeeds{{
    {"closes", "closes the connection without a word", kClosing, Deed::close, ""},
    {"resets", "breaks the connection off", kClosing, Deed::reset, ""},
    {"half-closes", "ends its side of the connection and reads on", kClosing, Deed::half_close, ""},
    {"silent", "says nothing any more, and reads on", kTimeouts, Deed::silent, ""},
    {"deaf", "says nothing any more, and reads nothing either", kTimeouts, Deed::deaf, ""},
    {"endless", "sends a reply of many lines that never ends", kMultiLine, Deed::endless,
     "250-and so on\r\n"},
    {"floods", "sends complete replies without end", kOneReply, Deed::endless, "250 2.0.0 Ok\r\n"},
    {"endless-line", "sends a reply of one line that never ends", kLineLength, Deed::endless,
     "250 and so on and so on and so on and so on and so on "},
    {"patience", "says 421 and closes", kLegal, Deed::close, "421 4.3.2 Going down\r\n"},
    {"stays-421", "says 421 and does not close", kClosing, Deed::say, "421 4.3.2 Going down\r\n"},
    {"defers", "says 451", kLegal, Deed::say, "451 4.3.0 Not now\r\n"},
    {"refuses", "says 554", kLegal, Deed::say, "554 5.0.0 Never\r\n"},
    {"nonsense", "says something that is no reply", kReplies, Deed::say, "what?\r\n"},
    {"code-changes", "changes the code within a reply of two lines", kMultiLine, Deed::say,
     "250-2.0.0 Yes\r\n550 5.0.0 No\r\n"},
    {"bad-code", "says a code that there is not", kReplies, Deed::say, "666 Ok\r\n"},
    {"bare-lf", "ends its line in LF alone", "RFC 5321 2.3.8", Deed::say, "250 2.0.0 Ok\n"},
    {"nul", "has a NUL in its reply", kReplies, Deed::say, "250 2.0.0 O\0k\r\n"sv},
    {"eight-bit", "has octets above 127 in its reply, in no encoding", kReplies, Deed::say,
     "250 2.0.0 \xFF\xFE\x80\xC3 Ok\r\n"},
    {"half-reply", "closes in the middle of a reply", kReplies, Deed::close, "250 2.0"},
    {"twice", "answers twice", kOneReply, Deed::twice, "", false},
    {"no-reply", "passes the command over and answers the next one", kOneReply, Deed::swallow, "", false},
    {"drips", "answers an octet at a time", kTimeouts, Deed::drip, "", false},
}};

Behaviour at_place(const Misdeed& misdeed, const Place& place) {
  Behaviour out;
  out.name = std::string(misdeed.name) + "-" + std::string(place.name);
  out.what = std::string(place.when) + ", " + std::string(misdeed.what);
  out.clause = misdeed.clause;
  const Act act(misdeed.deed, std::string(misdeed.octets));
  const Stage stage = place.stage;
  out.script = [act, stage](std::uint64_t) {
    Script script;
    script.at(stage) = {act};
    return script;
  };
  return out;
}

Behaviour polite() {
  Behaviour out;
  out.name = "polite";
  out.what = "does nothing wrong";
  out.clause = kLegal;
  out.script = [](std::uint64_t) { return Script(); };
  return out;
}

Behaviour generated() {
  Behaviour out;
  out.name = "generated";
  out.what = "does anything at any stage, as a seed has it: another thing on each connection";
  out.clause = kReplies;
  out.script = generated_script;
  return out;
}

std::vector<Behaviour> make_behaviours() {
  std::vector<Behaviour> out = {polite()};
  for (const Misdeed& misdeed : kMisdeeds) {
    for (const Place& place : kPlaces) {
      if (place.stage == Stage::content && !misdeed.in_content) continue;
      out.push_back(at_place(misdeed, place));
    }
  }
  hostile::add_replies(out);
  hostile::add_capabilities(out);
  hostile::add_tls(out);
  hostile::add_delivery(out);
  out.push_back(generated());
  return out;
}

}  // namespace

const std::vector<Behaviour>& behaviours() {
  static const std::vector<Behaviour> kAll = make_behaviours();
  return kAll;
}

const Behaviour* find_behaviour(std::string_view name) {
  const std::vector<Behaviour>& all = behaviours();
  const auto found = std::ranges::find(all, name, &Behaviour::name);
  return found == all.end() ? nullptr : &*found;
}

std::string_view to_string(Stage stage) noexcept {
  switch (stage) {
    case Stage::connect: return "connect";
    case Stage::hello: return "hello";
    case Stage::start_tls: return "start_tls";
    case Stage::auth: return "auth";
    case Stage::mail: return "mail";
    case Stage::rcpt: return "rcpt";
    case Stage::data: return "data";
    case Stage::content: return "content";
    case Stage::final_dot: return "final_dot";
    case Stage::chunk: return "chunk";
    case Stage::reset: return "reset";
    case Stage::quit: return "quit";
    case Stage::other: return "other";
  }
  return "other";
}

}  // namespace postrider::fuzz
