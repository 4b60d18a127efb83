#include "postrider/protocol/leniency.h"

namespace postrider::protocol {

std::string_view to_string(Lenience lenience) noexcept {
  switch (lenience) {
    case Lenience::space_after_colon: return "space_after_colon";
    case Lenience::missing_angle_brackets: return "missing_angle_brackets";
    case Lenience::any_hello_name: return "any_hello_name";
    case Lenience::bare_line_feed_in_command: return "bare_line_feed_in_command";
    case Lenience::long_text_line: return "long_text_line";
    case Lenience::convert_bare_endings: return "convert_bare_endings";
    case Lenience::octets_after_group_end: return "octets_after_group_end";
  }
  return "(no Lenience)";
}

}  // namespace postrider::protocol
