// How the recognisers make values whose octets they have just checked. Not for use outside of protocol/:
// whoever builds a value by hand goes through the checking factories of its class.
#pragma once

#include "postrider/protocol/grammar/address.h"
#include "postrider/protocol/grammar/line_text.h"

namespace postrider::protocol {

struct GrammarAccess {
  static constexpr LineText text(std::string_view checked) noexcept {
    return LineText(checked, LineText::Unchecked{});
  }
  static constexpr Host host(Host::Kind kind, std::string_view checked,
                             const Host::Octets& octets = {}) noexcept {
    return Host(kind, checked, octets);
  }
  // The same into an empty Host or Mailbox, without a copy on the way.
  static constexpr void set_domain(Host& empty, std::string_view checked) noexcept {
    empty.text_ = checked;
    empty.kind_ = Host::Kind::domain;
  }
  static constexpr void set_mailbox(Mailbox& empty, std::string_view local_part,
                                    std::string_view domain) noexcept {
    empty.local_part_ = local_part;
    set_domain(empty.host_, domain);
  }
  static constexpr Mailbox mailbox(std::string_view checked_local_part, const Host& host) noexcept {
    return Mailbox(checked_local_part, host);
  }
};

}  // namespace postrider::protocol
