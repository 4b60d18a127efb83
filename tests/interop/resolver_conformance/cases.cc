#include "postrider/tests/interop/resolver_conformance/cases.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace postrider::tests {

using resolver::RecordType;
using Outcome = resolver::Answer::Outcome;

namespace {

std::string hex(std::string_view octets) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const char each : octets) {
    const auto octet = static_cast<unsigned char>(each);
    text += kDigits[octet >> 4U];
    text += kDigits[octet & 15U];
  }
  return text;
}

Case found(std::string what, std::string name, RecordType type, Truth truth,
           std::vector<std::string> records) {
  Case made;
  made.what = std::move(what);
  made.name = std::move(name);
  made.type = type;
  made.truth = truth;
  made.records = std::move(records);
  return made;
}

Case alias(std::string what, std::string name, RecordType type, Truth truth, std::string canonical,
           std::vector<std::string> records) {
  Case made = found(std::move(what), std::move(name), type, truth, std::move(records));
  made.canonical = std::move(canonical);
  return made;
}

Case without(std::string what, std::string name, RecordType type, Truth truth, Outcome outcome) {
  Case made = found(std::move(what), std::move(name), type, truth, {});
  made.outcome = outcome;
  return made;
}

std::vector<std::string> three_hundred_exchanges() {
  std::vector<std::string> records;
  for (int number = 1; number <= 300; ++number) {
    records.push_back(std::to_string(number) + " a-rather-long-name-" + std::to_string(number) +
                      ".many.example.test");
  }
  return records;
}

void add_records(std::vector<Case>& cases) {
  const auto add = [&](std::string what, std::string name, RecordType type,
                       std::vector<std::string> records) {
    cases.push_back(found(std::move(what), std::move(name), type, Truth::secure, std::move(records)));
  };
  add("an A record", "mx1.example.test", RecordType::a, {"192.0.2.1"});
  add("several A records", "mx2.example.test", RecordType::a, {"192.0.2.2", "192.0.2.3"});
  add("an AAAA record", "mx1.example.test", RecordType::aaaa, {"2001:db8::1"});
  add("MX records", "example.test", RecordType::mx, {"10 mx1.example.test", "20 mx2.example.test"});
  add("a null MX", "nomail.example.test", RecordType::mx, {"0 ."});
  add("TXT of several strings", "txt.example.test", RecordType::txt, {"v=spf1 include:example.test -all"});
  add("several TXT records", "example.test", RecordType::txt, {"one", "two"});
  add("a TXT record of more than a UDP answer", "long.example.test", RecordType::txt,
      {std::string(2000, 'x')});
  add("octets that are no text", "octets.example.test", RecordType::txt, {std::string("\0\x01\xff\\\"", 5)});
  add("TLSA", "_25._tcp.mx1.example.test", RecordType::tlsa, {"3 1 1 " + hex(std::string(32, '\x2a'))});
  add("a type without a name", "odd.example.test", static_cast<RecordType>(65280), {"01020304"});
  add("300 MX records, by TCP", "many.example.test", RecordType::mx, three_hundred_exchanges());
  add("a wildcard", "anything.wild.example.test", RecordType::a, {"192.0.2.9"});
  add("a dot inside a label", "a\\.b.example.test", RecordType::a, {"192.0.2.10"});
  add("octets inside a label", "x\\000\\255\\032y.example.test", RecordType::a, {"192.0.2.11"});
  add("the longest label", std::string(63, 'l') + ".example.test", RecordType::a, {"192.0.2.12"});
}

void add_aliases(std::vector<Case>& cases) {
  cases.push_back(alias("an alias", "alias1.example.test", RecordType::a, Truth::secure, "mx1.example.test",
                        {"192.0.2.1"}));
  cases.push_back(alias("a chain of aliases", "alias3.example.test", RecordType::a, Truth::secure,
                        "mx1.example.test", {"192.0.2.1"}));
  cases.push_back(alias("an alias into an unsigned zone", "out.example.test", RecordType::a, Truth::insecure,
                        "host.plain.example.test", {"192.0.2.20"}));
  // DANE asks for it alone then, RFC 7672 2.2.2.
  cases.push_back(found("that alias itself", "out.example.test", RecordType::cname, Truth::secure,
                        {"host.plain.example.test"}));
  Case away = without("an alias into a zone that nobody has", "away.example.test", RecordType::a,
                      Truth::insecure, Outcome::failed);
  away.canonical = "host.elsewhere.test";
  away.leaves_server = true;
  cases.push_back(std::move(away));
  Case nowhere = without("an alias without an end", "nowhere.example.test", RecordType::a, Truth::secure,
                         Outcome::no_name);
  nowhere.canonical = "missing.example.test";
  cases.push_back(std::move(nowhere));
  Case empty = without("an alias to a name without the type", "alias1.example.test", RecordType::txt,
                       Truth::secure, Outcome::no_data);
  empty.canonical = "mx1.example.test";
  cases.push_back(std::move(empty));
}

