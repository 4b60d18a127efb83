// A backend as the conformance program tries it: how to make it, and what it can see of DNSSEC.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "postrider/resolver/backend.h"
#include "postrider/tests/interop/resolver_conformance/cases.h"
#include "postrider/transport/endpoint.h"
#include "postrider/transport/loop.h"

namespace postrider::tests {

// How a backend knows what is secure.
enum class Sight : std::uint8_t {
  blind,      // it asks a server that does not validate, or whom it does not believe
  by_ad,      // it believes a server that validates, which answers SERVFAIL for what is bogus
  validates,  // it looks itself
};

using MakeBackend = std::function<std::unique_ptr<resolver::Backend>(
    transport::Loop& loop, const std::vector<transport::Endpoint>& servers)>;

struct Setup {
  std::string name;
  MakeBackend make;
  std::vector<transport::Endpoint> servers;
  Sight sight = Sight::blind;
  bool recursive = true;     // aliases are followed wherever they lead
  bool sees_refusal = true;  // that there is no server is noticed before the deadline
};

// The name servers of tests/interop/resolver_backends.py.
struct Servers {
  transport::Endpoint nsd;      // authoritative for all zones
  transport::Endpoint unbound;  // recursive, validates
  transport::Endpoint silent;   // never answers
  transport::Endpoint closed;   // nobody is there
  transport::Endpoint slow;     // NSD's answers, 600 ms late
  transport::Endpoint forger;   // NSD's answers, behind forged and broken ones
  transport::Endpoint failing;  // SERVFAIL for everything
  transport::Endpoint doh_nsd;  // DNS over HTTP in front of the first two
  transport::Endpoint doh_unbound;
  std::string anchor;  // the DS record of example.test
};

// Every backend, in every way in which it is used. For a new one: a make_…() in setup.cc, and a line in both
// of these.
std::vector<Setup> setups(const Servers& servers);

// One set-up a backend for trying its behaviour towards bad servers; `servers` is to be replaced.
std::vector<Setup> bare_setups(const Servers& servers);

}  // namespace postrider::tests
