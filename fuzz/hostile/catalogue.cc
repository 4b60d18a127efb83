#include "postrider/fuzz/hostile/catalogue.h"

#include <array>
#include <cstddef>
#include <string_view>
#include <utility>

namespace postrider::fuzz::hostile {
namespace {

constexpr std::string_view kReplies = "RFC 5321 4.2";
constexpr std::string_view kSequences = "RFC 5321 4.3.2";
constexpr std::string_view kHello = "RFC 5321 4.1.1.1";
constexpr std::string_view kPipelining = "RFC 2920 3.2";
constexpr std::string_view kLegal = "-";

Behaviour make(std::string_view name, std::string_view what, std::string_view clause,
               std::function<Script(std::uint64_t)> script) {
  Behaviour out;
  out.name = name;
  out.what = what;
  out.clause = clause;
  out.script = std::move(script);
  return out;
}

// One reply at one stage.
struct OneReply {
  std::string_view name;
  std::string_view what;
  std::string_view clause;
  Stage stage;
  std::string_view octets;
};
constexpr std::array<OneReply, 24> kOneReply{{
    {"250-to-connect", "greets with 250", kSequences, Stage::connect, "250 mx.example\r\n"},
    {"354-to-connect", "greets with 354", kSequences, Stage::connect, "354 Go on\r\n"},
    {"http-to-connect", "speaks HTTP", kReplies, Stage::connect,
     "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"},
    {"tls-to-connect", "begins with a record of TLS", kReplies, Stage::connect,
     std::string_view("\x15\x03\x03\x00\x02\x02\x28", 7)},
    {"multi-line-connect", "greets in three lines", kLegal, Stage::connect,
     "220-mx.example\r\n220-behave\r\n220 or else\r\n"},
    {"354-to-hello", "answers EHLO by 354", kSequences, Stage::hello, "354 Go on\r\n"},
    {"220-to-hello", "answers EHLO by 220", kSequences, Stage::hello, "220 mx.example\r\n"},
    {"354-to-mail", "answers MAIL by 354", kSequences, Stage::mail, "354 Go on\r\n"},
    {"251-to-mail", "answers MAIL by 251", kSequences, Stage::mail, "251 Will forward\r\n"},
    {"354-to-rcpt", "answers RCPT by 354", kSequences, Stage::rcpt, "354 Go on\r\n"},
    {"251-to-rcpt", "answers RCPT by 251: it will be forwarded", kLegal, Stage::rcpt,
     "251 2.1.5 Will forward\r\n"},
    {"252-to-rcpt", "answers RCPT by 252, which belongs to VRFY", kSequences, Stage::rcpt,
     "252 2.1.5 Will try\r\n"},
    {"250-to-data", "answers DATA by 250", kSequences, Stage::data, "250 2.0.0 Ok\r\n"},
    {"220-to-data", "answers DATA by 220", kSequences, Stage::data, "220 2.0.0 Ok\r\n"},
    {"354-to-final", "answers the final dot by 354", kSequences, Stage::final_dot, "354 Go on\r\n"},
    {"299-to-final", "takes the message with a code that nobody knows", kLegal, Stage::final_dot,
     "299 2.0.0 Taken\r\n"},
    {"199-to-final", "answers the final dot by 199", kReplies, Stage::final_dot, "199 Taken\r\n"},
    {"600-to-final", "answers the final dot by 600", kReplies, Stage::final_dot, "600 Taken\r\n"},
    {"99-to-final", "answers the final dot by two digits", kReplies, Stage::final_dot, "99 Taken\r\n"},
    {"2500-to-final", "answers the final dot by four digits", kReplies, Stage::final_dot, "2500 Taken\r\n"},
    {"bare-code-final", "takes the message by 250 and no text", kLegal, Stage::final_dot, "250\r\n"},
    {"dash-final", "takes the message by 250- and nothing behind it", "RFC 5321 4.2.1", Stage::final_dot,
     "250-Taken\r\n"},
    {"status-differs-final", "takes the message with the enhanced status of a refusal", "RFC 2034 4",
     Stage::final_dot, "250 5.1.1 Taken\r\n"},
    {"refuses-quit", "refuses to end", kReplies, Stage::quit, "500 5.5.1 You stay\r\n"},
}};

struct OneAct {
  std::string_view name;
  std::string_view what;
  std::string_view clause;
  Stage stage;
  Deed deed;
  std::string_view octets;
};
constexpr std::array<OneAct, 8> kOneAct{{
    {"taken-and-closes", "says 250 to the content and closes", kLegal, Stage::final_dot, Deed::close,
     "250 2.0.0 Taken\r\n"},
    {"taken-and-resets", "says 250 to the content and breaks off", "RFC 5321 3.8", Stage::final_dot,
     Deed::reset, "250 2.0.0 Taken\r\n"},
    {"taken-without-end", "closes before the line of its 250 ends", kReplies, Stage::final_dot, Deed::close,
     "250 2.0.0 Taken"},
    {"silent-quit", "does not answer QUIT", kReplies, Stage::quit, Deed::silent, ""},
    {"closes-quit", "closes at QUIT without a 221", "RFC 5321 4.1.1.10", Stage::quit, Deed::close, ""},
    {"closes-reset", "closes at RSET", "RFC 5321 4.1.1.5", Stage::reset, Deed::close, ""},
    {"silent-reset", "does not answer RSET", kReplies, Stage::reset, Deed::silent, ""},
    {"floods-quit", "answers QUIT without end", kReplies, Stage::quit, Deed::endless, "221 2.0.0 Bye\r\n"},
}};

std::string keywords(std::size_t count) {
  std::string out = "250-mx.example\r\n";
  for (std::size_t at = 0; at < count; ++at)
    out.append("250-X-KEYWORD-").append(std::to_string(at)).append("\r\n");
  return out.append("250 8BITMIME\r\n");
}

struct Offer {
  std::string_view name;
  std::string_view what;
  std::string_view clause;
  std::string_view hello;  // the whole reply
};
constexpr std::array<Offer, 9> kOffers{{
    {"offers-nothing", "knows no extension", kLegal, "250 mx.example\r\n"},
    {"size-huge", "has a SIZE that no number holds", "RFC 1870 4",
     "250-mx.example\r\n250 SIZE 99999999999999999999999\r\n"},
    {"size-negative", "has a negative SIZE", "RFC 1870 4", "250-mx.example\r\n250 SIZE -1\r\n"},
    {"size-zero", "has SIZE 0: no limit is known", kLegal, "250-mx.example\r\n250 SIZE 0\r\n"},
    {"size-words", "has words for a SIZE", "RFC 1870 4", "250-mx.example\r\n250 SIZE as you like\r\n"},
    {"size-one", "has room for one octet", kLegal, "250-mx.example\r\n250 SIZE 1\r\n"},
    {"keyword-garbage", "offers keywords that are none", kHello,
     "250-mx.example\r\n250-\xFF\xFE\r\n250- \r\n250-=\r\n250-PIPELINING=\r\n250 8bitmime\r\n"},
    {"keyword-twice", "offers everything twice, and differently", kHello,
     "250-mx.example\r\n250-SIZE 10\r\n250-PIPELINING\r\n250-SIZE 10000000\r\n250 PIPELINING\r\n"},
    {"limits-zero", "allows no recipient and no message", "RFC 9422 4",
     "250-mx.example\r\n250 LIMITS RCPTMAX=0 MAILMAX=0 RCPTDOMAINMAX=0\r\n"},
}};

// What is offered and then refused.
struct Lie {
  std::string_view name;
  std::string_view what;
  std::string_view clause;
  std::string_view offer;
  Stage stage;
  std::string_view reply;
};
constexpr std::array<Lie, 7> kLies{{
    {"lies-8bitmime", "offers 8BITMIME and refuses MAIL with a parameter it does not know", "RFC 6152 3",
     "8BITMIME", Stage::mail, "555 5.5.4 BODY?\r\n"},
    {"lies-size", "offers SIZE and refuses every message as too large", "RFC 1870 6", "SIZE 10000000",
     Stage::mail, "552 5.3.4 Too large\r\n"},
    {"lies-smtputf8", "offers SMTPUTF8 and refuses it", "RFC 6531 3.4", "SMTPUTF8", Stage::mail,
     "555 5.6.7 SMTPUTF8?\r\n"},
    {"lies-dsn", "offers DSN and refuses RCPT with a parameter it does not know", "RFC 3461 4", "DSN",
     Stage::rcpt, "555 5.5.4 NOTIFY?\r\n"},
    {"lies-chunking", "offers CHUNKING and does not know BDAT", "RFC 3030 2", "CHUNKING", Stage::chunk,
     "502 5.5.1 What?\r\n"},
    {"lies-auth", "offers AUTH with no mechanism and refuses it", "RFC 4954 3", "AUTH", Stage::auth,
     "504 5.5.4 What?\r\n"},
    {"lies-rset", "does not know RSET", "RFC 5321 4.5.1", "PIPELINING", Stage::reset, "502 5.5.1 What?\r\n"},
}};

Script with_act(Stage stage, Act act) {
  Script script;
  script.at(stage) = {std::move(act)};
  return script;
}

void add_hello(std::vector<Behaviour>& out, std::string_view name, std::string_view what,
               std::string_view clause, std::string hello) {
  out.push_back(make(name, what, clause, [hello = std::move(hello)](std::uint64_t) {
    return with_act(Stage::hello, Act(Deed::say, hello));
  }));
}

// The acts, and in which order they come.
void add_acts(std::vector<Behaviour>& out, std::string_view name, std::string_view what,
              std::string_view clause, Stage stage, Script::Acts acts, Order order) {
  out.push_back(make(name, what, clause, [stage, acts = std::move(acts), order](std::uint64_t) {
    Script script;
    script.at(stage) = acts;
    script.order = order;
    return script;
  }));
}

}  // namespace

void add_replies(std::vector<Behaviour>& out) {
  for (const OneReply& each : kOneReply) {
    add_acts(out, each.name, each.what, each.clause, each.stage, {Act(Deed::say, std::string(each.octets))},
             Order::cycle);
  }
  for (const OneAct& each : kOneAct) {
    add_acts(out, each.name, each.what, each.clause, each.stage, {Act(each.deed, std::string(each.octets))},
             Order::cycle);
  }
  out.push_back(make("slow", "sends every octet on its own, and rests in between", "RFC 5321 4.5.3.2",
                     [](std::uint64_t) {
                       Script script;
                       script.slow = true;
                       return script;
                     }));
  out.push_back(
      make("talks-first", "answers a whole session before it is begun", kSequences, [](std::uint64_t) {
        return with_act(Stage::connect, Act(Deed::say,
                                            "220 mx.example\r\n250 mx.example\r\n250 2.1.0 Ok\r\n250 2.1.5 "
                                            "Ok\r\n354 Go on\r\n250 2.0.0 Taken\r\n"
                                            "221 2.0.0 Bye\r\n"));
      }));
  out.push_back(make("echo", "says back what it hears", kReplies, [](std::uint64_t) {
    Script script;
    for (const Stage stage :
         {Stage::hello, Stage::mail, Stage::rcpt, Stage::data, Stage::reset, Stage::quit, Stage::other}) {
      script.at(stage) = {Act(Deed::echo)};
    }
    return script;
  }));
  out.push_back(make("one-for-two", "answers every second command", kReplies, [](std::uint64_t) {
    Script script;
    for (const Stage stage : {Stage::mail, Stage::data, Stage::quit}) script.at(stage) = {Act(Deed::swallow)};
    return script;
  }));
  out.push_back(make("two-for-one", "answers every command twice", kReplies, [](std::uint64_t) {
    Script script;
    for (std::size_t at = 0; at < kStages; ++at) {
      if (static_cast<Stage>(at) != Stage::content) script.acts[at] = {Act(Deed::twice)};
    }
    return script;
  }));
}

void add_capabilities(std::vector<Behaviour>& out) {
  for (const Offer& each : kOffers)
    add_hello(out, each.name, each.what, each.clause, std::string(each.hello));
  add_hello(out, "keywords-many", "offers ten thousand extensions", "RFC 5321 4.2.1", keywords(10'000));
  add_hello(out, "keyword-long", "offers an extension of 100,000 letters", "RFC 5321 4.5.3.1.5",
            "250-mx.example\r\n250 " + std::string(100'000, 'X') + "\r\n");
  for (const Lie& each : kLies) {
    const Act act(Deed::say, std::string(each.reply));
    const std::string offer(each.offer);
    const Stage stage = each.stage;
    Behaviour added = make(each.name, each.what, each.clause, [act, offer, stage](std::uint64_t) {
      Script script;
      script.offers = {"PIPELINING", offer};
      script.at(stage) = {act};
      if (stage == Stage::chunk) script.at(Stage::final_dot) = {act};
      return script;
    });
    added.needs_chunking = stage == Stage::chunk;
    out.push_back(std::move(added));
  }
  out.push_back(make("lies-pipelining", "offers PIPELINING and loses what comes behind a command",
                     kPipelining, [](std::uint64_t) {
                       Script script;
                       script.drops_group = true;
                       return script;
                     }));
}

void add_delivery(std::vector<Behaviour>& out) {
  add_acts(out, "greylists", "defers every recipient the first time it hears of it", kLegal, Stage::rcpt,
           {Act(Deed::greylist, "450 4.7.1 Greylisted, come again\r\n")}, Order::cycle);
  add_acts(out, "half", "refuses every second recipient", kLegal, Stage::rcpt,
           {Act(), Act(Deed::say, "550 5.1.1 Nobody of this name\r\n")}, Order::cycle);
  add_acts(out, "one-at-a-time", "takes one recipient a message", "RFC 5321 4.5.3.1.8", Stage::rcpt,
           {Act(), Act(Deed::say, "452 4.5.3 Too many recipients\r\n")}, Order::transaction);
  add_acts(out, "nobody", "knows no recipient", kLegal, Stage::rcpt, {Act(Deed::say, "550 5.1.1 Nobody\r\n")},
           Order::cycle);
  add_acts(out, "content-later", "defers the first message, and takes it when it comes again", kLegal,
           Stage::final_dot, {Act(Deed::say, "451 4.3.0 Not now\r\n")}, Order::server);
  add_acts(out, "nonsense-once", "says something that is no reply to the first MAIL", kReplies, Stage::mail,
           {Act(Deed::say, "what?\r\n")}, Order::server);
  add_acts(out, "chunk-closes", "closes behind a chunk", "RFC 3030 2", Stage::chunk, {Act(Deed::close)},
           Order::cycle);
  add_acts(out, "early-250", "says 250 before the content has ended, and 554 at its end", kSequences,
           Stage::content, {Act(Deed::say, "250 2.0.0 Taken\r\n")}, Order::cycle);
  out.back().script = [](std::uint64_t) {
    Script script = with_act(Stage::content, Act(Deed::say, "250 2.0.0 Taken\r\n"));
    script.at(Stage::final_dot) = {Act(Deed::say, "554 5.0.0 No\r\n")};
    return script;
  };
  out.push_back(
      make("early-250-closes", "says 250 before the content has ended, and closes", kSequences,
           [](std::uint64_t) { return with_act(Stage::content, Act(Deed::close, "250 2.0.0 Taken\r\n")); }));
  out.push_back(
      make("early-554-deaf", "says 554 in the middle of the content, and reads no more of it", kLegal,
           [](std::uint64_t) { return with_act(Stage::content, Act(Deed::deaf, "554 5.3.4 Enough\r\n")); }));
}

}  // namespace postrider::fuzz::hostile
