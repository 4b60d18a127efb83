// The catalogue of hostile servers.
//
//   for (const Behaviour& each : behaviours()) std::cout << each.name << "  " << each.what << '\n';
//   const Behaviour* one = find_behaviour("closes-rcpt");
//   Script script = one->script(seed);
//
// Names are made of what the server does and, where it can do that at several stages, of the stage:
// closes-connect, closes-hello, closes-mail, closes-rcpt, closes-data, closes-content, closes-final. Names
// stay as they are: tests of others use them.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "postrider/fuzz/hostile/script.h"

namespace postrider::fuzz {

struct Behaviour {
  std::string name;
  std::string what;  // one line: what it does
  std::string
      clause;  // what it breaks: "RFC 5321 4.2.1"; "-": nothing, a client has to stand it all the same
  bool needs_tls = false;       // shows itself only when the server has a certificate and the client encrypts
  bool needs_chunking = false;  // and only to a client that sends by BDAT
  // Made anew for each session; `seed` counts for "generated" alone.
  std::function<Script(std::uint64_t seed)> script;
};

// All of them; "polite", which does nothing wrong, is the first and "generated" the last.
const std::vector<Behaviour>& behaviours();
// nullptr: there is none of this name.
const Behaviour* find_behaviour(std::string_view name);

// Of a seed: any act at any stage, with replies that are almost right.
Script generated_script(std::uint64_t seed);

}  // namespace postrider::fuzz
