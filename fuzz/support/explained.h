// Whatever is refused has a name for logs and a reply for whoever sent it.
#pragma once

#include <algorithm>
#include <string_view>

#include "postrider/fuzz/support/require.h"
#include "postrider/protocol/error.h"
#include "postrider/protocol/grammar/reply_hint.h"

namespace postrider::fuzz {

inline void require_explained(protocol::Errc why) {
  const std::string_view name = to_string(why);
  const auto plain = [](char c) { return c == '_' || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  require(!name.empty() && std::ranges::all_of(name, plain), "an error has a name");
  const protocol::ReplyView reply = protocol::reply_hint(why);
  require(reply.code.transient() || reply.code.permanent(), "and a reply that is a refusal");
  require(!reply.text.empty() && std::ranges::all_of(reply.text, [](char c) { return c >= ' ' && c <= '~'; }),
          "of one line of ASCII");
}

}  // namespace postrider::fuzz
