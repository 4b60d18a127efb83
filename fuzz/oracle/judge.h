// Judges what a server did in a session, and names the clause that it broke.
//
//   const Verdict verdict = judge(read_dialogue(transcript));
//   for (const Finding& finding : verdict.findings) ...   // none: as the RFCs have it
//   verdict.exchanges                                     // the replies and their owners
//
// A session in which octets were not as they should be can be read in more than one way. What fits the RFCs
// is no finding. Else the readings of a server that is wrong in one way are tried, then in two and more:
// "content ends at LF . LF" explains all replies at once, where "a reply too many" would explain none.
#pragma once

#include <optional>
#include <vector>

#include "postrider/fuzz/oracle/dialogue.h"
#include "postrider/fuzz/oracle/finding.h"
#include "postrider/fuzz/oracle/model.h"

namespace postrider::fuzz {

struct Verdict {
  std::vector<Finding> findings;
  std::vector<SessionExchange> exchanges;  // under the reading that was found
  bool rude = false;                       // Account::rude
};

Verdict judge(const Dialogue& dialogue);

// The same session, its octets whole and in pieces: what is found when the replies differ. Differences behind
// a connection that ended early in either are none.
std::optional<Finding> compare_cuts(const Verdict& whole, const Verdict& cut);

}  // namespace postrider::fuzz