void add_insecure(std::vector<Case>& cases) {
  cases.push_back(found("a record of an unsigned zone", "host.plain.example.test", RecordType::a,
                        Truth::insecure, {"192.0.2.20"}));
  cases.push_back(
      found("PTR", "1.2.0.192.in-addr.arpa", RecordType::ptr, Truth::insecure, {"mx1.example.test"}));
  cases.push_back(without("no such name in an unsigned zone", "missing.plain.example.test", RecordType::a,
                          Truth::insecure, Outcome::no_name));
  cases.push_back(without("no such type in an unsigned zone", "host.plain.example.test", RecordType::mx,
                          Truth::insecure, Outcome::no_data));
}

void add_denials(std::vector<Case>& cases) {
  const auto add = [&](std::string what, std::string name, RecordType type, Outcome outcome) {
    cases.push_back(without(std::move(what), std::move(name), type, Truth::secure, outcome));
  };
  add("no such name", "missing.example.test", RecordType::mx, Outcome::no_name);
  add("no such type", "mx1.example.test", RecordType::mx, Outcome::no_data);
  add("a name with names below it alone", "_tcp.mx1.example.test", RecordType::tlsa, Outcome::no_data);
}

void add_forgeries(std::vector<Case>& cases) {
  cases.push_back(found("a signature that was tampered with", "tampered.example.test", RecordType::a,
                        Truth::bogus, {"192.0.2.66"}));
  cases.push_back(found("MX records with such a signature", "tampered.example.test", RecordType::mx,
                        Truth::bogus, {"10 mx1.example.test"}));
  cases.push_back(found("a zone signed by a key that is not its own", "host.forged.example.test",
                        RecordType::a, Truth::bogus, {"192.0.2.67"}));
  cases.push_back(without("no such name in such a zone", "missing.forged.example.test", RecordType::a,
                          Truth::bogus, Outcome::no_name));
  cases.push_back(found("a zone whose signatures have expired", "host.expired.example.test", RecordType::a,
                        Truth::bogus, {"192.0.2.68"}));
}

}  // namespace

std::vector<Case> conformance_cases() {
  std::vector<Case> cases;
  add_records(cases);
  add_aliases(cases);
  add_insecure(cases);
  add_denials(cases);
  add_forgeries(cases);
  // A zone that the server has no contents of, and one that it knows nothing about.
  cases.push_back(without("SERVFAIL", "host.broken.test", RecordType::a, Truth::insecure, Outcome::failed));
  cases.push_back(without("REFUSED", "host.elsewhere.test", RecordType::a, Truth::insecure, Outcome::failed));
  return cases;
}

std::vector<std::string> show(const resolver::Answer& answer, RecordType type) {
  std::vector<std::string> shown;
  switch (type) {
    case RecordType::a:
    case RecordType::aaaa:
      for (const auto& each : resolver::addresses(answer.records)) shown.push_back(to_string(each));
      break;
    case RecordType::mx:
      for (const auto& each : resolver::mx_records(answer.records)) {
        shown.push_back(std::to_string(each.preference) + " " + each.exchange.text());
      }
      break;
    case RecordType::txt: shown = resolver::texts(answer.records); break;
    case RecordType::tlsa:
      for (const auto& each : resolver::tlsa_records(answer.records)) {
        shown.push_back(std::to_string(each.usage) + " " + std::to_string(each.selector) + " " +
                        std::to_string(each.matching) + " " + hex(each.data));
      }
      break;
    case RecordType::ptr:
      for (const auto& each : resolver::pointers(answer.records)) shown.push_back(each.text());
      break;
    case RecordType::cname:
      for (const auto& each : answer.records) {
        if (const auto name = resolver::target(each)) shown.push_back(name->text());
      }
      break;
    default:
      for (const auto& each : answer.records) shown.push_back(hex(each.data));
  }
  std::ranges::sort(shown);
  return shown;
}

}  // namespace postrider::tests
