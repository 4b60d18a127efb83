// The parts of the catalogue that are not the same thing at every stage. For behaviour.cc alone.
#pragma once

#include <vector>

#include "postrider/fuzz/hostile/behaviour.h"

namespace postrider::fuzz::hostile {

// Codes and shapes of replies.
void add_replies(std::vector<Behaviour>& out);
// What EHLO says, and what is behind it.
void add_capabilities(std::vector<Behaviour>& out);
// STARTTLS and what comes under TLS.
void add_tls(std::vector<Behaviour>& out);
// Recipients and content that are taken in part, later, too early or twice.
void add_delivery(std::vector<Behaviour>& out);

}  // namespace postrider::fuzz::hostile
